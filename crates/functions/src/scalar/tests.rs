//! A table of cases for each function, called as a statement calls it: by name, over the types of its arguments.

use std::sync::Arc;

use arrow::array::{Array, Int32Builder, ListBuilder};
use datafusion_common::ScalarValue;
use weir_catalog::SqlType;

use crate::{
    Registry,
    testing::{self, bytes, decimal, integers, map, no_text, null, text, texts},
};

type Value = ScalarValue;

#[test]
fn a_null_argument_gives_null() {
    let example = |printed: &str| match printed {
        "STRING" => text("1"),
        "BYTES" => bytes(b"1"),
        "INTEGER" => Value::from(1),
        "BIGINT" => Value::from(1_i64),
        "DOUBLE" => Value::from(1.0),
        "DECIMAL" => decimal(10, 2, 1),
        "DATE" => Value::Date32(Some(1)),
        "BOOLEAN" => Value::from(true),
        "TIME" => Value::Time32Millisecond(Some(1)),
        "TIMESTAMP" => Value::TimestampMillisecond(Some(1), None),
        "ARRAY<T>" => integers(&[Some(1)]),
        "MAP<K, V>" => map(),
        "T" => Value::from(1),
        other => panic!("an example of {other}"),
    };
    let registry = Registry::builtin();
    let functions = registry.iter().map(|function| function.manual());
    for manual in functions.filter(|manual| !manual.takes_null) {
        for overload in &manual.overloads {
            let arguments: Vec<Value> = overload
                .arguments
                .iter()
                .map(|one| example(&one.sql_type))
                .collect();
            for index in 0..arguments.len() {
                let mut arguments = arguments.clone();
                arguments[index] = Value::try_from(&arguments[index].data_type()).unwrap();
                let types: Vec<_> = arguments
                    .iter()
                    .map(|argument| SqlType::from_arrow(&argument.data_type()))
                    .collect();
                let call = registry.get(manual.name).unwrap().resolve(&types).unwrap();
                testing::call(manual.name, &arguments, null(&call.returns));
            }
        }
    }
}

#[test]
fn numbers() {
    testing::call("ABS", &[Value::from(-5)], 5);
    testing::call("ABS", &[Value::from(i32::MIN)], i32::MIN);
    testing::call("ABS", &[Value::from(i64::MIN + 1)], i64::MAX);
    testing::call("ABS", &[Value::from(-1.5)], 1.5);
    testing::call("ABS", &[decimal(-32, 2, 1)], decimal(32, 2, 1));
    testing::call("CEIL", &[Value::from(1.1)], 2.0);
    testing::call("CEIL", &[Value::from(-1.1)], -1.0);
    testing::call("CEIL", &[Value::from(7)], 7);
    testing::call("CEIL", &[decimal(11, 3, 1)], decimal(20, 3, 1));
    testing::call("CEIL", &[decimal(-11, 3, 1)], decimal(-10, 3, 1));
    testing::call("CEIL", &[decimal(98, 2, 1)], Value::Decimal128(None, 2, 1));
    testing::call("FLOOR", &[Value::from(-1.1)], -2.0);
    testing::call("FLOOR", &[Value::from(7_i64)], 7_i64);
    testing::call("FLOOR", &[decimal(19, 3, 1)], decimal(10, 3, 1));
    testing::call("FLOOR", &[decimal(-11, 3, 1)], decimal(-20, 3, 1));
    testing::call("SQRT", &[Value::from(4)], 2.0);
    testing::call("SQRT", &[Value::from(2_i64)], std::f64::consts::SQRT_2);
    testing::call("SIGN", &[Value::from(-3.0)], -1);
    testing::call("SIGN", &[Value::from(i64::MAX)], 1);
    testing::call("SIGN", &[Value::from(0)], 0);
    testing::call("SIGN", &[Value::from(f64::NAN)], 0);
}

#[test]
fn round() {
    testing::call("ROUND", &[Value::from(1.5)], 2_i64);
    testing::call("ROUND", &[Value::from(-1.5)], -1_i64);
    testing::call("ROUND", &[Value::from(0.49999999999999994)], 0_i64);
    testing::call("ROUND", &[Value::from(1e300)], i64::MAX);
    testing::call("ROUND", &[Value::from(7)], 7_i64);
    testing::call("ROUND", &[Value::from(1.25), Value::from(1)], 1.3);
    testing::call("ROUND", &[Value::from(111.0), Value::from(-2)], 100.0);
    testing::call(
        "ROUND",
        &[Value::from(f64::NAN), Value::from(1)],
        None::<f64>,
    );
    testing::call("ROUND", &[decimal(125, 4, 2)], decimal(1, 2, 0));
    testing::call("ROUND", &[decimal(150, 4, 2)], decimal(2, 2, 0));
    testing::call("ROUND", &[decimal(-150, 4, 2)], decimal(-1, 2, 0));
    testing::call(
        "ROUND",
        &[decimal(125, 4, 2), Value::from(1)],
        decimal(130, 4, 2),
    );
    testing::call(
        "ROUND",
        &[decimal(-125, 4, 2), Value::from(1)],
        decimal(-120, 4, 2),
    );
    testing::call(
        "ROUND",
        &[decimal(5125, 4, 2), Value::from(-1)],
        decimal(5000, 4, 2),
    );
    testing::call(
        "ROUND",
        &[decimal(5125, 4, 2), Value::from(-100)],
        decimal(0, 4, 2),
    );
    testing::call(
        "ROUND",
        &[decimal(9999, 4, 2), Value::from(0)],
        Value::Decimal128(None, 4, 2),
    );
}

#[test]
fn greatest_and_least() {
    let some = [Value::from(3), Value::from(None::<i32>), Value::from(7)];
    testing::call("GREATEST", &some, 7);
    testing::call("LEAST", &some, 3);
    testing::call(
        "GREATEST",
        &[Value::from(None::<i32>), Value::from(None::<i32>)],
        None::<i32>,
    );
    testing::call("GREATEST", &[text("a"), no_text(), text("é")], text("é"));
    testing::call("LEAST", &[text("b"), text("A")], text("A"));
    testing::call("LEAST", &[bytes(&[0x7f]), bytes(&[0x80])], bytes(&[0x80]));
    testing::call(
        "GREATEST",
        &[Value::from(1.0), Value::from(f64::NAN)],
        f64::NAN,
    );
    testing::call("LEAST", &[Value::from(f64::NAN), Value::from(1.0)], 1.0);
    testing::call(
        "LEAST",
        &[Value::from(1), Value::from(2_i64), Value::from(0.5)],
        0.5,
    );
    testing::call(
        "LEAST",
        &[decimal(123456789, 9, 2), decimal(123456, 6, 6)],
        decimal(123456, 13, 6),
    );
    testing::call(
        "GREATEST",
        &[Value::Date32(Some(1)), text("1970-01-03")],
        Value::Date32(Some(2)),
    );
    testing::call("GREATEST", &[Value::from(5)], 5);
    testing::call("LEAST", &[Value::Null, Value::from(5)], 5);
}

#[test]
fn null_handling() {
    testing::call("COALESCE", &[no_text(), text("x"), text("y")], text("x"));
    testing::call("COALESCE", &[no_text(), no_text()], no_text());
    testing::call("COALESCE", &[Value::from(1)], 1);
    testing::call(
        "COALESCE",
        &[Value::Null, integers(&[Some(1)])],
        integers(&[Some(1)]),
    );
    testing::call("IFNULL", &[Value::from(None::<i32>), Value::from(2)], 2);
    testing::call("IFNULL", &[Value::from(1), Value::from(None::<i32>)], 1);
    testing::call("NULLIF", &[text("a"), text("a")], no_text());
    testing::call("NULLIF", &[text("a"), text("b")], text("a"));
    testing::call("NULLIF", &[text("a"), no_text()], text("a"));
    testing::call("NULLIF", &[no_text(), text("a")], no_text());
    testing::call(
        "NULLIF",
        &[integers(&[None]), integers(&[None])],
        null(&SqlType::array(SqlType::Integer)),
    );
    testing::call("AS_VALUE", &[text("k")], text("k"));
}

#[test]
fn collections() {
    let array = || texts(&[Some("Red"), None, Some("Pink")]);
    testing::call("ARRAY_CONTAINS", &[array(), text("Pink")], true);
    testing::call("ARRAY_CONTAINS", &[array(), text("pink")], false);
    testing::call("ARRAY_CONTAINS", &[array(), no_text()], true);
    testing::call("ARRAY_CONTAINS", &[texts(&[Some("a")]), no_text()], false);
    testing::call(
        "ARRAY_CONTAINS",
        &[null(&SqlType::array(SqlType::String)), text("a")],
        false,
    );
    testing::call("ARRAY_CONTAINS", &[texts(&[]), text("a")], false);
    testing::call("ARRAY_LENGTH", &[texts(&[])], 0);
    testing::call("ARRAY_LENGTH", &[texts(&[Some("a"), None])], 2);
    testing::call("ARRAY_JOIN", &[array()], text("Red,null,Pink"));
    testing::call(
        "ARRAY_JOIN",
        &[integers(&[Some(1), None, Some(-42)]), text("?")],
        text("1?null?-42"),
    );
    testing::call(
        "ARRAY_JOIN",
        &[integers(&[Some(1), Some(2)]), no_text()],
        text("12"),
    );
    testing::call("ARRAY_JOIN", &[texts(&[]), text("x")], text(""));
    testing::call(
        "ARRAY_JOIN",
        &[null(&SqlType::array(SqlType::String))],
        no_text(),
    );
    let mut nested = ListBuilder::new(ListBuilder::new(Int32Builder::new()));
    nested.append(true);
    testing::call(
        "ARRAY_JOIN",
        &[Value::List(Arc::new(nested.finish()))],
        no_text(),
    );
    testing::call("MAP_KEYS", &[map()], texts(&[Some("a"), Some("b")]));
    testing::call("MAP_VALUES", &[map()], integers(&[Some(1), None]));
}

#[test]
fn json() {
    let extract = |json: &str, path: &str, expected: Value| {
        testing::call("EXTRACTJSONFIELD", &[text(json), text(path)], expected);
    };
    extract(
        "{\"name\": \"cdc\", \"@type\": \"UDF\"}}",
        "$.@type",
        text("UDF"),
    );
    extract("{\"array\": [1.23450]}", "$.array[0]", text("1.23450"));
    extract("{\"array\": [1.23450]}", "$.array[1]", no_text());
    extract("{\"array\": [1]}", "$.array[-1]", no_text());
    extract("{\"a\": null}", "$.a", text("null"));
    extract("no json", "$.a", no_text());
    extract("{}", "no path", no_text());
}

#[test]
fn times() {
    let instant = |millis| Value::TimestampMillisecond(Some(millis), None);
    testing::call("UNIX_TIMESTAMP", &[instant(-5)], -5_i64);
    testing::call(
        "FROM_UNIXTIME",
        &[Value::from(1_589_234_313_000_i64)],
        instant(1_589_234_313_000),
    );
    testing::call("FROM_UNIXTIME", &[Value::from(7)], instant(7));
    testing::call("UNIX_DATE", &[Value::Date32(Some(-1))], -1);
}

#[test]
fn clocks_answer_anew_for_each_batch() {
    for (name, least) in [
        ("UNIX_TIMESTAMP", 1_600_000_000_000_i64),
        ("UNIX_DATE", 18_500),
    ] {
        let call = Registry::builtin().get(name).unwrap().resolve(&[]).unwrap();
        assert_eq!(
            call.udf.signature().volatility,
            datafusion_expr::Volatility::Volatile
        );
        let rows: Arc<dyn Array> = Arc::new(arrow::array::NullArray::new(3));
        let now = testing::evaluate(&call.udf.call(vec![]), &[rows]);
        let now = arrow::compute::cast(&now, &arrow::datatypes::DataType::Int64).unwrap();
        let now = Value::try_from_array(&now, 2).unwrap();
        assert!(now > Value::from(least), "{now:?}");
    }
}
