//! STRING to anything: trimmed as Java does, NULL for text that does not fit.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BinaryArray, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array,
        StringArray, Time32MillisecondArray, TimestampMillisecondArray,
    },
    datatypes::DataType,
};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use datafusion_common::{Result, plan_err};
use weir_catalog::{SqlType, calendar};

use crate::operators::decimal;

pub(super) fn convert(strings: &StringArray, to: &SqlType) -> Result<ArrayRef> {
    let texts = strings.iter().map(|text| text.map(trim));
    Ok(match to {
        SqlType::Boolean => Arc::new(
            texts
                .map(|text| Some(is_true(text?)))
                .collect::<BooleanArray>(),
        ),
        SqlType::Integer => Arc::new(texts.map(|text| text?.parse().ok()).collect::<Int32Array>()),
        SqlType::BigInt => Arc::new(texts.map(|text| text?.parse().ok()).collect::<Int64Array>()),
        SqlType::Double => Arc::new(
            texts
                .map(|text| parse_double(text?))
                .collect::<Float64Array>(),
        ),
        SqlType::Decimal { precision, scale } => {
            let values = texts.map(|text| decimal::parse(text?, *precision, *scale as i8));
            decimal::collect_beyond(&to.to_arrow(), values)?
        }
        SqlType::Bytes => Arc::new(
            texts
                .map(|text| decode_base64(text?))
                .collect::<BinaryArray>(),
        ),
        SqlType::Time => {
            let times = texts.map(|text| i32::try_from(calendar::parse_time(text?)?).ok());
            Arc::new(times.collect::<Time32MillisecondArray>())
        }
        SqlType::Date => {
            let days = texts.map(|text| i32::try_from(calendar::parse_date(text?)?).ok());
            Arc::new(days.collect::<Date32Array>())
        }
        SqlType::Timestamp => {
            let instants = texts.map(|text| calendar::parse_timestamp(text?));
            Arc::new(instants.collect::<TimestampMillisecondArray>())
        }
        other => return plan_err!("Cast of {} to {other} is not supported", DataType::Utf8),
    })
}

/// What Java's `String.trim` leaves.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|character| character <= ' ')
}

/// A prefix of `true` or `yes`, in any case.
pub fn is_true(text: &str) -> bool {
    let is_prefix = |of: &str| {
        let start = of.get(..text.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(text))
    };
    !text.is_empty() && (is_prefix("true") || is_prefix("yes"))
}

/// As Java's `Double.parseDouble` but for hexadecimal numbers; neither NaN nor Infinity.
fn parse_double(text: &str) -> Option<f64> {
    let number = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    // Rust reads words as numbers too: `inf`, `nan`.
    let has_words = |byte: u8| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E');
    if number.bytes().any(has_words) {
        return None;
    }
    number.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// As Java's basic decoder: padding may be absent, stray bits at the end do not count.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const JAVA: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    JAVA.decode(text).ok()
}
