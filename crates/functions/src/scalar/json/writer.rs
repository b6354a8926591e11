//! JSON as Jackson prints it: no blanks, only the escapes that must be, no name twice.

use std::ops::Range;

use super::{Numbers, OpenNames, Quoted, Scanner, last_places, number};

/// More than this is no text of ours.
const LONGEST: usize = 16 << 20;

/// Prints values of JSON texts into a buffer that is used again.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
    open: Vec<Open>,
    /// The members of all objects that are open, those of the innermost last.
    members: Vec<Member>,
    names: OpenNames,
}

#[derive(Debug)]
struct Open {
    is_object: bool,
    /// Where it begins in the buffer.
    start: usize,
    /// Its first member.
    first: usize,
}

/// Where name, with its quotes, and value of a member stand in the buffer.
#[derive(Debug, Clone)]
struct Member {
    name: Range<usize>,
    value: Range<usize>,
}

impl Writer {
    /// A string without its quotes and escapes, anything else as JSON. `json` is the whole text of a value; `None` if there is a
    /// number in it that Java does not have.
    pub fn text<'a>(&'a mut self, json: &'a str) -> Option<&'a str> {
        if !json.starts_with('"') {
            return self.json(json, Numbers::Short);
        }
        let string = Scanner::new(json).string()?;
        if !string.has_escapes {
            return Some(string.raw);
        }
        self.out.clear();
        string.each_piece(|piece| self.out.push_str(piece));
        Some(&self.out)
    }

    pub fn json<'a>(&'a mut self, json: &'a str, numbers: Numbers) -> Option<&'a str> {
        let (value, is_printed) = Scanner::new(json).value_and_form(&mut self.names)?;
        if is_printed {
            return Some(value);
        }
        self.out.clear();
        self.open.clear();
        self.members.clear();
        self.copy_slowly(&mut Scanner::new(json), numbers)?;
        Some(&self.out)
    }

    /// One array of the elements of all arrays among the values, and of the other values.
    pub fn joined(&mut self, values: &[&str], numbers: Numbers) -> Option<&str> {
        self.open.clear();
        self.members.clear();
        self.out.clear();
        self.out.push('[');
        for value in values {
            let mut scanner = Scanner::new(value);
            let mut element = |scanner: &mut Scanner| {
                if self.out.len() > 1 {
                    self.out.push(',');
                }
                self.copy(scanner, numbers)
            };
            match scanner.peek()? {
                b'[' => scanner.array(element)?,
                _ => element(&mut scanner)?,
            }
        }
        self.out.push(']');
        Some(&self.out)
    }

    /// The next value of the scanner.
    fn copy(&mut self, scanner: &mut Scanner, numbers: Numbers) -> Option<()> {
        let mut ahead = scanner.clone();
        let (value, is_printed) = ahead.value_and_form(&mut self.names)?;
        if !is_printed {
            return self.copy_slowly(scanner, numbers);
        }
        self.out.push_str(value);
        *scanner = ahead;
        (self.out.len() <= LONGEST).then_some(())
    }

    /// The buffer becomes an object without members yet.
    pub(super) fn start_object(&mut self) {
        self.out.clear();
        self.out.push('{');
    }

    /// Adds a member with a value that is whole.
    pub(super) fn member(
        &mut self,
        name: Quoted,
        value: &str,
        is_printed: bool,
        numbers: Numbers,
    ) -> Option<()> {
        if self.out.len() > 1 {
            self.out.push(',');
        }
        self.quote(name);
        self.out.push(':');
        if is_printed {
            self.out.push_str(value);
        } else {
            self.open.clear();
            self.members.clear();
            self.copy_slowly(&mut Scanner::new(value), numbers)?;
        }
        (self.out.len() <= LONGEST).then_some(())
    }

    pub(super) fn finish_object(&mut self) -> &str {
        self.out.push('}');
        &self.out
    }

    /// The same for one that has to be printed anew. Nesting costs no stack.
    fn copy_slowly(&mut self, scanner: &mut Scanner, numbers: Numbers) -> Option<()> {
        let outside = self.open.len();
        loop {
            match scanner.peek()? {
                b'{' => {
                    scanner.open(b'{')?;
                    self.begin(true);
                    if !scanner.closes(b'}') {
                        self.begin_member(scanner.name()?);
                        continue;
                    }
                    self.end();
                }
                b'[' => {
                    scanner.open(b'[')?;
                    self.begin(false);
                    if !scanner.closes(b']') {
                        continue;
                    }
                    self.end();
                }
                b'"' => self.quote(scanner.string()?),
                b'-' | b'0'..=b'9' => number::write(scanner.value()?, numbers, &mut self.out)?,
                _ => self.out.push_str(scanner.value()?),
            }
            // Numbers in full may make much of little.
            if self.out.len() > LONGEST {
                return None;
            }
            while let Some(open) = self.open.get(outside..).and_then(<[Open]>::last) {
                let is_object = open.is_object;
                if is_object {
                    self.end_member();
                }
                if !scanner.ends(if is_object { b'}' } else { b']' })? {
                    self.out.push(',');
                    if is_object {
                        self.begin_member(scanner.name()?);
                    }
                    break;
                }
                self.end();
            }
            if self.open.len() == outside {
                return Some(());
            }
        }
    }

    fn begin(&mut self, is_object: bool) {
        let (start, first) = (self.out.len(), self.members.len());
        self.open.push(Open {
            is_object,
            start,
            first,
        });
        self.out.push(if is_object { '{' } else { '[' });
    }

    fn begin_member(&mut self, name: Quoted) {
        let start = self.out.len();
        self.quote(name);
        let name = start..self.out.len();
        self.out.push(':');
        let value = self.out.len()..self.out.len();
        self.members.push(Member { name, value });
    }

    fn end_member(&mut self) {
        if let Some(member) = self.members.last_mut() {
            member.value.end = self.out.len();
        }
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else {
            return;
        };
        if !open.is_object {
            return self.out.push(']');
        }
        let members = self.members.get(open.first..).unwrap_or_default();
        let out = &self.out;
        if let Some(places) = last_places(members.len(), |at| &out[members[at].name.clone()]) {
            let mut distinct = String::with_capacity(out.len() - open.start);
            for member in places.iter().filter_map(|place| members.get(*place)) {
                distinct.push(if distinct.is_empty() { '{' } else { ',' });
                distinct.push_str(&out[member.name.clone()]);
                distinct.push(':');
                distinct.push_str(&out[member.value.clone()]);
            }
            self.out.truncate(open.start);
            self.out.push_str(&distinct);
        }
        self.out.push('}');
        self.members.truncate(open.first);
    }

    fn quote(&mut self, string: Quoted) {
        if !string.has_escapes {
            self.out.push('"');
            self.out.push_str(string.raw);
            self.out.push('"');
            return;
        }
        self.out.push('"');
        string.each_piece(|piece| escape(piece, &mut self.out));
        self.out.push('"');
    }
}

/// A text as a JSON string.
pub fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
}

fn escape(text: &str, out: &mut String) {
    const HEX: [u8; 16] = *b"0123456789ABCDEF";
    let mut rest = text;
    while let Some(at) = rest.find(|character| matches!(character, '"' | '\\' | '\0'..' ')) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let byte = special.as_bytes()[0];
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            _ => {
                out.push_str("\\u00");
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
        rest = &special[1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// JSON that is printed as it stands as often as not.
    fn any_json() -> impl Strategy<Value = String> {
        let plain = prop::sample::select(vec![
            "1",
            "-0",
            "0.5",
            "-0.5",
            "1e3",
            "1.50",
            "true",
            "null",
            "\"a\"",
            "\"\\n\"",
            "\"\\/\"",
            "\"\\u0061\"",
            "{}",
            "[]",
            " 1",
            "{ }",
        ]);
        plain
            .prop_map(str::to_owned)
            .prop_recursive(4, 24, 4, |inner| {
                let name = prop::sample::select(vec![
                    "\"a\"",
                    "\"b\"",
                    "\"\\u0061\"",
                    "\"\\t\"",
                    " \"c\" ",
                ]);
                let members = prop::collection::vec((name, inner.clone()), 0..4);
                let elements = prop::collection::vec(inner, 0..4);
                let object = members.prop_map(|members| {
                    let members = members
                        .iter()
                        .map(|(name, value)| format!("{name}:{value}"));
                    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
                });
                let array = elements.prop_map(|elements| format!("[{}]", elements.join(",")));
                prop_oneof![object, array]
            })
    }

    proptest! {
        #[test]
        fn what_stays_as_it_is_would_be_printed_so(json in any_json(), plain in any::<bool>()) {
            let numbers = if plain { Numbers::Plain } else { Numbers::Short };
            let mut slow = Writer::default();
            slow.copy_slowly(&mut Scanner::new(&json), numbers).unwrap();
            let mut writer = Writer::default();
            prop_assert_eq!(writer.json(&json, numbers), Some(slow.out.as_str()));
        }
    }

    fn check(json: &str, expected: &str) {
        let mut writer = Writer::default();
        assert_eq!(writer.json(json, Numbers::Short), Some(expected));
        // What is printed is printed as it is.
        assert_eq!(writer.json(expected, Numbers::Short), Some(expected));
    }

    #[test]
    fn values_are_printed_as_by_jackson() {
        check(" [ 1 , -0 , 1e2 , true , null ] ", "[1,0,1E+2,true,null]");
        check("{ }", "{}");
        check("[ ]", "[]");
        check(
            r#"{"a" : [ {"x" : null} , [ [ ] ] ] , "b":{}}"#,
            r#"{"a":[{"x":null},[[]]],"b":{}}"#,
        );
        check(
            r#""\u00e9\/\u007f\u0001\u001F\u0022\u005c""#,
            "\"é/\u{7f}\\u0001\\u001F\\\"\\\\\"",
        );
        check(r#""\b\f\n\r\t\u0008\u000a""#, r#""\b\f\n\r\t\b\n""#);
        check(r#"{"a\u0062":"\u003c"}"#, r#"{"ab":"<"}"#);
        check(r#"["{","[,",":"]"#, r#"["{","[,",":"]"#);
        check(r#"{"{":1,",":2}"#, r#"{"{":1,",":2}"#);
    }

    #[test]
    fn no_name_is_there_twice() {
        check(r#"{"b":1,"a":2,"b":3}"#, r#"{"b":3,"a":2}"#);
        check(
            r#"{"a":{"x":1,"\u0078":[2]},"c":1,"a":{"y":1,"y":2,"y":3}}"#,
            r#"{"a":{"y":3},"c":1}"#,
        );
        check(
            r#"[{"a":1,"a":{"a":2,"a":3}},{"a":4}]"#,
            r#"[{"a":{"a":3}},{"a":4}]"#,
        );
    }

    #[test]
    fn strings_lose_their_quotes_as_texts() {
        let mut writer = Writer::default();
        assert_eq!(writer.text(r#""plain""#), Some("plain"));
        assert_eq!(
            writer.text(r#""a\"\ud83d\ude00\ud83d""#),
            Some("a\"😀\u{fffd}")
        );
        assert_eq!(writer.text("[1, \"x\"]"), Some("[1,\"x\"]"));
        assert_eq!(writer.text("1e99999999999"), None);
    }

    #[test]
    fn numbers_in_full_have_a_bound() {
        let many = format!("[{}1]", "1e9999,".repeat(5000));
        assert_eq!(Writer::default().json(&many, Numbers::Plain), None);
        assert!(Writer::default().json(&many, Numbers::Short).is_some());
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        check(&deep, &deep);
        let deep = "{\"a\":".repeat(1000) + "1" + &"}".repeat(1000);
        check(&deep, &deep);
    }
}
