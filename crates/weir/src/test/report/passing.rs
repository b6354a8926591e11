//! The cases that must pass: a file of ids that only grows.

use std::{collections::BTreeSet, path::PathBuf};

use crate::{failure::Failure, test::files::cannot_read};

pub struct Passing {
    path: PathBuf,
    known: BTreeSet<String>,
    /// Those that pass and are not known.
    new: BTreeSet<String>,
    /// Those that are known and do not pass.
    lost: Vec<String>,
}

impl Passing {
    /// One id a line; a file that is not there holds none.
    pub fn read(path: PathBuf) -> Result<Self, Failure> {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(cannot_read(&path, &error)),
        };
        Ok(Self {
            path,
            known: text.lines().map(str::to_owned).collect(),
            new: BTreeSet::new(),
            lost: Vec::new(),
        })
    }

    /// False if it must pass and has not.
    pub fn accepts(&mut self, id: &str, has_passed: bool) -> bool {
        match (self.known.contains(id), has_passed) {
            (true, false) => {
                self.lost.push(id.to_owned());
                false
            }
            (false, true) => {
                self.new.insert(id.to_owned());
                true
            }
            _ => true,
        }
    }

    /// Says what was lost and what is new, on standard error, and writes the file if it is to grow.
    pub fn end(mut self, grows: bool) -> Result<(), Failure> {
        for id in &self.lost {
            eprintln!("passed before, and does not now: {id}");
        }
        if self.new.is_empty() {
            return Ok(());
        }
        let (count, path) = (self.new.len(), self.path.display());
        if !grows {
            eprintln!("{count} cases pass that are not in {path}: --add-passing adds them");
            return Ok(());
        }
        eprintln!("{count} cases are added to {path}");
        self.known.append(&mut self.new);
        let lines: String = self.known.iter().map(|id| format!("{id}\n")).collect();
        let written = std::fs::write(&self.path, lines);
        written
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", self.path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::Passing;

    #[test]
    fn what_passed_must_pass_and_the_list_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passing.txt");
        std::fs::write(&path, "b\na\n").unwrap();
        let mut passing = Passing::read(path.clone()).unwrap();
        assert!(passing.accepts("a", true));
        assert!(!passing.accepts("b", false));
        assert!(passing.accepts("c", true));
        assert!(passing.accepts("d", false));
        passing.end(true).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "a\nb\nc\n");
    }
}
