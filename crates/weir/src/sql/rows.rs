//! Result rows as they come: equal cells, a boxed header once, long values wrapped.
//!
//! ```text
//! +--------+--------+
//! |K       |V       |
//! +--------+--------+
//! |a       |bar is a|
//! |        | long st|
//! ```

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

/// No cell is narrower, whatever the screen (ksqlDB's CLI).
const NARROWEST: usize = 5;

/// The layout of one result.
pub struct RowLayout {
    columns: usize,
    width: usize,
    is_cut: bool,
}

impl RowLayout {
    /// For a screen of `screen` columns.
    pub fn new(columns: usize, screen: usize) -> Self {
        let columns = columns.max(1);
        let width = (screen / columns).saturating_sub(2).max(NARROWEST);
        Self {
            columns,
            width,
            is_cut: false,
        }
    }

    /// The same with cells of this width.
    pub fn cells_of(self, width: usize) -> Self {
        Self {
            width: width.max(NARROWEST),
            ..self
        }
    }

    /// The same with one line a row: what is too long is cut.
    pub fn cut(self) -> Self {
        Self {
            is_cut: true,
            ..self
        }
    }

    pub fn header(&self, names: &[String]) -> String {
        let rule = format!(
            "+{}\n",
            format!("{}+", "-".repeat(self.width)).repeat(self.columns)
        );
        format!("{rule}{}{rule}", self.row(names))
    }

    /// How wide a cell is.
    pub fn cell_width(&self) -> usize {
        self.width
    }

    /// How many lines a row takes.
    pub fn height(&self, cells: &[String]) -> usize {
        let heights = cells.iter().map(|cell| match self.is_cut {
            true => 1,
            false => wrap(cell, self.width).len(),
        });
        heights.max().unwrap_or(1)
    }

    /// One row, as many lines as its longest value needs.
    pub fn row(&self, cells: &[String]) -> String {
        let wrapped: Vec<Vec<String>> = cells
            .iter()
            .map(|cell| match self.is_cut {
                true => vec![clip(&printable(cell).replace('\n', " "), self.width, "...")],
                false => wrap(cell, self.width),
            })
            .collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(1).max(1);
        let mut text = String::new();
        for line in 0..height {
            for column in 0..self.columns {
                let part = wrapped
                    .get(column)
                    .and_then(|lines| lines.get(line))
                    .map_or("", String::as_str);
                let blanks = self.width.saturating_sub(width_of(part));
                // Writing to a String cannot fail.
                let _ = write!(text, "|{part}{}", " ".repeat(blanks));
            }
            text.push_str("|\n");
        }
        text
    }
}

/// Cuts at the cell's width, and at line breaks; control characters are shown, never sent to a terminal.
pub fn wrap(cell: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for character in printable(cell).chars() {
        let size = character.width().unwrap_or(0);
        if character == '\n' || used + size > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if character != '\n' {
            line.push(character);
            used += size;
        }
    }
    lines.push(line);
    lines
}

/// At most so wide; what is cut off is marked.
pub fn clip(text: &str, width: usize, mark: &str) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let most = width.saturating_sub(width_of(mark));
    let mut used = 0;
    let kept = text.chars().take_while(|character| {
        used += character.width().unwrap_or(0);
        used <= most
    });
    kept.collect::<String>() + mark
}

/// Events are hostile: an escape sequence in a command line must not reach the screen.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' => '\n',
            '\t' => ' ',
            '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + character as u32).unwrap_or('\u{fffd}'),
            '\u{7f}' => '\u{2421}',
            '\u{80}'..='\u{9f}' => '\u{fffd}',
            // Marks that turn the direction of text.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            other => other,
        })
        .collect()
}

/// The same for a text whose tabs are ours.
pub fn harmless(text: &str) -> String {
    let parts: Vec<_> = text.split('\t').map(printable).collect();
    parts.join("\t")
}

pub fn width_of(text: &str) -> usize {
    text.chars()
        .map(|character| character.width().unwrap_or(0))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{RowLayout, printable};

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn a_long_value_is_wrapped_in_its_cell() {
        let layout = RowLayout::new(2, 20);
        let text =
            layout.header(&cells(&["K", "V"])) + &layout.row(&cells(&["b", "bar is a long st"]));
        let expected = "\
+--------+--------+
|K       |V       |
+--------+--------+
|b       |bar is a|
|        | long st|
";
        assert_eq!(text, expected);
    }

    #[test]
    fn cells_have_a_least_width() {
        assert_eq!(
            RowLayout::new(3, 9).row(&cells(&["1", "2", "3"])),
            "|1    |2    |3    |\n"
        );
    }

    #[test]
    fn a_long_value_is_cut_where_rows_do_not_wrap() {
        let layout = RowLayout::new(2, 20).cut();
        assert_eq!(
            layout.row(&cells(&["b", "bar is\na long st"])),
            "|b       |bar i...|\n"
        );
    }

    #[test]
    fn escape_sequences_do_not_reach_the_screen() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c"), "a␛[2Jb\u{fffd}c");
    }

    #[test]
    fn wide_characters_take_two_places() {
        assert_eq!(
            RowLayout::new(1, 7).row(&cells(&["日本語"])),
            "|日本 |\n|語   |\n"
        );
    }
}
