//! Statements as they may be shown: values of properties that hold secrets are covered.
//!
//! A password comes into a statement as a property: in `WITH (…)`, or as `SET 'name' = 'value'`. What is covered keeps its
//! length in bytes, so that places in the text stay where they are.

use std::{borrow::Cow, ops::Range};

use crate::properties::is_secret;

/// How many secrets of one statement are looked for in what is said of it.
const LITERALS: usize = 16;

/// The text with asterisks for each secret.
pub(crate) fn without_secrets(text: &str) -> Cow<'_, str> {
    let secrets = secrets(text);
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut done = 0;
    for secret in secrets {
        shown.push_str(&text[done..secret.start]);
        shown.push_str(&cover(&text[secret.clone()]));
        done = secret.end;
    }
    shown.push_str(&text[done..]);
    Cow::Owned(shown)
}

/// What is said of a statement, with asterisks for the secrets that the statement has.
///
/// The statement as a whole is covered in one go. Single literals are looked for besides, but not ever so many: a
/// statement of megabytes that is all secrets must not take for ever.
pub(crate) fn without_secrets_of(statement: &str, said: String) -> String {
    let statement = statement.trim();
    let secrets = secrets(statement);
    if secrets.is_empty() {
        return said;
    }
    let said = said.replace(statement, &without_secrets(statement));
    let few = secrets.into_iter().take(LITERALS);
    few.fold(said, |said, secret| {
        let literal = &statement[secret];
        said.replace(literal, &cover(literal))
    })
}

/// Where the values of secret properties are, with their quotes.
fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut scan = Scan::default();
    let tokens = Tokens { text, at: 0 };
    let secrets = tokens.filter(|token| scan.is_secret(token));
    secrets.map(|token| token.start..token.end).collect()
}

/// All but the quotes and the ends of lines.
fn cover(literal: &str) -> String {
    let inside = literal.strip_prefix('\'').unwrap_or(literal);
    let (inside, end) = match inside.strip_suffix('\'') {
        Some(inside) => (inside, "'"),
        None => (inside, ""),
    };
    let lines: Vec<String> = inside
        .split('\n')
        .map(|line| "*".repeat(line.len()))
        .collect();
    format!("'{}{end}", lines.join("\n"))
}

/// What stands where, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    /// In simple quotes.
    Literal,
    /// In other quotes.
    Name,
    Sign(char),
}

#[derive(Debug)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
    names_secret: bool,
    is_with: bool,
}

/// The words, quoted texts and signs of a statement; comments and white space are passed over.
struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let rest = &self.text[self.at..];
            let first = rest.chars().next()?;
            if first.is_whitespace() {
                self.at += first.len_utf8();
            } else if rest.starts_with("--") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else {
                return Some(self.token(rest, first));
            }
        }
    }
}

impl Tokens<'_> {
    fn token(&mut self, rest: &str, first: char) -> Token {
        let is_of_word = |c: char| c.is_alphanumeric() || "_.$".contains(c);
        let (kind, length) = match first {
            '\'' => (Kind::Literal, quoted(rest, first)),
            '"' | '`' => (Kind::Name, quoted(rest, first)),
            _ if is_of_word(first) => {
                let end = rest.find(|c| !is_of_word(c));
                (Kind::Word, end.unwrap_or(rest.len()))
            }
            _ => (Kind::Sign(first), first.len_utf8()),
        };
        let start = self.at;
        self.at += length;
        let text = &rest[..length];
        Token {
            kind,
            start,
            end: self.at,
            names_secret: is_secret(&text.replace('_', ".")) || is_secret(text),
            is_with: kind == Kind::Word && text.eq_ignore_ascii_case("with"),
        }
    }
}

/// The length of a quoted text with its quotes; a doubled quote is one inside. One that is not closed goes to the end.
fn quoted(rest: &str, quote: char) -> usize {
    let mut inside = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = inside.next() {
        if character != quote {
            continue;
        }
        if inside.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    rest.len()
}

/// Where in a statement the scan is.
#[derive(Debug, Default)]
struct Scan {
    /// How many parentheses are open since WITH's own.
    depth: usize,
    after_with: bool,
    /// A secret's name was the last token, or its `=`.
    names_secret: bool,
}

impl Scan {
    /// Whether this token is a secret's value.
    fn is_secret(&mut self, token: &Token) -> bool {
        let after_with = std::mem::replace(&mut self.after_with, token.is_with);
        match token.kind {
            Kind::Sign('(') if after_with || self.depth > 0 => self.depth += 1,
            Kind::Sign(')') => self.depth = self.depth.saturating_sub(1),
            Kind::Sign('=') => return false,
            _ => {}
        }
        if std::mem::take(&mut self.names_secret) && token.kind == Kind::Literal {
            return true;
        }
        // Outside of WITH only what is written as a property's name is one: `TokenElevationType = '…'` is a condition.
        self.names_secret = token.names_secret && (self.depth > 0 || token.kind == Kind::Literal);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{without_secrets, without_secrets_of};

    #[test]
    fn values_of_secret_properties_are_covered_and_nothing_else() {
        let check = |text: &str, expected: &str| assert_eq!(without_secrets(text), expected);
        for same in [
            "SELECT * FROM s WHERE TokenElevationType = '%%1936' AND x->secret = 'a';",
            "CREATE STREAM s (password VARCHAR) WITH (KAFKA_TOPIC = 'password', VALUE_FORMAT='JSON');",
            "SET 'auto.offset.reset' = 'earliest';",
            "SELECT '",
            "",
        ] {
            check(same, same);
        }
        check(
            "SET 'sasl.jaas.config' = 'x password=\"it''s\";';",
            "SET 'sasl.jaas.config' = '*******************';",
        );
        check(
            "CREATE SOURCE CONNECTOR c WITH (\"connection.password\"='hün', url='u', SSL_KEY_PASSWORD = 'b') x='y'",
            "CREATE SOURCE CONNECTOR c WITH (\"connection.password\"='****', url='u', SSL_KEY_PASSWORD = '*') x='y'",
        );
        check(
            "SET 'ssl.keystore.key' /* a */ = -- b\n 'one\ntwo",
            "SET 'ssl.keystore.key' /* a */ = -- b\n '***\n***",
        );
    }

    #[test]
    fn what_is_said_of_a_statement_does_not_repeat_its_secrets() {
        let statement = "SET 'ssl.key.password' = 'hunter2'";
        let said = without_secrets_of(
            statement,
            "mismatched input ''hunter2'': SET 'x' = 'hunter2'".to_owned(),
        );
        assert_eq!(said, "mismatched input ''*******'': SET 'x' = '*******'");
    }

    #[test]
    fn a_statement_that_is_all_secrets_is_covered_in_time() {
        let entries: Vec<String> = (0..100_000)
            .map(|number| format!("'a.password' = 'hunter2{number}'"))
            .collect();
        let statement = format!("CREATE STREAM s WITH ({}) x", entries.join(", "));
        let said = format!("line 1: Syntax Error\nStatement: {statement}");
        let started = std::time::Instant::now();
        let said = without_secrets_of(&statement, said);
        assert!(!said.contains("hunter2"));
        assert!(started.elapsed() < std::time::Duration::from_secs(20));
    }
}
