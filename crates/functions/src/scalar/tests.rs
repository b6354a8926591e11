//! A table of cases for each function, called as a statement calls it: by name, over the types of its arguments.

use std::sync::Arc;

use arrow::array::Array;
use datafusion_common::ScalarValue;
use weir_catalog::SqlType;

use crate::{
    Overload, Registry,
    testing::{self, bytes, decimal, map, null, text},
};

type Value = ScalarValue;

/// Some value of a type as the manual prints it.
fn example(printed: &str) -> Value {
    match printed {
        "STRING" => text("1"),
        "BYTES" => bytes(b"1"),
        "INTEGER" | "T" => Value::from(1),
        "BIGINT" => Value::from(1_i64),
        "DOUBLE" => Value::from(1.0),
        "DECIMAL" => decimal(10, 2, 1),
        "DATE" => Value::Date32(Some(1)),
        "BOOLEAN" => Value::from(true),
        "TIME" => Value::Time32Millisecond(Some(1)),
        "TIMESTAMP" => Value::TimestampMillisecond(Some(1), None),
        "MAP<K, V>" => map(),
        other => {
            let inner = |open: &str| other.strip_prefix(open)?.strip_suffix('>');
            match (inner("ARRAY<"), inner("MAP<STRING, ")) {
                (Some(element), _) => testing::array_of(&[example(element)]),
                (_, Some(value)) => testing::entry(text("1"), example(value)),
                _ => panic!("an example of {other}"),
            }
        }
    }
}

#[test]
fn a_null_argument_gives_null() {
    let registry = Registry::builtin();
    let functions = registry.iter().map(|function| function.manual());
    for manual in functions.filter(|manual| !manual.takes_null) {
        // Lambdas and units are no values: those functions have their own tables.
        let has_only_values = |overload: &&Overload| {
            let mut arguments = overload.arguments.iter();
            !arguments.any(|argument| {
                let sql_type = argument.sql_type.as_str();
                sql_type.starts_with("LAMBDA") || sql_type == "INTERVALUNIT"
            })
        };
        for overload in manual.overloads.iter().filter(has_only_values) {
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
        assert_eq!(call.udf.volatility(), datafusion_expr::Volatility::Volatile);
        let rows: Arc<dyn Array> = Arc::new(arrow::array::NullArray::new(3));
        let now = testing::evaluate(&call.udf.call(vec![]), &[rows]);
        let now = arrow::compute::cast(&now, &arrow::datatypes::DataType::Int64).unwrap();
        let now = Value::try_from_array(&now, 2).unwrap();
        assert!(now > Value::from(least), "{now:?}");
    }
}
