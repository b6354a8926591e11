//! What was typed before, in this session and in others: one file, which several sessions write at once.
//!
//! An entry is a whole statement, however many lines it has. It is appended at once, so that a session that is killed
//! forgets nothing; whoever appends holds the file's lock. What holds a secret is not kept at all.

use std::{
    fs::File,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustyline::{Editor, Helper, history::FileHistory};
use weir_engine::properties;

use crate::sql::scan::{self, Kind, Token};

/// What the editor's files begin with whose entries may have several lines.
const BEGINNING: &[u8] = b"#V2\n";

/// The file of a user; `None` where there is no place for one.
pub fn file() -> Option<PathBuf> {
    Some(dirs::data_dir()?.join("weir").join("history"))
}

/// Reads what was typed before. A history that cannot be read is no reason to fail: the first time there is none.
pub fn load<H: Helper>(editor: &mut Editor<H, FileHistory>, path: &Path) {
    let _ = path.parent().map(std::fs::create_dir_all);
    // Made here, and only if it is not there: the editor would empty one that another session has just made.
    let made = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    if let Ok(mut made) = made {
        let _ = made.write_all(BEGINNING);
    }
    let _ = editor.load_history(path);
}

/// Keeps an entry, at once.
pub fn remember<H: Helper>(editor: &mut Editor<H, FileHistory>, path: Option<&Path>, entry: &str) {
    if entry.is_empty() || holds_secret(entry) || names_somebody(entry) {
        return;
    }
    // A history that cannot be kept is no reason to fail.
    let is_new = editor.add_history_entry(entry).unwrap_or(false);
    if let (true, Some(path)) = (is_new, path) {
        let _ = editor.append_history(path);
    }
}

/// Whether a URL has a user, and with it perhaps a password: `server http://me:secret@host:8088`.
fn names_somebody(entry: &str) -> bool {
    entry.split_whitespace().any(|word| {
        word.split_once("://")
            .is_some_and(|(_, rest)| rest.split('/').next().unwrap_or_default().contains('@'))
    })
}

/// Whether a value is set whose name is one of secrets: `SET 'sasl.jaas.config' = '…'`.
pub fn holds_secret(entry: &str) -> bool {
    let words = scan::words(entry);
    words
        .split(|word| word.is_symbol(entry, ";"))
        .any(|statement| sets_secret(entry, statement))
}

fn sets_secret(entry: &str, statement: &[Token]) -> bool {
    let is_declaration = statement
        .iter()
        .any(|word| word.is(entry, "CREATE") || word.is(entry, "DEFINE"));
    statement.windows(2).any(|pair| {
        let is_name = match pair[0].kind {
            Kind::Text => true,
            // In a WHERE it is a column.
            Kind::Word | Kind::Quoted => is_declaration,
            _ => false,
        };
        is_name && pair[1].is_symbol(entry, "=") && properties::is_secret(pair[0].text(entry))
    })
}

#[cfg(test)]
mod tests {
    use super::{holds_secret, names_somebody};

    #[test]
    fn a_user_in_an_address_is_seen() {
        assert!(names_somebody("server http://me:secret@host:8088"));
        assert!(!names_somebody("server http://host:8088/a@b"));
        assert!(!names_somebody("SELECT 'a@b' FROM s;"));
    }

    #[test]
    fn secrets_are_known_by_the_names_of_properties() {
        for secret in [
            "SET 'sasl.jaas.config' = 'x';",
            "set 'ssl.keystore.password'='x';",
            "CREATE SINK CONNECTOR c WITH ('a'='b', 'connection.password' = 'x');",
            "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='t', API_TOKEN='x');",
            "DEFINE password = 'x';",
            "SHOW TOPICS;\nDEFINE password = 'x';",
        ] {
            assert!(holds_secret(secret), "{secret}");
        }
        for plain in [
            "SELECT * FROM s WHERE password = 'x';",
            "SET 'auto.offset.reset' = 'earliest';",
            "SELECT 'password' FROM s;",
            "CREATE STREAM s (password VARCHAR) WITH (KAFKA_TOPIC='t');",
        ] {
            assert!(!holds_secret(plain), "{plain}");
        }
    }
}
