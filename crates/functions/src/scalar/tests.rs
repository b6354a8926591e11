//! A table of cases for each function, called as a statement calls it: by name, over the types of its arguments.

use std::sync::Arc;

use arrow::array::{Array, Int32Builder, ListBuilder, MapBuilder, StringBuilder};
use datafusion_common::ScalarValue;
use datafusion_expr::Expr;
use weir_catalog::SqlType;

use crate::{Registry, operators::cast, testing};

type Value = ScalarValue;

fn check(name: &str, arguments: &[Value], expected: impl Into<Value>) {
    let registry = Registry::builtin();
    let types: Vec<_> = arguments
        .iter()
        .map(|argument| SqlType::from_arrow(&argument.data_type()))
        .collect();
    let resolved = registry.get(name).unwrap().resolve(&types).unwrap();
    let make = |given: Vec<Expr>| {
        let casts = given.into_iter().zip(&types).zip(&resolved.arguments);
        let given = casts.map(|((given, from), to)| match from {
            Some(from) => cast(given, from, to),
            None => Expr::Literal(null(to), None),
        });
        resolved.udf.call(given.collect())
    };
    let expected = expected.into();
    assert_eq!(expected.data_type(), resolved.returns.to_arrow(), "{name}");
    testing::check(make, arguments, &expected);
}

fn null(of: &SqlType) -> Value {
    Value::try_from(&of.to_arrow()).unwrap()
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn no_text() -> Value {
    Value::Utf8(None)
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Binary(Some(bytes.to_vec()))
}

fn no_bytes() -> Value {
    Value::Binary(None)
}

fn decimal(unscaled: i128, precision: u8, scale: i8) -> Value {
    Value::Decimal128(Some(unscaled), precision, scale)
}

fn texts(elements: &[Option<&str>]) -> Value {
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value(elements.iter().copied());
    Value::List(Arc::new(lists.finish()))
}

fn integers(elements: &[Option<i32>]) -> Value {
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value(elements.iter().copied());
    Value::List(Arc::new(lists.finish()))
}

fn map() -> Value {
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for (key, value) in [("a", Some(1)), ("b", None)] {
        maps.keys().append_value(key);
        maps.values().append_option(value);
    }
    maps.append(true).unwrap();
    Value::Map(Arc::new(maps.finish()))
}

#[test]
fn a_null_argument_gives_null() {
    const OTHERWISE: [&str; 10] = [
        "ARRAY_CONTAINS",
        "ARRAY_JOIN",
        "COALESCE",
        "CONCAT",
        "CONCAT_WS",
        "GREATEST",
        "IFNULL",
        "INSTR",
        "LEAST",
        "NULLIF",
    ];
    let example = |printed: &str| match printed {
        "STRING" => text("1"),
        "BYTES" => bytes(b"1"),
        "INTEGER" => Value::from(1),
        "BIGINT" => Value::from(1_i64),
        "DOUBLE" => Value::from(1.0),
        "DECIMAL" => decimal(10, 2, 1),
        "DATE" => Value::Date32(Some(1)),
        "TIMESTAMP" => Value::TimestampMillisecond(Some(1), None),
        "ARRAY<T>" => integers(&[Some(1)]),
        "MAP<K, V>" => map(),
        "T" => Value::from(1),
        other => panic!("an example of {other}"),
    };
    let registry = Registry::builtin();
    let functions = registry.iter().map(|function| function.manual());
    for manual in functions.filter(|manual| !OTHERWISE.contains(&manual.name)) {
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
                check(manual.name, &arguments, null(&call.returns));
            }
        }
    }
}

#[test]
fn numbers() {
    check("ABS", &[Value::from(-5)], 5);
    check("ABS", &[Value::from(i32::MIN)], i32::MIN);
    check("ABS", &[Value::from(i64::MIN + 1)], i64::MAX);
    check("ABS", &[Value::from(-1.5)], 1.5);
    check("ABS", &[decimal(-32, 2, 1)], decimal(32, 2, 1));
    check("CEIL", &[Value::from(1.1)], 2.0);
    check("CEIL", &[Value::from(-1.1)], -1.0);
    check("CEIL", &[Value::from(7)], 7);
    check("CEIL", &[decimal(11, 3, 1)], decimal(20, 3, 1));
    check("CEIL", &[decimal(-11, 3, 1)], decimal(-10, 3, 1));
    check("CEIL", &[decimal(98, 2, 1)], Value::Decimal128(None, 2, 1));
    check("FLOOR", &[Value::from(-1.1)], -2.0);
    check("FLOOR", &[Value::from(7_i64)], 7_i64);
    check("FLOOR", &[decimal(19, 3, 1)], decimal(10, 3, 1));
    check("FLOOR", &[decimal(-11, 3, 1)], decimal(-20, 3, 1));
    check("SQRT", &[Value::from(4)], 2.0);
    check("SQRT", &[Value::from(2_i64)], std::f64::consts::SQRT_2);
    check("SIGN", &[Value::from(-3.0)], -1);
    check("SIGN", &[Value::from(i64::MAX)], 1);
    check("SIGN", &[Value::from(0)], 0);
    check("SIGN", &[Value::from(f64::NAN)], 0);
}

#[test]
fn round() {
    check("ROUND", &[Value::from(1.5)], 2_i64);
    check("ROUND", &[Value::from(-1.5)], -1_i64);
    check("ROUND", &[Value::from(0.49999999999999994)], 0_i64);
    check("ROUND", &[Value::from(1e300)], i64::MAX);
    check("ROUND", &[Value::from(7)], 7_i64);
    check("ROUND", &[Value::from(1.25), Value::from(1)], 1.3);
    check("ROUND", &[Value::from(111.0), Value::from(-2)], 100.0);
    check(
        "ROUND",
        &[Value::from(f64::NAN), Value::from(1)],
        None::<f64>,
    );
    check("ROUND", &[decimal(125, 4, 2)], decimal(1, 2, 0));
    check("ROUND", &[decimal(150, 4, 2)], decimal(2, 2, 0));
    check("ROUND", &[decimal(-150, 4, 2)], decimal(-1, 2, 0));
    check(
        "ROUND",
        &[decimal(125, 4, 2), Value::from(1)],
        decimal(130, 4, 2),
    );
    check(
        "ROUND",
        &[decimal(-125, 4, 2), Value::from(1)],
        decimal(-120, 4, 2),
    );
    check(
        "ROUND",
        &[decimal(5125, 4, 2), Value::from(-1)],
        decimal(5000, 4, 2),
    );
    check(
        "ROUND",
        &[decimal(5125, 4, 2), Value::from(-100)],
        decimal(0, 4, 2),
    );
    check(
        "ROUND",
        &[decimal(9999, 4, 2), Value::from(0)],
        Value::Decimal128(None, 4, 2),
    );
}

#[test]
fn greatest_and_least() {
    let some = [Value::from(3), Value::from(None::<i32>), Value::from(7)];
    check("GREATEST", &some, 7);
    check("LEAST", &some, 3);
    check(
        "GREATEST",
        &[Value::from(None::<i32>), Value::from(None::<i32>)],
        None::<i32>,
    );
    check("GREATEST", &[text("a"), no_text(), text("é")], text("é"));
    check("LEAST", &[text("b"), text("A")], text("A"));
    check("LEAST", &[bytes(&[0x7f]), bytes(&[0x80])], bytes(&[0x80]));
    check(
        "GREATEST",
        &[Value::from(1.0), Value::from(f64::NAN)],
        f64::NAN,
    );
    check("LEAST", &[Value::from(f64::NAN), Value::from(1.0)], 1.0);
    check(
        "LEAST",
        &[Value::from(1), Value::from(2_i64), Value::from(0.5)],
        0.5,
    );
    check(
        "LEAST",
        &[decimal(123456789, 9, 2), decimal(123456, 6, 6)],
        decimal(123456, 13, 6),
    );
    check(
        "GREATEST",
        &[Value::Date32(Some(1)), text("1970-01-03")],
        Value::Date32(Some(2)),
    );
    check("GREATEST", &[Value::from(5)], 5);
    check("LEAST", &[Value::Null, Value::from(5)], 5);
}

#[test]
fn null_handling() {
    check("COALESCE", &[no_text(), text("x"), text("y")], text("x"));
    check("COALESCE", &[no_text(), no_text()], no_text());
    check("COALESCE", &[Value::from(1)], 1);
    check(
        "COALESCE",
        &[Value::Null, integers(&[Some(1)])],
        integers(&[Some(1)]),
    );
    check("IFNULL", &[Value::from(None::<i32>), Value::from(2)], 2);
    check("IFNULL", &[Value::from(1), Value::from(None::<i32>)], 1);
    check("NULLIF", &[text("a"), text("a")], no_text());
    check("NULLIF", &[text("a"), text("b")], text("a"));
    check("NULLIF", &[text("a"), no_text()], text("a"));
    check("NULLIF", &[no_text(), text("a")], no_text());
    check(
        "NULLIF",
        &[integers(&[None]), integers(&[None])],
        null(&SqlType::array(SqlType::Integer)),
    );
    check("AS_VALUE", &[text("k")], text("k"));
}

#[test]
fn texts_joined_and_cut() {
    check("CONCAT", &[text("a"), no_text(), text("b")], text("ab"));
    check("CONCAT", &[no_text()], text(""));
    check(
        "CONCAT",
        &[bytes(b"a"), no_bytes(), bytes(&[0xff])],
        bytes(b"a\xff"),
    );
    check(
        "CONCAT_WS",
        &[text("-"), text("a"), no_text(), text("b")],
        text("a-b"),
    );
    check("CONCAT_WS", &[text("-"), no_text()], text(""));
    check("CONCAT_WS", &[no_text(), text("a")], no_text());
    check(
        "CONCAT_WS",
        &[bytes(b"-"), bytes(b"a"), bytes(b"")],
        bytes(b"a-"),
    );
    check("CONCAT_WS", &[no_bytes(), bytes(b"a")], no_bytes());
    check(
        "SUBSTRING",
        &[text("some_string"), Value::from(6)],
        text("string"),
    );
    check(
        "SUBSTRING",
        &[text("some_string"), Value::from(6), Value::from(3)],
        text("str"),
    );
    check("SUBSTRING", &[text("short"), Value::from(6)], text(""));
    check(
        "SUBSTRING",
        &[text("short"), Value::from(0), Value::from(2)],
        text("sh"),
    );
    check("SUBSTRING", &[text("short"), Value::from(-2)], text("rt"));
    check(
        "SUBSTRING",
        &[text("short"), Value::from(-9), Value::from(2)],
        text("sh"),
    );
    check(
        "SUBSTRING",
        &[text("short"), Value::from(2), Value::from(-1)],
        text(""),
    );
    check("SUBSTRING", &[text("a😀b"), Value::from(4)], text("b"));
    check(
        "SUBSTRING",
        &[text("x"), Value::from(i32::MIN), Value::from(i32::MAX)],
        text("x"),
    );
    check(
        "SUBSTRING",
        &[bytes(b"short"), Value::from(-2)],
        bytes(b"rt"),
    );
    check(
        "SUBSTRING",
        &[bytes(b"short"), Value::from(2), Value::from(2)],
        bytes(b"ho"),
    );
    check("LEN", &[text("a😀é")], 4);
    check("LEN", &[text("")], 0);
    check("LEN", &[bytes("é".as_bytes())], 2);
    check(
        "REPLACE",
        &[text("anaconda"), text("a"), text("o")],
        text("onocondo"),
    );
    check("REPLACE", &[text("ab"), text(""), text("-")], text("-a-b-"));
    check(
        "REPLACE",
        &[
            text(&"a".repeat(1 << 13)),
            text("a"),
            text(&"b".repeat(1 << 12)),
        ],
        no_text(),
    );
    check(
        "SPLIT",
        &[text(".a."), text(".")],
        texts(&[Some(""), Some("a"), Some("")]),
    );
    check(
        "SPLIT",
        &[text("aé"), text("")],
        texts(&[Some("a"), Some("é")]),
    );
    check("SPLIT", &[text(""), text("")], texts(&[Some("")]));
    check("SPLIT", &[text(""), text(".")], texts(&[Some("")]));
    check("ARRAY_LENGTH", &[texts(&[Some("a"), None])], 2);
}

#[test]
fn case_and_blanks() {
    check("LCASE", &[text("ÀBc")], text("àbc"));
    check("UCASE", &[text("straße")], text("STRASSE"));
    check("LCASE", &[text("ABC")], text("abc"));
    check("UCASE", &[text("abc")], text("ABC"));
    check("TRIM", &[text("\t a b\u{0}\n ")], text("a b"));
    check("TRIM", &[text("\u{a0}a")], text("\u{a0}a"));
    check("INITCAP", &[text("some_string")], text("Some_string"));
    check(
        "INITCAP",
        &[text("the   Quick br0wn fOx")],
        text("The   Quick Br0wn Fox"),
    );
    check("INITCAP", &[text("  é\tX ")], text("É X"));
    check("INITCAP", &[text("")], text(""));
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
        check("LPAD", &arguments, Value::Utf8(left.map(Into::into)));
        check("RPAD", &arguments, Value::Utf8(right.map(Into::into)));
    }
    let arguments = |length| [bytes(b"ab"), Value::from(length), bytes(&[1, 2])];
    check("LPAD", &arguments(5), bytes(&[1, 2, 1, b'a', b'b']));
    check("RPAD", &arguments(5), bytes(&[b'a', b'b', 1, 2, 1]));
    check("RPAD", &arguments(1), bytes(b"a"));
    check("LPAD", &arguments(-1), no_bytes());
    check(
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
        check("INSTR", &arguments, expected);
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
    check("INSTR", &[text("a😀b"), text("b")], 4);
    check("INSTR", &[text("a😀b"), text("😀"), Value::from(2)], 2);
    check(
        "INSTR",
        &[text("aaa"), text("aa"), Value::from(1), Value::from(2)],
        2,
    );
    check("INSTR", &[no_text(), text("a")], 0);
    check("INSTR", &[text("a"), no_text()], 0);
    check(
        "INSTR",
        &[text("a"), text("a"), Value::from(None::<i32>)],
        0,
    );
    check(
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
    check("ARRAY_CONTAINS", &[array(), text("Pink")], true);
    check("ARRAY_CONTAINS", &[array(), text("pink")], false);
    check("ARRAY_CONTAINS", &[array(), no_text()], true);
    check("ARRAY_CONTAINS", &[texts(&[Some("a")]), no_text()], false);
    check(
        "ARRAY_CONTAINS",
        &[null(&SqlType::array(SqlType::String)), text("a")],
        false,
    );
    check("ARRAY_CONTAINS", &[texts(&[]), text("a")], false);
    check("ARRAY_LENGTH", &[texts(&[])], 0);
    check("ARRAY_JOIN", &[array()], text("Red,null,Pink"));
    check(
        "ARRAY_JOIN",
        &[integers(&[Some(1), None, Some(-42)]), text("?")],
        text("1?null?-42"),
    );
    check(
        "ARRAY_JOIN",
        &[integers(&[Some(1), Some(2)]), no_text()],
        text("12"),
    );
    check("ARRAY_JOIN", &[texts(&[]), text("x")], text(""));
    check(
        "ARRAY_JOIN",
        &[null(&SqlType::array(SqlType::String))],
        no_text(),
    );
    let mut nested = ListBuilder::new(ListBuilder::new(Int32Builder::new()));
    nested.append(true);
    check(
        "ARRAY_JOIN",
        &[Value::List(Arc::new(nested.finish()))],
        no_text(),
    );
    check("MAP_KEYS", &[map()], texts(&[Some("a"), Some("b")]));
    check("MAP_VALUES", &[map()], integers(&[Some(1), None]));
}

#[test]
fn encodings() {
    check(
        "TO_BYTES",
        &[text("4A6b"), text("hex")],
        bytes(&[0x4a, 0x6b]),
    );
    check("TO_BYTES", &[text("0x4a"), text("HEX")], bytes(&[0x4a]));
    check("TO_BYTES", &[text("x'4a'"), text("hex")], bytes(&[0x4a]));
    check("TO_BYTES", &[text("4a6"), text("hex")], no_bytes());
    check("TO_BYTES", &[text("4é"), text("hex")], no_bytes());
    check(
        "TO_BYTES",
        &[text("é"), text("utf8")],
        bytes("é".as_bytes()),
    );
    check("TO_BYTES", &[text("aé"), text("ascii")], bytes(b"a?"));
    check("TO_BYTES", &[text("aGk="), text("base64")], bytes(b"hi"));
    check("TO_BYTES", &[text("!"), text("base64")], no_bytes());
    check("TO_BYTES", &[text("a"), text("latin1")], no_bytes());
    check(
        "FROM_BYTES",
        &[bytes(&[0x4a, 0xff]), text("hex")],
        text("4AFF"),
    );
    check(
        "FROM_BYTES",
        &[bytes(&[0x4a, 0xff]), text("utf8")],
        text("J\u{fffd}"),
    );
    check(
        "FROM_BYTES",
        &[bytes(&[0x4a, 0xff]), text("ascii")],
        text("J\u{fffd}"),
    );
    check("FROM_BYTES", &[bytes(b"hi"), text("base64")], text("aGk="));
    check("FROM_BYTES", &[bytes(b"hi"), text("latin1")], no_text());
}

#[test]
fn json() {
    let extract = |json: &str, path: &str, expected: Value| {
        check("EXTRACTJSONFIELD", &[text(json), text(path)], expected);
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
    check("UNIX_TIMESTAMP", &[instant(-5)], -5_i64);
    check(
        "FROM_UNIXTIME",
        &[Value::from(1_589_234_313_000_i64)],
        instant(1_589_234_313_000),
    );
    check("FROM_UNIXTIME", &[Value::from(7)], instant(7));
    check("UNIX_DATE", &[Value::Date32(Some(-1))], -1);
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
