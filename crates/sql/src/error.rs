//! What is wrong with a text, and where.

use crate::{Position, Span};

/// A text that is not a statement. Displays as the message alone; [`Error::render`] shows the place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub kind: ErrorKind,
    /// The whole message, in ksqlDB's words where the reference gives them: `line 1:8: Syntax Error…`.
    pub message: String,
    /// Where in the text that was given.
    pub span: Span,
    /// What to do about it, if that is known.
    pub hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    Syntax,
    /// A text that ends in the middle of a statement: what is typed next may complete it.
    Unfinished,
    /// Nested deeper, or longer, than the limits allow.
    TooComplex,
    /// A variable whose value is not a literal or an identifier.
    Variable,
}

impl Error {
    pub fn position(&self, text: &str) -> Position {
        Position::of(text, self.span.start)
    }

    /// The message, the line of `text` with the place marked, and the hint.
    pub fn render(&self, text: &str) -> String {
        render(&self.message, text, Some(self.span), self.hint.as_deref())
    }
}

/// How much of a line is shown around the place, in characters.
const WINDOW: usize = 120;

/// An error as a person reads it:
///
/// ```text
/// error: column `AMOUT` does not exist
///   2 | SELECT id, amout FROM orders EMIT CHANGES;
///                  ^^^^^
/// hint: did you mean `AMOUNT`?
/// ```
pub fn render(message: &str, text: &str, span: Option<Span>, hint: Option<&str>) -> String {
    let mut rendered = format!("error: {message}\n");
    if let Some(span) = span {
        rendered.push_str(&mark(text, span));
    }
    if let Some(hint) = hint {
        rendered.push_str(&format!("hint: {hint}\n"));
    }
    rendered
}

/// The line in which the span begins, cut to a window around it, and a line of carets.
fn mark(text: &str, span: Span) -> String {
    let Position { line, column } = Position::of(text, span.start);
    let Some(shown) = text.lines().nth(line - 1) else {
        return String::new();
    };
    let skipped = column.saturating_sub(1).saturating_sub(WINDOW / 2);
    let window: String = shown
        .chars()
        .skip(skipped)
        .take(WINDOW)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    let before = column - 1 - skipped;
    let marked = text.get(span.start..span.end).map_or(1, |marked| {
        marked
            .lines()
            .next()
            .map_or(1, |first| first.chars().count())
            .max(1)
    });
    let carets = marked.min(window.chars().count().saturating_sub(before).max(1));
    let number = line.to_string();
    let margin = " ".repeat(number.len() + 5 + before);
    format!("  {number} | {window}\n{margin}{}\n", "^".repeat(carets))
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::Span;

    #[test]
    fn the_place_is_marked() {
        let text = "SELECT id,\n  amout FROM orders;";
        let rendered = render(
            "no such column",
            text,
            Some(Span::new(13, 18)),
            Some("did you mean `AMOUNT`?"),
        );
        let expected = "\
error: no such column
  2 |   amout FROM orders;
        ^^^^^
hint: did you mean `AMOUNT`?
";
        assert_eq!(rendered, expected);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}here{}", "a".repeat(1000), "b".repeat(1000));
        let rendered = render("x", &text, Some(Span::new(1000, 1004)), None);
        assert!(rendered.lines().all(|line| line.len() < 140), "{rendered}");
        assert!(rendered.contains("here"));
    }
}
