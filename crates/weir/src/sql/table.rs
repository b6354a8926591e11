//! Tables of what statements answer: SHOW, DESCRIBE and their kin, in the layout of ksqlDB's CLI.
//!
//! ```text
//!  Stream Name | Kafka Topic | Key Format
//! ----------------------------------------
//!  S           | s           | KAFKA
//! ----------------------------------------
//! ```

use comfy_table::{Table, TableComponent};

use super::rows::printable;

/// A table with a header, blank lines around it left to the caller.
pub fn table<H: AsRef<str>>(
    header: &[H],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_preset("");
    let lines = [
        (TableComponent::VerticalLines, '|'),
        (TableComponent::HeaderLines, '-'),
        (TableComponent::MiddleHeaderIntersections, '-'),
        (TableComponent::BottomBorder, '-'),
        (TableComponent::BottomBorderIntersections, '-'),
    ];
    for (component, character) in lines {
        table.set_style(component, character);
    }
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
 Stream Name | Windowed 
------------------------
 S           | false    
------------------------
";
        assert_eq!(text, expected);
    }
}
