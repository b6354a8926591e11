//! Files and folders of rules: what is in them that can be used, and what cannot and why.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    error::{Error, ErrorKind, shown},
    rule::{Document, Filter, Named, Rule},
    yaml::{self, Node, Value},
};

/// How deep folders are looked through, and how many files are read.
const MAX_FOLDERS: usize = 32;
const MAX_FILES: usize = 200_000;

/// What was read: rules with the filters over them.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// In the order of their files, and of their documents in a file.
    pub rules: Vec<Rule>,
    pub left_out: Vec<LeftOut>,
}

/// A document that cannot be used.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    pub named: Named,
    pub error: Error,
}

impl Rules {
    /// A file, or all `.yml` and `.yaml` files of a folder and the folders in it. Fails only if `path` itself cannot be read.
    ///
    /// In a folder what is nothing of Sigma's, such as a site's mapping or its placeholders, is passed over. What may be what is
    /// left of a rule is not: a file that is empty, a text that is no map, or what has no more than an id or a title.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let mut files = Vec::new();
        match path.is_dir() {
            true => list(path, 0, &mut files)?,
            false => files.push(path.to_owned()),
        }
        files.sort();
        let is_only = !path.is_dir();
        let mut reading = Reading {
            passes_over: !is_only,
            ..Reading::default()
        };
        for file in files {
            let name = file.display().to_string();
            match read(&file, &name) {
                Ok(text) => reading.add(&text, Some(&name)),
                Err(error) if is_only => return Err(error),
                Err(error) => reading.leave_out(Named::default(), error),
            }
        }
        Ok(reading.finish())
    }

    /// The documents of one text.
    pub fn parse(text: &str, file: Option<&str>) -> Self {
        let mut reading = Reading::default();
        reading.add(text, file);
        reading.finish()
    }
}

fn no_file(name: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::File, format!("cannot be read: {error}")).in_file(Some(name))
}

/// The text of a file, if it is not too long.
pub(crate) fn read(file: &Path, name: &str) -> Result<String, Error> {
    let length = fs::metadata(file)
        .map_err(|error| no_file(name, &error))?
        .len();
    if length > yaml::MAX_FILE as u64 {
        let message = format!(
            "the file has {length} bytes; at most {} are read",
            yaml::MAX_FILE
        );
        return Err(Error::new(ErrorKind::File, message).in_file(Some(name)));
    }
    let bytes = fs::read(file).map_err(|error| no_file(name, &error))?;
    String::from_utf8(bytes)
        .map_err(|_| Error::new(ErrorKind::File, "the file is no UTF-8").in_file(Some(name)))
}

/// The YAML files below a folder; those whose names begin with a point are left alone.
pub(crate) fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let name = folder.display().to_string();
    if depth > MAX_FOLDERS {
        let message = format!("folders nest deeper than {MAX_FOLDERS}");
        return Err(Error::new(ErrorKind::File, message).in_file(Some(&name)));
    }
    for entry in fs::read_dir(folder).map_err(|error| no_file(&name, &error))? {
        let path = entry.map_err(|error| no_file(&name, &error))?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if is_hidden {
            continue;
        }
        if path.is_dir() {
            list(&path, depth + 1, files)?;
        } else if path
            .extension()
            .is_some_and(|kind| kind == "yml" || kind == "yaml")
        {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            let message = format!("there are more than {MAX_FILES} files");
            return Err(Error::new(ErrorKind::File, message).in_file(Some(&name)));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Reading {
    rules: Vec<Rule>,
    filters: Vec<Filter>,
    left_out: Vec<LeftOut>,
    /// Whether documents that are none of Sigma's are passed over.
    passes_over: bool,
    /// Where the rule of a query id is.
    taken: HashMap<String, Option<String>>,
}

impl Reading {
    fn add(&mut self, text: &str, file: Option<&str>) {
        let documents = match yaml::documents(text) {
            Ok(documents) => documents,
            Err(error) => return self.leave_out(Named::default(), error.in_file(file)),
        };
        let is_ours = |node: &Node| {
            let keys = [
                "detection",
                "logsource",
                "filter",
                "correlation",
                "action",
                "id",
                "title",
            ];
            !matches!(node.value, Value::Map(_)) || keys.iter().any(|key| node.get(key).is_some())
        };
        if documents.is_empty() {
            let error = Error::new(ErrorKind::Rule, "the file is empty: there is no rule in it");
            self.leave_out(Named::default(), error.in_file(file));
        }
        for node in documents {
            if self.passes_over && !is_ours(&node) {
                continue;
            }
            match Document::read(&node, file) {
                Ok(Document::Rule(rule)) => self.add_rule(*rule),
                Ok(Document::Filter(filter)) => self.filters.push(*filter),
                Err(error) => self.leave_out(Named::of(&node), error),
            }
        }
    }

    fn add_rule(&mut self, rule: Rule) {
        if let Some(first) = self.taken.get(&rule.query_id()) {
            let place = first.as_deref().unwrap_or("the same text");
            let message = format!("`{}` is the id of a rule in {place} too", shown(rule.key()));
            let error = Error::new(ErrorKind::Rule, message)
                .at(rule.place)
                .in_file(rule.file.as_deref());
            let named = Named {
                id: rule.id,
                title: Some(rule.title),
            };
            return self.leave_out(named, error);
        }
        self.taken.insert(rule.query_id(), rule.file.clone());
        self.rules.push(rule);
    }

    fn leave_out(&mut self, named: Named, error: Error) {
        self.left_out.push(LeftOut { named, error });
    }

    /// Puts the filters over the rules that they are for.
    fn finish(mut self) -> Rules {
        for filter in std::mem::take(&mut self.filters) {
            let filter = Arc::new(filter);
            let mut is_used = false;
            for rule in self.rules.iter_mut().filter(|rule| filter.is_for(rule)) {
                rule.filters.push(Arc::clone(&filter));
                is_used = true;
            }
            if !is_used {
                self.leave_out_filter(&filter);
            }
        }
        Rules {
            rules: self.rules,
            left_out: self.left_out,
        }
    }

    fn leave_out_filter(&mut self, filter: &Filter) {
        let names: Vec<String> = filter
            .names()
            .take(5)
            .map(|name| format!("`{}`", shown(name)))
            .collect();
        let message = match names.is_empty() {
            true => "the filter is for no rule that is here".to_owned(),
            false => format!(
                "the filter is for {}, and no such rule of its log source is here",
                names.join(", ")
            ),
        };
        let error = Error::new(ErrorKind::Rule, message)
            .at(filter.place)
            .in_file(filter.file.as_deref());
        let named = Named {
            id: filter.id.clone(),
            title: Some(filter.title.clone()),
        };
        self.leave_out(named, error);
    }
}

#[cfg(test)]
mod tests {
    use super::Rules;

    const RULE: &str = "title: A rule\nid: 5a1c0a4e-0000-4000-8000-000000000001\nlogsource: {product: windows}\ndetection:\n  a: {Image: x}\n  condition: a\n";

    #[test]
    fn what_may_be_left_of_a_rule_is_not_passed_over() {
        let folder = std::env::temp_dir().join(format!("weir-sigma-rules-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let files = [
            ("1.yml", RULE),
            ("2.yml", ""),
            ("3.yml", "# a comment\n"),
            ("4.yml", "titl"),
            ("5.yml", "title: A rule\n"),
            ("6.yml", "id: 5a1c0a4e-0000-4000-8000-000000000002\n"),
            ("placeholders.yml", "admins: [berta]\n"),
        ];
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let rules = Rules::load(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        let rules = rules.unwrap();
        assert_eq!(rules.rules.len(), 1);
        let left_out = rules.left_out.iter().map(|document| {
            let file = document.error.file.as_deref().unwrap();
            (
                &file[file.len() - 5..],
                document.error.message.as_str(),
                document.named.id.is_some(),
            )
        });
        let empty = "the file is empty: there is no rule in it";
        let none = "the document has no `detection`: it is no rule";
        assert_eq!(
            left_out.collect::<Vec<_>>(),
            [
                ("2.yml", empty, false),
                ("3.yml", empty, false),
                (
                    "4.yml",
                    "expected a rule, which is a map, found a text",
                    false
                ),
                ("5.yml", none, false),
                ("6.yml", none, true),
            ]
        );
    }
}
