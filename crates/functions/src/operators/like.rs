//! LIKE: `%` is any run, `_` any one character, line breaks too; there is no escape character unless one is named.
//!
//! A NULL value or pattern is FALSE, and NOT LIKE of it TRUE. Case counts. ksqlDB differs in both (see
//! `docs/differences.md`): there a NULL is an error, and wildcards stop at line breaks.

use std::sync::Arc;

use arrow::{
    array::{Array, BooleanArray, StringArray},
    buffer::BooleanBuffer,
};
use datafusion_common::ScalarValue;
use datafusion_expr::{ColumnarValue, Expr};
use memchr::memmem::Finder;
use weir_catalog::SqlType;

use crate::column::{call, downcast, function, on_arrays};

/// A pattern made ready: pieces between the `%`s.
///
/// Matching takes each piece at its first place after the one before, the first piece at the beginning and the last at
/// the end. Time is at most the product of the lengths, whatever the pattern.
#[derive(Debug, Clone)]
pub struct LikePattern {
    /// What the text must begin with; `None` after a leading `%`.
    first: Option<Piece>,
    middle: Vec<Piece>,
    /// What the text must end with; `None` after a trailing `%`.
    last: Option<Piece>,
    /// Without any `%`: `first` must be the whole text.
    is_whole: bool,
}

#[derive(Debug, Clone)]
enum Piece {
    Literal(Finder<'static>),
    /// With `_` in it: `None` is any one character.
    Wild(Vec<Option<char>>),
}

/// `value [NOT] LIKE pattern [ESCAPE escape]`, never NULL. An error is a constant pattern that ends in its escape character.
pub fn like(
    value: Expr,
    pattern: Expr,
    escape: Option<char>,
    is_negated: bool,
) -> Result<Expr, String> {
    let name = if is_negated { "NOT LIKE" } else { "LIKE" };
    if let Expr::Literal(ScalarValue::Utf8(Some(text)), _) = &pattern {
        let compiled = LikePattern::try_new(text, escape)?;
        let constants = format!("{text:?}{escape:?}");
        let like = function(
            name,
            constants,
            &SqlType::Boolean,
            move |arguments, rows| {
                on_arrays(arguments, rows, |arrays| {
                    let texts = downcast::<StringArray>(&arrays[0])?;
                    Ok(Arc::new(matches(texts, &compiled, is_negated)))
                })
            },
        );
        return Ok(call(like, vec![value]));
    }
    let like = function(
        name,
        format!("{escape:?}"),
        &SqlType::Boolean,
        move |arguments: &[ColumnarValue], rows| {
            on_arrays(arguments, rows, |arrays| {
                let (texts, patterns) = (
                    downcast::<StringArray>(&arrays[0])?,
                    downcast::<StringArray>(&arrays[1])?,
                );
                Ok(Arc::new(matches_each(texts, patterns, escape, is_negated)))
            })
        },
    );
    Ok(call(like, vec![value, pattern]))
}

fn matches(texts: &StringArray, pattern: &LikePattern, is_negated: bool) -> BooleanArray {
    let values = match texts.nulls() {
        None => BooleanBuffer::collect_bool(texts.len(), |row| {
            pattern.matches(texts.value(row)) != is_negated
        }),
        Some(nulls) => BooleanBuffer::collect_bool(texts.len(), |row| {
            (nulls.is_valid(row) && pattern.matches(texts.value(row))) != is_negated
        }),
    };
    BooleanArray::new(values, None)
}

/// A pattern of its own for each row; one that is wrong matches nothing.
fn matches_each(
    texts: &StringArray,
    patterns: &StringArray,
    escape: Option<char>,
    is_negated: bool,
) -> BooleanArray {
    let mut compiled: Option<(String, Option<LikePattern>)> = None;
    let mut matches = |row: usize| {
        if texts.is_null(row) || patterns.is_null(row) {
            return false;
        }
        let text = patterns.value(row);
        if compiled.as_ref().is_none_or(|(known, _)| known != text) {
            compiled = Some((text.to_owned(), LikePattern::try_new(text, escape).ok()));
        }
        matches!(&compiled, Some((_, Some(pattern))) if pattern.matches(texts.value(row)))
    };
    let values: Vec<bool> = (0..texts.len())
        .map(|row| matches(row) != is_negated)
        .collect();
    BooleanArray::from(values)
}

impl LikePattern {
    pub fn try_new(pattern: &str, escape: Option<char>) -> Result<Self, String> {
        let mut pieces = vec![Vec::new()];
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            let token = if Some(character) == escape {
                let Some(escaped) = characters.next() else {
                    return Err(format!(
                        "LIKE pattern must not end in its escape character: '{}'",
                        pattern.chars().take(80).collect::<String>()
                    ));
                };
                Some(escaped)
            } else if character == '%' {
                pieces.push(Vec::new());
                continue;
            } else {
                (character != '_').then_some(character)
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(token);
            }
        }
        let is_whole = pieces.len() == 1;
        let mut pieces = pieces.into_iter().map(Piece::of);
        let first = pieces.next().flatten();
        let mut rest: Vec<_> = pieces.collect();
        let last = rest.pop().flatten();
        Ok(Self {
            first,
            middle: rest.into_iter().flatten().collect(),
            last,
            is_whole,
        })
    }

    pub fn matches(&self, text: &str) -> bool {
        let mut rest = text;
        if let Some(first) = &self.first {
            match first.strip_from(rest) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        if self.is_whole {
            return rest.is_empty();
        }
        for piece in &self.middle {
            match piece.find_in(rest) {
                Some(end) => rest = &rest[end..],
                None => return false,
            }
        }
        self.last.as_ref().is_none_or(|last| last.ends(rest))
    }

    /// The literal that the text must contain for any match: the longest piece without wildcards.
    pub fn longest_literal(&self) -> Option<&[u8]> {
        let pieces = self.first.iter().chain(&self.middle).chain(&self.last);
        pieces
            .filter_map(|piece| match piece {
                Piece::Literal(finder) => Some(finder.needle()),
                Piece::Wild(_) => None,
            })
            .max_by_key(|literal| literal.len())
    }
}

impl Piece {
    /// `None`: nothing stands between two `%`.
    fn of(tokens: Vec<Option<char>>) -> Option<Self> {
        if tokens.is_empty() {
            return None;
        }
        let literal: Option<String> = tokens.iter().copied().collect();
        Some(match literal {
            Some(literal) => Self::Literal(Finder::new(literal.as_bytes()).into_owned()),
            None => Self::Wild(tokens),
        })
    }

    /// What is left of `text` behind the piece, if it begins with it.
    fn strip_from<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Self::Literal(finder) => {
                let is_prefix = text.as_bytes().starts_with(finder.needle());
                is_prefix.then(|| &text[finder.needle().len()..])
            }
            Self::Wild(tokens) => {
                let mut rest = text.chars();
                for token in tokens {
                    let character = rest.next()?;
                    if token.is_some_and(|token| token != character) {
                        return None;
                    }
                }
                Some(rest.as_str())
            }
        }
    }

    /// Where the piece's first occurrence ends.
    fn find_in(&self, text: &str) -> Option<usize> {
        match self {
            Self::Literal(finder) => finder
                .find(text.as_bytes())
                .map(|start| start + finder.needle().len()),
            Self::Wild(_) => {
                let mut starts = text.char_indices().map(|(start, _)| start);
                starts.find_map(|start| {
                    self.strip_from(&text[start..])
                        .map(|rest| text.len() - rest.len())
                })
            }
        }
    }

    fn ends(&self, text: &str) -> bool {
        match self {
            Self::Literal(finder) => text.as_bytes().ends_with(finder.needle()),
            Self::Wild(tokens) => {
                let mut rest = text.chars().rev();
                tokens.iter().rev().all(|token| match rest.next() {
                    Some(character) => token.is_none_or(|token| token == character),
                    None => false,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::LikePattern;

    /// The definition, by recursion.
    fn naive(pattern: &[char], escape: Option<char>, text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [first, rest @ ..] if Some(*first) == escape => rest.first().is_some_and(|wanted| {
                text.first() == Some(wanted) && naive(&rest[1..], escape, &text[1..])
            }),
            ['%', rest @ ..] => {
                (0..=text.len()).any(|skipped| naive(rest, escape, &text[skipped..]))
            }
            ['_', rest @ ..] => !text.is_empty() && naive(rest, escape, &text[1..]),
            [first, rest @ ..] => text.first() == Some(first) && naive(rest, escape, &text[1..]),
        }
    }

    fn check(text: &str, pattern: &str, escape: Option<char>, expected: bool) {
        let compiled = LikePattern::try_new(pattern, escape).unwrap();
        assert_eq!(
            compiled.matches(text),
            expected,
            "{text:?} LIKE {pattern:?}"
        );
    }

    #[test]
    fn patterns_match_as_the_manual_says() {
        check("C:\\Windows\\cmd.exe", "%\\cmd.exe", None, true);
        check("C:\\Windows\\cmd.exe.bak", "%\\cmd.exe", None, false);
        check("a\nb", "a%b", None, true);
        check("a\nb", "a_b", None, true);
        check("Win32-Process", "%Win32_Process%", None, true);
        check("100%", "100!%", Some('!'), true);
        check("1000", "100!%", Some('!'), false);
        check("ends in \\", "%\\", None, true);
        check("", "", None, true);
        check("", "%", None, true);
        check("aa", "a%a", None, true);
        check("a", "a%a", None, false);
        check("😀", "_", None, true);
    }

    #[test]
    fn a_pattern_must_not_end_in_its_escape_character() {
        assert!(LikePattern::try_new("abc!", Some('!')).is_err());
    }

    #[test]
    fn hostile_patterns_take_no_more_than_the_product_of_the_lengths() {
        let pattern = LikePattern::try_new(&("%a_".repeat(200) + "b"), None).unwrap();
        assert!(!pattern.matches(&"a".repeat(20_000)));
    }

    proptest! {
        #[test]
        fn matching_is_the_definition(text in "[ab%_\\\\\né😀]{0,10}", pattern in "[ab%_!\\\\é😀]{0,8}", escaped in any::<bool>()) {
            let escape = escaped.then_some('!');
            let Ok(compiled) = LikePattern::try_new(&pattern, escape) else { return Ok(()) };
            let pattern: Vec<char> = pattern.chars().collect();
            let characters: Vec<char> = text.chars().collect();
            prop_assert_eq!(compiled.matches(&text), naive(&pattern, escape, &characters));
        }
    }
}
