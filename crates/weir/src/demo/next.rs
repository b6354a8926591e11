//! What to try after the demo: statements for its prompt, and commands that work where they are pasted.

use std::path::{Path, PathBuf};

/// For the prompt over the demo's own engine.
pub const STATEMENTS: [&str; 3] = [
    "SELECT * FROM WINDOWS_ALERTS;",
    "SELECT host->hostname AS host, message FROM WINLOGEVENTS LIMIT 5;",
    "EXPLAIN CSAS_WINDOWS_ALERTS_1;",
];

/// For a shell in this folder.
pub fn commands() -> [String; 3] {
    let program = program();
    let files = [
        "rules/winlogevents.sql",
        "rules/antivirus_enumeration.sql",
        "examples/windows-events/attacks.ndjson",
        "examples/windows-events/events.ndjson.gz",
    ];
    if files.iter().all(|file| Path::new(file).is_file()) {
        let [stream, rule, attacks, events] = files;
        return [
            format!(
                "cat {stream} {rule} | {program} run - --input wineventlogs={attacks} --output windows_alerts=- --until-end"
            ),
            format!("gzip -dc {events} | {program} produce wineventlogs --embedded weir-data"),
            format!(
                "{program} sql --embedded weir-data --execute 'PRINT wineventlogs FROM BEGINNING LIMIT 3;'"
            ),
        ];
    }
    [
        format!(
            "echo '{{\"host\": \"pc1\", \"message\": \"hello\"}}' | {program} produce events --embedded weir-data"
        ),
        format!(
            "{program} sql --embedded weir-data --execute 'PRINT events FROM BEGINNING LIMIT 1;'"
        ),
        format!("{program} sql --embedded weir-data"),
    ]
}

/// This program as a shell in this folder finds it.
fn program() -> String {
    let Ok(program) = std::env::current_exe() else {
        return "weir".to_owned();
    };
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&on_path).map(|folder| folder.join("weir"));
    if found.any(|candidate| is_same(&candidate, &program)) {
        return "weir".to_owned();
    }
    let here = std::env::current_dir().unwrap_or_default();
    let path = match program.strip_prefix(&here) {
        Ok(inside) => Path::new(".").join(inside),
        Err(_) => program,
    };
    quoted(&path)
}

fn is_same(candidate: &Path, program: &PathBuf) -> bool {
    let canonical = std::fs::canonicalize(candidate);
    canonical
        .is_ok_and(|canonical| std::fs::canonicalize(program).is_ok_and(|own| own == canonical))
}

/// Between quotes where a shell would take it apart.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |character: char| character.is_alphanumeric() || "/._-".contains(character);
    match text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::quoted;

    #[test]
    fn a_path_with_blanks_is_quoted() {
        assert_eq!(
            quoted(Path::new("./target/debug/weir")),
            "./target/debug/weir"
        );
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
