//! YAML to a tree in which every node knows its place.
//!
//! Scalars are those of YAML 1.2's core schema; a key is text whatever it looks like. A key that stands twice is an error: of two
//! conditions on one field the first would be lost without a word.
//!
//! **Invariant:** no tree is deeper than [`MAX_DEPTH`], and none has more than [`MAX_NODES`] nodes, however often an alias repeats them.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};
use weir_sql::Position;

use crate::error::{Error, ErrorKind, shown};

/// The longest file that is read, in bytes.
pub const MAX_FILE: usize = 16 << 20;
const MAX_DEPTH: usize = 48;
const MAX_NODES: usize = 1_000_000;
/// How long all texts together may be: an alias may repeat a long one.
const MAX_TEXT: usize = 64 << 20;

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub value: Value,
    pub place: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    /// Whole numbers in decimal digits, others as written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    /// In the order written.
    Map(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: String,
    pub place: Position,
    pub value: Node,
}

impl Node {
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// None of what is no map.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; what is no list is a list of itself.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// Texts, numbers and booleans as text.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Boolean(true) => Some("true"),
            Value::Boolean(false) => Some("false"),
            _ => None,
        }
    }

    /// Puts another text in the place of each: `text` is given the key that it stands under, and the text.
    pub fn replace_texts(&mut self, key: &str, text: &mut impl FnMut(&str, &str) -> String) {
        match &mut self.value {
            Value::Text(found) => *found = text(key, found),
            Value::List(items) => {
                for item in items {
                    item.replace_texts(key, text);
                }
            }
            Value::Map(entries) => {
                for Entry { key, value, .. } in entries {
                    value.replace_texts(key, text);
                }
            }
            Value::Null | Value::Boolean(_) | Value::Number(_) => {}
        }
    }

    /// What it is, for a message.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Boolean(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// The documents of a file that have anything in them.
pub fn documents(text: &str) -> Result<Vec<Node>, Error> {
    if text.len() > MAX_FILE {
        let message = format!(
            "the file has {} bytes; at most {MAX_FILE} are read",
            text.len()
        );
        return Err(Error::new(ErrorKind::Yaml, message));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new_from_str(text);
    let mut reader = Reader::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(no_yaml)?;
        reader.take(event, position(span.start))?;
    }
    Ok(reader.documents)
}

fn position(marker: Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

fn no_yaml(error: ScanError) -> Error {
    let message = format!("this is no YAML: {}", shown(error.info()));
    Error::new(ErrorKind::Yaml, message).at(position(*error.marker()))
}

fn too_much(what: &str, place: Position) -> Error {
    Error::new(ErrorKind::Yaml, format!("the document has {what}")).at(place)
}

/// A list or a map that is not closed yet.
struct Open {
    place: Position,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        keys: HashSet<String>,
        /// A key whose value is to come.
        key: Option<(String, Position)>,
    },
}

#[derive(Default)]
struct Reader {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    text: usize,
}

impl Reader {
    fn take(&mut self, event: Event, place: Position) -> Result<(), Error> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_key = self.expects_key();
                let value = match is_key {
                    true => Value::Text(text.into_owned()),
                    false => scalar(text.into_owned(), style, tag.as_deref()),
                };
                self.add(Node { value, place }, anchor)
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    let message = "an alias to a node that it is part of";
                    return Err(Error::new(ErrorKind::Yaml, message).at(place));
                };
                self.add(node, 0)
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, Content::List(Vec::new()), place),
            Event::MappingStart(anchor, _) => {
                let content = Content::Map {
                    entries: Vec::new(),
                    keys: HashSet::new(),
                    key: None,
                };
                self.begin(anchor, content, place)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::DocumentEnd => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                content: Content::Map { key: None, .. },
                ..
            })
        )
    }

    fn begin(&mut self, anchor: usize, content: Content, place: Position) -> Result<(), Error> {
        if self.expects_key() {
            let message = "a list or a map stands where a name must";
            return Err(Error::new(ErrorKind::Yaml, message).at(place));
        }
        if self.open.len() >= MAX_DEPTH {
            let what = format!("more than {MAX_DEPTH} levels");
            return Err(too_much(&what, place));
        }
        self.open.push(Open {
            place,
            anchor,
            content,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map { entries, .. } => Value::Map(entries),
        };
        let place = open.place;
        self.add(Node { value, place }, open.anchor)
    }

    /// Puts a whole node where it belongs.
    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Error> {
        self.count(&node)?;
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            if node.value != Value::Null {
                self.documents.push(node);
            }
            return Ok(());
        };
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, keys, key } => match key.take() {
                Some((key, place)) => entries.push(Entry {
                    key,
                    place,
                    value: node,
                }),
                None => {
                    let place = node.place;
                    let Some(text) = node.scalar() else {
                        let message = "a list or a map stands where a name must";
                        return Err(Error::new(ErrorKind::Yaml, message).at(place));
                    };
                    if !keys.insert(text.to_owned()) {
                        let message = format!("`{}` stands twice in one map", shown(text));
                        let hint = "of the two only one would count: join them, or make a list of two maps";
                        return Err(Error::new(ErrorKind::Yaml, message).at(place).hint(hint));
                    }
                    *key = Some((text.to_owned(), place));
                }
            },
        }
        // What an alias brings is as deep as it was, below what is open here.
        if self.open.len() + depth(self.last()) > MAX_DEPTH {
            let what = format!("more than {MAX_DEPTH} levels");
            return Err(too_much(&what, self.open[0].place));
        }
        Ok(())
    }

    /// What was put in last; `None` after a key.
    fn last(&self) -> Option<&Node> {
        match &self.open.last()?.content {
            Content::List(items) => items.last(),
            Content::Map { key: Some(_), .. } => None,
            Content::Map { entries, .. } => entries.last().map(|entry| &entry.value),
        }
    }

    /// Each node is counted where it is put in; those inside of one were counted before, but for an alias.
    fn count(&mut self, node: &Node) -> Result<(), Error> {
        let (nodes, text) = size(node);
        self.nodes = self.nodes.saturating_add(nodes);
        self.text = self.text.saturating_add(text);
        // A node is counted again for each level above it.
        if self.nodes > MAX_NODES.saturating_mul(4) || self.text > MAX_TEXT.saturating_mul(4) {
            return Err(too_much("more nodes than are read", node.place));
        }
        Ok(())
    }
}

fn size(node: &Node) -> (usize, usize) {
    let add = |(nodes, text): (usize, usize), of: (usize, usize)| (nodes + of.0, text + of.1);
    match &node.value {
        Value::List(items) => items.iter().map(size).fold((1, 0), add),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| add(size(&entry.value), (0, entry.key.len())))
            .fold((1, 0), add),
        Value::Text(text) | Value::Number(text) => (1, text.len()),
        Value::Null | Value::Boolean(_) => (1, 0),
    }
}

fn depth(node: Option<&Node>) -> usize {
    match node.map(|node| &node.value) {
        Some(Value::List(items)) => {
            1 + items
                .iter()
                .map(|item| depth(Some(item)))
                .max()
                .unwrap_or(0)
        }
        Some(Value::Map(entries)) => {
            let depths = entries.iter().map(|entry| depth(Some(&entry.value)));
            1 + depths.max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// What a plain scalar is by YAML 1.2's core schema; quoted ones are text.
fn scalar(text: String, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_text = tag.is_some_and(|tag| tag.suffix == "str" || tag.suffix.is_empty());
    if style != ScalarStyle::Plain || is_text {
        return Value::Text(text);
    }
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Boolean(true),
        "false" | "False" | "FALSE" => Value::Boolean(false),
        _ => match number(&text) {
            Some(number) => Value::Number(number),
            None => Value::Text(text),
        },
    }
}

fn number(text: &str) -> Option<String> {
    let of_radix = |digits: &str, radix| {
        let is_digits = digits.starts_with(|first: char| first.is_digit(radix));
        let value = is_digits.then(|| u128::from_str_radix(digits, radix));
        value?.ok().map(|value| value.to_string())
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return of_radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return of_radix(digits, 8);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are kept as they are.
        let value = text.parse::<i128>().map(|value| value.to_string());
        return Some(value.unwrap_or_else(|_| text.to_owned()));
    }
    is_float(digits).then(|| text.to_owned())
}

/// `1.5`, `.5`, `1.`, `1e3`.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_mantissa =
        !(whole.is_empty() && fraction.is_empty()) && are_digits(whole) && are_digits(fraction);
    let is_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && are_digits(digits)
    });
    is_mantissa && is_exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        let documents = documents(&format!("a: {text}")).unwrap();
        documents[0].get("a").unwrap().value.clone()
    }

    #[test]
    fn scalars_are_those_of_the_core_schema() {
        let text = |text: &str| Value::Text(text.to_owned());
        let number = |text: &str| Value::Number(text.to_owned());
        for (given, expected) in [
            ("4688", number("4688")),
            ("007", number("7")),
            ("-1", number("-1")),
            ("0x10", number("16")),
            ("0o17", number("15")),
            ("0x", text("0x")),
            ("0x-1", text("0x-1")),
            ("1.50", number("1.50")),
            ("1e3", number("1e3")),
            ("1e", text("1e")),
            (".", text(".")),
            ("1.2.3", text("1.2.3")),
            (
                "99999999999999999999999999999999999999999999",
                number("99999999999999999999999999999999999999999999"),
            ),
            ("'4688'", text("4688")),
            ("!!str 4688", text("4688")),
            ("true", Value::Boolean(true)),
            ("yes", text("yes")),
            ("", Value::Null),
            ("~", Value::Null),
            ("''", text("")),
            (r"'\\a'", text(r"\\a")),
            (r#""\\a""#, text(r"\a")),
            ("2025-01-01", text("2025-01-01")),
        ] {
            assert_eq!(value(given), expected, "{given}");
        }
    }

    #[test]
    fn aliases_repeat_what_they_name() {
        let documents = documents("a: &x [1, 2]\nb: *x\n---\n# nothing\n---\nc: 1\n").unwrap();
        assert_eq!(documents.len(), 2);
        assert_eq!(documents[0].get("b"), documents[0].get("a"));
    }

    fn fails(text: &str, expected: &str) {
        let error = documents(text).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }

    #[test]
    fn a_key_stands_once() {
        fails("a:\n  b: 1\n  b: 2\n", "3:3: `b` stands twice in one map");
        fails("? [a]\n: b\n", "where a name must");
        fails("a: [1\n", "this is no YAML");
        fails("a: *b\n", "this is no YAML");
    }

    #[test]
    fn size_and_depth_are_bounded() {
        fails(&"[".repeat(10_000), "YAML");
        fails(&"- ".repeat(10_000), "levels");
        fails(
            &format!("a: {}1{}", "[".repeat(60), "]".repeat(60)),
            "levels",
        );
        let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
        let names: Vec<char> = ('a'..='k').collect();
        for pair in names.windows(2) {
            let items = vec![format!("*{}", pair[0]); 9].join(", ");
            bomb.push_str(&format!("{}: &{} [{items}]\n", pair[1], pair[1]));
        }
        fails(&bomb, "more nodes");
        let mut tower = String::from("a: &a [x]\n");
        for level in 0..60 {
            let before = if level == 0 {
                "a".to_owned()
            } else {
                format!("t{}", level - 1)
            };
            tower.push_str(&format!("t{level}: &t{level} [*{before}]\n"));
        }
        fails(&tower, "levels");
    }
}
