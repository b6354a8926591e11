//! Tables of what statements answer: SHOW, DESCRIBE and their kin, in the layout of ksqlDB's CLI.
//!
//! ```text
//!  Stream Name | Kafka Topic | Key Format
//! ----------------------------------------
//!  S           | s           | KAFKA
//! ----------------------------------------
//! ```

use comfy_table::{ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

use super::rows::{clip, printable, width_of};

/// A table with a header, blank lines around it left to the caller; as wide as it is.
pub fn table<H: AsRef<str>>(header: &[H], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    format!("{}\n", laid_out(header, rows))
}

/// The same on a screen of `columns`: a line that is too long is cut, so that a row stays a line.
pub fn cut_table<H: AsRef<str>>(
    header: &[H],
    rows: impl IntoIterator<Item = Vec<String>>,
    columns: usize,
) -> String {
    let text = laid_out(header, rows).to_string();
    let lines = text.lines().map(|line| {
        let is_rule = line.bytes().all(|byte| byte == b'-');
        clip(line, columns, if is_rule { "" } else { "…" }) + "\n"
    });
    lines.collect()
}

/// The same on a screen of `columns`: a cell that is too long goes on in the next line.
pub fn wrapped_table<H: AsRef<str>>(
    header: &[H],
    rows: impl IntoIterator<Item = Vec<String>>,
    columns: usize,
) -> String {
    let mut table = laid_out(header, rows);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(columns).unwrap_or(u16::MAX));
    format!("{table}\n")
}

/// How wide the table is.
pub fn width_of_table<H: AsRef<str>>(header: &[H], rows: &[Vec<String>]) -> usize {
    let text = laid_out(header, rows.iter().cloned()).to_string();
    text.lines().map(width_of).max().unwrap_or(0)
}

fn laid_out<H: AsRef<str>>(header: &[H], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
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
    table
}

#[cfg(test)]
mod tests {
    use super::{cut_table, table, wrapped_table};

    fn fields() -> [Vec<String>; 2] {
        [
            vec!["ID".to_owned(), "BIGINT".to_owned()],
            vec![
                "HOST".to_owned(),
                "STRUCT<NAME STRING, OS STRING>".to_owned(),
            ],
        ]
    }

    #[test]
    fn a_row_that_does_not_fit_is_cut() {
        let expected = "\
\x20Field | Type           …
-------------------------
 ID    | BIGINT         …
 HOST  | STRUCT<NAME STR…
-------------------------
";
        assert_eq!(cut_table(&["Field", "Type"], fields(), 25), expected);
    }

    #[test]
    fn a_cell_that_does_not_fit_goes_on_below() {
        let expected = "\
\x20Field | Type        
---------------------
 ID    | BIGINT      
 HOST  | STRUCT<NAME 
       | STRING, OS  
       | STRING>     
---------------------
";
        assert_eq!(wrapped_table(&["Field", "Type"], fields(), 27), expected);
    }

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
