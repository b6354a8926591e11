//! Expected and actual rows below one another, what differs marked.
//!
//! ```text
//!  .        | ID | COL1
//! ----------+----+-------
//!  EXPECTED | 1  |   7
//!  ACTUAL   | 1  | > 8 <
//! ```

use std::fmt::Write;

use serde_json::Value;
use weir_engine::{
    rows::java_text,
    testing::{Difference, Row},
};

use crate::sql::{clip, printable, width_of};

/// What is longer is cut, around the place where the two rows part.
const WIDEST: usize = 60;

/// In `colour` if there is one, else between `>` and `<`.
pub fn table(difference: &Difference, colour: Option<&str>) -> String {
    let mut lines: Vec<Vec<String>> = Vec::with_capacity(difference.rows.len() + 1);
    let names = difference
        .columns
        .iter()
        .map(|name| clip(&printable(name), WIDEST, "…"));
    lines.push(std::iter::once(".".to_owned()).chain(names).collect());
    let expected = difference
        .rows
        .first()
        .filter(|row| row.label == "EXPECTED");
    for row in &difference.rows {
        let label = std::iter::once(row.label.clone());
        lines.push(label.chain(cells(row, expected, difference)).collect());
    }
    let columns = difference.columns.len() + 1;
    let has_marks = colour.is_none() && difference.rows.iter().any(|row| !row.differing.is_empty());
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| width_of(cell)).max().unwrap_or(0)
        })
        .collect();
    let is_marked = |column: usize| {
        let marks = |row: &Row| row.differing.iter().any(|index| index + 1 == column);
        has_marks && difference.rows.iter().any(marks)
    };
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let row = number
            .checked_sub(1)
            .and_then(|row| difference.rows.get(row));
        let mut shown = Vec::with_capacity(columns);
        for (column, cell) in line.iter().enumerate() {
            let differs =
                row.is_some_and(|row| row.differing.iter().any(|index| index + 1 == column));
            let blanks = " ".repeat(widths[column].saturating_sub(width_of(cell)));
            shown.push(match (differs, colour, is_marked(column)) {
                (true, Some(colour), _) => format!(" {colour}{cell}\x1b[0m{blanks} "),
                (true, None, _) => format!(" > {cell} <{blanks} "),
                (false, _, true) => format!("   {cell}  {blanks} "),
                (false, _, false) => format!(" {cell}{blanks} "),
            });
        }
        let note = row.and_then(|row| row.note.as_deref());
        let note = note.map_or(String::new(), |note| format!("  ({})", printable(note)));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}{note}", shown.join("|").trim_end());
        if number == 0 {
            let rules = widths.iter().enumerate().map(|(column, width)| {
                let marks = if is_marked(column) { 4 } else { 0 };
                "-".repeat(width + 2 + marks)
            });
            let _ = writeln!(text, "{}", rules.collect::<Vec<_>>().join("+"));
        }
    }
    match difference.more {
        0 => {}
        1 => text.push_str("and one more record\n"),
        more => {
            let _ = writeln!(text, "and {more} more records");
        }
    }
    text
}

/// Long values are cut so that the first character that differs is seen.
fn cells(row: &Row, expected: Option<&Row>, difference: &Difference) -> Vec<String> {
    let cells = row.cells.iter().enumerate();
    cells
        .map(|(index, value)| {
            let text = shown(value);
            let other = match row.label.as_str() {
                "EXPECTED" => difference.rows.iter().find(|row| row.label == "ACTUAL"),
                _ => expected,
            };
            let other = other.and_then(|row| row.cells.get(index)).map(shown);
            excerpt(&text, other.as_deref())
        })
        .collect()
}

/// As the prompt's tables show it; a text is quoted where it could be taken for something else.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) if text.is_empty() || text == "NULL" || text.trim() != text => {
            printable(&format!("'{text}'")).replace('\n', "␊")
        }
        other => printable(&java_text(other)).replace('\n', "␊"),
    }
}

fn excerpt(text: &str, other: Option<&str>) -> String {
    if width_of(text) <= WIDEST {
        return text.to_owned();
    }
    let parts = other.map_or(0, |other| {
        let same = text
            .chars()
            .zip(other.chars())
            .take_while(|(one, other)| one == other);
        same.count()
    });
    let skipped = parts.saturating_sub(WIDEST / 2);
    let rest: String = text.chars().skip(skipped).collect();
    let begin = if skipped > 0 { "…" } else { "" };
    clip(&format!("{begin}{rest}"), WIDEST, "…")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use weir_engine::testing::{Difference, Row};

    use super::table;

    fn difference() -> Difference {
        let mut actual = Row::new("ACTUAL", vec![json!(1), json!("ä\u{1b}[31m")]);
        actual.differing = vec![1];
        let mut next = Row::new("next", vec![json!(2), json!(null)]);
        next.note = Some("a tombstone".to_owned());
        Difference {
            columns: vec!["ID".to_owned(), "NAME".to_owned()],
            rows: vec![
                Row::new("EXPECTED", vec![json!(1), json!("")]),
                actual,
                next,
            ],
            more: 3,
        }
    }

    #[test]
    fn what_differs_is_marked_without_colours() {
        let expected = "\
\u{20}.        | ID |   NAME
----------+----+------------
\u{20}EXPECTED | 1  |   ''
\u{20}ACTUAL   | 1  | > ä␛[31m <
\u{20}next     | 2  |   NULL  (a tombstone)
and 3 more records
";
        assert_eq!(table(&difference(), None), expected);
    }

    #[test]
    fn what_differs_is_coloured() {
        let text = table(&difference(), Some("\x1b[31m"));
        assert!(text.contains("| \x1b[31mä␛[31m\x1b[0m"), "{text:?}");
        assert!(!text.contains('>'), "{text:?}");
    }

    #[test]
    fn a_long_value_is_cut_where_it_differs() {
        let long = |last: &str| format!("{}{last}{}", "x".repeat(500), "y".repeat(500));
        let mut actual = Row::new("ACTUAL", vec![json!(long("HERE"))]);
        actual.differing = vec![0];
        let difference = Difference {
            columns: vec!["V".to_owned()],
            rows: vec![Row::new("EXPECTED", vec![json!(long("THERE"))]), actual],
            more: 0,
        };
        let text = table(&difference, None);
        assert!(text.contains("xHERE") && text.contains("xTHERE"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() < 90), "{text}");
    }
}
