//! What is asked of every decoder: its columns are valid, and what they hold is written and read again as the same.

pub mod delimited;
pub mod json;
pub mod kafka;

use arrow::{
    array::{Array, ArrayRef, BooleanArray},
    compute::filter,
};
use weir_catalog::{Column, Format, FormatSpec, SqlType, Window};
use weir_formats::{ColumnRequest, Decoded, Decoder, Encoder};

/// A part of a record as it is declared, and its decoder, which is used for every input as it is for every batch.
pub struct Part {
    format: FormatSpec,
    columns: Vec<Column>,
    requests: Vec<ColumnRequest>,
    decoder: Decoder,
}

impl Part {
    pub fn new(format: FormatSpec, columns: &[(&str, SqlType)]) -> Self {
        let columns: Vec<Column> = columns
            .iter()
            .map(|(name, sql_type)| Column::value(*name, sql_type.clone()))
            .collect();
        let requests: Vec<ColumnRequest> = columns
            .iter()
            .map(|column| ColumnRequest {
                path: vec![column.name.clone()],
                sql_type: column.sql_type.clone(),
            })
            .collect();
        let decoder = Decoder::try_new(&format, &columns, &requests).expect("a decoder");
        Self {
            format,
            columns,
            requests,
            decoder,
        }
    }

    /// The decoded records, after a look at everything that must be true of them.
    pub fn check(&mut self, records: &[Option<&[u8]>]) -> Decoded {
        let decoded = self.decoder.decode(records);
        self.check_columns(&decoded, records.len());
        self.check_each_alone(&decoded, records);
        self.check_round_trip(&decoded, records.len());
        decoded
    }

    fn check_columns(&self, decoded: &Decoded, rows: usize) {
        assert_eq!(decoded.columns.len(), self.requests.len());
        assert_eq!(decoded.is_null.len(), rows);
        for (column, request) in decoded.columns.iter().zip(&self.requests) {
            assert_eq!(column.len(), rows, "{:?}", request.path);
            assert_eq!(*column.data_type(), request.sql_type.to_arrow());
            column
                .to_data()
                .validate_full()
                .unwrap_or_else(|error| panic!("{:?}: {error}", request.path));
        }
        for misfit in &decoded.misfits {
            assert!(misfit.row < rows);
            assert!(!decoded.is_null.value(misfit.row), "{misfit:?}");
            match misfit.column {
                Some(column) => assert!(column < self.requests.len()),
                None => assert!(decoded.columns.iter().all(|c| c.is_null(misfit.row))),
            }
        }
        assert!(decoded.misfits.is_sorted_by_key(|misfit| misfit.row));
    }

    /// A column is the same alone and beside the others.
    fn check_each_alone(&self, decoded: &Decoded, records: &[Option<&[u8]>]) {
        for (index, request) in self.requests.iter().enumerate() {
            let request = std::slice::from_ref(request);
            let mut decoder =
                Decoder::try_new(&self.format, &self.columns, request).expect("a decoder");
            let alone = decoder.decode(records);
            let is_same = |row: usize| Some(!is_bad(&alone, row, Some(0)));
            let rows: BooleanArray = (0..records.len()).map(is_same).collect();
            same(&decoded.columns[index], &alone.columns[0], &rows, "alone");
            for row in 0..records.len() {
                assert_eq!(
                    is_bad(decoded, row, Some(index)),
                    is_bad(&alone, row, Some(0)),
                    "row {row} of {request:?} alone"
                );
            }
        }
    }

    /// What was decoded is encoded, and decoded it is the same; encoded once more it is the same bytes.
    fn check_round_trip(&mut self, decoded: &Decoded, rows: usize) {
        let bad: Vec<bool> = (0..rows).map(|row| is_bad(decoded, row, None)).collect();
        let good: BooleanArray = bad.iter().map(|is_bad| Some(!is_bad)).collect();
        let mut encoder = Encoder::try_new(&self.format, &self.columns).expect("an encoder");
        let encoded = encoder.encode(&decoded.columns, rows, Some(&decoded.is_null));
        assert!(encoded.failures.is_empty(), "{:?}", encoded.failures);
        let behind = vec![0; self.format.window.map_or(0, window_bytes)];
        let windowed: Vec<Option<Vec<u8>>> = encoded
            .rows
            .iter()
            .map(|row| Some([row.as_deref()?, &behind].concat()))
            .collect();
        let records: Vec<Option<&[u8]>> = windowed.iter().map(|row| row.as_deref()).collect();
        let again = self.decoder.decode(&records);
        let unread = again.misfits.iter().find(|misfit| !bad[misfit.row]);
        assert!(
            unread.is_none(),
            "{:?} is not read again: {unread:?}",
            unread.map(|misfit| String::from_utf8_lossy(records[misfit.row].unwrap_or_default()))
        );
        for (first, second) in decoded.columns.iter().zip(&again.columns) {
            same(first, second, &good, "written and read");
        }
        let twice = encoder.encode(&again.columns, rows, Some(&again.is_null));
        for row in (0..rows).filter(|row| !bad[*row]) {
            assert_eq!(encoded.rows[row], twice.rows[row], "row {row}");
        }
    }
}

/// Whether a row is bad for one column, or for any.
fn is_bad(decoded: &Decoded, row: usize, column: Option<usize>) -> bool {
    decoded.misfits.iter().any(|misfit| {
        misfit.row == row
            && (column.is_none() || misfit.column.is_none() || misfit.column == column)
    })
}

fn same(first: &ArrayRef, second: &ArrayRef, rows: &BooleanArray, how: &str) {
    let first = filter(first, rows).expect("rows");
    let second = filter(second, rows).expect("rows");
    assert!(
        first.to_data() == second.to_data(),
        "{how}:\n{first:?}\n{second:?}"
    );
}

/// The records of an input: pieces between 0xFF bytes, which are in no text; one that is 0xFE alone has null bytes.
pub fn records(input: &[u8]) -> Vec<Option<&[u8]>> {
    input
        .split(|byte| *byte == 0xff)
        .map(|record| (record != [0xfe]).then_some(record))
        .collect()
}

pub fn spec(format: Format, wrap_single: bool) -> FormatSpec {
    FormatSpec {
        format,
        delimiter: None,
        wrap_single,
        window: None,
    }
}

/// How many bytes of a window stand behind a key (`TimeWindowedSerializer`, `SessionWindowedSerializer`).
fn window_bytes(window: Window) -> usize {
    match window {
        Window::Session => 16,
        Window::Tumbling { .. } | Window::Hopping { .. } => 8,
    }
}

/// A format without a window, and with windows of one and of two bounds behind the key.
pub fn windows(format: &FormatSpec) -> Vec<FormatSpec> {
    [
        None,
        Some(Window::Tumbling { size_ms: 10_000 }),
        Some(Window::Session),
    ]
    .into_iter()
    .map(|window| FormatSpec {
        window,
        ..format.clone()
    })
    .collect()
}

/// Each scalar type, under a name of one letter.
pub fn scalars() -> Vec<(&'static str, SqlType)> {
    let decimal = |precision, scale| SqlType::Decimal { precision, scale };
    vec![
        ("O", SqlType::Boolean),
        ("I", SqlType::Integer),
        ("L", SqlType::BigInt),
        ("F", SqlType::Double),
        ("M", decimal(6, 2)),
        ("N", decimal(60, 20)),
        ("S", SqlType::String),
        ("B", SqlType::Bytes),
        ("T", SqlType::Time),
        ("D", SqlType::Date),
        ("P", SqlType::Timestamp),
    ]
}
