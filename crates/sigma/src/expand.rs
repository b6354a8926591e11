//! Values that stand for several, or for another text: windash, UTF-16, Base64, placeholders. All of it happens when a rule is
//! converted; nothing is left to do for a record.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    error::{Error, ErrorKind, shown},
    pattern::{Pattern, Piece},
    yaml::{Node, Value, documents},
};

/// How many values one may stand for.
const MAX_VARIANTS: usize = 3_125;

/// What may stand in the place of a dash: hyphen, slash, en dash, em dash, horizontal bar.
const DASHES: [char; 5] = ['-', '/', '–', '—', '―'];

/// The texts that a site puts in for `%name%`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Placeholders {
    values: BTreeMap<String, Vec<String>>,
}

impl Placeholders {
    /// A YAML map of names to a value or a list of them.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut placeholders = Self::default();
        for document in documents(text)? {
            if !matches!(document.value, Value::Map(_)) {
                let message = format!(
                    "expected a map of names to values, found {}",
                    document.kind()
                );
                return Err(Error::new(ErrorKind::Placeholder, message).at(document.place));
            }
            for entry in document.entries() {
                let items = entry.value.items().iter();
                let values = items.map(|item| {
                    item.scalar().map(str::to_owned).ok_or_else(|| {
                        let message = format!("expected a text, found {}", item.kind());
                        Error::new(ErrorKind::Placeholder, message).at(item.place)
                    })
                });
                let values = values.collect::<Result<_, _>>()?;
                let name = entry.key.trim_matches('%').to_owned();
                placeholders.values.insert(name, values);
            }
        }
        Ok(placeholders)
    }

    pub fn define(&mut self, name: impl Into<String>, values: Vec<String>) {
        self.values.insert(name.into(), values);
    }

    fn get(&self, name: &str, node: &Node) -> Result<Vec<Pattern>, Error> {
        let values = self.values.get(name).ok_or_else(|| {
            let message = format!("the placeholder `%{}%` has no values", shown(name));
            Error::new(ErrorKind::Placeholder, message)
                .at(node.place)
                .hint(format!(
                    "give them in the file of placeholders: `{}: […]`",
                    shown(name)
                ))
        })?;
        Ok(values.iter().map(|value| Pattern::parse(value)).collect())
    }
}

/// Every `%name%` replaced by each of its values.
pub fn placeholders(
    pattern: &Pattern,
    known: &Placeholders,
    node: &Node,
) -> Result<Vec<Pattern>, Error> {
    let mut parts = Vec::new();
    for piece in &pattern.pieces {
        match piece {
            Piece::Text(text) => split_placeholders(text, known, node, &mut parts)?,
            wildcard => parts.push(vec![Pattern {
                pieces: vec![wildcard.clone()],
            }]),
        }
    }
    product(&parts, node)
}

fn split_placeholders(
    text: &str,
    known: &Placeholders,
    node: &Node,
    parts: &mut Vec<Vec<Pattern>>,
) -> Result<(), Error> {
    let mut rest = text;
    while let Some((before, name, after)) = next_placeholder(rest) {
        parts.push(vec![Pattern::text(before)]);
        parts.push(known.get(name, node)?);
        rest = after;
    }
    parts.push(vec![Pattern::text(rest)]);
    Ok(())
}

/// What stands before a `%name%`, its name, and what stands behind it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find('%')?;
        let behind = text.get(start + 1..)?;
        let end = behind.find('%')?;
        let name = behind.get(..end)?;
        if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return Some((text.get(..start)?, name, behind.get(end + 1..)?));
        }
        from = start + 1;
    }
}

/// One of each part after the other, in all ways.
fn product(parts: &[Vec<Pattern>], node: &Node) -> Result<Vec<Pattern>, Error> {
    let count = parts
        .iter()
        .try_fold(1usize, |count, part| count.checked_mul(part.len()));
    if count.is_none_or(|count| count > MAX_VARIANTS) {
        let message = format!("the value stands for more than {MAX_VARIANTS} others");
        return Err(Error::new(ErrorKind::Modifier, message)
            .at(node.place)
            .hint("write it as several, each with fewer dashes or placeholders"));
    }
    let mut all = vec![Pattern::default()];
    for part in parts {
        let longer = |so_far: &Pattern| {
            let so_far = so_far.clone();
            part.iter().map(move |next| {
                let mut longer = so_far.clone();
                longer.extend(next);
                longer
            })
        };
        all = all.iter().flat_map(longer).collect();
    }
    Ok(all)
}

/// Every dash or slash that begins a word, and does not stand in one, as each of [`DASHES`].
pub fn windash(pattern: &Pattern, node: &Node) -> Result<Vec<Pattern>, Error> {
    let mut parts = Vec::new();
    for piece in &pattern.pieces {
        let Piece::Text(text) = piece else {
            parts.push(vec![Pattern {
                pieces: vec![piece.clone()],
            }]);
            continue;
        };
        let mut copied = 0;
        for (at, dash) in text.char_indices() {
            if !matches!(dash, '-' | '/') || !begins_word(text, at) {
                continue;
            }
            parts.push(vec![Pattern::text(
                text.get(copied..at).unwrap_or_default(),
            )]);
            let as_found = DASHES.iter().filter(|other| **other == dash);
            let others = DASHES.iter().filter(|other| **other != dash);
            let dashes = as_found.chain(others);
            parts.push(
                dashes
                    .map(|dash| Pattern::text(&dash.to_string()))
                    .collect(),
            );
            copied = at + 1;
        }
        parts.push(vec![Pattern::text(text.get(copied..).unwrap_or_default())]);
    }
    product(&parts, node)
}

/// Whether a letter follows the dash at `at`, and none goes before it.
fn begins_word(text: &str, at: usize) -> bool {
    let is_of_word = |character: char| character.is_alphanumeric() || character == '_';
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    let after = text.get(at + 1..).and_then(|after| after.chars().next());
    !before.is_some_and(is_of_word) && after.is_some_and(is_of_word)
}

/// How `|wide` and its kin write a text as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wide {
    LittleEndian,
    BigEndian,
    /// Little endian, behind its byte order mark.
    Marked,
}

pub fn wide(text: &str, wide: Wide) -> Vec<u8> {
    let units = text.encode_utf16();
    match wide {
        Wide::LittleEndian => units.flat_map(u16::to_le_bytes).collect(),
        Wide::BigEndian => units.flat_map(u16::to_be_bytes).collect(),
        Wide::Marked => {
            let mark = std::iter::once(0xfeff);
            mark.chain(units).flat_map(u16::to_le_bytes).collect()
        }
    }
}

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What is sure to be in the Base64 of a text that has `bytes` somewhere in it: a group of three bytes may begin with the first,
/// the second or the third of them; characters that depend on what stands around are left out.
pub fn base64_offsets(bytes: &[u8]) -> Vec<String> {
    let offset = |before: usize| {
        let mut padded = vec![b' '; before];
        padded.extend_from_slice(bytes);
        let encoded = STANDARD.encode(&padded);
        let start = [0, 2, 3][before];
        let end = encoded.len() - [0, 3, 2][padded.len() % 3];
        encoded.get(start..end).unwrap_or_default().to_owned()
    };
    (0..3).map(offset).collect()
}

#[cfg(test)]
mod tests {
    use weir_sql::Position;

    use super::*;

    fn node() -> Node {
        let place = Position { line: 1, column: 1 };
        Node {
            value: Value::Null,
            place,
        }
    }

    fn likes(patterns: Vec<Pattern>) -> Vec<String> {
        let like = |pattern: &Pattern| pattern.to_like(None);
        patterns.iter().map(like).collect()
    }

    #[test]
    fn dashes_before_words() {
        let check = |given: &str, expected: &[&str]| {
            let found = windash(&Pattern::parse(given), &node()).unwrap();
            assert_eq!(likes(found), expected, "{given}");
        };
        check("*-v*", &["%-v%", "%/v%", "%–v%", "%—v%", "%―v%"]);
        check(" /c ", &[" /c ", " -c ", " –c ", " —c ", " ―c "]);
        check("a-b", &["a-b"]);
        check("- a", &["- a"]);
        check("--f", &["--f", "-/f", "-–f", "-—f", "-―f"]);
        check(
            "http://x",
            &["http://x", "http:/-x", "http:/–x", "http:/—x", "http:/―x"],
        );
        let both = windash(&Pattern::parse("-a -b"), &node()).unwrap();
        assert_eq!(both.len(), 25);
        let error = windash(&Pattern::parse(&" -a".repeat(9)), &node()).unwrap_err();
        assert!(error.to_string().contains("more than 3125"), "{error}");
    }

    #[test]
    fn base64_at_each_of_three_places() {
        assert_eq!(base64(b"foobar"), "Zm9vYmFy");
        assert_eq!(
            base64_offsets(b"foobar"),
            ["Zm9vYmFy", "Zvb2Jhc", "mb29iYX"]
        );
        // Wherever a text stands, one of the three is in the Base64 of the whole.
        for word in ["a", "ab", "abc", "IEX", "http://", "Invoke-Mimikatz", "é😀"] {
            for before in 0..4 {
                for after in 0..4 {
                    let whole = format!("{}{word}{}", "<".repeat(before), ">".repeat(after));
                    let whole = base64(whole.as_bytes());
                    let offsets = base64_offsets(word.as_bytes());
                    assert!(
                        whole.contains(&offsets[before % 3]),
                        "{word} {before} {after}"
                    );
                }
            }
        }
    }

    #[test]
    fn sixteen_bits() {
        assert_eq!(wide("a€", Wide::LittleEndian), [0x61, 0, 0xac, 0x20]);
        assert_eq!(wide("a", Wide::BigEndian), [0, 0x61]);
        assert_eq!(wide("a", Wide::Marked), [0xff, 0xfe, 0x61, 0]);
    }

    #[test]
    fn placeholders_are_replaced_by_each_value() {
        let known = Placeholders::parse("admins: [root, 'adm_*']\nhost: srv1\n").unwrap();
        let check = |given: &str, expected: &[&str]| {
            let found = placeholders(&Pattern::parse(given), &known, &node()).unwrap();
            assert_eq!(likes(found), expected, "{given}");
        };
        check("%admins%", &["root", "adm_%"]);
        check(r"%host%\%admins%*", &[r"srv1\root%", r"srv1\adm_%"]);
        check("100% of %host%", &["100% of srv1"]);
        check("50%", &["50%"]);
        let unknown = placeholders(&Pattern::parse("%other%"), &known, &node()).unwrap_err();
        assert!(
            unknown.to_string().contains("`%other%` has no values"),
            "{unknown}"
        );
    }
}
