//! Records of a case: from JSON to the bytes of a topic's format, and back.

use base64::Engine as _;
use bytes::Bytes;
use weir_engine::parts::{NewRecord, Record};

use super::{answer::same_double, file::RecordGiven, json::Json};

/// How the records of a topic are written, by the stream that is declared on it.
#[derive(Debug, Clone)]
pub struct Spelling {
    pub key: Part,
    pub value: Part,
}

#[derive(Debug, Clone)]
pub struct Part {
    pub format: String,
    /// By column: its name and its type.
    pub columns: Vec<(String, String)>,
}

impl Part {
    /// The type of the only column.
    fn only(&self) -> &str {
        self.columns
            .first()
            .map_or("STRING", |(_, sql_type)| sql_type)
    }

    fn encode(&self, text: &str) -> Result<Option<Bytes>, String> {
        let value = parse(text)?;
        let wrong = |what: &str| format!("{value} is no {what}");
        let bytes = match (self.format.as_str(), self.only(), &value) {
            (_, _, Json::Null) | ("NONE", ..) => return Ok(None),
            ("JSON", ..) => text.as_bytes().to_vec(),
            ("KAFKA", "INTEGER", value) => {
                let number = whole(value).and_then(|number| i32::try_from(number).ok());
                number
                    .ok_or_else(|| wrong("INTEGER"))?
                    .to_be_bytes()
                    .to_vec()
            }
            ("KAFKA", "BIGINT", value) => {
                let number = whole(value).ok_or_else(|| wrong("BIGINT"))?;
                number.to_be_bytes().to_vec()
            }
            ("KAFKA", "DOUBLE", value) => {
                let number = plain(value).parse::<f64>().map_err(|_| wrong("DOUBLE"))?;
                number.to_be_bytes().to_vec()
            }
            ("KAFKA" | "DELIMITED", _, value) => plain(value).into_bytes(),
            (format, ..) => return Err(format!("records in {format} are not in this version")),
        };
        Ok(Some(bytes.into()))
    }

    fn decode(&self, bytes: Option<&[u8]>) -> Result<Json, String> {
        let Some(bytes) = bytes else {
            return Ok(Json::Null);
        };
        let text = || String::from_utf8_lossy(bytes).into_owned();
        let wrong = |what: &str| format!("{bytes:?} is no {what}");
        Ok(match (self.format.as_str(), self.only()) {
            ("JSON", _) => parse(&text())?,
            ("KAFKA", "INTEGER") => {
                let bytes = bytes.try_into().map_err(|_| wrong("INTEGER"))?;
                Json::Number(i32::from_be_bytes(bytes).to_string())
            }
            ("KAFKA", "BIGINT") => {
                let bytes = bytes.try_into().map_err(|_| wrong("BIGINT"))?;
                Json::Number(i64::from_be_bytes(bytes).to_string())
            }
            ("KAFKA", "DOUBLE") => {
                let bytes = bytes.try_into().map_err(|_| wrong("DOUBLE"))?;
                Json::Number(format!("{:?}", f64::from_be_bytes(bytes)))
            }
            _ => Json::Text(text()),
        })
    }
}

impl Spelling {
    pub fn encode(&self, given: &RecordGiven) -> Result<NewRecord, String> {
        if given.window.is_some() {
            return Err("windowed keys are not in this version".to_owned());
        }
        let headers = given.headers.iter().map(|header| {
            let value = header.value.as_deref().map(base64).transpose()?;
            let key = header.key.clone();
            Ok::<_, String>(weir_engine::parts::Header { key, value })
        });
        Ok(NewRecord {
            timestamp: given.timestamp.unwrap_or(0),
            key: self.key.encode(given.key.get())?,
            value: self.value.encode(given.value.get())?,
            headers: headers.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a record is the one that is wanted; headers are not compared.
    pub fn matches(&self, wanted: &RecordGiven, found: &Record) -> Result<(), String> {
        for (what, part, wanted, found) in [
            ("key", &self.key, &wanted.key, &found.key),
            ("value", &self.value, &wanted.value, &found.value),
        ] {
            let wanted = parse(wanted.get())?;
            let found = part.decode(found.as_deref())?;
            if !matches(&wanted, &found, None, part) {
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
}

/// By the rules for outputs: names in any case that finds them, whole numbers cut, decimals with their scale, doubles by
/// value. `sql_type` is that of the column.
fn matches(wanted: &Json, found: &Json, sql_type: Option<&str>, part: &Part) -> bool {
    let is_decimal = sql_type.is_some_and(|sql_type| sql_type.contains("DECIMAL"));
    match (wanted, found) {
        (Json::Number(wanted), Json::Number(found)) => {
            if is_decimal {
                return wanted == found;
            }
            let is_whole = |digits: &str| !digits.contains(['.', 'e', 'E']);
            match is_whole(found) && !is_whole(wanted) {
                true => cut(wanted).as_deref() == Some(found.as_str()),
                false => wanted == found || same_double(wanted, found),
            }
        }
        // Numbers of more digits than a double has are spelled as text in some cases.
        (Json::Text(wanted), Json::Number(found)) => wanted == found,
        (Json::List(wanted), Json::List(found)) => {
            let mut pairs = wanted.iter().zip(found);
            wanted.len() == found.len()
                && pairs.all(|(wanted, found)| matches(wanted, found, sql_type, part))
        }
        (Json::Object(wanted), Json::Object(members)) => {
            let is_there = |(name, wanted): &(String, Json)| {
                let upper = name.to_uppercase();
                let found = found.get(name).or_else(|| found.get(&upper));
                let column = part
                    .columns
                    .iter()
                    .find(|(known, _)| known == name || *known == upper);
                let of_column = column.map(|(_, sql_type)| sql_type.as_str());
                let sql_type = sql_type.or(of_column);
                found.is_some_and(|found| matches(wanted, found, sql_type, part))
            };
            wanted.len() == members.len() && wanted.iter().all(is_there)
        }
        (wanted, found) => wanted == found,
    }
}

fn cut(digits: &str) -> Option<String> {
    let number = digits.parse::<f64>().ok()?;
    Some(format!("{}", number.trunc()))
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
