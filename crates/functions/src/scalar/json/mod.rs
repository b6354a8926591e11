//! JSON texts without a tree, read as ksqlDB's functions read them by Jackson.
//!
//! The first value of a text counts and must be whole; what follows it does not matter. Of members of one name the last counts,
//! at the place of the first. A text that nests deeper than [`MAX_DEPTH`] is none. Unlike there, numbers and names may be as long
//! as they like: a detection must not hide behind one.
//!
//! ```text
//! text → Scanner (checks, skips, gives spans) → Path (finds a span) → Writer (a span as Jackson prints it)
//!                                                                     a span that is printed so already stays as it is
//! ```

mod merge;
mod number;
mod path;
mod writer;

use std::{borrow::Cow, collections::HashMap, collections::HashSet};

pub use self::{
    merge::Merger,
    number::Numbers,
    path::Path,
    writer::{Writer, write_quoted},
};

/// As in Jackson, and as for the JSON of records.
pub const MAX_DEPTH: usize = 1000;

/// Goes over a text from left to right. Every method is `None` where the text is no JSON.
#[derive(Debug, Clone)]
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// Whether all that was read is written as Jackson prints it, names that are there twice aside.
    is_printed: bool,
}

/// A string as it is written between its quotes.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'a> {
    raw: &'a str,
    has_escapes: bool,
}

/// What `read` makes of the first value of `text`, if that is whole.
pub fn first_value<'a, T>(
    text: &'a str,
    read: impl FnOnce(&mut Scanner<'a>) -> Option<T>,
) -> Option<T> {
    let mut scanner = Scanner::new(text);
    scanner.skip_blanks();
    let start = scanner.at;
    let result = read(&mut scanner)?;
    scanner.check_end(start)?;
    Some(result)
}

/// Up to so many names comparing each with each is quicker than hashing.
const FEW: usize = 16;

fn all_differ<'n>(count: usize, name: impl Fn(usize) -> &'n str) -> bool {
    if count <= FEW {
        return (1..count).all(|at| (0..at).all(|before| name(before) != name(at)));
    }
    let mut seen = HashSet::with_capacity(count);
    (0..count).all(|at| seen.insert(name(at)))
}

/// The names of members in the order of their first places, with the place of the last of each; `None` if they all differ.
pub fn last_places<'n>(count: usize, name: impl Fn(usize) -> &'n str) -> Option<Vec<usize>> {
    if all_differ(count, &name) {
        return None;
    }
    let mut slots: HashMap<&str, usize> = HashMap::with_capacity(count);
    let mut places: Vec<usize> = Vec::with_capacity(count);
    for at in 0..count {
        let slot = *slots.entry(name(at)).or_insert(places.len());
        match places.get_mut(slot) {
            Some(place) => *place = at,
            None => places.push(at),
        }
    }
    Some(places)
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            is_printed: true,
        }
    }

    /// The byte that the next value begins with; blanks before it are skipped.
    pub fn peek(&mut self) -> Option<u8> {
        self.skip_blanks();
        self.byte()
    }

    /// The text of the next value.
    pub fn value(&mut self) -> Option<&'a str> {
        self.skip_blanks();
        let start = self.at;
        self.skip()?;
        self.text.get(start..self.at)
    }

    /// The next value, which is a string.
    pub fn string(&mut self) -> Option<Quoted<'a>> {
        self.skip_blanks();
        self.take(b'"')?;
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.at = end_of_plain(bytes, self.at);
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => {
                    has_escapes = true;
                    // The others are printed with the same escape.
                    self.is_printed &= !matches!(bytes.get(self.at + 1), Some(b'/' | b'u'));
                    self.at += escape_length(bytes.get(self.at..)?)?;
                }
                _ => return None,
            }
        }
        let raw = self.text.get(start..self.at)?;
        self.at += 1;
        Some(Quoted { raw, has_escapes })
    }

    /// Calls `each` with the name of each member of the next value, an object; it must take the member's value.
    pub fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, Quoted<'a>) -> Option<()>,
    ) -> Option<()> {
        self.open(b'{')?;
        if self.closes(b'}') {
            return Some(());
        }
        loop {
            let name = self.name()?;
            each(self, name)?;
            if self.ends(b'}')? {
                return Some(());
            }
        }
    }

    /// Calls `each` before each element of the next value, an array; it must take the element.
    pub fn array(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.open(b'[')?;
        if self.closes(b']') {
            return Some(());
        }
        loop {
            each(self)?;
            if self.ends(b']')? {
                return Some(());
            }
        }
    }

    /// The next value, of any kind. Nesting costs no stack.
    pub fn skip(&mut self) -> Option<()> {
        self.skip_with(&mut ())
    }

    /// The text of the next value, and whether it is certain that Jackson prints just that.
    pub fn value_and_form(&mut self, names: &mut OpenNames) -> Option<(&'a str, bool)> {
        self.skip_blanks();
        let start = self.at;
        self.is_printed = true;
        names.clear();
        self.skip_with(names)?;
        let text = self.text.get(start..self.at)?;
        Some((text, self.is_printed && names.all_differ))
    }

    fn skip_with(&mut self, names: &mut impl Names) -> Option<()> {
        let outside = self.depth;
        let mut kinds = Kinds::default();
        loop {
            match self.peek()? {
                b'{' => {
                    self.open(b'{')?;
                    kinds.set(self.depth, true);
                    names.open();
                    if !self.closes(b'}') {
                        names.add(self.name()?);
                        continue;
                    }
                    names.close();
                }
                b'[' => {
                    self.open(b'[')?;
                    kinds.set(self.depth, false);
                    if !self.closes(b']') {
                        continue;
                    }
                }
                b'"' => drop(self.string()?),
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                _ => return None,
            }
            loop {
                if self.depth == outside {
                    return Some(());
                }
                let is_object = kinds.is_object(self.depth);
                if !self.ends(if is_object { b'}' } else { b']' })? {
                    if is_object {
                        names.add(self.name()?);
                    }
                    break;
                }
                if is_object {
                    names.close();
                }
            }
        }
    }

    fn open(&mut self, bracket: u8) -> Option<()> {
        self.skip_blanks();
        self.take(bracket)?;
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    /// Whether what was opened ends before there is anything in it.
    fn closes(&mut self, bracket: u8) -> bool {
        let is_closed = self.peek() == Some(bracket);
        if is_closed {
            self.at += 1;
            self.depth -= 1;
        }
        is_closed
    }

    /// Whether what was opened ends after a value; if not, a comma is skipped.
    fn ends(&mut self, bracket: u8) -> Option<bool> {
        match self.peek()? {
            b',' => {
                self.at += 1;
                Some(false)
            }
            byte if byte == bracket => {
                self.at += 1;
                self.depth -= 1;
                Some(true)
            }
            _ => None,
        }
    }

    fn name(&mut self) -> Option<Quoted<'a>> {
        let name = self.string()?;
        self.skip_blanks();
        self.take(b':')?;
        Some(name)
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
            if self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
                return None;
            }
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.is_printed &= number::is_printed(self.text.get(start..self.at)?);
        Some(())
    }

    /// At least one.
    fn digits(&mut self) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
        let count = digits.count();
        self.at += count;
        (count > 0).then_some(())
    }

    fn literal(&mut self, word: &str) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        rest.starts_with(word.as_bytes()).then_some(())?;
        self.at += word.len();
        Some(())
    }

    fn skip_blanks(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.is_printed = false;
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.byte() == Some(byte)).then(|| self.at += 1)
    }

    /// A number or a word that began at `start` must not run into what follows.
    fn check_end(&self, start: usize) -> Option<()> {
        let after = self.text.get(self.at..)?.chars().next();
        let is_apart = match self.text.as_bytes().get(start)? {
            b'{' | b'[' | b'"' => true,
            b't' | b'f' | b'n' => {
                after.is_none_or(|after| !after.is_alphanumeric() && after != '_')
            }
            _ => after.is_none_or(|after| matches!(after, ' ' | '\n' | '\r' | '\t')),
        };
        is_apart.then_some(())
    }
}

/// What becomes of the names of members while a value is skipped.
trait Names {
    fn open(&mut self);
    fn add(&mut self, name: Quoted);
    fn close(&mut self);
}

impl Names for () {
    fn open(&mut self) {}
    fn add(&mut self, _name: Quoted) {}
    fn close(&mut self) {}
}

/// The names of all objects that are open, as they are written; a buffer that is used again.
#[derive(Debug, Default)]
pub struct OpenNames {
    /// Side by side, those of the innermost object last.
    text: String,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// How many there were before each object.
    firsts: Vec<usize>,
    all_differ: bool,
}

impl OpenNames {
    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.firsts.clear();
        self.all_differ = true;
    }

    fn start(&self, place: usize) -> usize {
        let before = place.checked_sub(1);
        before
            .and_then(|before| self.ends.get(before))
            .map_or(0, |end| *end)
    }

    fn get(&self, place: usize) -> &str {
        let end = self.ends.get(place).copied().unwrap_or(0);
        self.text.get(self.start(place)..end).unwrap_or_default()
    }
}

impl Names for OpenNames {
    fn open(&mut self) {
        self.firsts.push(self.ends.len());
    }

    fn add(&mut self, name: Quoted) {
        self.text.push_str(name.raw);
        self.ends.push(self.text.len());
    }

    fn close(&mut self) {
        let Some(first) = self.firsts.pop() else {
            return;
        };
        let count = self.ends.len() - first;
        self.all_differ &= all_differ(count, |at| self.get(first + at));
        self.text.truncate(self.start(first));
        self.ends.truncate(first);
    }
}

/// Which of the values that are open at each depth are objects.
#[derive(Default)]
struct Kinds([u64; MAX_DEPTH / 64 + 1]);

impl Kinds {
    fn set(&mut self, depth: usize, is_object: bool) {
        if let Some(bits) = self.0.get_mut(depth / 64) {
            *bits = *bits & !(1 << (depth % 64)) | u64::from(is_object) << (depth % 64);
        }
    }

    fn is_object(&self, depth: usize) -> bool {
        let bits = self.0.get(depth / 64).copied().unwrap_or(0);
        bits >> (depth % 64) & 1 == 1
    }
}

/// The place of the next quote, backslash or control character from `at` on; eight bytes at a time.
fn end_of_plain(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    // The lowest bit that is set is right; those above it may be carries.
    let zeroes = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    while let Some(Ok(word)) = bytes.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let word = u64::from_le_bytes(word);
        let quotes = zeroes(word ^ (ONES * u64::from(b'"')));
        let backslashes = zeroes(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let special = quotes | backslashes | controls;
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    at + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// How long the escape at the start of `bytes` is.
fn escape_length(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => {
            let digits = bytes.get(2..6)?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(6)
        }
        _ => None,
    }
}

impl<'a> Quoted<'a> {
    pub fn is(&self, text: &str) -> bool {
        if self.has_escapes {
            self.text() == text
        } else {
            self.raw == text
        }
    }

    fn is_same(&self, other: &Quoted) -> bool {
        match self.has_escapes || other.has_escapes {
            true => self.text() == other.text(),
            false => self.raw == other.raw,
        }
    }

    pub fn text(&self) -> Cow<'a, str> {
        if !self.has_escapes {
            return Cow::Borrowed(self.raw);
        }
        let mut text = String::with_capacity(self.raw.len());
        self.each_piece(|piece| text.push_str(piece));
        Cow::Owned(text)
    }

    /// The text in pieces without escapes. Half of a surrogate pair is U+FFFD.
    fn each_piece(&self, mut piece: impl FnMut(&str)) {
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
            let (plain, escape) = rest.split_at(at);
            if !plain.is_empty() {
                piece(plain);
            }
            let (character, length) = unescape(escape);
            piece(character.encode_utf8(&mut [0; 4]));
            rest = escape.get(length..).unwrap_or_default();
        }
        if !rest.is_empty() {
            piece(rest);
        }
    }
}

/// The character that an escape stands for, and its length; a pair of surrogates is one.
fn unescape(text: &str) -> (char, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let simple = match text.as_bytes().get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let units = unit(0).into_iter().chain(unit(6));
            return match char::decode_utf16(units).next() {
                Some(Ok(character)) => (character, 6 * character.len_utf16()),
                _ => (char::REPLACEMENT_CHARACTER, 6),
            };
        }
        Some(other) => char::from(*other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (simple, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The span of the first value.
    fn check(text: &str, expected: Option<&str>) {
        let found = first_value(text, |scanner| scanner.value());
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_first_value_counts() {
        for text in [
            "1",
            "-0",
            "0.5",
            "1E+5",
            "-1.5e-3",
            "true",
            "false",
            "null",
            "\"\"",
            "\"a\\\"\\u00e9\"",
            "[]",
            "{}",
            "[1,[],{\"a\":{}},\"x\"]",
            "{\"a\" : [ 1 , 2 ] , \"\":null}",
            "\"é😀\u{7f}\u{2028}\"",
        ] {
            check(text, Some(text));
            check(&format!("\t\r\n {text}"), Some(text));
            check(&format!("{text} }}x"), Some(text));
        }
        check("{}}", Some("{}"));
        check("[]x", Some("[]"));
        check("\"a\"b", Some("\"a\""));
        check("true}", Some("true"));
        check("1\n2", Some("1"));
    }

    #[test]
    fn what_is_not_whole_is_no_json() {
        for text in [
            "",
            "  ",
            "abc",
            "nul",
            "nullx",
            "trueabc",
            "null_",
            "123abc",
            "123]",
            "123,",
            "+1",
            "01",
            "-01",
            "00",
            "-",
            "1.",
            ".5",
            "1e",
            "1e+",
            "NaN",
            "Infinity",
            "-Infinity",
            "[1.]",
            "[01]",
            "[1e]",
            "[-]",
            "[tru]",
            "[true x]",
            "[1x]",
            "[1 2]",
            "[1,]",
            "[,1]",
            "[",
            "]",
            "{",
            "}",
            "[1",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{\"a\":}",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "{'a':1}",
            "{a:1}",
            "{1:2}",
            "[1}",
            "{\"a\":1]",
            "\"abc",
            "\"a\\x\"",
            "\"\\u12g4\"",
            "\"\\u12",
            "\"\\",
            "\"a\tb\"",
            "\"aaaaaaaa\u{1}\"",
            "\u{feff}1",
            "/*x*/1",
            "[1/**/]",
            "\u{a0}1",
            "\u{b}1",
            "\u{c}1",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn strings_end_at_their_quote_wherever_it_is() {
        for length in 0..40 {
            let string = format!("\"{}\"", "é".repeat(length));
            check(&string, Some(&string));
            check(&string[..string.len() - 1], None);
            let escaped = format!("\"{}\\\"\\\\\"", "a".repeat(length));
            check(&escaped, Some(&escaped));
            check(&format!("\"{}\u{1f}\"", "a".repeat(length)), None);
        }
    }

    #[test]
    fn nesting_has_a_bound_and_costs_no_stack() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        check(&nested(MAX_DEPTH), Some(&nested(MAX_DEPTH)));
        check(&nested(MAX_DEPTH + 1), None);
        check(&nested(1_000_000), None);
        let objects = "{\"a\":".repeat(MAX_DEPTH) + "1" + &"}".repeat(MAX_DEPTH);
        check(&objects, Some(&objects));
        // Side by side is not nested.
        let wide = format!("[{}[]]", "[],".repeat(5000));
        check(&wide, Some(&wide));
    }

    #[test]
    fn escapes_stand_for_characters() {
        for (string, expected) in [
            (r#""plain""#, "plain"),
            (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r#""a\u00e9b\u003Cc""#, "aéb<c"),
            (r#""\ud83d\ude00!""#, "😀!"),
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ud83dx\ude00""#, "\u{fffd}x\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ud83d\n""#, "\u{fffd}\n"),
        ] {
            let quoted = Scanner::new(string).string().unwrap();
            assert_eq!(quoted.text(), expected);
            assert!(quoted.is(expected));
        }
    }

    #[test]
    fn of_equal_names_the_last_counts_at_the_place_of_the_first() {
        let check = |names: &[&str], expected: Option<Vec<usize>>| {
            assert_eq!(last_places(names.len(), |at| names[at]), expected);
        };
        check(&[], None);
        check(&["a", "b", "A"], None);
        check(&["b", "a", "b"], Some(vec![2, 1]));
        let many: Vec<String> = (0..50).map(|at| (at % 40).to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        check(&many[..40], None);
        let expected = (40..50).chain(10..40).collect();
        check(&many, Some(expected));
    }
}
