//! DELIMITED and KAFKA in and out, NONE besides: every rule of reading and of writing.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use arrow::{array::Array, util::display::array_value_to_string};
use weir_catalog::{Column, Format, FormatSpec, SqlType};
use weir_formats::{ColumnRequest, Decoded, Decoder, Encoder};

fn spec(format: Format) -> FormatSpec {
    FormatSpec {
        format,
        delimiter: None,
        wrap_single: false,
        window: None,
    }
}

fn columns(types: &[SqlType]) -> Vec<Column> {
    let names = ('A'..='Z').map(String::from);
    let columns = types.iter().zip(names);
    columns
        .map(|(sql_type, name)| Column::value(name, sql_type.clone()))
        .collect()
}

fn decode(spec: &FormatSpec, columns: &[Column], record: Option<&[u8]>) -> Decoded {
    let requests = columns.iter().map(|column| ColumnRequest {
        path: vec![column.name.clone()],
        sql_type: column.sql_type.clone(),
    });
    let requests: Vec<_> = requests.collect();
    Decoder::try_new(spec, columns, &requests)
        .unwrap()
        .decode(&[record])
}

/// The values as texts, NULL as `-`; or the kind of the first misfit.
fn shown(decoded: &Decoded) -> String {
    if let Some(misfit) = decoded.misfits.first() {
        return format!("!{}", misfit.reason.kind);
    }
    let columns = decoded.columns.iter().map(|column| {
        column.to_data().validate_full().unwrap();
        match column.is_null(0) {
            true => "-".to_owned(),
            false => array_value_to_string(column, 0).unwrap(),
        }
    });
    columns.collect::<Vec<_>>().join("|")
}

fn check_line(types: &[SqlType], line: &str, expected: &str) {
    let decoded = decode(
        &spec(Format::Delimited),
        &columns(types),
        Some(line.as_bytes()),
    );
    assert_eq!(shown(&decoded), expected, "{line:?}");
}

#[test]
fn lines_are_read_by_position() {
    let three = [SqlType::String, SqlType::Integer, SqlType::String];
    check_line(&three, "a,1,b", "a|1|b");
    check_line(&three, "a,1,b\nc,2,d", "a|1|b");
    check_line(&three, "a,1,b\r\n", "a|1|b");
    check_line(&three, "\n\na,1,b", "a|1|b");
    check_line(&three, ",,", "-|-|-");
    check_line(&three, "\"\",1,\"\"", "-|1|-");
    check_line(&three, " a ,1,\" b\"", " a |1| b");
    check_line(&three, "\"a,\"\"b\"\"\",1,\"c\nd\"", "a,\"b\"|1|c\nd");
    check_line(&three, "a,1", "!column_count");
    check_line(&three, "a,1,b,", "!column_count");
    check_line(&three, "", "!column_count");
    check_line(&three, "\n", "!column_count");
    check_line(&three, "\"a,1,b", "!not_delimited");
    check_line(&three, "\"a\"b,1,c", "!not_delimited");
    check_line(&three, "a, 1,b", "!type_mismatch");
    let decoded = decode(&spec(Format::Delimited), &columns(&three), None);
    assert!(decoded.is_null.value(0) && decoded.misfits.is_empty());
    let decoded = decode(
        &spec(Format::Delimited),
        &columns(&three),
        Some(b"\xff,1,b"),
    );
    assert_eq!(shown(&decoded), "\u{fffd}|1|b");
}

#[test]
fn fields_are_read_by_type() {
    let check = |sql_type: SqlType, field: &str, expected: &str| {
        check_line(&[sql_type], field, expected);
    };
    check(SqlType::Boolean, "true", "true");
    check(SqlType::Boolean, "TrUe", "true");
    check(SqlType::Boolean, "yes", "false");
    check(SqlType::Boolean, " true", "false");
    check(SqlType::Integer, "-5", "-5");
    check(SqlType::Integer, "+5", "5");
    check(SqlType::Integer, "2147483648", "!type_mismatch");
    check(SqlType::Integer, "1.0", "!type_mismatch");
    check(SqlType::Integer, "1 ", "!type_mismatch");
    check(
        SqlType::BigInt,
        "9223372036854775807",
        "9223372036854775807",
    );
    check(SqlType::BigInt, " 1", "!type_mismatch");
    check(SqlType::Double, " 1.5 ", "1.5");
    check(SqlType::Double, "1e3", "1000.0");
    check(SqlType::Double, "NaN", "NaN");
    check(SqlType::Double, "nan", "!type_mismatch");
    check(SqlType::Double, "inf", "!type_mismatch");
    check(SqlType::Time, "3723004", "01:02:03.004");
    check(SqlType::Time, "-1", "!type_mismatch");
    check(SqlType::Date, "-1", "1969-12-31");
    check(SqlType::Date, "2020-01-01", "!type_mismatch");
    check(SqlType::Timestamp, "1", "1970-01-01T00:00:00.001");
    check(SqlType::Bytes, "IQ==", "21");
    check(SqlType::Bytes, "IQ", "21");
    check(SqlType::Bytes, "IQ=", "!type_mismatch");
    check(SqlType::Bytes, "IQ==\n", "21");
    check(SqlType::Bytes, "!", "!type_mismatch");
    let decimal = SqlType::Decimal {
        precision: 4,
        scale: 2,
    };
    check(decimal.clone(), "1.5", "1.50");
    check(decimal.clone(), "1.500", "1.50");
    check(decimal.clone(), "1.505", "!type_mismatch");
    check(decimal.clone(), "100", "!type_mismatch");
    check(decimal.clone(), "1e1", "10.00");
    check(decimal, " 1", "!type_mismatch");
}

/// What is read from one record and written again.
fn check_again(spec: &FormatSpec, types: &[SqlType], record: &[u8], expected: Option<&[u8]>) {
    let columns = columns(types);
    let decoded = decode(spec, &columns, Some(record));
    assert!(decoded.misfits.is_empty(), "{:?}", decoded.misfits);
    let mut encoder = Encoder::try_new(spec, &columns).unwrap();
    let encoded = encoder.encode(&decoded.columns, 1, Some(&decoded.is_null));
    assert_eq!(encoded.rows[0].as_deref(), expected);
}

#[test]
fn lines_are_written_as_commons_csv_writes_them() {
    let decimal = SqlType::Decimal {
        precision: 12,
        scale: 8,
    };
    let all = [
        SqlType::Integer,
        SqlType::Double,
        decimal,
        SqlType::Bytes,
        SqlType::Date,
        SqlType::String,
    ];
    let delimited = spec(Format::Delimited);
    check_again(
        &delimited,
        &all,
        b"7,1e10,0.00000001,IQ,3,\"a,b\"",
        Some(b"7,1.0E10,0.00000001,IQ==,3,\"a,b\""),
    );
    check_again(&delimited, &all, b",,,,,", Some(b",,,,,"));
    check_again(&delimited, &[SqlType::Integer], b"-5", Some(b"\"-5\""));
    check_again(&delimited, &[SqlType::Integer], b"\"\"", None);
    let tabs = FormatSpec {
        delimiter: Some('\t'),
        ..delimited.clone()
    };
    let texts = [SqlType::String, SqlType::String];
    check_again(&tabs, &texts, b"a,b\t\"c\td\"", Some(b"a,b\t\"c\td\""));
    let arrows = FormatSpec {
        delimiter: Some('→'),
        ..delimited
    };
    check_again(
        &arrows,
        &texts,
        "a→\"b→c\"".as_bytes(),
        Some("a→\"b→c\"".as_bytes()),
    );
}

#[test]
fn kafka_has_one_value_as_kafkas_serializers_write_it() {
    let kafka = spec(Format::Kafka);
    let check = |sql_type: SqlType, record: &[u8], expected: &str| {
        let decoded = decode(&kafka, &columns(&[sql_type]), Some(record));
        assert_eq!(shown(&decoded), expected, "{record:?}");
    };
    check(SqlType::Integer, &[0, 0, 1, 0], "256");
    check(SqlType::Integer, &[1], "!type_mismatch");
    check(SqlType::Integer, &[], "!type_mismatch");
    check(SqlType::Integer, &[0; 8], "!type_mismatch");
    check(SqlType::BigInt, &[0xff; 8], "-1");
    check(SqlType::BigInt, &[0; 4], "!type_mismatch");
    check(SqlType::Double, &1.5_f64.to_be_bytes(), "1.5");
    check(SqlType::Double, &[0; 7], "!type_mismatch");
    check(SqlType::String, b"", "");
    check(SqlType::String, "é".as_bytes(), "é");
    check(SqlType::String, &[0x61, 0xff], "a\u{fffd}");
    check(SqlType::Bytes, b"", "");
    check(SqlType::Bytes, &[0xff, 0], "ff00");
    for (sql_type, record) in [
        (SqlType::Integer, &[0x80, 0, 0, 0][..]),
        (SqlType::BigInt, &[0x7f, 1, 2, 3, 4, 5, 6, 7]),
        (SqlType::Double, &[0x7f, 0xf8, 0, 0, 0, 0, 0, 1]),
        (SqlType::String, b""),
        (SqlType::Bytes, &[0, 0xff]),
    ] {
        check_again(&kafka, &[sql_type], record, Some(record));
    }
    let nothing = decode(&kafka, &columns(&[SqlType::String]), None);
    assert!(nothing.is_null.value(0) && nothing.columns[0].is_null(0));
    // A NULL is null bytes: downstream it is a tombstone.
    let mut encoder = Encoder::try_new(&kafka, &columns(&[SqlType::String])).unwrap();
    assert_eq!(encoder.encode(&nothing.columns, 1, None).rows, [None]);
}

#[test]
fn none_is_nothing_in_and_nothing_out() {
    let none = spec(Format::None);
    let decoded = decode(&none, &[], Some(b"anything"));
    assert!(decoded.is_null.value(0) && decoded.misfits.is_empty());
    let mut encoder = Encoder::try_new(&none, &[]).unwrap();
    assert_eq!(encoder.encode(&[], 1, None).rows, [None]);
}
