//! Tables of what statements answer: SHOW, DESCRIBE and their kin, in the layout of ksqlDB's CLI.
//!
//! ```text
//!  Stream Name | Kafka Topic | Key Format
//! ----------------------------------------
//!  S           | s           | KAFKA
//! ----------------------------------------
//! ```

use comfy_table::{ContentLineStyle, LineStyle, Table, TableStyle};

use super::rows::printable;

/// A table with a header, blank lines around it left to the caller.
pub fn table<H: AsRef<str>>(header: &[H], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    let rule = LineStyle::none().fill('-').junction('-');
    let cells = ContentLineStyle::none().junction('|');
    table.load_style(
        TableStyle::new()
            .header_lines(cells)
            .header_separator(rule)
            .content_lines(cells)
            .bottom_border(rule),
    );
    table.set_header(header.iter().map(AsRef::as_ref));
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    format!("{table}\n")
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn the_layout_is_that_of_the_manual() {
        let text = table(
            &["Stream Name", "Windowed"],
            [vec!["S".to_owned(), "false".to_owned()]],
        );
        let expected = "\
\x20Stream Name | Windowed 
------------------------
 S           | false    
------------------------
";
        assert_eq!(text, expected);
    }
}
