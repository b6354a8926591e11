//! What a caller does with a statement where the engine is another process's: a session's settings are the caller's.

use weir_sql::{Position, Span, Statement, statement::Show};

use crate::{Error, Session, properties};

/// A statement that a session answers by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionStatement {
    /// SET.
    Set {
        /// As it was written.
        name: String,
        /// What it is to be.
        value: String,
    },
    /// UNSET.
    Unset {
        /// As it was written.
        name: String,
    },
    /// DEFINE.
    Define {
        /// As it was written.
        name: String,
        /// What it stands for.
        value: String,
    },
    /// UNDEFINE.
    Undefine {
        /// As it was written.
        name: String,
    },
    /// SHOW VARIABLES.
    ShowVariables,
}

impl SessionStatement {
    /// `None`: the statement is for the engine, or is none that this version knows.
    pub fn parse(session: &Session, text: &str) -> Result<Option<Self>, Error> {
        let parsed = match weir_sql::parse_statement(text, &session.variables) {
            Ok(parsed) => parsed,
            Err(error) => {
                let first = text.split_whitespace().next().unwrap_or_default();
                let is_ours = ["SET", "UNSET", "DEFINE", "UNDEFINE"]
                    .iter()
                    .any(|word| word.eq_ignore_ascii_case(first));
                return match is_ours {
                    true => Err(Error::from(error).within(text)),
                    false => Ok(None),
                };
            }
        };
        Ok(match parsed.statement {
            Statement::Set { name, value } => Some(Self::Set { name, value }),
            Statement::Unset { name } => Some(Self::Unset { name }),
            Statement::Define { name, value } => Some(Self::Define {
                name: name.value,
                value,
            }),
            Statement::Undefine { name } => Some(Self::Undefine { name: name.value }),
            Statement::Show(Show::Variables) => Some(Self::ShowVariables),
            _ => None,
        })
    }
}

/// That a property was changed, in ksqlDB's words.
pub(crate) fn changed(name: &str, before: Option<String>, value: &str) -> String {
    let shown = |value: &str| crate::engine::shown(name, value);
    let (before, value) = (before.map(|before| shown(&before)), shown(value));
    let from = before.map_or(String::new(), |before| format!(" from '{before}'"));
    let rest = match from.is_empty() {
        true => " Use the UNSET command to revert your change.",
        false => "",
    };
    format!("Successfully changed local property '{name}'{from} to '{value}'.{rest}")
}

impl Session {
    /// Changes a property that somebody else has said is one; the sentence that says so.
    pub fn set_checked(&mut self, name: &str, value: &str) -> String {
        let before = self.properties.insert(name.to_owned(), value.to_owned());
        changed(name, before, value)
    }

    /// Takes a change back; the sentence that says so.
    pub fn unset(&mut self, name: &str) -> Result<String, Error> {
        let plain = properties::plain_name(name);
        match self.properties.remove(plain) {
            Some(value) => Ok(format!(
                "Successfully unset local property '{plain}' (value was '{}').",
                crate::engine::shown(plain, &value)
            )),
            None => Err(Error::user(format!(
                "Cannot unset local property '{plain}' which was never set in the first place"
            ))),
        }
    }
}

impl Error {
    /// The same error with the place in its statement that its message names: `line 2:3:`, `Line: 2, Col: 3`.
    pub fn at_named_place(self) -> Self {
        match place_named(&self.message) {
            Some(position) => self.at(position),
            None => self,
        }
    }

    /// The same error at a place of its statement: a word, where there is one, else a character.
    pub fn at(mut self, position: Position) -> Self {
        let text = self.statement.as_deref().unwrap_or_default();
        self.span = offset_of(text, position).map(|start| {
            let word = text[start..]
                .find(|character: char| !character.is_alphanumeric() && character != '_')
                .unwrap_or(text.len() - start);
            let first = text[start..].chars().next().map_or(0, char::len_utf8);
            Span::new(start, start + word.max(first))
        });
        self
    }
}

fn place_named(message: &str) -> Option<Position> {
    let number = |text: &str| {
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        text[..end].parse().ok()
    };
    let place = |before: &str, between: &str| {
        let rest = message.split_once(before)?.1;
        let (line, rest) = rest.split_once(between)?;
        Some(Position {
            line: line.parse().ok()?,
            column: number(rest)?,
        })
    };
    place("line ", ":").or_else(|| place("Line: ", ", Col: "))
}

/// The byte at which a place lies; the text's end for one just behind it.
fn offset_of(text: &str, position: Position) -> Option<usize> {
    let mut start = 0;
    for _ in 1..position.line {
        start += text[start..].find('\n')? + 1;
    }
    let line = text[start..].lines().next().unwrap_or_default();
    let before: usize = line
        .chars()
        .take(position.column.checked_sub(1)?)
        .map(char::len_utf8)
        .sum();
    Some(start + before)
}

#[cfg(test)]
mod tests {
    use super::SessionStatement;
    use crate::{Error, Session};

    #[test]
    fn a_place_is_read_out_of_a_message() {
        let check = |message: &str, statement: &str, marked: &str| {
            let error = Error::user(message).within(statement).at_named_place();
            let shown = error.render();
            let line = shown.lines().rev().take(2).collect::<Vec<_>>();
            let carets = line[0].trim_start();
            let column = line[0].len() - carets.len();
            assert_eq!(
                line[1].get(column..column + carets.len()),
                Some(marked),
                "{shown}"
            );
        };
        check("line 1:8: Syntax Error", "SELECT nope FROM s;", "nope");
        check("line 2:3: Syntax Error\nmore", "SELECT\n  x FROM y;", "x");
        check(
            "Line: 1, Col: 8: SELECT column 'NOPE'",
            "SELECT nope FROM s;",
            "nope",
        );
        check("line 1:7: mismatched ','", "SELECT, a", ",");
        let plain = Error::user("no line 9:9 here, nor line x:1").within("SELECT");
        assert_eq!(plain.at_named_place().span.map(|span| span.start), None);
    }

    #[test]
    fn what_a_session_answers_is_told_from_the_rest() {
        let mut session = Session::default();
        session.variables.define("v", "earliest");
        let parse = |text: &str| SessionStatement::parse(&session, text);
        assert_eq!(
            parse("SET 'auto.offset.reset' = '${v}'").unwrap(),
            Some(SessionStatement::Set {
                name: "auto.offset.reset".to_owned(),
                value: "earliest".to_owned()
            })
        );
        assert_eq!(
            parse("SHOW VARIABLES").unwrap(),
            Some(SessionStatement::ShowVariables)
        );
        assert_eq!(parse("CREATE SINK CONNECTOR c WITH (what)").unwrap(), None);
        assert_eq!(parse("SHOW STREAMS").unwrap(), None);
        assert!(parse("SET nonsense").is_err());
    }
}
