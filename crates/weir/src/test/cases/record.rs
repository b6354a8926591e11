//! Records of a case: from JSON to the bytes of a topic's format, and back.

use base64::Engine as _;
use bytes::Bytes;
use weir_engine::parts::{Column, Field, Format, NewRecord, Record, Source, SqlType, Window};

use super::{
    file::{HeaderGiven, RecordGiven, WindowGiven},
    json::Json,
};

/// How the records of a topic are written, by the source that is declared on it.
#[derive(Debug, Clone)]
pub struct Spelling {
    key: Part,
    value: Part,
}

#[derive(Debug, Clone)]
struct Part {
    format: Format,
    window: Option<Window>,
    columns: Vec<Column>,
}

/// How near a DOUBLE must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    None,
    Millionth,
}

impl Part {
    /// The type of the only column; text if there is none.
    fn only(&self) -> &SqlType {
        self.columns
            .first()
            .map_or(&SqlType::String, |column| &column.sql_type)
    }

    fn encode(&self, text: &str) -> Result<Option<Bytes>, String> {
        let value = parse(text)?;
        let wrong = |what: &str| format!("{value} is no {what}");
        let bytes = match (self.format, self.only(), &value) {
            (_, _, Json::Null) | (Format::None, ..) => return Ok(None),
            (Format::Json, ..) => text.as_bytes().to_vec(),
            (Format::Kafka, SqlType::Integer, value) => {
                let number = whole(value).and_then(|number| i32::try_from(number).ok());
                let number = number.ok_or_else(|| wrong("INTEGER"))?;
                number.to_be_bytes().to_vec()
            }
            (Format::Kafka, SqlType::BigInt, value) => {
                let number = whole(value).ok_or_else(|| wrong("BIGINT"))?;
                number.to_be_bytes().to_vec()
            }
            (Format::Kafka, SqlType::Double, value) => {
                let number = plain(value).parse::<f64>().map_err(|_| wrong("DOUBLE"))?;
                number.to_be_bytes().to_vec()
            }
            (Format::Kafka | Format::Delimited, _, value) => plain(value).into_bytes(),
        };
        Ok(Some(bytes.into()))
    }

    fn decode(&self, bytes: Option<&[u8]>) -> Result<Json, String> {
        let Some(bytes) = bytes else {
            return Ok(Json::Null);
        };
        let text = || String::from_utf8_lossy(bytes).into_owned();
        let wrong = |what: &str| format!("{bytes:?} is no {what}");
        Ok(match (self.format, self.only()) {
            (Format::Json, _) => parse(&text())?,
            (Format::Kafka, SqlType::Integer) => {
                let bytes = bytes.try_into().map_err(|_| wrong("INTEGER"))?;
                Json::Number(i32::from_be_bytes(bytes).to_string())
            }
            (Format::Kafka, SqlType::BigInt) => {
                let bytes = bytes.try_into().map_err(|_| wrong("BIGINT"))?;
                Json::Number(i64::from_be_bytes(bytes).to_string())
            }
            (Format::Kafka, SqlType::Double) => {
                let bytes = bytes.try_into().map_err(|_| wrong("DOUBLE"))?;
                Json::Number(format!("{:?}", f64::from_be_bytes(bytes)))
            }
            _ => Json::Text(text()),
        })
    }

    /// Bytes of a column that are there and empty are the same as none.
    fn without_empty_bytes(&self, row: &Json) -> Json {
        let Json::Object(members) = row else {
            return row.clone();
        };
        let members = members.iter().map(|(name, value)| {
            let is_it =
                |column: &&Column| column.name == *name || column.name == name.to_uppercase();
            let column = self.columns.iter().find(is_it);
            let is_bytes = column.is_some_and(|column| column.sql_type == SqlType::Bytes);
            let is_none = is_bytes && *value == Json::Text(String::new());
            (
                name.clone(),
                if is_none { Json::Null } else { value.clone() },
            )
        });
        Json::Object(members.collect())
    }

    /// By the rules for outputs. DELIMITED is one text, equal character for character.
    fn matches(&self, wanted: &Json, found: &Json, tolerance: Tolerance) -> bool {
        match (self.format, self.columns.as_slice()) {
            (Format::Delimited | Format::None, _) => wanted == found,
            (Format::Json, columns) if matches!(found, Json::Object(_)) => {
                let is_bare_struct = matches!(columns, [only] if !has_member(found, &only.name)
                    && matches!(only.sql_type, SqlType::Struct(_) | SqlType::Map(..)));
                if is_bare_struct {
                    return matches(wanted, found, Some(self.only()), tolerance);
                }
                let fields = columns.iter().map(|column| Field {
                    name: column.name.clone(),
                    sql_type: column.sql_type.clone(),
                });
                let row = SqlType::Struct(fields.collect());
                let [wanted, found] = [wanted, found].map(|row| self.without_empty_bytes(row));
                matches(&wanted, &found, Some(&row), tolerance)
            }
            _ => matches(wanted, found, Some(self.only()), tolerance),
        }
    }
}

impl Spelling {
    pub fn of(source: &Source) -> Self {
        Self {
            key: Part {
                format: source.key_format.format,
                window: source.key_format.window,
                columns: source.schema.keys().cloned().collect(),
            },
            value: Part {
                format: source.value_format.format,
                window: None,
                columns: source.schema.values().cloned().collect(),
            },
        }
    }

    pub fn encode(&self, given: &RecordGiven) -> Result<NewRecord, String> {
        let headers = given.headers.iter().map(|header| {
            let key = header.key.clone();
            let value = bytes_of(header)?;
            Ok::<_, String>(weir_engine::parts::Header { key, value })
        });
        Ok(NewRecord {
            timestamp: given.timestamp.unwrap_or(0),
            key: self.with_window(self.key.encode(given.key.get())?, given)?,
            value: self.value.encode(given.value.get())?,
            headers: headers.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a record is the one that is wanted; headers are not compared.
    pub fn matches(
        &self,
        wanted: &RecordGiven,
        found: &Record,
        tolerance: Tolerance,
    ) -> Result<(), String> {
        let key = self.without_window(wanted, found.key.as_deref())?;
        for (what, part, wanted, found) in [
            ("key", &self.key, &wanted.key, key),
            ("value", &self.value, &wanted.value, found.value.as_deref()),
        ] {
            let wanted = parse(wanted.get())?;
            let found = part.decode(found)?;
            if !part.matches(&wanted, &found, tolerance) {
                return Err(format!("{what} expected {wanted}, was {found}"));
            }
        }
        match wanted.timestamp {
            Some(wanted) if wanted != found.timestamp => Err(format!(
                "timestamp expected {wanted}, was {}",
                found.timestamp
            )),
            _ => Ok(()),
        }
    }

    /// The key with the window that it is to have behind it.
    fn with_window(
        &self,
        key: Option<Bytes>,
        given: &RecordGiven,
    ) -> Result<Option<Bytes>, String> {
        match (key, self.key.window, &given.window) {
            (key, None, None) | (key @ None, ..) => Ok(key),
            (Some(key), Some(window), Some(given)) => {
                Ok(Some([&key[..], &given.behind(window)].concat().into()))
            }
            (_, None, Some(_)) => Err("has a window, and its topic's keys have none".to_owned()),
            (_, Some(window), None) => Err(format!("has no {window} window")),
        }
    }

    /// The key that is left when the window that is wanted behind it is taken away.
    fn without_window<'a>(
        &self,
        wanted: &RecordGiven,
        key: Option<&'a [u8]>,
    ) -> Result<Option<&'a [u8]>, String> {
        match (key, self.key.window, &wanted.window) {
            (key, None, None) | (key @ None, ..) => Ok(key),
            (Some(key), Some(window), Some(wanted)) => {
                let behind = wanted.behind(window);
                let left = key.strip_suffix(&behind[..]);
                let left = left.filter(|_| wanted.is_like(window));
                left.map(Some)
                    .ok_or_else(|| format!("window expected {wanted:?}, key was {key:?}"))
            }
            (_, None, Some(wanted)) => Err(format!("window expected {wanted:?}, there is none")),
            (_, Some(window), None) => {
                Err(format!("no window expected, its key has a {window} one"))
            }
        }
    }

    /// Whether a record has the headers that are wanted, in their order, and no others.
    pub fn has_headers(&self, wanted: &RecordGiven, found: &Record) -> Result<(), String> {
        let expected = wanted.headers.iter();
        let expected = expected.map(|header| Ok((header.key.clone(), bytes_of(header)?)));
        let expected = expected.collect::<Result<Vec<_>, String>>()?;
        let headers = found.headers.iter();
        let headers: Vec<_> = headers
            .map(|header| (header.key.clone(), header.value.clone()))
            .collect();
        match expected == headers {
            true => Ok(()),
            false => Err(format!("headers expected {expected:?}, were {headers:?}")),
        }
    }

    /// A record for the eyes.
    pub fn show(&self, record: &Record) -> String {
        let shown = |part: &Part, bytes: Option<&[u8]>| {
            let length = match part.window {
                None => 0,
                Some(Window::Session) => 16,
                Some(_) => 8,
            };
            let bytes = bytes.map(|bytes| &bytes[..bytes.len().saturating_sub(length)]);
            let decoded = part.decode(bytes);
            decoded.map_or_else(|why| why, |json| json.to_string())
        };
        let key = shown(&self.key, record.key.as_deref());
        let value = shown(&self.value, record.value.as_deref());
        format!("{key:.200}={value:.200}@{}", record.timestamp)
    }
}

impl WindowGiven {
    /// As Kafka Streams writes it.
    fn behind(&self, window: Window) -> Vec<u8> {
        let (start, end) = (self.start.to_be_bytes(), self.end.to_be_bytes());
        match window {
            Window::Session => [end, start].concat(),
            Window::Tumbling { .. } | Window::Hopping { .. } => start.to_vec(),
        }
    }

    /// Whether it is of that kind, and ends where such a one does.
    fn is_like(&self, window: Window) -> bool {
        match window {
            Window::Session => self.kind == "session",
            Window::Tumbling { size_ms } | Window::Hopping { size_ms } => {
                self.kind == "time" && self.end == self.start + size_ms
            }
        }
    }
}

fn bytes_of(header: &HeaderGiven) -> Result<Option<Bytes>, String> {
    header.value.as_deref().map(base64).transpose()
}

fn has_member(object: &Json, name: &str) -> bool {
    object.get(name).is_some()
}

/// By the rules for outputs: names in any case that finds them, whole numbers cut, decimals with their scale, doubles by
/// value.
fn matches(wanted: &Json, found: &Json, sql_type: Option<&SqlType>, tolerance: Tolerance) -> bool {
    use SqlType::{Array, BigInt, Date, Decimal, Double, Integer, Map, Struct, Time, Timestamp};
    let same = |wanted: &Json, found: &Json, sql_type: Option<&SqlType>| {
        matches(wanted, found, sql_type, tolerance)
    };
    match (wanted, found) {
        (Json::Number(wanted), Json::Number(found)) => match sql_type {
            Some(Integer | BigInt | Date | Time | Timestamp) => {
                cut(wanted).is_some_and(|wanted| found.parse() == Ok(wanted))
            }
            Some(Decimal { .. }) => same_decimal(wanted, found),
            Some(Double) | None => near(wanted, found, tolerance),
            Some(_) => wanted == found,
        },
        (Json::Text(wanted), Json::Number(found)) => match sql_type {
            Some(Decimal { .. }) => same_decimal(wanted, found),
            _ => false,
        },
        (Json::List(wanted), Json::List(found)) => {
            let element = match sql_type {
                Some(Array(element)) => Some(element.as_ref()),
                _ => None,
            };
            let mut pairs = wanted.iter().zip(found);
            wanted.len() == found.len() && pairs.all(|(wanted, found)| same(wanted, found, element))
        }
        (Json::Object(wanted), Json::Object(members)) => {
            let is_there = |(name, wanted): &(String, Json)| {
                let upper = name.to_uppercase();
                let found = found.get(name).or_else(|| found.get(&upper));
                let sql_type = match sql_type {
                    Some(Struct(fields)) => {
                        let named = |wanted: &str| fields.iter().find(|field| field.name == wanted);
                        let field = named(name).or_else(|| named(&upper));
                        field.map(|field| &field.sql_type)
                    }
                    Some(Map(_, value)) => Some(value.as_ref()),
                    _ => None,
                };
                match found {
                    Some(found) => same(wanted, found, sql_type),
                    None => *wanted == Json::Null,
                }
            };
            wanted.len() == members.len() && wanted.iter().all(is_there)
        }
        (wanted, found) => wanted == found,
    }
}

/// The whole number that is left when the fraction is cut off.
fn cut(digits: &str) -> Option<i64> {
    let exact = digits.parse::<i64>().ok();
    exact.or_else(|| Some(digits.parse::<f64>().ok()?.trunc() as i64))
}

/// The same digits at the same scale.
fn same_decimal(wanted: &str, found: &str) -> bool {
    let parts = |text: &str| {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", digits.as_str()),
        };
        let digits = digits.trim_start_matches('0');
        let sign = if digits.is_empty() { "" } else { sign };
        let scale = fraction.len() as i64 - exponent.parse::<i64>().ok()?;
        Some((format!("{sign}{digits}"), scale))
    };
    match (parts(wanted), parts(found)) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => false,
    }
}

fn near(wanted: &str, found: &str, tolerance: Tolerance) -> bool {
    match (wanted.parse::<f64>(), found.parse::<f64>()) {
        (Ok(wanted), Ok(found)) => {
            wanted == found
                || tolerance == Tolerance::Millionth && (wanted - found).abs() < 0.000_001
        }
        _ => false,
    }
}

fn parse(text: &str) -> Result<Json, String> {
    Json::parse(text).map_err(|error| format!("{text:.200} is no JSON: {error}"))
}

fn plain(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A whole number, which may be spelled with a fraction or as text.
fn whole(value: &Json) -> Option<i64> {
    let text = plain(value);
    let exact = text.parse::<i64>();
    exact
        .ok()
        .or_else(|| Some(text.parse::<f64>().ok()? as i64))
}

fn base64(text: &str) -> Result<Bytes, String> {
    let decoded = base64::engine::general_purpose::STANDARD.decode(text);
    decoded
        .map(Bytes::from)
        .map_err(|error| format!("{text} is no base64: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: &str, found: &str, sql_type: &SqlType) -> bool {
        let json = |text| Json::parse(text).unwrap();
        matches(&json(wanted), &json(found), Some(sql_type), Tolerance::None)
    }

    #[test]
    fn numbers_match_by_their_type() {
        let decimal = SqlType::Decimal {
            precision: 5,
            scale: 2,
        };
        assert!(check("10.0", "10", &SqlType::BigInt));
        assert!(check("10.9", "10", &SqlType::Integer));
        assert!(!check("11", "10", &SqlType::Integer));
        assert!(check("1.00", "1.00", &decimal));
        assert!(check("\"-0.10\"", "-0.10", &decimal));
        assert!(!check("1.0", "1.00", &decimal));
        assert!(!check("1", "1.00", &decimal));
        assert!(check(
            "4.6116860184273879E18",
            "4611686018427387904",
            &SqlType::Double
        ));
        assert!(!check("1.0000001", "1.0", &SqlType::Double));
        assert!(near("1.0000001", "1.0", Tolerance::Millionth));
        assert!(!check("1", "\"1\"", &SqlType::String));
    }

    #[test]
    fn members_are_as_many_and_found_in_upper_case() {
        let row = SqlType::structure([
            ("A".to_owned(), SqlType::Integer),
            ("b".to_owned(), SqlType::array(SqlType::BigInt)),
        ]);
        assert!(check(r#"{"a":1,"b":[2.0]}"#, r#"{"b":[2],"A":1}"#, &row));
        assert!(!check(r#"{"a":1}"#, r#"{"b":null,"A":1}"#, &row));
        assert!(!check(r#"{"a":1,"b":[2,3]}"#, r#"{"b":[2],"A":1}"#, &row));
        assert!(check("null", "null", &row));
    }
}
