//! Where in a file a statement is wrong.

use weir_engine::Error;

use crate::failure::Failure;

/// An error of one of a script's statements, with its line and column in the file `name`.
pub fn in_script(error: Error, script: &str, name: &str) -> Failure {
    let error = match &error.statement {
        Some(statement) if statement != script => match start_of(statement, script) {
            Some(start) => error.placed(script, start),
            None => return error.into(),
        },
        _ => error,
    };
    named(error, name)
}

/// An error of the statement that begins at byte `start` of a script.
pub fn at(error: Error, script: &str, start: usize, name: &str) -> Failure {
    let is_placed = error.statement.as_deref() == Some(script);
    let error = if is_placed {
        error
    } else {
        error.placed(script, start)
    };
    named(error, name)
}

/// Where a statement begins; of several that are the same the last, as it is the repetition that fails.
fn start_of(statement: &str, script: &str) -> Option<usize> {
    let statements = weir_engine::statements(script).ok()?;
    let same = |found: &&weir_engine::ScriptStatement| found.text == statement;
    Some(statements.iter().rev().find(same)?.start)
}

/// ```text
/// error: column `X` cannot be resolved
///   --> rules.sql:12:8
///   12 | SELECT x
///               ^
/// ```
fn named(error: Error, name: &str) -> Failure {
    let rendered = error.render();
    let Some(place) = error.position() else {
        return Failure::rendered(rendered);
    };
    let shown = format!("  --> {name}:{}:{}\n", place.line, place.column);
    // The message may have several lines; the line of the file comes behind them.
    let marked = rendered.find(&format!("\n  {} | ", place.line));
    match marked {
        Some(at) => {
            let (message, rest) = rendered.split_at(at + 1);
            Failure::rendered(format!("{message}{shown}{rest}"))
        }
        None => Failure::rendered(rendered + &shown),
    }
}

#[cfg(test)]
mod tests {
    use weir_engine::Error;

    use super::in_script;

    #[test]
    fn the_file_and_the_line_are_named() {
        let script = "DROP STREAM a;\n  DROP STREAM a;\n";
        let error = Error::user("no such stream").within("DROP STREAM a");
        let expected = "\
error: no such stream
  --> rules.sql:2:3
  2 |   DROP STREAM a;
        ^^^^^^^^^^^^^^";
        let shown = in_script(error, script, "rules.sql").to_string();
        assert_eq!(shown.trim_end(), expected);
    }
}
