//! `${name}`: what DEFINE sets and the next statement reads.
//!
//! The text is changed before it is parsed. Outside of a string the value must itself be a name, a number, a boolean or
//! a quoted string, so that a variable can never bring a clause of its own; inside of one its quotes are doubled.

use std::collections::BTreeMap;

use crate::{
    Error, ErrorKind, Position, Span,
    lexer::{TokenKind, tokenize},
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
        if self.values.is_empty() || !text.contains("${") {
            return Ok(text.to_owned());
        }
        let mut result = String::with_capacity(text.len());
        let mut place = Place::Outside;
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            if place != Place::Comment
                && let Some((name, length)) = variable_at(rest)
                && let Some(value) = self.get(name)
            {
                result.push_str(&place.insert(name, value, text, at)?);
                at += length;
                continue;
            }
            let character = rest.chars().next().unwrap_or(' ');
            place = place.after(character, rest);
            result.push(character);
            at += character.len_utf8();
        }
        Ok(result)
    }
}

/// Where in a statement a character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    /// Between quotes of this kind.
    Quoted(char),
    /// Behind `--`.
    Comment,
}

impl Place {
    fn after(self, character: char, rest: &str) -> Self {
        match (self, character) {
            (Self::Outside, '\'' | '"' | '`') => Self::Quoted(character),
            (Self::Outside, '-') if rest.starts_with("--") => Self::Comment,
            (Self::Quoted(quote), _) if quote == character => Self::Outside,
            (Self::Comment, '\n') => Self::Outside,
            _ => self,
        }
    }

    fn insert(self, name: &str, value: &str, text: &str, at: usize) -> Result<String, Error> {
        if let Self::Quoted(quote) = self {
            return Ok(value.replace(quote, &format!("{quote}{quote}")));
        }
        if is_one_word(value) {
            return Ok(value.to_owned());
        }
        let Position { line, column } = Position::of(text, at);
        Err(Error {
            kind: ErrorKind::Variable,
            message: format!(
                "line {line}:{column}: Got: '{}'. Expected an identifier, a number, a boolean or a quoted string as the value of the variable '{name}'",
                value.chars().take(80).collect::<String>()
            ),
            span: Span::new(at, at + name.len() + 3),
            hint: Some(format!(
                "to carry a string write DEFINE {name} = '''text''';"
            )),
        })
    }
}

/// `${name}` at the beginning: the name and the length of it all.
fn variable_at(rest: &str) -> Option<(&str, usize)> {
    let inner = rest.strip_prefix("${")?;
    let end = inner.find('}')?;
    let name = &inner[..end];
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'@');
    is_name.then_some((name, end + 3))
}

/// Whether the value is a single token that can stand for a name or a literal.
fn is_one_word(value: &str) -> bool {
    let Ok(tokens) = tokenize(value) else {
        return false;
    };
    let is_number = |kind: &TokenKind| {
        matches!(
            kind,
            TokenKind::Integer(_) | TokenKind::Decimal(_) | TokenKind::Floating(_)
        )
    };
    match tokens.iter().map(|token| &token.kind).collect::<Vec<_>>()[..] {
        [
            TokenKind::Word(_) | TokenKind::Quoted(_) | TokenKind::String(_),
            TokenKind::End,
        ] => true,
        [kind, TokenKind::End] => is_number(kind),
        [TokenKind::Symbol("-"), kind, TokenKind::End] => is_number(kind),
        _ => false,
    }
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
        assert!(
            error.message.starts_with("line 1:8: Got: '1 OR 1 = 1'"),
            "{error}"
        );
    }
}
