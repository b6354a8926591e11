//! A compiled LIKE pattern.
//!
//! ```text
//! ab%c_d%e   →   first "ab"   middle ["c_d"]   last "e"
//! ```
//!
//! The first and the last part are anchored; those between are looked for from left to right, each at the earliest place after
//! the one before. A part has a fixed number of characters, so the earliest place is never worse than a later one and
//! nothing is ever tried again: the time is at most value × pattern, whatever the pattern.

use std::sync::OnceLock;

use memchr::memmem::Finder;

use crate::fold::fold;

/// A pattern: what it asks for, and how that is found.
#[derive(Debug)]
pub struct LikePattern {
    text: Box<str>,
    escape: Option<char>,
    folds: bool,
    longest_literal: Option<Box<[u8]>>,
    /// Where the literal must stand, if it is all that is asked for.
    place: Option<Place>,
    /// Several times as large as all else; see [`LikePattern::at_rest`].
    shape: OnceLock<Shape>,
}

/// Where in a value a literal must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// It is the value.
    Whole,
    Start,
    End,
    Anywhere,
}

#[derive(Debug)]
pub(super) enum Shape {
    /// No `%` and no `_`.
    Equal(Box<[u8]>),
    /// `%literal%`
    Contains(Box<Finder<'static>>),
    /// Only `%`.
    Anything,
    General(Box<General>),
}

#[derive(Debug)]
pub(super) struct General {
    /// Before the first `%`, may be empty. All of the pattern if there is no `%`.
    first: Part,
    middle: Vec<Part>,
    /// After the last `%`, may be empty; `None` if there is no `%`.
    last: Option<Part>,
    /// The longest literal of the middle: a value without it does not match.
    pub(super) witness: Option<Finder<'static>>,
}

/// What stands before the first `%`, between two, and after the last.
struct Parts {
    first: Part,
    /// Without those that are empty.
    middle: Vec<Part>,
    last: Option<Part>,
}

/// What stands between two `%`: literals and `_`.
#[derive(Debug, Default)]
struct Part {
    pieces: Vec<Piece>,
    /// Where to look for it: the place of its longest literal in `pieces`.
    needle: Option<(usize, Finder<'static>)>,
}

#[derive(Debug)]
enum Piece {
    Literal(Box<[u8]>),
    /// So many `_`.
    Characters(usize),
}

enum Token {
    Character(char),
    AnyOne,
    AnyRun,
}

impl LikePattern {
    /// With `folds`, for values that are folded (`crate::fold`).
    pub fn try_new(text: &str, escape: Option<char>, folds: bool) -> Result<Self, String> {
        let parts = Parts::new(&tokens(text, escape, folds)?);
        let longest_literal = parts.longest_literal().map(Into::into);
        let shape = Shape::new(parts);
        Ok(Self {
            text: text.into(),
            escape,
            folds,
            longest_literal,
            place: shape.place(),
            shape: shape.into(),
        })
    }

    /// The same, small: how it is found is made with the first value. An index knows of most patterns of most rules that no
    /// value has them, and asks none.
    pub fn at_rest(self) -> Self {
        Self {
            shape: OnceLock::new(),
            ..self
        }
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The longest text that is in every value that matches.
    pub fn longest_literal(&self) -> Option<&[u8]> {
        self.longest_literal.as_deref()
    }

    /// What a value must have, if that is all that the pattern asks for: one literal in one place.
    pub fn literal_in_place(&self) -> Option<(&[u8], Place)> {
        let literal = self.longest_literal().unwrap_or_default();
        self.place.map(|place| (literal, place))
    }

    pub fn matches(&self, value: &str) -> bool {
        let value = value.as_bytes();
        match self.shape() {
            Shape::Equal(literal) => value == &**literal,
            Shape::Contains(finder) => finder.find(value).is_some(),
            Shape::Anything => true,
            Shape::General(general) => general.matches(value),
        }
    }

    pub(super) fn shape(&self) -> &Shape {
        self.shape.get_or_init(|| {
            let tokens = tokens(&self.text, self.escape, self.folds);
            Shape::new(Parts::new(&tokens.expect("it was read before")))
        })
    }
}

fn tokens(text: &str, escape: Option<char>, folds: bool) -> Result<Vec<Token>, String> {
    let character_of = |character| match folds {
        true => Token::Character(fold(character)),
        false => Token::Character(character),
    };
    let mut tokens = Vec::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            _ if Some(character) == escape => match characters.next() {
                Some(escaped) => character_of(escaped),
                None => return Err(ends_in_escape(text)),
            },
            '%' => Token::AnyRun,
            '_' => Token::AnyOne,
            other => character_of(other),
        });
    }
    Ok(tokens)
}

fn ends_in_escape(text: &str) -> String {
    let start: String = text.chars().take(80).collect();
    format!("LIKE pattern must not end in its escape character: '{start}'")
}

impl Parts {
    fn new(tokens: &[Token]) -> Self {
        let parts = tokens.split(|token| matches!(token, Token::AnyRun));
        let mut parts = parts.map(Part::new);
        let first = parts.next().unwrap_or_default();
        let mut rest: Vec<Part> = parts.collect();
        let last = rest.pop();
        let middle = rest.into_iter().filter(|part| !part.is_empty()).collect();
        Self {
            first,
            middle,
            last,
        }
    }

    fn longest_literal(&self) -> Option<&[u8]> {
        let parts = self.middle.iter().chain([&self.first]).chain(&self.last);
        let literals = parts.filter_map(Part::literal);
        literals.max_by_key(|literal| literal.len())
    }
}

impl Shape {
    fn new(parts: Parts) -> Self {
        let Parts {
            first,
            mut middle,
            last,
        } = parts;
        let is_free = first.is_empty() && last.as_ref().is_some_and(Part::is_empty);
        if is_free && middle.is_empty() {
            return Self::Anything;
        }
        if is_free
            && let [part] = &mut middle[..]
            && part.pieces.len() == 1
            && let Some((_, finder)) = part.needle.take()
        {
            return Self::Contains(Box::new(finder));
        }
        match (&first.pieces[..], &last) {
            ([], None) => Self::Equal([].into()),
            ([Piece::Literal(literal)], None) => Self::Equal(literal.clone()),
            _ => Self::General(Box::new(General::new(first, middle, last))),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Equal(_) => Some(Place::Whole),
            Self::Contains(_) | Self::Anything => Some(Place::Anywhere),
            Self::General(general) => general.place(),
        }
    }
}

impl General {
    fn new(first: Part, middle: Vec<Part>, last: Option<Part>) -> Self {
        let needles = middle.iter().filter_map(|part| part.needle.as_ref());
        let witness = needles
            .map(|(_, finder)| finder)
            .max_by_key(|finder| finder.needle().len())
            .cloned();
        Self {
            first,
            middle,
            last,
            witness,
        }
    }

    fn place(&self) -> Option<Place> {
        let last = self.last.as_ref()?;
        if !self.middle.is_empty() {
            return None;
        }
        match (&self.first.pieces[..], &last.pieces[..]) {
            ([Piece::Literal(_)], []) => Some(Place::Start),
            ([], [Piece::Literal(_)]) => Some(Place::End),
            _ => None,
        }
    }

    pub(super) fn matches(&self, value: &[u8]) -> bool {
        let Some(from) = forward(&self.first.pieces, value, 0) else {
            return false;
        };
        let Some(last) = &self.last else {
            return from == value.len();
        };
        let Some(to) = backward(&last.pieces, value, value.len()) else {
            return false;
        };
        if from > to {
            return false;
        }
        let mut at = from;
        for part in &self.middle {
            match part.find(&value[..to], at) {
                Some(end) => at = end,
                None => return false,
            }
        }
        true
    }
}

impl Part {
    fn new(tokens: &[Token]) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut literal = String::new();
        for token in tokens {
            match (token, pieces.last_mut()) {
                (Token::Character(character), _) => literal.push(*character),
                (_, Some(Piece::Characters(count))) if literal.is_empty() => *count += 1,
                _ => {
                    push_literal(&mut pieces, &mut literal);
                    pieces.push(Piece::Characters(1));
                }
            }
        }
        push_literal(&mut pieces, &mut literal);
        let literals = pieces
            .iter()
            .enumerate()
            .filter_map(|(at, piece)| match piece {
                Piece::Literal(literal) => Some((at, literal)),
                Piece::Characters(_) => None,
            });
        let needle = literals
            .max_by_key(|(_, literal)| literal.len())
            .map(|(at, literal)| (at, Finder::new(&**literal).into_owned()));
        Self { pieces, needle }
    }

    fn literal(&self) -> Option<&[u8]> {
        self.needle.as_ref().map(|(_, finder)| finder.needle())
    }

    fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The end of its earliest place at or after `from`.
    fn find(&self, value: &[u8], from: usize) -> Option<usize> {
        let Some((at, finder)) = &self.needle else {
            return forward(&self.pieces, value, from);
        };
        let mut next = from;
        while let Some(found) = finder.find(&value[next..]) {
            let start = next + found;
            let begins = backward(&self.pieces[..*at], value, start);
            if begins.is_some_and(|begin| begin >= from)
                && let Some(end) = forward(&self.pieces[*at..], value, start)
            {
                return Some(end);
            }
            next = start + 1;
        }
        None
    }
}

fn push_literal(pieces: &mut Vec<Piece>, literal: &mut String) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(std::mem::take(literal).into_bytes().into()));
    }
}

/// Where `pieces` end if they begin at `at`.
fn forward(pieces: &[Piece], value: &[u8], mut at: usize) -> Option<usize> {
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => {
                value[at..].starts_with(literal).then_some(())?;
                at += literal.len();
            }
            Piece::Characters(count) => {
                for _ in 0..*count {
                    at += character_length(*value.get(at)?);
                }
            }
        }
    }
    Some(at)
}

/// Where `pieces` begin if they end at `at`.
fn backward(pieces: &[Piece], value: &[u8], mut at: usize) -> Option<usize> {
    for piece in pieces.iter().rev() {
        match piece {
            Piece::Literal(literal) => {
                value[..at].ends_with(literal).then_some(())?;
                at -= literal.len();
            }
            Piece::Characters(count) => {
                for _ in 0..*count {
                    at = value[..at]
                        .iter()
                        .rposition(|byte| !is_continuation(*byte))?;
                }
            }
        }
    }
    Some(at)
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// Of a character in UTF-8, by its first byte.
fn character_length(first: u8) -> usize {
    match first {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
    }
}
