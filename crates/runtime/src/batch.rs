//! What a reader hands to its tasks: the records of an epoch, decoded and dated once for all of them.

use std::sync::{Arc, OnceLock};

use arrow::array::{
    ArrayRef, BinaryBuilder, Int32Array, Int64Array, ListBuilder, StringBuilder, StructBuilder,
};
use weir_catalog::{SqlType, Window};
use weir_formats::{Decoded, window};
use weir_kafka::{Offset, PartitionId, Record};

use crate::{
    date::TextTime,
    layout::{Asked, Layout, Needs},
};

/// Shared by all tasks of a reader, and never changed: a task takes what it needs by the layout.
#[derive(Debug)]
pub(crate) struct Batch {
    pub partition: PartitionId,
    /// The position before the batch: what a task must have as its own.
    pub start: Offset,
    /// The position after it; more than one past the last record where offsets are not in use.
    pub next: Offset,
    pub records: Vec<Record>,
    /// Of the records' keys and values.
    pub bytes: usize,
    pub layout: Arc<Layout>,
    /// By group of the layout.
    pub parts: Vec<Decoded>,
    /// The records' own timestamps, then those of the layout's date columns.
    pub times: Vec<Times>,
    system: System,
}

/// Event times of the records of a batch.
#[derive(Debug)]
pub(crate) struct Times {
    pub times: Arc<Int64Array>,
    /// Whether any of them is NULL or negative.
    pub has_bad: bool,
    /// What they were read from, where that was texts.
    pub texts: Option<(ArrayRef, Arc<TextTime>)>,
}

/// Columns that few queries name: made once, when first asked for.
#[derive(Debug, Default)]
struct System {
    offsets: OnceLock<ArrayRef>,
    partitions: OnceLock<ArrayRef>,
    headers: OnceLock<ArrayRef>,
    raw_values: OnceLock<ArrayRef>,
}

impl Batch {
    pub fn new(
        partition: PartitionId,
        (start, next): (Offset, Offset),
        records: Vec<Record>,
        layout: Arc<Layout>,
        parts: Vec<Decoded>,
        times: Vec<Times>,
    ) -> Self {
        Self {
            partition,
            start,
            next,
            bytes: records.iter().map(size).sum(),
            records,
            layout,
            parts,
            times,
            system: System::default(),
        }
    }

    /// Whether a record may be bad for anybody.
    pub fn has_bad(&self) -> bool {
        self.parts.iter().any(|part| !part.misfits.is_empty())
            || self.times.iter().any(|times| times.has_bad)
    }

    /// Whether a record may be bad for who needs this of it.
    pub fn may_be_bad_for(&self, needs: &Needs) -> bool {
        let is_misfit = |(declared, requests): &Asked| {
            let Some(group) = self.layout.group(declared) else {
                return false;
            };
            let of_group = &self.layout.groups[group].requests;
            let mut misfits = self.parts[group].misfits.iter();
            let is_asked = |column: usize| {
                let mut requests = requests.iter();
                requests.any(|request| **request == of_group[column])
            };
            misfits.any(|misfit| misfit.column.is_none_or(is_asked))
        };
        let is_undated = || {
            let date = self.layout.date(needs);
            let dated = date.and_then(|date| self.layout.dates.iter().position(|one| *one == date));
            self.times[dated.map_or(0, |dated| 1 + dated)].has_bad
        };
        needs.parts.iter().any(is_misfit) || is_undated()
    }

    pub fn offsets(&self) -> ArrayRef {
        let offsets = || self.records.iter().map(|record| record.offset);
        let array = || Arc::new(Int64Array::from_iter_values(offsets())) as ArrayRef;
        self.system.offsets.get_or_init(array).clone()
    }

    pub fn partitions(&self) -> ArrayRef {
        let array = || Arc::new(Int32Array::from_value(self.partition, self.records.len()));
        self.system.partitions.get_or_init(|| array()).clone()
    }

    /// All headers, as `ARRAY<STRUCT<KEY STRING, VALUE BYTES>>`.
    pub fn headers(&self) -> ArrayRef {
        let array = || headers(&self.records);
        self.system.headers.get_or_init(array).clone()
    }

    /// Of the windows behind the keys, a bound; NULL where a key has none.
    pub fn windows(&self, window: Window, bound: fn((i64, i64)) -> i64) -> ArrayRef {
        let keys = self.records.iter().map(|record| record.key.as_deref());
        let bounds = keys.map(|key| window::bounds(window, key?).map(bound));
        Arc::new(bounds.collect::<Int64Array>())
    }

    /// The values as text.
    pub fn raw_values(&self) -> ArrayRef {
        let array = || raw_values(self.records.iter());
        self.system.raw_values.get_or_init(array).clone()
    }

    /// Those of some rows.
    pub fn raw_values_of(&self, rows: &[u32]) -> ArrayRef {
        raw_values(rows.iter().map(|row| &self.records[*row as usize]))
    }

    /// The last header of this key, as BYTES.
    pub fn header(&self, key: &str) -> ArrayRef {
        let mut values = BinaryBuilder::new();
        for record in &self.records {
            let last = record.headers.iter().rev().find(|header| header.key == key);
            values.append_option(last.and_then(|header| header.value.as_ref()));
        }
        Arc::new(values.finish())
    }
}

/// A record's key and value, in bytes.
pub(crate) fn size(record: &Record) -> usize {
    record.key.as_ref().map_or(0, bytes::Bytes::len)
        + record.value.as_ref().map_or(0, bytes::Bytes::len)
}

fn raw_values<'a>(records: impl Iterator<Item = &'a Record>) -> ArrayRef {
    let mut texts = StringBuilder::new();
    for record in records {
        match record.value.as_deref().map(std::str::from_utf8) {
            None => texts.append_null(),
            Some(Ok(text)) => texts.append_value(text),
            Some(Err(_)) => {
                let value = record.value.as_deref().unwrap_or_default();
                texts.append_value(String::from_utf8_lossy(value));
            }
        }
    }
    Arc::new(texts.finish())
}

fn headers(records: &[Record]) -> ArrayRef {
    let member = |name: &str, sql_type| (name.to_owned(), sql_type);
    let entry = SqlType::structure([
        member("KEY", SqlType::String),
        member("VALUE", SqlType::Bytes),
    ]);
    let arrow::datatypes::DataType::Struct(fields) = entry.to_arrow() else {
        unreachable!("a STRUCT is a struct in Arrow")
    };
    let entries = StructBuilder::new(
        fields,
        vec![
            Box::new(StringBuilder::new()),
            Box::new(BinaryBuilder::new()),
        ],
    );
    let mut lists = ListBuilder::new(entries).with_field(entry.to_arrow_field("item"));
    for record in records {
        for header in &record.headers {
            let entry = lists.values();
            if let Some(keys) = entry.field_builder::<StringBuilder>(0) {
                keys.append_value(&header.key);
            }
            if let Some(values) = entry.field_builder::<BinaryBuilder>(1) {
                values.append_option(header.value.as_ref());
            }
            entry.append(true);
        }
        lists.append(true);
    }
    Arc::new(lists.finish())
}

/// Rows on their way through the operators of a query.
#[derive(Debug)]
pub(crate) struct Run {
    pub rows: arrow::record_batch::RecordBatch,
    /// Which record of the input batch each row came from; `None`: all, in order.
    pub origins: Option<Arc<[u32]>>,
    /// True for rows whose value is NULL as a whole; `None`: no row is.
    pub is_null: Option<arrow::array::BooleanArray>,
    /// True for rows whose key is NULL as a whole: a key of several columns can be there and have but NULLs in it. `None`:
    /// no row's is.
    pub has_no_key: Option<arrow::array::BooleanArray>,
}

impl Run {
    pub fn len(&self) -> usize {
        self.rows.num_rows()
    }

    pub fn origin(&self, row: usize) -> usize {
        self.origins
            .as_ref()
            .map_or(row, |origins| origins[row] as usize)
    }

    /// The first `rows` of them.
    pub fn truncate(self, rows: usize) -> Self {
        if rows >= self.len() {
            return self;
        }
        Self {
            rows: self.rows.slice(0, rows),
            origins: self.origins.map(|origins| origins[..rows].into()),
            is_null: self.is_null.map(|is_null| is_null.slice(0, rows)),
            has_no_key: self.has_no_key.map(|has_no_key| has_no_key.slice(0, rows)),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use bytes::Bytes;
    use weir_kafka::Header;

    use super::*;

    #[test]
    fn headers_keep_their_order_their_repeats_and_their_nulls() {
        let header = |key: &str, value: Option<&'static str>| Header {
            key: key.to_owned(),
            value: value.map(Bytes::from),
        };
        let record = Record {
            offset: 5,
            timestamp: 1,
            key: None,
            value: None,
            headers: vec![
                header("a", Some("1")),
                header("b", None),
                header("a", Some("2")),
            ],
        };
        let bare = Record {
            headers: Vec::new(),
            ..record.clone()
        };
        let layout = Arc::new(Layout::default());
        let batch = Batch::new(
            3,
            (5, 7),
            vec![record, bare],
            layout,
            Vec::new(),
            Vec::new(),
        );
        let headers = batch.headers();
        let wanted = SqlType::array(SqlType::structure([
            ("KEY".to_owned(), SqlType::String),
            ("VALUE".to_owned(), SqlType::Bytes),
        ]));
        assert_eq!(headers.data_type(), &wanted.to_arrow());
        let lists = headers.as_list::<i32>();
        assert_eq!(lists.value_length(0), 3);
        assert_eq!(lists.value_length(1), 0);
        let entries = lists.value(0);
        let keys = entries.as_struct().column(0).as_string::<i32>().clone();
        assert_eq!(keys.iter().flatten().collect::<Vec<_>>(), ["a", "b", "a"]);
        assert!(entries.as_struct().column(1).is_null(1));
        let last = batch.header("a");
        assert_eq!(last.as_binary::<i32>().value(0), b"2");
        assert!(last.is_null(1));
    }
}
