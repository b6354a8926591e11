//! Atoms: one thing asked of one column. All of them are FALSE where the column is NULL, but for the one that asks for NULL.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use weir_functions::{
    fold::{fold, folded},
    operators::{LikePattern, Place},
};

/// A column, as whoever runs the rules numbers them.
pub type ColumnId = u32;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Atom {
    pub column: ColumnId,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// The text has one of these; in order, each once.
    Text(Arc<[Pattern]>),
    /// The number is one of these; in order, each once.
    Integer(Box<[i64]>),
    IsNull,
}

/// What a text must have: a literal in a place, both folded, and what is to be looked at besides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    pub literal: Box<str>,
    pub place: Place,
    pub(crate) check: Check,
}

/// What is left to look at where the literal stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Check {
    Nothing,
    /// The literal with its case, in the same place.
    Case(Box<str>),
    Like(Box<LikeCheck>),
}

/// A pattern of more than one literal.
#[derive(Debug, Clone)]
pub(crate) struct LikeCheck {
    text: Box<str>,
    escape: Option<char>,
    pattern: Arc<LikePattern>,
    pub ignores_case: bool,
}

impl LikeCheck {
    pub fn key(&self) -> (&str, Option<char>, bool) {
        (&self.text, self.escape, self.ignores_case)
    }

    /// `value` is folded if case is ignored.
    pub fn matches(&self, value: &str) -> bool {
        self.pattern.matches(value)
    }
}

impl PartialEq for LikeCheck {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for LikeCheck {}

impl PartialOrd for LikeCheck {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LikeCheck {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Hash for LikeCheck {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl Pattern {
    /// `text` in `place`.
    pub fn new(text: &str, place: Place, ignores_case: bool) -> Self {
        let check = match ignores_case || text.chars().all(is_caseless) {
            true => Check::Nothing,
            false => Check::Case(text.into()),
        };
        Self {
            literal: folded(text).into(),
            place,
            check,
        }
    }

    /// `None` if there is no literal in it to look for.
    pub fn of_like(
        text: &str,
        pattern: &Arc<LikePattern>,
        escape: Option<char>,
        ignores_case: bool,
    ) -> Option<Self> {
        if let Some((literal, place)) = pattern.literal_in_place() {
            return Some(Self::new(
                std::str::from_utf8(literal).ok()?,
                place,
                ignores_case,
            ));
        }
        let literal = std::str::from_utf8(pattern.longest_literal()?).ok()?;
        Some(Self {
            literal: folded(literal).into(),
            place: Place::Anywhere,
            check: Check::Like(Box::new(LikeCheck {
                text: text.into(),
                escape,
                pattern: pattern.clone(),
                ignores_case,
            })),
        })
    }

    /// Whether every text has it.
    pub fn is_in_all(&self) -> bool {
        self.literal.is_empty() && self.place != Place::Whole && self.check == Check::Nothing
    }
}

/// Equal to no other character but for case. Kept to what is sure: marks and digits.
pub(crate) fn is_caseless(character: char) -> bool {
    character.is_ascii() && !character.is_ascii_alphabetic() && fold(character) == character
}

impl Atom {
    /// One of `patterns`.
    pub fn text(column: ColumnId, mut patterns: Vec<Pattern>) -> Self {
        patterns.sort_unstable();
        patterns.dedup();
        Self {
            column,
            test: Test::Text(patterns.into()),
        }
    }

    /// One of `numbers`.
    pub fn integer(column: ColumnId, mut numbers: Vec<i64>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        Self {
            column,
            test: Test::Integer(numbers.into()),
        }
    }

    /// What holds where one of the two does, as one atom; `None` if they ask different things.
    pub fn or(&self, other: &Self) -> Option<Self> {
        if self.column != other.column {
            return None;
        }
        match (&self.test, &other.test) {
            (Test::Text(one), Test::Text(two)) => Some(Self::text(
                self.column,
                one.iter().chain(&**two).cloned().collect(),
            )),
            (Test::Integer(one), Test::Integer(two)) => Some(Self::integer(
                self.column,
                one.iter().chain(two).copied().collect(),
            )),
            _ => None,
        }
    }
}
