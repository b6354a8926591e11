//! From Sigma's words to the events of a site: which events a log source is, and where a field is in them.
//!
//! Two kinds of files say it, built in and read from a site's own folder: *log sources* (`product:`), in Sigma's own field names, and
//! *layouts* (`layout:`), which say where those fields are in a record. `mappings/` has the built-in ones, which say how they are written.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use crate::{
    error::{Error, ErrorKind, shown},
    expand::Placeholders,
    rule::LogSource,
    rules, selection,
    term::Term,
    yaml::{self, Entry, Node, Value},
};

const BUILT_IN: [(&str, &str); 3] = [
    ("windows.yml", include_str!("../mappings/windows.yml")),
    ("winlogbeat.yml", include_str!("../mappings/winlogbeat.yml")),
    ("flat.yml", include_str!("../mappings/flat.yml")),
];

/// The names from the top of a record down to a field.
pub type FieldPath = Vec<String>;

/// All log sources, and one layout.
#[derive(Debug, Clone)]
pub struct Mapping {
    sources: Sources,
    pub(crate) layout: Layout,
}

/// Alternatives by product, kind (`category`, `service`) and name.
type Sources = BTreeMap<(String, Kind, String), Arc<[Alternative]>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Category,
    Service,
}

/// Some of the events of a log source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alternative {
    pub events: Vec<Term>,
    rename: HashMap<String, String>,
    /// By the name that rules write.
    blanks: HashMap<String, String>,
    data: Arc<[String]>,
}

/// Where fields are in a record.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Layout {
    /// When the event happened.
    pub time: Vec<FieldPath>,
    pub fields: BTreeMap<String, FieldPath>,
    /// Which of the fields an event may have as one of its own, which goes before the system's.
    own_first: Vec<String>,
    data: BTreeMap<String, FieldPath>,
    pub keywords: Keywords,
}

/// Where keywords are looked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Keywords {
    pub fields: Vec<FieldPath>,
    /// Objects whose values are all looked through.
    pub objects: Vec<FieldPath>,
    /// Members of those objects that are left out.
    pub except: Vec<String>,
}

impl Mapping {
    /// The built-in log sources, and a built-in layout: `winlogbeat` or `flat`.
    pub fn built_in(layout: &str) -> Result<Self, Error> {
        Files::built_in()?.with_layout(layout)
    }

    /// What is built in, and the files of a site's folder, which add to it and take the place of what has the same name.
    pub fn with_folder(layout: &str, folder: &Path) -> Result<Self, Error> {
        let mut files = Files::built_in()?;
        let mut paths = Vec::new();
        rules::list(folder, 0, &mut paths)?;
        paths.sort();
        for path in paths {
            let name = path.display().to_string();
            let text = rules::read(&path, &name)?;
            files
                .add(&text)
                .map_err(|error| error.in_file(Some(&name)))?;
        }
        files.with_layout(layout)
    }

    /// The events that a rule is about: any of the alternatives, all of whose terms hold.
    pub(crate) fn alternatives(&self, source: &LogSource) -> Result<Vec<Alternative>, Error> {
        let fail = |message: String| Err(Error::new(ErrorKind::LogSource, message));
        let said = [
            (Kind::Category, &source.category),
            (Kind::Service, &source.service),
        ];
        let mut found: Option<Vec<Alternative>> = None;
        for (kind, name) in said {
            let Some(name) = name else {
                continue;
            };
            let Some(alternatives) = self.named(source.product.as_deref(), kind, name) else {
                return fail(format!("the log source ({source}) is not mapped")).map_err(
                    |error: Error| {
                        error.hint(
                            "add it to a file of log sources in the folder that `--mapping` names",
                        )
                    },
                );
            };
            found = Some(match found {
                None => alternatives.to_vec(),
                Some(so_far) => both(&so_far, alternatives),
            });
        }
        match (found, &source.product) {
            (Some(found), _) => Ok(found),
            (None, Some(product)) => match self.has_product(product) {
                true => Ok(vec![self.anything(product)]),
                false => fail(format!("the log source ({source}) is not mapped")),
            },
            (None, None) => fail("the log source says no product, category or service".to_owned()),
        }
    }

    fn named(&self, product: Option<&str>, kind: Kind, name: &str) -> Option<&[Alternative]> {
        let is_it = |(of, own_kind, own_name): &(String, Kind, String)| {
            *own_kind == kind && own_name == name && product.is_none_or(|product| of == product)
        };
        let mut sources = self.sources.iter();
        sources
            .find(|(key, _)| is_it(key))
            .map(|(_, alternatives)| &**alternatives)
    }

    fn has_product(&self, product: &str) -> bool {
        self.sources.keys().any(|(of, ..)| of == product)
    }

    /// All events of a product: its services', wherever these have their fields.
    fn anything(&self, product: &str) -> Alternative {
        let sources = self.sources.iter();
        let of_product = sources.filter(|((of, ..), _)| of == product);
        let alternatives = of_product.flat_map(|(_, alternatives)| alternatives.iter());
        let data = alternatives
            .map(|alternative| &alternative.data)
            .max_by_key(|data| data.len());
        Alternative {
            events: Vec::new(),
            rename: HashMap::new(),
            blanks: HashMap::new(),
            data: data.cloned().unwrap_or_default(),
        }
    }

    /// Where a field may be in the events of an alternative: the first that is there is it.
    pub(crate) fn paths(&self, alternative: &Alternative, field: &str) -> Vec<FieldPath> {
        let field = alternative.rename.get(field).map_or(field, String::as_str);
        let of_system = self.layout.fields.get(field);
        let is_own_first = self.layout.own_first.iter().any(|own| own == field);
        if let (Some(path), false) = (of_system, is_own_first) {
            return vec![path.clone()];
        }
        let names = [
            Some(field),
            alternative.blanks.get(field).map(String::as_str),
        ];
        let objects = alternative
            .data
            .iter()
            .filter_map(|name| self.layout.data.get(name));
        let below = |object: &FieldPath, name: &str| {
            let mut path = object.clone();
            path.push(name.to_owned());
            path
        };
        let own = objects.flat_map(|object| names.iter().flatten().map(|name| below(object, name)));
        own.chain(of_system.cloned()).collect()
    }

    /// Where a field is by which log sources are told apart: the system's, if there is one.
    pub(crate) fn paths_of_source(&self, alternative: &Alternative, field: &str) -> Vec<FieldPath> {
        match self.layout.fields.get(field) {
            Some(path) => vec![path.clone()],
            None => self.paths(alternative, field),
        }
    }
}

/// What is of one of these and of one of those.
fn both(these: &[Alternative], those: &[Alternative]) -> Vec<Alternative> {
    let pairs = these
        .iter()
        .flat_map(|this| those.iter().map(move |that| (this, that)));
    let join = |(this, that): (&Alternative, &Alternative)| {
        let mut joined = this.clone();
        // Their log sources mostly say the same of the channel.
        let new = that
            .events
            .iter()
            .filter(|term| !this.events.contains(term));
        joined.events.extend(new.cloned());
        joined.rename.extend(that.rename.clone());
        joined.blanks.extend(that.blanks.clone());
        joined
    };
    pairs.map(join).collect()
}

/// The files of mappings, as far as they are read.
#[derive(Default)]
struct Files {
    sources: Sources,
    layouts: BTreeMap<String, Layout>,
}

fn fail<T>(node: &Node, message: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(ErrorKind::Mapping, message).at(node.place))
}

impl Files {
    fn built_in() -> Result<Self, Error> {
        let mut files = Self::default();
        for (name, text) in BUILT_IN {
            files.add(text).map_err(|error| error.in_file(Some(name)))?;
        }
        Ok(files)
    }

    fn with_layout(mut self, layout: &str) -> Result<Mapping, Error> {
        if let Some(layout) = self.layouts.remove(layout) {
            return Ok(Mapping {
                sources: self.sources,
                layout,
            });
        }
        let known: Vec<String> = self
            .layouts
            .keys()
            .map(|name| format!("`{}`", shown(name)))
            .collect();
        let message = format!("there is no layout `{}`", shown(layout));
        Err(Error::new(ErrorKind::Mapping, message).hint(format!("there are {}", known.join(", "))))
    }

    fn add(&mut self, text: &str) -> Result<(), Error> {
        for document in yaml::documents(text)? {
            if let Some(product) = document.get("product") {
                let product = name(product)?;
                self.add_sources(&document, &product)?;
            } else if let Some(layout) = document.get("layout") {
                let layout = name(layout)?;
                let read = read_layout(&document)?;
                self.layouts.insert(layout, read);
            } else {
                return fail(
                    &document,
                    "a mapping says `product`, for log sources, or `layout`",
                );
            }
        }
        Ok(())
    }

    fn add_sources(&mut self, document: &Node, product: &str) -> Result<(), Error> {
        for entry in document.entries() {
            let kind = match entry.key.as_str() {
                "product" => continue,
                "categories" => Kind::Category,
                "services" => Kind::Service,
                _ => return unknown(entry, "`product`, `categories` and `services`"),
            };
            let data: Arc<[String]> = match entry.value.get("data") {
                Some(data) => names(data)?.into(),
                None => return fail(&entry.value, format!("`{}` says no `data`", entry.key)),
            };
            for group in entry.value.entries() {
                match group.key.as_str() {
                    "data" => {}
                    "sources" => {
                        for source in group.value.entries() {
                            let alternatives = source.value.items().iter();
                            let alternatives = alternatives.map(|node| alternative(node, &data));
                            let alternatives = alternatives.collect::<Result<Vec<_>, _>>()?;
                            let key = (product.to_owned(), kind, source.key.clone());
                            self.sources.insert(key, alternatives.into());
                        }
                    }
                    _ => return unknown(group, "`data` and `sources`"),
                }
            }
        }
        Ok(())
    }
}

fn unknown<T>(entry: &Entry, known: &str) -> Result<T, Error> {
    let message = format!("`{}` says nothing here, {known} do", shown(&entry.key));
    Err(Error::new(ErrorKind::Mapping, message).at(entry.place))
}

fn alternative(node: &Node, data: &Arc<[String]>) -> Result<Alternative, Error> {
    let mut alternative = Alternative {
        events: Vec::new(),
        rename: HashMap::new(),
        blanks: HashMap::new(),
        data: Arc::clone(data),
    };
    if !matches!(node.value, Value::Map(_)) {
        return fail(
            node,
            format!(
                "expected `events` and what is said of them, found {}",
                node.kind()
            ),
        );
    }
    for entry in node.entries() {
        match entry.key.as_str() {
            "events" => {
                let term = selection::term(&entry.value, &Placeholders::default());
                alternative.events = match term.map_err(|error| error.at(entry.place))? {
                    Term::And(terms) => terms,
                    other => vec![other],
                };
            }
            "rename" => {
                for renamed in entry.value.entries() {
                    alternative
                        .rename
                        .insert(renamed.key.clone(), name(&renamed.value)?);
                }
            }
            "blanks" => {
                for name in names(&entry.value)? {
                    alternative.blanks.insert(name.replace(' ', ""), name);
                }
            }
            "data" => alternative.data = names(&entry.value)?.into(),
            _ => return unknown(entry, "`events`, `rename`, `blanks` and `data`"),
        }
    }
    Ok(alternative)
}

fn read_layout(document: &Node) -> Result<Layout, Error> {
    let mut layout = Layout::default();
    let mut keywords = None;
    for entry in document.entries() {
        match entry.key.as_str() {
            "layout" => {}
            "time" => {
                let paths = entry.value.items().iter().map(names);
                layout.time = paths.collect::<Result<_, _>>()?;
            }
            "fields" => layout.fields = paths(&entry.value)?,
            "own_first" => layout.own_first = names(&entry.value)?,
            "data" => layout.data = paths(&entry.value)?,
            "keywords" => keywords = Some(&entry.value),
            _ => {
                return unknown(
                    entry,
                    "`time`, `fields`, `own_first`, `data` and `keywords`",
                );
            }
        }
    }
    let empty = layout
        .fields
        .values()
        .chain(&layout.time)
        .any(Vec::is_empty);
    if empty {
        return fail(document, "the path of a field has at least one name");
    }
    if let Some(node) = keywords {
        layout.keywords = read_keywords(node, &layout)?;
    }
    Ok(layout)
}

fn read_keywords(node: &Node, layout: &Layout) -> Result<Keywords, Error> {
    let mut keywords = Keywords::default();
    for entry in node.entries() {
        let value = &entry.value;
        let of = |known: &BTreeMap<String, FieldPath>| {
            let path = |name: String| match known.get(&name) {
                Some(path) => Ok(path.clone()),
                None => fail(value, format!("the layout has no `{}`", shown(&name))),
            };
            names(value)?
                .into_iter()
                .map(path)
                .collect::<Result<Vec<_>, Error>>()
        };
        match entry.key.as_str() {
            "fields" => keywords.fields = of(&layout.fields)?,
            "data" => keywords.objects = of(&layout.data)?,
            "except" => keywords.except = names(value)?,
            _ => return unknown(entry, "`fields`, `data` and `except`"),
        }
    }
    Ok(keywords)
}

fn paths(node: &Node) -> Result<BTreeMap<String, FieldPath>, Error> {
    let entries = node.entries().iter();
    let paths = entries.map(|entry| Ok((entry.key.clone(), names(&entry.value)?)));
    paths.collect()
}

fn names(node: &Node) -> Result<Vec<String>, Error> {
    node.items().iter().map(name).collect()
}

fn name(node: &Node) -> Result<String, Error> {
    match node.scalar().filter(|name| !name.is_empty()) {
        Some(name) => Ok(name.to_owned()),
        None => fail(node, format!("expected a name, found {}", node.kind())),
    }
}
