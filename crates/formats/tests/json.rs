//! JSON in and out: every rule of reading, hostile documents, and that a column is the same alone and beside others.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    util::display::array_value_to_string,
};
use proptest::prelude::*;
use weir_catalog::{Column, FormatSpec, SqlType};
use weir_formats::{ColumnRequest, Decoded, Decoder, Encoder};

fn request(path: &[&str], sql_type: SqlType) -> ColumnRequest {
    ColumnRequest {
        path: path.iter().map(|name| (*name).to_owned()).collect(),
        sql_type,
    }
}

fn decode(requests: &[ColumnRequest], records: &[&str]) -> Decoded {
    let bytes: Vec<Option<&[u8]>> = records
        .iter()
        .map(|record| Some(record.as_bytes()))
        .collect();
    // Two columns: the document is an object.
    let columns = [
        Column::value("A", SqlType::String),
        Column::value("B", SqlType::String),
    ];
    Decoder::try_new(&FormatSpec::json(), &columns, requests)
        .unwrap()
        .decode(&bytes)
}

fn structure(fields: &[(&str, SqlType)]) -> SqlType {
    SqlType::structure(
        fields
            .iter()
            .map(|(name, sql_type)| ((*name).to_owned(), sql_type.clone())),
    )
}

/// The value as text, or the kind of the misfit.
fn check(sql_type: SqlType, value: &str, expected: &str) {
    let decoded = decode(
        &[request(&["A"], sql_type.clone())],
        &[&format!("{{\"x\":[1,{{}}],\"a\":{value},\"y\":\"z\"}}")],
    );
    let found = match decoded.misfits.first() {
        Some(misfit) => format!("!{}", misfit.reason.kind),
        None if decoded.columns[0].is_null(0) => "NULL".to_owned(),
        None => array_value_to_string(&decoded.columns[0], 0).unwrap(),
    };
    assert_eq!(found, expected, "{value} as {sql_type}");
}

#[test]
fn types_are_read_as_leniently_as_the_reference_says() {
    check(SqlType::String, "\"x\"", "x");
    check(SqlType::String, "4688", "4688");
    check(SqlType::String, "1e2", "1E+2");
    check(SqlType::String, "true", "true");
    check(SqlType::String, "null", "NULL");
    check(SqlType::String, "{\"b\": 1}", "{\"b\":1}");
    check(SqlType::String, "[1, \"b\"]", "[1, b]");
    check(SqlType::String, "\"\\ud800\"", "\u{fffd}");
    check(SqlType::Integer, "7", "7");
    check(SqlType::Integer, "\"7\"", "7");
    check(SqlType::Integer, "7.9", "7");
    check(SqlType::Integer, "4294967297", "1");
    check(SqlType::Integer, "\"abc\"", "!type_mismatch");
    check(SqlType::Integer, "true", "!type_mismatch");
    check(
        SqlType::BigInt,
        "9223372036854775807",
        "9223372036854775807",
    );
    check(SqlType::Double, "1", "1.0");
    check(SqlType::Double, "\"1e3\"", "1000.0");
    check(SqlType::Boolean, "true", "true");
    check(SqlType::Boolean, "\"true\"", "!type_mismatch");
    check(
        SqlType::Decimal {
            precision: 4,
            scale: 2,
        },
        "1.0",
        "1.00",
    );
    check(
        SqlType::Decimal {
            precision: 4,
            scale: 2,
        },
        "1.005",
        "!type_mismatch",
    );
    check(SqlType::Bytes, "\"IQ==\"", "21");
    check(SqlType::Bytes, "\"!\"", "!type_mismatch");
    check(SqlType::Date, "18292", "2020-01-31");
    check(SqlType::Timestamp, "\"0\"", "1970-01-01T00:00:00");
    check(SqlType::Timestamp, "\"2020-01-01\"", "!type_mismatch");
    check(
        SqlType::array(SqlType::Integer),
        "[1, null, \"3\"]",
        "[1, , 3]",
    );
    check(SqlType::array(SqlType::Integer), "1", "!type_mismatch");
    check(
        SqlType::array(SqlType::Integer),
        "[1, \"x\"]",
        "!type_mismatch",
    );
    check(
        SqlType::map(SqlType::String, SqlType::String),
        "{\"Threat Name\":\"x\", \"n\": 5}",
        "{Threat Name: x, n: 5}",
    );
    check(
        structure(&[("B", SqlType::Integer), ("C", SqlType::String)]),
        "{\"b\":1,\"d\":2}",
        "{B: 1, C: }",
    );
    check(
        structure(&[("B", SqlType::Integer)]),
        "\"x\"",
        "!type_mismatch",
    );
}

#[test]
fn numbers_and_texts_of_numbers_are_read_as_java_reads_them() {
    let decimal = |precision, scale| SqlType::Decimal { precision, scale };
    check(SqlType::Integer, "-1.9", "-1");
    check(SqlType::Integer, "1e3", "1000");
    check(SqlType::Integer, "2147483648", "-2147483648");
    check(SqlType::Integer, "\"2147483648\"", "!type_mismatch");
    check(SqlType::Integer, "\"1.0\"", "!type_mismatch");
    check(SqlType::Integer, "\" 1\"", "!type_mismatch");
    check(SqlType::Integer, "\"+1\"", "1");
    check(SqlType::Integer, "[1]", "!type_mismatch");
    check(SqlType::BigInt, "9007199254740993.0", "9007199254740993");
    check(SqlType::BigInt, "18446744073709551615", "-1");
    check(SqlType::BigInt, "\"9223372036854775808\"", "!type_mismatch");
    check(SqlType::BigInt, "\"\"", "!type_mismatch");
    check(SqlType::Double, "\" 1.5 \"", "1.5");
    check(SqlType::Double, "\"1d\"", "1.0");
    check(SqlType::Double, "\"NaN\"", "NaN");
    check(SqlType::Double, "\"-Infinity\"", "-inf");
    check(SqlType::Double, "\"inf\"", "!type_mismatch");
    check(SqlType::Double, "1e999", "inf");
    check(SqlType::Double, "false", "!type_mismatch");
    check(decimal(4, 2), "\"1.5\"", "1.50");
    check(decimal(4, 2), "\" 1.5\"", "!type_mismatch");
    check(decimal(4, 2), "1.500", "1.50");
    check(decimal(4, 2), "100", "!type_mismatch");
    check(decimal(4, 2), "99.99", "99.99");
    check(decimal(4, 2), "9e1", "90.00");
    check(decimal(4, 2), "true", "!type_mismatch");
    check(SqlType::Boolean, "1", "!type_mismatch");
}

#[test]
fn times_are_whole_numbers_of_their_unit() {
    check(SqlType::Time, "0", "00:00:00");
    check(SqlType::Time, "\"3723004\"", "01:02:03.004");
    check(SqlType::Time, "1.9", "00:00:00.001");
    check(SqlType::Time, "-1", "!type_mismatch");
    check(SqlType::Time, "86400001", "!type_mismatch");
    check(SqlType::Time, "\"01:02:03\"", "!type_mismatch");
    check(SqlType::Date, "\"1\"", "1970-01-02");
    check(SqlType::Date, "-1", "1969-12-31");
    check(SqlType::Date, "1.9", "1970-01-02");
    check(SqlType::Date, "9223372036854775807", "!type_mismatch");
    check(SqlType::Date, "true", "!type_mismatch");
    check(SqlType::Timestamp, "1.9", "1970-01-01T00:00:00.001");
    check(SqlType::Timestamp, "\"1.9\"", "!type_mismatch");
    check(SqlType::Timestamp, "{}", "!type_mismatch");
}

#[test]
fn bytes_are_base64_as_jackson_has_it() {
    check(SqlType::Bytes, "\"\"", "");
    check(SqlType::Bytes, "\"IQ\"", "!type_mismatch");
    check(SqlType::Bytes, "\"IR==\"", "21");
    check(SqlType::Bytes, "\" ISEh\\n ISEh \"", "212121212121");
    check(SqlType::Bytes, "\"I SEh\"", "!type_mismatch");
    check(SqlType::Bytes, "33", "!type_mismatch");
}

#[test]
fn everything_is_a_string() {
    check(SqlType::String, "false", "false");
    check(SqlType::String, "-0.0", "0.0");
    check(SqlType::String, "1.50", "1.50");
    check(
        SqlType::String,
        "12345678901234567890123",
        "12345678901234567890123",
    );
    check(SqlType::String, "0.00000012", "1.2E-7");
    check(SqlType::String, "[]", "[]");
    check(
        SqlType::String,
        "[null, [1e2, {\"x\": [true]}]]",
        "[null, [1E+2, {\"x\":[true]}]]",
    );
    check(
        SqlType::String,
        "{ \"x\" : 1e2, \"y\":\"\\u00e9\", \"x\":null }",
        "{\"x\":null,\"y\":\"é\"}",
    );
}

#[test]
fn a_map_has_each_key_once() {
    let map = SqlType::map(SqlType::String, SqlType::array(SqlType::Integer));
    check(
        map.clone(),
        r#"{"a":[1],"b":[2,3],"a":[4]}"#,
        "{b: [2, 3], a: [4]}",
    );
    let long: Vec<String> = (0..40).map(|n| format!("\"k{}\":[{n}]", n % 20)).collect();
    let later: Vec<String> = (20..40).map(|n| format!("k{}: [{n}]", n - 20)).collect();
    check(
        map.clone(),
        &format!("{{{}}}", long.join(",")),
        &format!("{{{}}}", later.join(", ")),
    );
    let decoded = decode(
        &[request(&["A"], map)],
        &[
            r#"{"a":{"x":[1],"x":[2]}}"#,
            r#"{"a":{"x":[1],"x":[2]},"a":{"y":[3]}}"#,
            "{}",
            r#"{"a":{"y":[4],"x":[5],"y":[6]}}"#,
        ],
    );
    let column = decoded.columns[0].as_ref();
    column.to_data().validate_full().unwrap();
    let texts = [0, 1, 3].map(|row| array_value_to_string(column, row).unwrap());
    assert_eq!(texts, ["{x: [2]}", "{y: [3]}", "{x: [5], y: [6]}"]);
    assert!(column.is_null(2));
}

#[test]
fn a_key_that_is_exactly_one_name_is_another_in_upper_case() {
    let check = |document: &str, upper: Option<&str>, lower: Option<&str>| {
        let requests = [
            request(&["HOST"], SqlType::String),
            request(&["host"], SqlType::String),
        ];
        let decoded = decode(&requests, &[document]);
        let text = |column: &ArrayRef| {
            let column = column.as_string::<i32>();
            column.is_valid(0).then(|| column.value(0).to_owned())
        };
        assert_eq!(text(&decoded.columns[0]).as_deref(), upper, "{document}");
        assert_eq!(text(&decoded.columns[1]).as_deref(), lower, "{document}");
    };
    check(r#"{"host":"a"}"#, Some("a"), Some("a"));
    check(r#"{"HOST":"b"}"#, Some("b"), None);
    check(r#"{"HOST":"b","host":"a"}"#, Some("b"), Some("a"));
    check(r#"{"host":"a","HOST":"b"}"#, Some("b"), Some("a"));
    check(r#"{"host":"a","Host":"c"}"#, Some("c"), Some("a"));
    check(r#"{"Host":"c","host":"\u0061"}"#, Some("a"), Some("a"));
    check(r#"{"host":"a","HOST":null}"#, None, Some("a"));
    check(r#"{"host":"a","host":null}"#, None, None);
}

#[test]
fn a_mark_of_the_order_of_bytes_is_passed_over() {
    let decoded = decode(
        &[request(&["A"], SqlType::String)],
        &["\u{feff}{\"a\":\"x\"}", "\u{feff}null", "\u{feff}"],
    );
    assert_eq!(decoded.columns[0].as_string::<i32>().value(0), "x");
    assert!(decoded.is_null.value(1));
    assert_eq!(decoded.misfits.len(), 1);
}

#[test]
fn small_decimals_are_written_as_java_writes_them() {
    let check = |precision, scale, value: &str, expected: &str| {
        let columns = [Column::value("A", SqlType::Decimal { precision, scale })];
        let requests = [request(&["A"], columns[0].sql_type.clone())];
        let document = format!("{{\"a\":{value}}}");
        let spec = FormatSpec::json();
        let mut decoder = Decoder::try_new(&spec, &columns, &requests).unwrap();
        let decoded = decoder.decode(&[Some(document.as_bytes())]);
        let mut encoder = Encoder::try_new(&spec, &columns).unwrap();
        let encoded = encoder.encode(&decoded.columns, 1, None);
        let text = std::str::from_utf8(encoded.rows[0].as_ref().unwrap()).unwrap();
        assert_eq!(text, format!("{{\"A\":{expected}}}"));
    };
    check(4, 2, "0", "0.00");
    check(10, 6, "0.000001", "0.000001");
    check(10, 8, "0.000001", "0.00000100");
    check(10, 8, "0.00000012", "1.2E-7");
    check(10, 8, "-0.00000001", "-1E-8");
    check(10, 8, "0", "0E-8");
    check(10, 8, "12.5", "12.50000000");
    check(
        60,
        20,
        "123456789012345678901234567890.5",
        "123456789012345678901234567890.50000000000000000000",
    );
}

#[test]
fn a_name_is_found_exactly_or_in_another_case_and_the_last_one_wins() {
    let check = |name: &str, document: &str, expected: Option<&str>| {
        let decoded = decode(
            &[
                request(&[name], SqlType::String),
                request(&["OTHER"], SqlType::String),
            ],
            &[document],
        );
        assert!(decoded.misfits.is_empty(), "{document}");
        let column = decoded.columns[0].as_string::<i32>();
        assert_eq!(
            column.is_valid(0).then(|| column.value(0)),
            expected,
            "{document}"
        );
        assert!(
            !document.contains("other") || decoded.columns[1].as_string::<i32>().value(0) == "o"
        );
    };
    check("HOST", r#"{"host":"a"}"#, Some("a"));
    check("HOST", r#"{"host":"a","Host":"b"}"#, Some("b"));
    check("HOST", r#"{"HOST":"a","Host":"b","other":"o"}"#, Some("a"));
    check("HOST", r#"{"Host":"b","HOST":"a"}"#, Some("a"));
    check("HOST", r#"{"HOST":"a","HOST":"c"}"#, Some("c"));
    check("HOST", r#"{"HOST":"a","other":"o","HOST":null}"#, None);
    check("host", r#"{"HOST":"a"}"#, None);
    check("host", r#"{"host":"a"}"#, Some("a"));
    check("@timestamp", r#"{"@timestamp":"a"}"#, Some("a"));
    check("GRÖSSE", r#"{"größe":"a"}"#, Some("a"));
    check("H\"T", r#"{"h\"t":"a"}"#, Some("a"));
}

#[test]
fn no_name_of_a_member_makes_a_record_bad() {
    let map = SqlType::map(SqlType::String, SqlType::Integer);
    let requests = [request(&["A"], SqlType::String), request(&["B"], map)];
    let document = r#"{"\ud800a":1,"a":"x","b":{"\udc00":2,"\u0000":3},"\ud83d\ude00":4}"#;
    let decoded = decode(&requests, &[document]);
    assert!(decoded.misfits.is_empty(), "{:?}", decoded.misfits);
    assert_eq!(decoded.columns[0].as_string::<i32>().value(0), "x");
    assert_eq!(
        array_value_to_string(&decoded.columns[1], 0).unwrap(),
        "{\u{fffd}: 2, \0: 3}"
    );
}

#[test]
fn a_duplicate_undoes_what_it_replaces() {
    let list = SqlType::array(structure(&[("X", SqlType::Integer)]));
    let decoded = decode(
        &[
            request(&["A", "L"], list),
            request(&["A", "S"], SqlType::String),
        ],
        &[
            r#"{"a":{"l":[{"x":1},{"x":"bad"}],"s":"one"},"a":{"l":[{"x":7}]}}"#,
            r#"{"a":{"l":[{"x":8}],"s":"two"}}"#,
        ],
    );
    assert!(decoded.misfits.is_empty(), "{:?}", decoded.misfits);
    assert_eq!(
        array_value_to_string(&decoded.columns[0], 0).unwrap(),
        "[{X: 7}]"
    );
    assert!(decoded.columns[1].is_null(0));
    assert_eq!(
        array_value_to_string(&decoded.columns[0], 1).unwrap(),
        "[{X: 8}]"
    );
    assert_eq!(decoded.columns[1].as_string::<i32>().value(1), "two");
}

#[test]
fn a_bad_field_spoils_the_columns_that_hold_it_and_no_others() {
    let whole = structure(&[("PID", SqlType::Integer), ("NAME", SqlType::String)]);
    let requests = [
        request(&["W", "NAME"], SqlType::String),
        request(&["W"], whole),
        request(&["W", "PID"], SqlType::Integer),
        request(&["V"], SqlType::String),
    ];
    let spoilt = |document: &str| -> Vec<Option<usize>> {
        let mut columns: Vec<_> = decode(&requests, &[document])
            .misfits
            .into_iter()
            .map(|misfit| misfit.column)
            .collect();
        columns.sort();
        columns
    };
    assert_eq!(
        spoilt(r#"{"w":{"pid":"x","name":"n"},"v":1}"#),
        [Some(1), Some(2)]
    );
    assert_eq!(spoilt(r#"{"w":5,"v":1}"#), [Some(0), Some(1), Some(2)]);
    assert_eq!(spoilt(r#"{"w":null,"v":1}"#), []);
    assert_eq!(spoilt(r#"[1]"#), [Some(0), Some(1), Some(2), Some(3)]);
    assert_eq!(spoilt(r#"{"w":{"pid":1}} x"#), [None]);
}

#[test]
fn what_is_not_json_is_bad_for_all_and_leaves_nothing() {
    let bad = [
        "",
        " ",
        "{",
        "{\"a\":\"x\"",
        "{\"a\":\"x\"}}",
        "{\"a\":\"x\",}",
        "{\"a\":\"x\",\"b\":tru}",
        "{\"a\":\"x\",\"b\":[1,}",
        "{\"a\":\"x\" \"b\":1}",
        "{'a':1}",
        "{\"a\":\"x\"} garbage",
        "nul",
    ];
    for document in bad {
        let decoded = decode(
            &[request(&["A"], SqlType::String)],
            &["{\"a\":\"before\"}", document, "{\"a\":\"after\"}"],
        );
        assert_eq!(decoded.misfits.len(), 1, "{document}");
        assert_eq!(
            (decoded.misfits[0].row, decoded.misfits[0].column),
            (1, None),
            "{document}"
        );
        let column = decoded.columns[0].as_string::<i32>();
        assert!(
            column.value(0) == "before" && column.is_null(1) && column.value(2) == "after",
            "{document}"
        );
    }
    let decoded = decode(&[request(&["A"], SqlType::String)], &["null", "{}"]);
    assert!(decoded.misfits.is_empty() && decoded.is_null.value(0) && !decoded.is_null.value(1));
}

#[test]
fn hostile_documents_are_set_aside() {
    let run = || {
        for open in ["[", "{\"a\":", "{\"x\":["] {
            for depth in [500, 10_000, 400_000] {
                let document = open.repeat(depth);
                let decoded = decode(&[request(&["A"], SqlType::String)], &[&document]);
                assert_eq!(decoded.misfits.len(), 1, "{open} {depth}");
            }
        }
        let nested = format!(
            "{{\"a\":\"x\",\"b\":{}1{}}}",
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        assert_eq!(
            decode(&[request(&["A"], SqlType::String)], &[&nested]).misfits[0]
                .reason
                .kind,
            "too_deep"
        );
        let large = format!("{{\"a\":\"{}\",\"b\":1}}", "x".repeat(1 << 20));
        let decoded = decode(&[request(&["A"], SqlType::String)], &[&large]);
        assert_eq!(
            decoded.columns[0].as_string::<i32>().value(0).len(),
            1 << 20
        );
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();

    let columns = [
        Column::value("A", SqlType::String),
        Column::value("B", SqlType::String),
    ];
    let mut decoder = Decoder::try_new(
        &FormatSpec::json(),
        &columns,
        &[request(&["A"], SqlType::String)],
    )
    .unwrap();
    let decoded = decoder.decode(&[Some(b"{\"a\":\"x\xffy\",\"b\xfe\":1}")]);
    assert_eq!(decoded.columns[0].as_string::<i32>().value(0), "x\u{fffd}y");
}

#[test]
fn rows_are_written_as_ksqldb_writes_them() {
    let columns = [
        Column::value("A", SqlType::String),
        Column::value("D", SqlType::Double),
        Column::value(
            "N",
            SqlType::Decimal {
                precision: 4,
                scale: 2,
            },
        ),
        Column::value("L", SqlType::array(SqlType::Integer)),
        Column::value(
            "s",
            structure(&[("B", SqlType::Boolean), ("T", SqlType::Timestamp)]),
        ),
    ];
    let requests: Vec<_> = columns
        .iter()
        .map(|column| request(&[&column.name], column.sql_type.clone()))
        .collect();
    let document = "{\"a\":\"q\\\"\\\\\\u0001é\\n\",\"d\":1e10,\"n\":1.1,\"l\":[1,null],\"s\":{\"b\":true,\"t\":5}}";
    let decoded = Decoder::try_new(&FormatSpec::json(), &columns, &requests)
        .unwrap()
        .decode(&[Some(document.as_bytes()), Some(b"{}")]);
    let encoded = Encoder::try_new(&FormatSpec::json(), &columns)
        .unwrap()
        .encode(&decoded.columns, 2, None);
    let texts: Vec<_> = encoded
        .rows
        .iter()
        .map(|row| std::str::from_utf8(row.as_ref().unwrap()).unwrap())
        .collect();
    assert_eq!(
        texts[0],
        "{\"A\":\"q\\\"\\\\\\u0001é\\n\",\"D\":1.0E10,\"N\":1.10,\"L\":[1,null],\"s\":{\"B\":true,\"T\":5}}"
    );
    assert_eq!(
        texts[1],
        "{\"A\":null,\"D\":null,\"N\":null,\"L\":null,\"s\":null}"
    );
}

/// Documents with members a, b, c, nested at most three deep, duplicates and misfits among them.
fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        (-50..50_i32).prop_map(|n| n.to_string()),
        "[a-c]{0,3}".prop_map(|text| format!("\"{text}\"")),
        Just("\"\\u0041\\n\"".to_owned()),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[{}]", items.join(","))),
            members(inner),
        ]
    });
    members(value)
}

fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec(("[abcABC]", value), 0..4).prop_map(|members| {
        let members: Vec<_> = members
            .into_iter()
            .map(|(name, value)| format!("\"{name}\": {value}"))
            .collect();
        format!("{{{}}}", members.join(", "))
    })
}

proptest! {
    #[test]
    fn a_column_is_the_same_alone_and_beside_others(documents in prop::collection::vec(document(), 1..6)) {
        let inner = structure(&[("A", SqlType::Integer), ("B", SqlType::String)]);
        let requests = [
            request(&["A"], SqlType::String),
            request(&["A"], SqlType::Integer),
            request(&["B"], structure(&[("A", SqlType::String), ("C", inner.clone())])),
            request(&["B", "A"], SqlType::String),
            request(&["B", "C", "A"], SqlType::Integer),
            request(&["B", "C"], inner.clone()),
            request(&["C"], SqlType::array(inner)),
            request(&["C"], SqlType::map(SqlType::String, SqlType::String)),
            request(&["B"], SqlType::String),
        ];
        let records: Vec<&str> = documents.iter().map(String::as_str).collect();
        let together = decode(&requests, &records);
        for (index, single) in requests.iter().enumerate() {
            let alone = decode(std::slice::from_ref(single), &records);
            prop_assert_eq!(&alone.columns[0], &together.columns[index], "{:?} in {:?}", single, records);
            let rows = |decoded: &Decoded, column: usize| -> Vec<usize> {
                let mut rows: Vec<_> = decoded.misfits.iter().filter(|misfit| misfit.column.is_none_or(|found| found == column)).map(|misfit| misfit.row).collect();
                rows.dedup();
                rows
            };
            prop_assert_eq!(rows(&alone, 0), rows(&together, index), "{:?} in {:?}", single, records);
        }
    }

    #[test]
    fn what_is_written_is_read_back(texts in prop::collection::vec(prop::option::of(".{0,12}"), 1..8), doubles in prop::collection::vec(any::<f64>(), 8)) {
        let columns = [Column::value("A", SqlType::String), Column::value("d", SqlType::Double)];
        let rows = texts.len();
        let arrays: [ArrayRef; 2] = [
            Arc::new(texts.iter().map(Option::as_deref).collect::<arrow::array::StringArray>()),
            Arc::new(doubles[..rows].iter().map(|n| Some(*n)).collect::<arrow::array::Float64Array>()),
        ];
        let encoded = Encoder::try_new(&FormatSpec::json(), &columns).unwrap().encode(&arrays, rows, None);
        let bytes: Vec<_> = encoded.rows.iter().map(|row| row.as_deref()).collect();
        let requests = [request(&["A"], SqlType::String), request(&["d"], SqlType::Double)];
        let decoded = Decoder::try_new(&FormatSpec::json(), &columns, &requests).unwrap().decode(&bytes);
        prop_assert!(decoded.misfits.is_empty());
        prop_assert_eq!(&decoded.columns[0], &arrays[0]);
        let bits = |array: &ArrayRef| array.as_primitive::<arrow::datatypes::Float64Type>().values().iter().map(|n| if n.is_nan() { 0 } else { n.to_bits() }).collect::<Vec<_>>();
        prop_assert_eq!(bits(&decoded.columns[1]), bits(&arrays[1]));
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), at in 0..200_usize, document in document()) {
        let mut mutated = document.into_bytes();
        let place = at % (mutated.len() + 1);
        mutated.splice(place..place, bytes.iter().copied().take(2));
        let columns = [Column::value("A", SqlType::String), Column::value("B", SqlType::String)];
        let requests = [request(&["A"], SqlType::array(SqlType::String)), request(&["B", "C"], SqlType::String)];
        let mut decoder = Decoder::try_new(&FormatSpec::json(), &columns, &requests).unwrap();
        let decoded = decoder.decode(&[Some(&bytes), Some(&mutated), None]);
        prop_assert_eq!(decoded.columns[0].len(), 3);
    }
}

#[test]
fn a_number_that_no_double_holds_is_bad_only_where_something_else_is_asked_for() {
    let requests = [
        request(&["A"], structure(&[("X", SqlType::Integer)])),
        request(&["B"], SqlType::array(SqlType::String)),
        request(&["C"], SqlType::String),
    ];
    let records = [r#"{"A": 1E+400, "B": ["x", 1E+400], "C": "kept", "D": -1E400}"#];
    let decoded = decode(&requests, &records);
    let bad: Vec<_> = decoded.misfits.iter().map(|misfit| misfit.column).collect();
    assert_eq!(bad, [Some(0)], "{:?}", decoded.misfits);
    assert_eq!(decoded.columns[2].as_string::<i32>().value(0), "kept");
    let list = decoded.columns[1].as_list::<i32>().value(0);
    assert_eq!(list.as_string::<i32>().value(1), "1E+400");
    // What is no JSON stays so.
    let decoded = decode(&requests, &[r#"{"A": 1E+400, "B": [}"#]);
    assert_eq!(decoded.misfits[0].column, None);
}

/// What a request finds, and whether its record is bad for it.
fn found(decoded: &Decoded, request: usize, row: usize) -> Option<String> {
    let mut misfits = decoded.misfits.iter();
    let is_bad =
        misfits.any(|misfit| misfit.row == row && misfit.column.is_none_or(|of| of == request));
    let column = &decoded.columns[request];
    (!is_bad).then(|| arrow::util::display::array_value_to_string(column, row).unwrap())
}

fn shapes() -> Vec<ColumnRequest> {
    vec![
        request(&["A"], SqlType::String),
        request(&["B"], structure(&[("X", SqlType::String)])),
        request(&["B", "Y"], SqlType::Integer),
        request(&["C"], SqlType::array(structure(&[("X", SqlType::String)]))),
        request(
            &["D"],
            SqlType::map(SqlType::String, SqlType::array(SqlType::Integer)),
        ),
    ]
}

#[test]
fn what_is_malformed_is_bad_only_where_something_in_it_is_asked_for() {
    // A member's name in an object has an escape that is none.
    let records = [
        r#"{"A": "kept", "B": {"\u12xy": 1}, "C": [{"X": "1"}, {"X": "2"}]}"#,
        r#"{"A": "kept", "C": [{"X": "3"}, {"\u12xy": "4"}, {"X": "5"}], "D": {"k": [1, 2], "\uzzzz": [3]}}"#,
        r#"{"A": "kept", "B": {"X": "x", "Y": 7}, "C": [{"X": "6"}], "D": {"k": [4]}}"#,
    ];
    let requests = shapes();
    let decoded = decode(&requests, &records);
    let row = |row: usize| -> Vec<Option<String>> {
        (0..requests.len())
            .map(|request| found(&decoded, request, row))
            .collect()
    };
    let texts = |texts: [Option<&str>; 5]| texts.map(|text| text.map(str::to_owned)).to_vec();
    assert_eq!(
        row(0),
        texts([Some("kept"), None, None, Some("[{X: 1}, {X: 2}]"), Some("")])
    );
    assert_eq!(
        row(1),
        texts([Some("kept"), Some(""), Some(""), None, None])
    );
    assert_eq!(
        row(2),
        texts([
            Some("kept"),
            Some("{X: x}"),
            Some("7"),
            Some("[{X: 6}]"),
            Some("{k: [4]}")
        ])
    );
}

/// Documents of the shapes that are asked for, more or less; some bytes of them are others.
fn near_documents() -> impl Strategy<Value = Vec<u8>> {
    let scalar = prop::sample::select(
        &[
            "1",
            "\"1\"",
            "null",
            "\"\\u0041\\/\"",
            "1E+400",
            "\"x\\ud83d\"",
            "true",
        ][..],
    );
    let scalar = scalar.prop_map(str::to_owned).boxed();
    let value = scalar.prop_recursive(3, 12, 3, |inner| {
        let name = prop::sample::select(&["X", "Y", "x", "k", "\\u0058", "Z"][..]);
        prop_oneof![
            prop::collection::vec((name, inner.clone()), 0..3).prop_map(|members| {
                let members = members.into_iter();
                let members = members.map(|(name, value)| format!("\"{name}\":{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
            prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(" , "))),
        ]
    });
    let name = prop::sample::select(&["A", "B", "C", "D", "a", "b", "E"][..]);
    let noise = prop_oneof![
        3 => Just(None),
        1 => (any::<prop::sample::Index>(), prop::sample::select(&b"\\\"u{}[],:x1\xff \n"[..])).prop_map(Some)
    ];
    (prop::collection::vec((name, value), 0..6), noise).prop_map(|(members, noise)| {
        let members = members.into_iter();
        let members = members.map(|(name, value)| format!("\"{name}\" : {value}"));
        let mut bytes = format!("{{{}}}", members.collect::<Vec<_>>().join(",")).into_bytes();
        if let Some((at, byte)) = noise {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #[test]
    fn a_request_finds_the_same_alone_and_beside_others(documents in prop::collection::vec(near_documents(), 1..6)) {
        let records: Vec<Option<&[u8]>> = documents.iter().map(|document| Some(&**document)).collect();
        let columns = [Column::value("A", SqlType::String), Column::value("B", SqlType::String)];
        let decode = |requests: &[ColumnRequest]| {
            Decoder::try_new(&FormatSpec::json(), &columns, requests).unwrap().decode(&records)
        };
        let requests = shapes();
        let beside = decode(&requests);
        for (number, request) in requests.iter().enumerate() {
            let alone = decode(std::slice::from_ref(request));
            for (row, document) in documents.iter().enumerate() {
                prop_assert_eq!(
                    found(&beside, number, row), found(&alone, 0, row),
                    "{:?} of {}", request.path, String::from_utf8_lossy(document)
                );
            }
        }
    }
}
