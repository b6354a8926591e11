//! A table of cases for each function, called as a statement calls it: by name, over the types of its arguments.

use std::sync::Arc;

use arrow::array::{Array, Int32Builder, ListBuilder};
use datafusion_common::ScalarValue;
use weir_catalog::SqlType;

use crate::{
    Overload, Registry,
    testing::{self, bytes, decimal, integers, map, no_bytes, no_text, null, text, texts},
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
fn texts_joined_and_cut() {
    testing::call("CONCAT", &[text("a"), no_text(), text("b")], text("ab"));
    testing::call("CONCAT", &[no_text()], text(""));
    testing::call(
        "CONCAT",
        &[bytes(b"a"), no_bytes(), bytes(&[0xff])],
        bytes(b"a\xff"),
    );
    testing::call(
        "CONCAT_WS",
        &[text("-"), text("a"), no_text(), text("b")],
        text("a-b"),
    );
    testing::call("CONCAT_WS", &[text("-"), no_text()], text(""));
    testing::call("CONCAT_WS", &[no_text(), text("a")], no_text());
    testing::call(
        "CONCAT_WS",
        &[bytes(b"-"), bytes(b"a"), bytes(b"")],
        bytes(b"a-"),
    );
    testing::call("CONCAT_WS", &[no_bytes(), bytes(b"a")], no_bytes());
    testing::call(
        "SUBSTRING",
        &[text("some_string"), Value::from(6)],
        text("string"),
    );
    testing::call(
        "SUBSTRING",
        &[text("some_string"), Value::from(6), Value::from(3)],
        text("str"),
    );
    testing::call("SUBSTRING", &[text("short"), Value::from(6)], text(""));
    testing::call(
        "SUBSTRING",
        &[text("short"), Value::from(0), Value::from(2)],
        text("sh"),
    );
    testing::call("SUBSTRING", &[text("short"), Value::from(-2)], text("rt"));
    testing::call(
        "SUBSTRING",
        &[text("short"), Value::from(-9), Value::from(2)],
        text("sh"),
    );
    testing::call(
        "SUBSTRING",
        &[text("short"), Value::from(2), Value::from(-1)],
        text(""),
    );
    testing::call("SUBSTRING", &[text("a😀b"), Value::from(4)], text("b"));
    testing::call(
        "SUBSTRING",
        &[text("x"), Value::from(i32::MIN), Value::from(i32::MAX)],
        text("x"),
    );
    testing::call(
        "SUBSTRING",
        &[bytes(b"short"), Value::from(-2)],
        bytes(b"rt"),
    );
    testing::call(
        "SUBSTRING",
        &[bytes(b"short"), Value::from(2), Value::from(2)],
        bytes(b"ho"),
    );
    testing::call("LEN", &[text("a😀é")], 4);
    testing::call("LEN", &[text("")], 0);
    testing::call("LEN", &[bytes("é".as_bytes())], 2);
    testing::call(
        "REPLACE",
        &[text("anaconda"), text("a"), text("o")],
        text("onocondo"),
    );
    testing::call("REPLACE", &[text("ab"), text(""), text("-")], text("-a-b-"));
    testing::call(
        "REPLACE",
        &[
            text(&"a".repeat(1 << 13)),
            text("a"),
            text(&"b".repeat(1 << 12)),
        ],
        no_text(),
    );
    testing::call(
        "SPLIT",
        &[text(".a."), text(".")],
        texts(&[Some(""), Some("a"), Some("")]),
    );
    testing::call(
        "SPLIT",
        &[text("aé"), text("")],
        texts(&[Some("a"), Some("é")]),
    );
    testing::call("SPLIT", &[text(""), text("")], texts(&[Some("")]));
    testing::call("SPLIT", &[text(""), text(".")], texts(&[Some("")]));
    testing::call("ARRAY_LENGTH", &[texts(&[Some("a"), None])], 2);
}

#[test]
fn case_and_blanks() {
    testing::call("LCASE", &[text("ÀBc")], text("àbc"));
    testing::call("UCASE", &[text("straße")], text("STRASSE"));
    testing::call("LCASE", &[text("ABC")], text("abc"));
    testing::call("UCASE", &[text("abc")], text("ABC"));
    testing::call("TRIM", &[text("\t a b\u{0}\n ")], text("a b"));
    testing::call("TRIM", &[text("\u{a0}a")], text("\u{a0}a"));
    testing::call("INITCAP", &[text("some_string")], text("Some_string"));
    testing::call(
        "INITCAP",
        &[text("the   Quick br0wn fOx")],
        text("The   Quick Br0wn Fox"),
    );
    testing::call("INITCAP", &[text("  é\tX ")], text("É X"));
    testing::call("INITCAP", &[text("")], text(""));
}

#[test]
fn padding() {
    for (length, padding, left, right) in [
        (7, "Bar", Some("BarBfoo"), Some("fooBarB")),
        (5, "Bar", Some("Bafoo"), Some("fooBa")),
        (3, "Bar", Some("foo"), Some("foo")),
        (2, "Bar", Some("fo"), Some("fo")),
        (0, "Bar", Some(""), Some("")),
        (-1, "Bar", None, None),
        (7, "", None, None),
        (6, "😀", Some("😀\u{fffd}foo"), Some("foo😀\u{fffd}")),
        (i32::MAX, "x", None, None),
    ] {
        let arguments = [text("foo"), Value::from(length), text(padding)];
        testing::call("LPAD", &arguments, Value::Utf8(left.map(Into::into)));
        testing::call("RPAD", &arguments, Value::Utf8(right.map(Into::into)));
    }
    let arguments = |length| [bytes(b"ab"), Value::from(length), bytes(&[1, 2])];
    testing::call("LPAD", &arguments(5), bytes(&[1, 2, 1, b'a', b'b']));
    testing::call("RPAD", &arguments(5), bytes(&[b'a', b'b', 1, 2, 1]));
    testing::call("RPAD", &arguments(1), bytes(b"a"));
    testing::call("LPAD", &arguments(-1), no_bytes());
    testing::call(
        "LPAD",
        &[bytes(b"ab"), Value::from(5), bytes(b"")],
        no_bytes(),
    );
}

#[test]
fn instr() {
    let find = |wanted: &str, rest: &[i32], expected: i32| {
        let mut arguments = vec![text("corporate floor"), text(wanted)];
        arguments.extend(rest.iter().map(|number| Value::from(*number)));
        testing::call("INSTR", &arguments, expected);
    };
    find("or", &[], 2);
    find("or", &[4], 5);
    find("or", &[4, 2], 14);
    find("or", &[4, 3], 0);
    find("or", &[-4], 5);
    find("or", &[-4, 2], 2);
    find("or", &[-4, 3], 0);
    find("or", &[-1], 14);
    find("or", &[-100], 0);
    find("or", &[100], 0);
    find("or", &[0], 0);
    find("or", &[1, 0], 0);
    find("x", &[], 0);
    find("", &[], 1);
    testing::call("INSTR", &[text("a😀b"), text("b")], 4);
    testing::call("INSTR", &[text("a😀b"), text("😀"), Value::from(2)], 2);
    testing::call(
        "INSTR",
        &[text("aaa"), text("aa"), Value::from(1), Value::from(2)],
        2,
    );
    testing::call("INSTR", &[no_text(), text("a")], 0);
    testing::call("INSTR", &[text("a"), no_text()], 0);
    testing::call(
        "INSTR",
        &[text("a"), text("a"), Value::from(None::<i32>)],
        0,
    );
    testing::call(
        "INSTR",
        &[
            text("a"),
            text("a"),
            Value::from(1),
            Value::from(None::<i32>),
        ],
        0,
    );
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
fn encodings() {
    testing::call(
        "TO_BYTES",
        &[text("4A6b"), text("hex")],
        bytes(&[0x4a, 0x6b]),
    );
    testing::call("TO_BYTES", &[text("0x4a"), text("HEX")], bytes(&[0x4a]));
    testing::call("TO_BYTES", &[text("x'4a'"), text("hex")], bytes(&[0x4a]));
    testing::call("TO_BYTES", &[text("4a6"), text("hex")], no_bytes());
    testing::call("TO_BYTES", &[text("4é"), text("hex")], no_bytes());
    testing::call(
        "TO_BYTES",
        &[text("é"), text("utf8")],
        bytes("é".as_bytes()),
    );
    testing::call("TO_BYTES", &[text("aé"), text("ascii")], bytes(b"a?"));
    testing::call("TO_BYTES", &[text("aGk="), text("base64")], bytes(b"hi"));
    testing::call("TO_BYTES", &[text("!"), text("base64")], no_bytes());
    testing::call("TO_BYTES", &[text("a"), text("latin1")], no_bytes());
    testing::call(
        "FROM_BYTES",
        &[bytes(&[0x4a, 0xff]), text("hex")],
        text("4AFF"),
    );
    testing::call(
        "FROM_BYTES",
        &[bytes(&[0x4a, 0xff]), text("utf8")],
        text("J\u{fffd}"),
    );
    testing::call(
        "FROM_BYTES",
        &[bytes(&[0x4a, 0xff]), text("ascii")],
        text("J\u{fffd}"),
    );
    testing::call("FROM_BYTES", &[bytes(b"hi"), text("base64")], text("aGk="));
    testing::call("FROM_BYTES", &[bytes(b"hi"), text("latin1")], no_text());
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
