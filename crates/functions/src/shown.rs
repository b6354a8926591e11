//! Literals as EXPLAIN prints them: as they would be written in a statement.

use datafusion_common::ScalarValue;

/// `'it''s'`, `12`, `TRUE`, `NULL`. Two literals of one type that differ print differently.
pub fn literal(value: &ScalarValue) -> String {
    match value {
        value if value.is_null() => "NULL".to_owned(),
        ScalarValue::Utf8(Some(text)) => format!("'{}'", text.replace('\'', "''")),
        ScalarValue::Boolean(Some(truth)) => if *truth { "TRUE" } else { "FALSE" }.to_owned(),
        // DataFusion prints some kinds of number by their value alone, and others by their parts.
        ScalarValue::Int32(Some(number)) => number.to_string(),
        ScalarValue::Int64(Some(number)) => number.to_string(),
        ScalarValue::Float64(Some(number)) => format!("{number:E}"),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_print_as_they_are_written() {
        let check = |value: ScalarValue, expected: &str| assert_eq!(literal(&value), expected);
        check(ScalarValue::from("it's \\ %"), "'it''s \\ %'");
        check(ScalarValue::from("NULL"), "'NULL'");
        check(ScalarValue::Utf8(None), "NULL");
        check(ScalarValue::from(-7_i32), "-7");
        check(ScalarValue::from(7_i64), "7");
        check(ScalarValue::from(0.5_f64), "5E-1");
        check(ScalarValue::from(true), "TRUE");
        check(ScalarValue::from(false), "FALSE");
    }
}
