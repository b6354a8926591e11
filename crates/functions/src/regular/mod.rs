//! Java's regular expressions over texts, bounded in time and space.
//!
//! A pattern is translated ([`java`]) and then runs on the engine that can: the one of the `regex` crate, whose time grows
//! with the text alone, or, where the pattern has look-around, back-references or atomic groups, a backtracking one, which
//! gives up after so many steps. Matches follow one another as in Java's `Matcher.find`: an empty one may stand at the end of
//! the one before.

mod backtracking;
mod classes;
mod edges;
mod extent;
mod java;
mod replacement;

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, OnceLock},
};

use datafusion_common::Result;

use self::{
    backtracking::Backtracking,
    edges::{Edge, Edges},
    java::{Form, Lines, translate},
};
pub use self::{classes::of as class_of, replacement::Replacement};
use crate::{
    constants::Constants,
    kernel::{Argument, Strings},
};

/// The bytes that a compiled pattern may take, and those of an engine's cache.
const SIZE: usize = 2 << 20;
const CACHE: usize = 1 << 20;

/// Every search may look at the whole text: so many matches times the text's length are looked for in one text.
const WORK: usize = 1 << 33;

/// How many patterns of a column stay compiled within a batch.
const OF_COLUMN: usize = 64;

/// A compiled pattern.
#[derive(Debug)]
pub struct Regular {
    pattern: String,
    /// For texts without the line terminators that `lines` tells of.
    one_line: Engine,
    lines: Lines,
    /// For all texts: only made when there is one with such terminators.
    any_text: OnceLock<Option<Engine>>,
    groups: usize,
    names: Vec<(String, usize)>,
    matches_empty: bool,
}

#[derive(Debug)]
enum Engine {
    Linear(regex::Regex, Edges),
    Backtracking(Box<Backtracking>),
}

/// The engine for one text.
enum Chosen<'r> {
    Linear(&'r regex::Regex, &'r Edges),
    Backtracking(&'r fancy_regex::Regex),
}

/// A search that had to be given up.
#[derive(Debug)]
pub struct GivenUp;

impl Regular {
    /// `None` if `pattern` is none, or too large.
    pub fn compile(pattern: &str) -> Option<Self> {
        let translated = translate(pattern, Form::OneLine)?;
        let mut regular = Self {
            pattern: pattern.to_owned(),
            one_line: Engine::compile(&translated)?,
            lines: translated.lines,
            any_text: OnceLock::new(),
            groups: translated.groups,
            names: translated.names,
            matches_empty: false,
        };
        let found = regular.search("", Groups::None).next();
        regular.matches_empty = matches!(found, Ok(Some(_)));
        Some(regular)
    }

    /// How many groups there are, the whole match aside.
    pub fn groups(&self) -> usize {
        self.groups
    }

    pub fn group_of(&self, name: &str) -> Option<usize> {
        let mut names = self.names.iter();
        names
            .find(|(known, _)| known == name)
            .map(|(_, group)| *group)
    }

    /// The matches in `text`; their groups are only there if asked for.
    pub fn search<'r, 't>(&'r self, text: &'t str, groups: Groups) -> Search<'r, 't> {
        let engine = match self.is_one_line(text) {
            true => Some(&self.one_line),
            false => self
                .any_text
                .get_or_init(|| self.compile_for_any_text())
                .as_ref(),
        };
        let engine = engine.and_then(|engine| engine.chosen(text));
        let found = match (&engine, groups) {
            (None, _) | (_, Groups::None) => Found::Whole,
            (Some(Chosen::Linear(engine, edges)), groups) => {
                let edges = match groups {
                    Groups::One(group) => edges.get(group),
                    _ => None,
                };
                match edges {
                    Some(edges) => Found::Between(edges, 0..0),
                    None => Found::Linear(engine.capture_locations()),
                }
            }
            (Some(Chosen::Backtracking(_)), _) => Found::Backtracking(None),
        };
        Search {
            engine,
            text,
            from: Some(0),
            continues: true,
            work: WORK,
            found,
        }
    }

    /// Whether the empty text is a match.
    pub fn matches_empty(&self) -> bool {
        self.matches_empty
    }

    fn is_one_line(&self, text: &str) -> bool {
        match self.lines {
            Lines::None => true,
            Lines::AtEnd => !text.ends_with(is_terminator),
            Lines::Anywhere => !text.is_empty() && !text.contains(is_terminator),
        }
    }

    fn compile_for_any_text(&self) -> Option<Engine> {
        Engine::compile(&translate(&self.pattern, Form::AnyText)?)
    }
}

fn is_terminator(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

impl Engine {
    fn compile(translated: &java::Translated) -> Option<Self> {
        if translated.needs_backtracking {
            let engine = Backtracking::compile(translated)?;
            return Some(Self::Backtracking(Box::new(engine)));
        }
        regex::RegexBuilder::new(&translated.text)
            .size_limit(SIZE)
            .dfa_size_limit(CACHE)
            .build()
            .ok()
            .map(|engine| Self::Linear(engine, Edges::of(&translated.text)))
    }

    fn chosen(&self, text: &str) -> Option<Chosen<'_>> {
        Some(match self {
            Self::Linear(engine, edges) => Chosen::Linear(engine, edges),
            Self::Backtracking(engine) => Chosen::Backtracking(engine.of(text)?),
        })
    }
}

/// Which groups are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Groups {
    None,
    One(usize),
    All,
}

/// The matches in a text, one after the other.
pub struct Search<'r, 't> {
    engine: Option<Chosen<'r>>,
    text: &'t str,
    /// Where to look next; `None` at the end.
    from: Option<usize>,
    /// Whether the last match ended there, so that `\G` holds.
    continues: bool,
    work: usize,
    found: Found<'t>,
}

/// The groups of the last match.
enum Found<'t> {
    Whole,
    /// The one that is asked for, between these edges of the match.
    Between([Edge; 2], Range<usize>),
    Linear(regex::CaptureLocations),
    Backtracking(Option<fancy_regex::Captures<'t, str>>),
}

impl<'t> Search<'_, 't> {
    /// The next match.
    pub fn next(&mut self) -> Result<Option<Range<usize>>, GivenUp> {
        let Some(from) = self.from else {
            return Ok(None);
        };
        self.work = self.work.checked_sub(self.text.len()).ok_or(GivenUp)?;
        let Some(found) = self.find(from)? else {
            self.from = None;
            return Ok(None);
        };
        self.continues = !found.is_empty();
        self.from = match self.continues {
            true => Some(found.end),
            false => {
                let rest = self.text.get(found.end..);
                let skipped = rest.and_then(|rest| rest.chars().next());
                skipped.map(|character| found.end + character.len_utf8())
            }
        };
        Ok(Some(found))
    }

    fn find(&mut self, from: usize) -> Result<Option<Range<usize>>, GivenUp> {
        let input = fancy_regex::RegexInput::new(self.text)
            .from_pos(from)
            .continue_from_previous_match_end(self.continues);
        match (self.engine.as_ref().ok_or(GivenUp)?, &mut self.found) {
            (Chosen::Linear(engine, _), Found::Linear(locations)) => {
                let found = engine.captures_read_at(locations, self.text, from);
                Ok(found.map(|found| found.range()))
            }
            (Chosen::Linear(engine, _), found) => {
                let whole = engine.find_at(self.text, from);
                let whole = whole.map(|whole| whole.range());
                if let (Found::Between(_, last), Some(whole)) = (found, &whole) {
                    *last = whole.clone();
                }
                Ok(whole)
            }
            (Chosen::Backtracking(engine), Found::Backtracking(captures)) => {
                *captures = engine.captures_input(input).map_err(|_| GivenUp)?;
                let whole = captures.as_ref().and_then(|captures| captures.get(0));
                Ok(whole.map(|whole| whole.range()))
            }
            (Chosen::Backtracking(engine), _) => {
                let found = engine.find_input(input).map_err(|_| GivenUp)?;
                Ok(found.map(|found| found.range()))
            }
        }
    }

    /// A group of the last match, if it took part and was asked for.
    pub fn group(&self, group: usize) -> Option<&'t str> {
        let range = match &self.found {
            Found::Whole => None,
            Found::Between([start, end], whole) => {
                Some(start.at(whole.start, whole.end)..end.at(whole.start, whole.end))
            }
            Found::Linear(locations) => locations.get(group).map(|(start, end)| start..end),
            Found::Backtracking(captures) => {
                captures.as_ref()?.get(group).map(|found| found.range())
            }
        };
        self.text.get(range?)
    }
}

/// The patterns of a function's calls: constants stay compiled between batches.
#[derive(Debug, Default)]
pub struct Patterns {
    constants: Constants<Regular>,
}

impl Patterns {
    /// The patterns of a batch's rows.
    pub fn of<'a>(&self, argument: &'a Argument) -> Result<RowPatterns<'a>> {
        let texts = argument.strings()?;
        let constant = || self.constants.get(texts.get(0)?, Regular::compile);
        Ok(RowPatterns {
            texts,
            constant: argument.is_constant().then(constant),
            compiled: HashMap::new(),
        })
    }
}

pub struct RowPatterns<'a> {
    texts: Strings<'a>,
    /// The one of all rows.
    constant: Option<Option<Arc<Regular>>>,
    compiled: HashMap<&'a str, Option<Regular>>,
}

impl RowPatterns<'_> {
    /// `None` for NULL and for what is no pattern.
    pub fn get(&mut self, row: usize) -> Option<&Regular> {
        if let Some(constant) = &self.constant {
            return constant.as_deref();
        }
        let pattern = self.texts.get(row)?;
        if self.compiled.len() >= OF_COLUMN && !self.compiled.contains_key(pattern) {
            self.compiled.clear();
        }
        let compiled = self.compiled.entry(pattern);
        compiled
            .or_insert_with(|| Regular::compile(pattern))
            .as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_around_finds_what_is_behind_a_long_text() {
        for blanks in [50_000, 500_000] {
            let text = format!("{}needle 2025", "ab ".repeat(blanks / 3));
            check("(?<!x)needle", &text, &["needle"]);
            check(r"(?<!\d)\d{4}(?!\d)", &text, &["2025"]);
        }
    }

    /// All matches, `!` for a search that was given up.
    fn matches(pattern: &str, text: &str) -> Option<Vec<String>> {
        let regular = Regular::compile(pattern)?;
        let mut search = regular.search(text, Groups::None);
        let mut found = Vec::new();
        loop {
            match search.next() {
                Ok(Some(range)) => found.push(text[range].to_owned()),
                Ok(None) => return Some(found),
                Err(GivenUp) => return Some(vec!["!".to_owned()]),
            }
        }
    }

    fn check(pattern: &str, text: &str, expected: &[&str]) {
        let found = matches(pattern, text).expect("a pattern");
        assert_eq!(found, expected, "{pattern} in {text:?}");
    }

    #[test]
    fn matches_follow_one_another_as_in_java() {
        check("a*", "aab", &["aa", "", ""]);
        check("", "é", &["", ""]);
        check(r"\Ga", "aab", &["a", "a"]);
        check(r"\Ga?", "aab", &["a", "a", ""]);
        check(r"\G?", "aé", &["", "", ""]);
        check("^a", "aa", &["a"]);
        check("(?<=a)b", "abb", &["b"]);
    }

    #[test]
    fn lines_end_where_java_ends_them() {
        check("b$", "ab\r\n", &["b"]);
        check("b$", "ab\n\n", &[]);
        check("b$", "ab\u{85}", &["b"]);
        check(r"b\z", "ab\n", &[]);
        check(r"b\Z", "ab\n", &["b"]);
        check("(?d)b$", "ab\r", &[]);
        check("$", "a\r\n", &["", ""]);
        check(".", "a\r\u{2028}b", &["a", "b"]);
        check("(?s).", "a\n", &["a", "\n"]);
        check("(?m)^.", "a\r\nb\n", &["a", "b"]);
        check("(?m)^", "", &[]);
        check("(?m).$", "a\r\nb\u{2029}", &["a", "b"]);
        check("(?m)^", "a\n", &[""]);
        check(r"a\Rb", "a\r\nb", &["a\r\nb"]);
    }

    #[test]
    fn classes_and_case_are_ascii_s_unless_asked() {
        check(r"\w+", "aé1", &["a", "1"]);
        check(r"(?U)\w+", "aé1", &["aé1"]);
        check(r"\d", "1١", &["1"]);
        check("(?i)é", "Éé", &["é"]);
        check("(?iu)é", "Éé", &["É", "é"]);
        check("(?i)[^a]", "aAbK", &["b", "K"]);
        check(r"\p{Punct}", "a+", &["+"]);
        check(r"\p{IsGreek}", "aα", &["α"]);
        check(r"[\w&&[^b-y]]", "abz", &["a", "z"]);
    }

    #[test]
    fn backtracking_is_for_what_needs_it() {
        let is_linear = |pattern: &str| {
            matches!(
                Regular::compile(pattern).unwrap().one_line,
                Engine::Linear(..)
            )
        };
        assert!(is_linear(r"^(?i)a.*\b(?<n>b|\d{2})$"));
        assert!(is_linear(r"(?m)^a$"));
        for pattern in ["(?=a)", "(?<!a)b", r"(a)\1", "a*+b", "(?>a)", r"\Ga"] {
            assert!(!is_linear(pattern), "{pattern}");
        }
        check(r"(a|b)\1", "abb", &["bb"]);
        check(r"(?i)(a)\1", "aA", &["aA"]);
        check("a*+a", "aaa", &[]);
        check("(?>a|ab)c", "abc", &[]);
        check(r"(?<q>['\x22])\w+\k<q>", "'a\" \"b\"", &["\"b\""]);
        check(r"a(?!b)", "abac", &["a"]);
        check(r"(?<=a{1,2})b", "aab", &["b"]);
        check(r"\2(a)", "a", &[]);
    }

    #[test]
    fn time_and_size_have_bounds() {
        check(r"(x+x+)+y(?!z)", &"x".repeat(60), &["!"]);
        check(r"(x+)\1+y", &"x".repeat(5000), &["!"]);
        assert!(Regular::compile(r"((\w{100}){100}){100}").is_none());
        assert!(Regular::compile(r"(?=a)((\p{L}{100}){100}){100}").is_none());
        let long = "a".repeat(1 << 17);
        check("", &long, &["!"]);
    }
}
