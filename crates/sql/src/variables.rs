//! `${name}`: what DEFINE sets and the next statement reads.
//!
//! The text is changed before it is parsed. Outside of a string the value must itself be a name, a number, a boolean or
//! a quoted string, so that a variable can never bring a clause of its own; inside of one its quotes are doubled.

use std::collections::BTreeMap;

use crate::{
    Error, ErrorKind, Position, Span,
    keywords::is_reserved,
    lexer::{TokenKind, tokenize, variable_at},
    parse::{check_length, shorten},
};

/// A session's variables; names are case-insensitive, values are text.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    values: BTreeMap<String, String>,
}

impl Variables {
    pub fn define(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_uppercase(), value.into());
    }

    /// Whether the variable was there.
    pub fn undefine(&mut self, name: &str) -> bool {
        self.values.remove(&name.to_uppercase()).is_some()
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(&name.to_uppercase()).map(String::as_str)
    }

    /// In the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The text with every known variable replaced; unknown ones stay as they are.
    pub fn substitute(&self, text: &str) -> Result<String, Error> {
        self.put_into(text).map(|substituted| substituted.text)
    }

    pub(crate) fn put_into(&self, text: &str) -> Result<Substituted, Error> {
        let mut result = Substituted::default();
        // What is no text of tokens is no statement either: the parser says why.
        let tokens = if self.values.is_empty() || !text.contains("${") {
            Vec::new()
        } else {
            tokenize(text).unwrap_or_default()
        };
        let mut copied = 0;
        for token in tokens {
            match token.kind {
                TokenKind::Variable(name) => {
                    if let Some(value) = self.get(&name) {
                        check_is_one_word(value, text, token.span)?;
                        result.push(text, &mut copied, token.span, value)?;
                    }
                }
                TokenKind::String(_) | TokenKind::Quoted(_) => {
                    self.put_into_quoted(text, token.span, &mut copied, &mut result)?;
                }
                _ => {}
            }
        }
        result.text.push_str(&text[copied..]);
        check_length(result.text.len())?;
        Ok(result)
    }

    /// Between quotes a value is text: its own quotes are doubled.
    fn put_into_quoted(
        &self,
        text: &str,
        quoted: Span,
        copied: &mut usize,
        result: &mut Substituted,
    ) -> Result<(), Error> {
        let quote = &text[quoted.start..quoted.start + 1];
        let mut at = quoted.start;
        while let Some(found) = text[at..quoted.end].find("${") {
            at += found;
            let Some(name) = variable_at(&text[at..quoted.end]) else {
                at += 2;
                continue;
            };
            let span = Span::new(at, at + name.len() + 3);
            if let Some(value) = self.get(name) {
                let value = value.replace(quote, &quote.repeat(2));
                result.push(text, copied, span, &value)?;
            }
            at = span.end;
        }
        Ok(())
    }
}

/// A text with the variables' values in it, and where they came to stand.
#[derive(Debug, Default)]
pub(crate) struct Substituted {
    pub text: String,
    /// Where each value stands, and where its variable stood; in order.
    values: Vec<(Span, Span)>,
}

impl Substituted {
    /// Copies what lies before the variable, then its value.
    fn push(
        &mut self,
        text: &str,
        copied: &mut usize,
        variable: Span,
        value: &str,
    ) -> Result<(), Error> {
        self.text.push_str(&text[*copied..variable.start]);
        let start = self.text.len();
        self.text.push_str(value);
        self.values
            .push((Span::new(start, self.text.len()), variable));
        *copied = variable.end;
        check_length(self.text.len())
    }

    /// The place in the text that was given; what lies in a value lies at its variable.
    pub fn original(&self, span: Span) -> Span {
        Span::new(self.before(span.start).0, self.before(span.end).1)
    }

    /// Where an offset was: the same twice, or the beginning and the end of a variable.
    fn before(&self, offset: usize) -> (usize, usize) {
        let (mut now, mut then) = (0, 0);
        for (value, variable) in &self.values {
            if offset < value.start {
                break;
            }
            if offset < value.end {
                return (variable.start, variable.end);
            }
            (now, then) = (value.end, variable.end);
        }
        (then + offset - now, then + offset - now)
    }
}

/// Whether the value can only be a name or a literal where it will stand; a keyword is neither.
fn check_is_one_word(value: &str, text: &str, span: Span) -> Result<(), Error> {
    let tokens = tokenize(value).unwrap_or_default();
    let kinds: Vec<_> = tokens.iter().map(|token| &token.kind).collect();
    let is_number = |kind: &TokenKind| {
        matches!(
            kind,
            TokenKind::Integer(_) | TokenKind::Decimal(_) | TokenKind::Floating(_)
        )
    };
    let is_one_word = match kinds[..] {
        [TokenKind::Quoted(_) | TokenKind::String(_), TokenKind::End] => true,
        [TokenKind::Word(word), TokenKind::End] => {
            let word = word.to_ascii_uppercase();
            !is_reserved(&word) || word == "TRUE" || word == "FALSE"
        }
        [TokenKind::Symbol("-"), kind, TokenKind::End] | [kind, TokenKind::End] => is_number(kind),
        _ => false,
    };
    // A comment is no token and would swallow what follows it: the word must be all that there is.
    let is_all = tokens.first().is_some_and(|first| first.span.start == 0)
        && tokens
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|last| last.span.end == value.len());
    if is_one_word && is_all {
        return Ok(());
    }
    let name = &text[span.start + 2..span.end - 1];
    let Position { line, column } = Position::of(text, span.start);
    Err(Error {
        kind: ErrorKind::Variable,
        message: format!(
            "Illegal argument at Line: {line}, Col: {column}. Got: '{}'",
            shorten(value, 80)
        ),
        span,
        hint: Some(format!(
            "outside of a text a variable is a name, a number, a boolean or a quoted text: DEFINE {name} = '''text''';"
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::Variables;

    fn check(text: &str, expected: &str) {
        let mut variables = Variables::default();
        variables.define("format", "'JSON'");
        variables.define("name", "o'hara");
        variables.define("n", "-5");
        assert_eq!(variables.substitute(text).unwrap(), expected);
    }

    #[test]
    fn values_stand_where_the_variables_stood() {
        check("WITH (f=${format}, n=${N})", "WITH (f='JSON', n=-5)");
        check("'Hello ${name}!'", "'Hello o''hara!'");
        check("${unknown} -- ${n}", "${unknown} -- ${n}");
    }

    #[test]
    fn a_value_cannot_bring_a_clause() {
        let mut variables = Variables::default();
        variables.define("x", "1 OR 1 = 1");
        let error = variables.substitute("SELECT ${x}").unwrap_err();
        assert_eq!(
            error.message,
            "Illegal argument at Line: 1, Col: 8. Got: '1 OR 1 = 1'"
        );
        for value in [
            "ALL", "null", "a b", "a;", "", "x--", "x /* y", "-- ", "'a' 'b'", "'", "- - 1", "a.b",
            "${x}",
        ] {
            variables.define("x", value);
            assert!(variables.substitute("TERMINATE ${x}").is_err(), "{value}");
        }
        for value in [
            "abc", "`a b`", "\"c\"", "'it''s'", "5", "-1.5", "1E3", "true", "1R",
        ] {
            variables.define("x", value);
            assert_eq!(variables.substitute("${x}").unwrap(), value);
        }
    }

    #[test]
    fn a_quote_in_a_comment_hides_nothing() {
        let mut variables = Variables::default();
        variables.define("x", "1 OR 1 = 1");
        assert!(variables.substitute("/* it's */ SELECT ${x}").is_err());
        assert!(variables.substitute("-- it's\nSELECT ${x}").is_err());
        assert!(variables.substitute("-- it's\rSELECT ${x}").is_err());
    }

    #[test]
    fn a_value_stays_in_its_quotes_and_is_not_expanded_again() {
        let mut variables = Variables::default();
        variables.define("x", "a'b`c\"d${y}");
        variables.define("y", "z");
        for (text, expected) in [
            ("'${x}'", "'a''b`c\"d${y}'"),
            ("`${x}`", "`a'b``c\"d${y}`"),
            ("\"${x}\"", "\"a'b`c\"\"d${y}\""),
            ("'${x'", "'${x'"),
            ("'$${y}'", "'$z'"),
            ("'${${y}}'", "'${z}'"),
        ] {
            assert_eq!(variables.substitute(text).unwrap(), expected);
        }
    }

    #[test]
    fn an_error_points_into_the_text_that_was_given() {
        let mut variables = Variables::default();
        variables.define("column", "a_rather_long_name");
        let text = "SELECT ${column}, FROM s";
        let error = crate::parse_statement(text, &variables).unwrap_err();
        assert_eq!(&text[error.span.start..error.span.end], "FROM");
    }

    #[test]
    fn an_unknown_variable_is_named() {
        let error =
            crate::parse_statement("SELECT ${who} FROM s", &Variables::default()).unwrap_err();
        assert_eq!(
            error.message,
            "Illegal argument at Line: 1, Col: 8. Got: '${who}'"
        );
    }
}
