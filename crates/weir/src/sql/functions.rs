//! How functions are listed and described, in the layout of ksqlDB's CLI.

use std::fmt::Write;

use weir_engine::entity::{FunctionArgument, FunctionName, FunctionOverload};

use super::rows::width_of;

/// A description is never broken shorter than for a screen of so many columns.
const NARROWEST: usize = 80;

/// What SHOW FUNCTIONS lists below its header: by category, with a blank row between one and the next.
pub fn listed(functions: &[FunctionName]) -> Vec<Vec<String>> {
    let mut sorted: Vec<_> = functions.iter().collect();
    sorted.sort_by(|a, b| (&a.category, &a.name).cmp(&(&b.category, &b.name)));
    let mut rows = Vec::new();
    for (index, function) in sorted.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &sorted[before].category);
        if before.is_some_and(|before| *before != function.category) {
            rows.push(vec![String::new(); 2]);
        }
        rows.push(vec![function.name.clone(), function.category.clone()]);
    }
    rows
}

/// What DESCRIBE FUNCTION says.
#[derive(Debug)]
pub struct Described<'a> {
    pub name: &'a str,
    pub author: &'a str,
    pub version: &'a str,
    pub description: &'a str,
    pub kind: &'a str,
    pub path: &'a str,
    pub overloads: &'a [FunctionOverload],
}

impl Described<'_> {
    /// `columns`: those of the screen; without one lines are as long as they are.
    pub fn text(&self, columns: Option<usize>) -> String {
        let mut page = Page {
            text: String::new(),
            columns: columns.map(|columns| columns.max(NARROWEST)),
        };
        let name = self.name.to_uppercase();
        page.labelled("", "Name", &name);
        page.labelled("", "Author", self.author);
        page.labelled("", "Version", self.version);
        page.labelled("", "Overview", self.description);
        page.labelled("", "Type", self.kind);
        page.labelled("", "Jar", self.path);
        // Writing to a String cannot fail.
        let _ = writeln!(page.text, "{:<12}: ", "Variations");
        for overload in self.overloads {
            page.overload(&name, overload);
        }
        page.text
    }
}

struct Page {
    text: String,
    columns: Option<usize>,
}

impl Page {
    fn overload(&mut self, name: &str, overload: &FunctionOverload) {
        let arguments: Vec<_> = overload.arguments.iter().map(argument).collect();
        let arguments = arguments.join(", ");
        let returns = &overload.return_type;
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "\n\t{:<12}: {name}({arguments})", "Variation");
        let _ = writeln!(self.text, "\t{:<12}: {returns}", "Returns");
        self.labelled("\t", "Description", &overload.description);
        for argument in &overload.arguments {
            self.labelled("\t", &argument.name, &argument.description);
        }
    }

    /// A label and its text, which goes on below itself; nothing if there is no text.
    fn labelled(&mut self, before: &str, label: &str, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        // A tab counts as two columns, here as there.
        let indent = before.len() * 2 + width_of(label).max(12) + 2;
        let width = self.columns.map(|columns| columns.saturating_sub(indent));
        let lines = broken(text, width.unwrap_or(usize::MAX));
        let between = format!("\n{:indent$}", "");
        // Writing to a String cannot fail.
        let _ = writeln!(
            self.text,
            "{before}{label:<12}: {}",
            lines.join(between.as_str())
        );
    }
}

fn argument(argument: &FunctionArgument) -> String {
    let dots = if argument.is_variadic { "[]" } else { "" };
    let shown = format!("{} {}{dots}", argument.name, argument.sql_type);
    shown.trim_start().to_owned()
}

/// Lines that are no wider, broken between words; a word that is wider stands alone.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let is_full = width_of(&line).saturating_add(width_of(word)) >= width;
            if !line.is_empty() && is_full {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use weir_engine::entity::{FunctionArgument, FunctionName, FunctionOverload};

    use super::{Described, broken, listed};

    #[test]
    fn every_overload_and_argument_is_described_below_its_label() {
        let argument = |name: &str, description: &str, is_variadic| FunctionArgument {
            name: name.to_owned(),
            sql_type: "STRING".to_owned(),
            description: description.to_owned(),
            is_variadic,
        };
        let overload = |arguments: Vec<FunctionArgument>| FunctionOverload {
            arguments,
            return_type: "BIGINT".to_owned(),
            description: "Counts what is given.".to_owned(),
        };
        let described = Described {
            name: "count_all",
            author: "Weir",
            version: "",
            description: "Counts, and goes on counting until every single one of those that there are has been counted once.",
            kind: "SCALAR",
            path: "internal",
            overloads: &[
                overload(Vec::new()),
                overload(vec![
                    argument("first", "What is counted first.", false),
                    argument("others", "", true),
                ]),
            ],
        };
        let expected = "\
Name        : COUNT_ALL
Author      : Weir
Overview    : Counts, and goes on counting until every single one of those that
              there are has been counted once.
Type        : SCALAR
Jar         : internal
Variations  : \n
\tVariation   : COUNT_ALL()
\tReturns     : BIGINT
\tDescription : Counts what is given.

\tVariation   : COUNT_ALL(first STRING, others STRING[])
\tReturns     : BIGINT
\tDescription : Counts what is given.
\tfirst       : What is counted first.
";
        assert_eq!(described.text(Some(20)), expected);
        let wide = described.text(None);
        assert!(wide.contains("of those that there are has been counted once.\n"));
    }

    #[test]
    fn lines_are_broken_between_words() {
        let check = |text, width, expected: &[&str]| assert_eq!(broken(text, width), expected);
        check("ab cd ef", 6, &["ab cd", "ef"]);
        check("ab cd ef", 5, &["ab cd", "ef"]);
        check("ab cd ef", 4, &["ab", "cd", "ef"]);
        check("a longword b", 5, &["a", "longword", "b"]);
        check("one\ntwo", 80, &["one", "two"]);
        check("a b", usize::MAX, &["a b"]);
    }

    #[test]
    fn a_blank_row_is_between_categories() {
        let function = |name: &str, category: &str| FunctionName {
            name: name.to_owned(),
            category: category.to_owned(),
            ..FunctionName::default()
        };
        let rows = listed(&[
            function("B", "STRING"),
            function("C", "MAP"),
            function("A", "STRING"),
        ]);
        let rows: Vec<_> = rows.iter().map(|row| row.join("|")).collect();
        assert_eq!(rows, ["C|MAP", "|", "A|STRING", "B|STRING"]);
    }
}
