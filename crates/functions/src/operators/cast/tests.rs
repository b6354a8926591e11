use std::sync::Arc;

use arrow::array::{ListArray, MapBuilder, StringBuilder, StructArray};
use datafusion_common::ScalarValue;

use super::*;
use crate::testing;

fn check(value: impl Into<ScalarValue>, to: &SqlType, expected: impl Into<ScalarValue>) {
    let value = value.into();
    let from = SqlType::from_arrow(&value.data_type()).unwrap();
    assert_eq!(check_cast(&from, to), Ok(()));
    let make = |mut operands: Vec<Expr>| cast(operands.remove(0), &from, to);
    testing::check(make, &[value], &expected.into());
}

fn null(of: &SqlType) -> ScalarValue {
    ScalarValue::try_from(&of.to_arrow()).unwrap()
}

fn decimal_type(precision: u8, scale: u8) -> SqlType {
    SqlType::Decimal { precision, scale }
}

fn decimal(unscaled: i128, precision: u8, scale: i8) -> ScalarValue {
    ScalarValue::Decimal128(Some(unscaled), precision, scale)
}

fn timestamp(millis: i64) -> ScalarValue {
    ScalarValue::TimestampMillisecond(Some(millis), None)
}

#[test]
fn numbers_to_numbers() {
    check(1, &SqlType::BigInt, 1_i64);
    check((1_i64 << 32) + 5, &SqlType::Integer, 5);
    check(2_147_483_648_i64, &SqlType::Integer, i32::MIN);
    check(1.9, &SqlType::Integer, 1);
    check(-1.9, &SqlType::BigInt, -1_i64);
    check(1e30, &SqlType::Integer, i32::MAX);
    check(f64::NEG_INFINITY, &SqlType::BigInt, i64::MIN);
    check(f64::NAN, &SqlType::Integer, 0);
    check(7_i64, &SqlType::Double, 7.0);
    check(1, &decimal_type(2, 1), decimal(10, 2, 1));
    check(10, &decimal_type(2, 1), null(&decimal_type(2, 1)));
    check(0.99, &decimal_type(2, 1), decimal(10, 2, 1));
    check(-0.05, &decimal_type(2, 1), decimal(-1, 2, 1));
    check(0.01, &decimal_type(2, 1), decimal(0, 2, 1));
    // In full this is 0.28499999999999997557…: it is cut to the digits of the type before it is rounded to its places.
    check(0.285, &decimal_type(10, 2), decimal(29, 10, 2));
    check(0.285, &decimal_type(20, 2), decimal(28, 20, 2));
    check(0.2449, &decimal_type(3, 2), decimal(25, 3, 2));
    check(2.5, &decimal_type(1, 0), decimal(3, 1, 0));
    check(-2.5, &decimal_type(1, 0), decimal(-3, 1, 0));
    check(3.5, &decimal_type(1, 0), decimal(4, 1, 0));
    check(0.125, &decimal_type(2, 2), decimal(13, 2, 2));
    check(
        0.1,
        &decimal_type(38, 30),
        decimal(100_000_000_000_000_005_551_115_123_126, 38, 30),
    );
    check(9.96, &decimal_type(2, 1), null(&decimal_type(2, 1)));
    check(9.94, &decimal_type(2, 1), decimal(99, 2, 1));
    check(1e-300, &decimal_type(5, 3), decimal(0, 5, 3));
    check(0.0, &decimal_type(5, 3), decimal(0, 5, 3));
    check(-0.0, &decimal_type(5, 3), decimal(0, 5, 3));
    check(f64::NAN, &decimal_type(2, 1), null(&decimal_type(2, 1)));
    check(1e300, &decimal_type(2, 1), null(&decimal_type(2, 1)));
    check(
        decimal(1012, 4, 2),
        &decimal_type(5, 3),
        decimal(10_120, 5, 3),
    );
    check(decimal(1015, 4, 2), &decimal_type(3, 1), decimal(102, 3, 1));
    check(
        decimal(-1015, 4, 2),
        &decimal_type(3, 1),
        decimal(-102, 3, 1),
    );
    check(
        decimal(-1014, 4, 2),
        &decimal_type(3, 1),
        decimal(-101, 3, 1),
    );
    check(
        decimal(9_999, 4, 2),
        &decimal_type(3, 2),
        null(&decimal_type(3, 2)),
    );
    check(decimal(996, 4, 2), &decimal_type(2, 1), decimal(100, 2, 1));
    check(
        decimal(1000, 4, 2),
        &decimal_type(2, 1),
        null(&decimal_type(2, 1)),
    );
    check(decimal(-1099, 4, 2), &SqlType::Integer, -10);
    check(decimal(1_i128 << 33, 38, 0), &SqlType::Integer, 0);
    check(decimal(1001, 4, 2), &SqlType::Double, 10.01);
    check(decimal(10_i128.pow(37) + 1, 38, 37), &SqlType::Double, 1.0);
    check(None::<i32>, &SqlType::Double, None::<f64>);
    check(
        ScalarValue::Decimal128(None, 4, 2),
        &SqlType::BigInt,
        None::<i64>,
    );
}

#[test]
fn text_to_anything() {
    for (text, expected) in [
        ("t", true),
        (" YES ", true),
        ("y", true),
        ("TRUE", true),
        ("no", false),
        ("truely", false),
        ("", false),
        ("1", false),
    ] {
        check(text, &SqlType::Boolean, expected);
    }
    check(" 12\t", &SqlType::Integer, 12);
    check("+7", &SqlType::Integer, 7);
    for text in ["2147483648", "1.0", "", "x", "1 2", "0x1"] {
        check(text, &SqlType::Integer, None::<i32>);
    }
    check("-9223372036854775808", &SqlType::BigInt, i64::MIN);
    for (text, expected) in [
        ("1.5", Some(1.5)),
        (" 1e3 ", Some(1000.0)),
        (".5", Some(0.5)),
        ("1.", Some(1.0)),
        ("2.5d", Some(2.5)),
        ("NaN", None),
        ("Infinity", None),
        ("inf", None),
        ("1e999", None),
        ("", None),
        ("d", None),
        ("1e", None),
    ] {
        check(text, &SqlType::Double, expected);
    }
    for (text, expected) in [
        ("0.1", Some(1)),
        ("0.99", Some(10)),
        ("1E0", Some(10)),
        ("-0.05", Some(-1)),
        ("99e-1", Some(99)),
        // What fits before it is rounded is kept, though it has a digit more after that.
        ("9.96", Some(100)),
        ("-9.95", Some(-100)),
        ("10", None),
        ("-1e1", None),
        ("1e40", None),
        ("0e99", Some(0)),
        ("1e-300", Some(0)),
        (".", None),
        ("", None),
        ("-", None),
        ("1.2.3", None),
        ("+.5", Some(5)),
    ] {
        check(
            text,
            &decimal_type(2, 1),
            ScalarValue::Decimal128(expected, 2, 1),
        );
    }
    check(
        "aGk=",
        &SqlType::Bytes,
        ScalarValue::Binary(Some(b"hi".to_vec())),
    );
    check(
        "aGk",
        &SqlType::Bytes,
        ScalarValue::Binary(Some(b"hi".to_vec())),
    );
    check("a!k=", &SqlType::Bytes, ScalarValue::Binary(None));
    check(ScalarValue::Utf8(None), &SqlType::Integer, None::<i32>);
    check(ScalarValue::Utf8(None), &SqlType::Boolean, None::<bool>);
}

#[test]
fn times() {
    check(
        "2022-04-28T21:44:47.943",
        &SqlType::Timestamp,
        timestamp(1_651_182_287_943),
    );
    check(
        " 2022-04-28T21:44:47.943Z ",
        &SqlType::Timestamp,
        timestamp(1_651_182_287_943),
    );
    check("2022-04", &SqlType::Date, ScalarValue::Date32(Some(19_083)));
    check("2022-04-31", &SqlType::Date, ScalarValue::Date32(None));
    check(
        "10:15",
        &SqlType::Time,
        ScalarValue::Time32Millisecond(Some(36_900_000)),
    );
    check(
        "nonsense",
        &SqlType::Timestamp,
        ScalarValue::TimestampMillisecond(None, None),
    );
    check(
        timestamp(-2000),
        &SqlType::Time,
        ScalarValue::Time32Millisecond(Some(86_398_000)),
    );
    check(
        timestamp(-2000),
        &SqlType::Date,
        ScalarValue::Date32(Some(-1)),
    );
    check(
        ScalarValue::Date32(Some(2)),
        &SqlType::Timestamp,
        timestamp(172_800_000),
    );
    check(
        timestamp(-2000),
        &SqlType::String,
        "1969-12-31T23:59:58.000",
    );
    check(ScalarValue::Date32(Some(0)), &SqlType::String, "1970-01-01");
    check(
        ScalarValue::Time32Millisecond(Some(4000)),
        &SqlType::String,
        "00:00:04",
    );
    check(
        timestamp(i64::MAX),
        &SqlType::Date,
        ScalarValue::Date32(None),
    );
}

#[test]
fn anything_to_text() {
    check(true, &SqlType::String, "true");
    check(-1, &SqlType::String, "-1");
    check(1e10, &SqlType::String, "1.0E10");
    check(decimal(-10, 4, 2), &SqlType::String, "-0.10");
    check(None::<bool>, &SqlType::String, ScalarValue::Utf8(None));
    let list = ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>([Some([
        Some(1),
        None,
    ])]);
    check(
        ScalarValue::List(Arc::new(list)),
        &SqlType::String,
        "[1, null]",
    );
}

fn structure() -> ScalarValue {
    let members: Vec<(Arc<arrow::datatypes::Field>, ArrayRef)> = vec![
        (
            Arc::new(SqlType::BigInt.to_arrow_field("F0")),
            Arc::new(arrow::array::Int64Array::from(vec![1])),
        ),
        (
            Arc::new(SqlType::String.to_arrow_field("f1")),
            Arc::new(arrow::array::StringArray::from(vec![None::<&str>])),
        ),
        (
            Arc::new(SqlType::Integer.to_arrow_field("f2")),
            Arc::new(arrow::array::Int32Array::from(vec![3])),
        ),
    ];
    ScalarValue::Struct(Arc::new(StructArray::from(members)))
}

#[test]
fn structs_go_by_exact_name() {
    check(structure(), &SqlType::String, "Struct{F0=1,f2=3}");
    let to = SqlType::structure([
        ("f2".to_owned(), SqlType::String),
        ("F1".to_owned(), SqlType::Integer),
    ]);
    let from = SqlType::from_arrow(&structure().data_type()).unwrap();
    let make = |mut operands: Vec<Expr>| {
        let text = cast(operands.remove(0), &from, &to);
        cast(text, &to, &SqlType::String)
    };
    testing::check(make, &[structure()], &"Struct{f2=3}".into());
}

#[test]
fn a_member_that_cannot_be_cast_is_null_by_itself() {
    let list = ListArray::new(
        Arc::new(SqlType::String.to_arrow_field("item")),
        arrow::buffer::OffsetBuffer::from_lengths([3]),
        Arc::new(arrow::array::StringArray::from(vec!["1", "x", "3"])),
        None,
    );
    let integers = SqlType::array(SqlType::Integer);
    let texts = SqlType::array(SqlType::String);
    let make = |mut operands: Vec<Expr>| {
        cast(
            cast(operands.remove(0), &texts, &integers),
            &integers,
            &SqlType::String,
        )
    };
    testing::check(
        make,
        &[ScalarValue::List(Arc::new(list))],
        &"[1, null, 3]".into(),
    );
}

#[test]
fn an_entry_whose_key_cannot_be_cast_is_left_out() {
    let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for (key, value) in [("1", "a"), ("x", "b"), ("2", "c")] {
        maps.keys().append_value(key);
        maps.values().append_value(value);
    }
    maps.append(true).unwrap();
    let from = SqlType::map(SqlType::String, SqlType::String);
    let to = SqlType::map(SqlType::Integer, SqlType::String);
    let make =
        |mut operands: Vec<Expr>| cast(cast(operands.remove(0), &from, &to), &to, &SqlType::String);
    testing::check(
        make,
        &[ScalarValue::Map(Arc::new(maps.finish()))],
        &"{1=a, 2=c}".into(),
    );
}

#[test]
fn casts_that_there_are_not() {
    let refused = |from: SqlType, to: SqlType, expected: &str| {
        assert_eq!(check_cast(&from, &to), Err(expected.to_owned()));
    };
    refused(
        SqlType::Bytes,
        SqlType::String,
        "Cast of BYTES to STRING is not supported",
    );
    refused(
        SqlType::Date,
        SqlType::Time,
        "Cast of DATE to TIME is not supported",
    );
    refused(
        SqlType::Integer,
        SqlType::Boolean,
        "Cast of INTEGER to BOOLEAN is not supported",
    );
    refused(
        SqlType::Integer,
        SqlType::Timestamp,
        "Cast of INTEGER to TIMESTAMP is not supported",
    );
    refused(
        SqlType::Boolean,
        SqlType::Integer,
        "Cast of BOOLEAN to INTEGER is not supported",
    );
    refused(
        SqlType::String,
        SqlType::structure([
            ("F0".to_owned(), SqlType::String),
            ("F1".to_owned(), SqlType::Integer),
        ]),
        "Cast of STRING to STRUCT<`F0` STRING, `F1` INTEGER> is not supported",
    );
    // Of the whole types, not of what is in them.
    refused(
        SqlType::array(SqlType::Bytes),
        SqlType::array(SqlType::String),
        "Cast of ARRAY<BYTES> to ARRAY<STRING> is not supported",
    );
    refused(
        SqlType::map(SqlType::String, SqlType::Integer),
        SqlType::map(SqlType::String, SqlType::Boolean),
        "Cast of MAP<STRING, INTEGER> to MAP<STRING, BOOLEAN> is not supported",
    );
    refused(
        SqlType::structure([("F".to_owned(), SqlType::Date)]),
        SqlType::structure([("F".to_owned(), SqlType::Time)]),
        "Cast of STRUCT<`F` DATE> to STRUCT<`F` TIME> is not supported",
    );
    refused(
        SqlType::String,
        SqlType::array(SqlType::String),
        "Cast of STRING to ARRAY<STRING> is not supported",
    );
}

/// As deep as the parser allows, on the stack of a test's thread.
#[test]
fn types_may_be_nested_as_deep_as_a_statement() {
    let nested = |element: SqlType| (0..256).fold(element, |element, _| SqlType::array(element));
    let (from, to) = (nested(SqlType::Integer), nested(SqlType::String));
    let mut array: ArrayRef = Arc::new(arrow::array::Int32Array::from(vec![7]));
    for _ in 0..256 {
        let item = Arc::new(arrow::datatypes::Field::new(
            "item",
            array.data_type().clone(),
            true,
        ));
        let offsets = arrow::buffer::OffsetBuffer::from_lengths([1]);
        array = Arc::new(ListArray::new(item, offsets, array, None));
    }
    assert_eq!(check_cast(&from, &to), Ok(()));
    let array = cast_array(&array, &from, &to).unwrap();
    let text = cast_array(&array, &to, &SqlType::String).unwrap();
    let expected = "[".repeat(256) + "7" + &"]".repeat(256);
    assert_eq!(text.as_string::<i32>().value(0), expected);
    let is_equal = crate::operators::equality::try_new(&array, &array).unwrap();
    assert!(is_equal(0, 0));
}
