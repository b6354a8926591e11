//! Documents of Sigma: rules, and filters that a site puts over rules of others.

use std::{collections::BTreeSet, sync::Arc};

use weir_sql::Position;

use crate::{
    condition::{self, Selections},
    error::{Error, ErrorKind, shown},
    expand::Placeholders,
    selection,
    term::Term,
    yaml::{Node, Value},
};

/// A detection rule.
#[derive(Debug, Clone)]
pub struct Rule {
    pub id: Option<String>,
    /// By which filters and correlations may refer to it, besides its id.
    pub name: Option<String>,
    pub title: String,
    pub level: Option<String>,
    pub author: Option<String>,
    pub tags: Vec<String>,
    pub references: Vec<String>,
    pub log_source: LogSource,
    /// The file that it is in, as it was named to whoever read it.
    pub file: Option<String>,
    pub(crate) place: Position,
    pub(crate) detection: Detection,
    pub(crate) filters: Vec<Arc<Filter>>,
}

/// Which events a rule is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct LogSource {
    pub product: Option<String>,
    pub category: Option<String>,
    pub service: Option<String>,
}

/// What tunes rules without changing them: where it holds for them, its condition must be met too.
#[derive(Debug, Clone)]
pub struct Filter {
    pub id: Option<String>,
    pub title: String,
    pub log_source: LogSource,
    pub file: Option<String>,
    /// `None`: every rule of its log source.
    pub(crate) rules: Option<BTreeSet<String>>,
    pub(crate) place: Position,
    pub(crate) detection: Detection,
}

#[derive(Debug, Clone)]
pub(crate) struct Detection {
    selections: Vec<(String, Node)>,
    /// More than one are as many rules in one: any of them is enough.
    conditions: Vec<(String, Position)>,
}

/// What a document is.
#[derive(Debug, Clone)]
pub enum Document {
    Rule(Box<Rule>),
    Filter(Box<Filter>),
}

/// What a document calls itself, as far as it says: for what is said of one that cannot be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    pub id: Option<String>,
    pub title: Option<String>,
}

impl Named {
    pub(crate) fn of(node: &Node) -> Self {
        let text = |key: &str| node.get(key).and_then(Node::scalar).map(str::to_owned);
        Self {
            id: text("id"),
            title: text("title"),
        }
    }
}

impl Document {
    pub(crate) fn read(node: &Node, file: Option<&str>) -> Result<Self, Error> {
        read(node, file).map_err(|error| error.at(node.place).in_file(file))
    }
}

fn read(node: &Node, file: Option<&str>) -> Result<Document, Error> {
    if !matches!(node.value, Value::Map(_)) {
        let message = format!("expected a rule, which is a map, found {}", node.kind());
        return Err(Error::new(ErrorKind::Rule, message));
    }
    if let Some(action) = node.get("action") {
        let message = "the document has an `action`, which is of an older Sigma";
        return Err(Error::new(ErrorKind::Unsupported, message)
            .at(action.place)
            .hint("write what it shares with others into each of them"));
    }
    if let Some(correlation) = node.get("correlation") {
        let message = "correlations are not converted";
        return Err(Error::new(ErrorKind::Unsupported, message).at(correlation.place));
    }
    if let Some(filter) = node.get("filter") {
        return Ok(Document::Filter(Box::new(Filter {
            id: text(node, "id")?,
            title: text(node, "title")?.unwrap_or_default(),
            log_source: log_source(node)?,
            file: file.map(str::to_owned),
            rules: rules_of(filter)?,
            place: node.place,
            detection: Detection::read(filter, &["rules", "condition"])?,
        })));
    }
    let Some(detection) = node.get("detection") else {
        let message = "the document has no `detection`: it is no rule";
        return Err(Error::new(ErrorKind::Rule, message));
    };
    let Some(title) = text(node, "title")?.filter(|title| !title.trim().is_empty()) else {
        return Err(Error::new(ErrorKind::Rule, "the rule has no `title`"));
    };
    Ok(Document::Rule(Box::new(Rule {
        id: text(node, "id")?.filter(|id| !id.is_empty()),
        name: text(node, "name")?,
        title,
        level: text(node, "level")?,
        author: author(node)?,
        tags: texts(node, "tags")?,
        references: texts(node, "references")?,
        log_source: log_source(node)?,
        file: file.map(str::to_owned),
        place: node.place,
        detection: Detection::read(detection, &["condition", "timeframe"])?,
        filters: Vec::new(),
    })))
}

fn text(node: &Node, key: &str) -> Result<Option<String>, Error> {
    match node.get(key) {
        None => Ok(None),
        Some(found) if found.value == Value::Null => Ok(None),
        Some(found) => match found.scalar() {
            Some(text) => Ok(Some(text.to_owned())),
            None => {
                let message = format!("expected a text for `{key}`, found {}", found.kind());
                Err(Error::new(ErrorKind::Rule, message).at(found.place))
            }
        },
    }
}

fn texts(node: &Node, key: &str) -> Result<Vec<String>, Error> {
    let Some(found) = node.get(key).filter(|found| found.value != Value::Null) else {
        return Ok(Vec::new());
    };
    let texts = found.items().iter().map(|item| match item.scalar() {
        Some(text) => Ok(text.to_owned()),
        None => {
            let message = format!("expected a text in `{key}`, found {}", item.kind());
            Err(Error::new(ErrorKind::Rule, message).at(item.place))
        }
    });
    texts.collect()
}

/// Some rules have a list of them.
fn author(node: &Node) -> Result<Option<String>, Error> {
    let authors = texts(node, "author")?;
    Ok((!authors.is_empty()).then(|| authors.join(", ")))
}

fn log_source(node: &Node) -> Result<LogSource, Error> {
    let Some(source) = node.get("logsource") else {
        let message = "the document has no `logsource`: which events it is about";
        return Err(Error::new(ErrorKind::Rule, message));
    };
    Ok(LogSource {
        product: text(source, "product")?,
        category: text(source, "category")?,
        service: text(source, "service")?,
    })
}

/// The ids and names of a filter's rules; `any` is all of them.
fn rules_of(filter: &Node) -> Result<Option<BTreeSet<String>>, Error> {
    let rules = texts(filter, "rules")?;
    if rules.is_empty() {
        let message = "the filter names no `rules`";
        return Err(Error::new(ErrorKind::Rule, message)
            .at(filter.place)
            .hint("name them by id or by name, or write `rules: any`"));
    }
    let is_any = rules.iter().any(|rule| rule == "any");
    Ok((!is_any).then(|| rules.into_iter().collect()))
}

impl Rule {
    /// What it is called where there is one name to give: its id, or its title.
    pub fn key(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.title)
    }

    /// The id of the query that runs it: `SIGMA_` and the rule's id, or its title if it has none, in capitals.
    pub fn query_id(&self) -> String {
        query_id(self.key())
    }

    /// The same rule under another id and title, with other texts to look for: `text` is given each of them and what it stands under,
    /// a field with its modifiers, or nothing for keywords. Numbers, booleans and the filters over the rule stay as they are.
    pub fn with_texts(
        &self,
        id: String,
        title: String,
        mut text: impl FnMut(&str, &str) -> String,
    ) -> Self {
        let mut rule = Self {
            id: Some(id),
            title,
            ..self.clone()
        };
        for (_, node) in &mut rule.detection.selections {
            node.replace_texts("", &mut text);
        }
        rule
    }

    /// Its condition and that of the filters over it. A filter that cannot be read is left out: rather an alert too many than none.
    pub(crate) fn term(
        &self,
        placeholders: &Placeholders,
        left_out: &mut Vec<Error>,
    ) -> Result<Term, Error> {
        let own = self.detection.term(placeholders);
        let mut terms =
            vec![own.map_err(|error| error.at(self.place).in_file(self.file.as_deref()))?];
        for filter in &self.filters {
            match filter.detection.term(placeholders) {
                Ok(term) => terms.push(term),
                Err(error) => left_out.push(error.at(filter.place).in_file(filter.file.as_deref())),
            }
        }
        Ok(Term::all(terms))
    }
}

/// Of the query that runs what has this id, or this title and no id.
pub(crate) fn query_id(key: &str) -> String {
    let sign = |character: char| match character {
        letter if letter.is_ascii_alphanumeric() => letter.to_ascii_uppercase(),
        _ => '_',
    };
    format!("SIGMA_{}", key.chars().map(sign).collect::<String>())
}

impl Filter {
    pub(crate) fn is_for(&self, rule: &Rule) -> bool {
        let is_named = |rules: &BTreeSet<String>| {
            let names = [&rule.id, &rule.name];
            names.into_iter().flatten().any(|name| rules.contains(name))
        };
        self.rules.as_ref().is_none_or(is_named) && self.log_source.covers(&rule.log_source)
    }

    /// The ids and names that it gives of rules.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().flatten().map(String::as_str)
    }
}

impl LogSource {
    /// Whether whatever is of `other` is of this one.
    fn covers(&self, other: &Self) -> bool {
        let pairs = [
            (&self.product, &other.product),
            (&self.category, &other.category),
            (&self.service, &other.service),
        ];
        pairs
            .iter()
            .all(|(own, other)| own.is_none() || own == other)
    }
}

impl std::fmt::Display for LogSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            ("product", &self.product),
            ("category", &self.category),
            ("service", &self.service),
        ];
        let said = parts.iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(format!("{name} {}", shown(value)))
        });
        f.write_str(&said.collect::<Vec<_>>().join(", "))
    }
}

impl Detection {
    fn read(node: &Node, not_selections: &[&str]) -> Result<Self, Error> {
        if !matches!(node.value, Value::Map(_)) {
            let message = format!("expected selections and a condition, found {}", node.kind());
            return Err(Error::new(ErrorKind::Rule, message).at(node.place));
        }
        let Some(condition) = node.get("condition") else {
            let message = "there is no `condition`";
            return Err(Error::new(ErrorKind::Condition, message).at(node.place));
        };
        let conditions = condition.items().iter().map(|item| match &item.value {
            Value::Text(text) => Ok((text.clone(), item.place)),
            _ => {
                let message = format!("expected a condition, found {}", item.kind());
                Err(Error::new(ErrorKind::Condition, message).at(item.place))
            }
        });
        let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
        if conditions.is_empty() {
            let message = "there is no `condition`";
            return Err(Error::new(ErrorKind::Condition, message).at(condition.place));
        }
        let entries = node.entries().iter();
        let selections = entries.filter(|entry| !not_selections.contains(&entry.key.as_str()));
        Ok(Self {
            selections: selections
                .map(|entry| (entry.key.clone(), entry.value.clone()))
                .collect(),
            conditions,
        })
    }

    fn term(&self, placeholders: &Placeholders) -> Result<Term, Error> {
        let known = Known {
            detection: self,
            placeholders,
        };
        let terms = self
            .conditions
            .iter()
            .map(|(condition, place)| condition::parse(condition, *place, &known));
        Ok(Term::any(terms.collect::<Result<_, _>>()?))
    }
}

struct Known<'a> {
    detection: &'a Detection,
    placeholders: &'a Placeholders,
}

impl Selections for Known<'_> {
    fn names(&self) -> Vec<&str> {
        let selections = self.detection.selections.iter();
        selections.map(|(name, _)| name.as_str()).collect()
    }

    fn term(&self, name: &str) -> Result<Term, Error> {
        let mut selections = self.detection.selections.iter();
        match selections.find(|(known, _)| known == name) {
            Some((_, node)) => {
                selection::term(node, self.placeholders).map_err(|error| error.at(node.place))
            }
            None => {
                let message = format!("there is no selection `{}`", shown(name));
                Err(Error::new(ErrorKind::Condition, message))
            }
        }
    }
}
