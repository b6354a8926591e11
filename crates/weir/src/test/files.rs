//! Which files hold the tests: those that are named, and every `.sql` file below a folder that is.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

use super::NO_TEST;

/// How deep folders are followed: a link that leads back up comes to an end.
const DEEPEST: usize = 32;

/// The files, each once: as the paths are given, and within a folder by name.
pub fn all(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        let facts = std::fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
        if facts.is_dir() {
            walk(path, 0, &mut files)?;
            if files.len() == before {
                return Err(Failure::new(format!(
                    "there is no scenario below `{}`: no file there ends in `.sql`",
                    path.display()
                ))
                .status(NO_TEST));
            }
        } else {
            files.push(path.clone());
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(std::fs::canonicalize(file).unwrap_or_else(|_| file.clone())));
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| cannot_read(folder, &error);
    let entries = std::fs::read_dir(folder).map_err(cannot)?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(cannot)?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if depth < DEEPEST {
                walk(&path, depth + 1, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    Ok(())
}

pub fn cannot_read(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("cannot read `{}`: {error}", path.display())).status(NO_TEST)
}
