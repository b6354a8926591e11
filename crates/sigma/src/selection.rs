//! A selection of a rule: what it asks of the fields of an event.
//!
//! A map is AND, a list is OR, a list without fields is keywords, a list of maps is OR of ANDs.

use weir_sql::Position;

use crate::{
    error::{Error, ErrorKind, shown},
    expand::Placeholders,
    modifier::{Modifiers, values},
    term::Term,
    yaml::{Entry, Node, Value},
};

pub fn term(node: &Node, placeholders: &Placeholders) -> Result<Term, Error> {
    match &node.value {
        Value::Map(entries) => map(entries, node.place, placeholders),
        Value::List(items) => list(items, node.place, placeholders),
        _ => keywords(std::slice::from_ref(node), placeholders),
    }
}

fn map(entries: &[Entry], place: Position, placeholders: &Placeholders) -> Result<Term, Error> {
    if entries.is_empty() {
        let message = "a selection asks for nothing";
        return Err(Error::new(ErrorKind::Rule, message).at(place));
    }
    let terms = entries.iter().map(|entry| {
        let modifiers = Modifiers::parse(&entry.key).map_err(|error| error.at(entry.place))?;
        let items = entry.value.items();
        if items.is_empty() {
            let message = format!("`{}` has no value", shown(&entry.key));
            return Err(Error::new(ErrorKind::Rule, message).at(entry.place));
        }
        values(&modifiers, items, placeholders).map_err(|error| error.at(entry.place))
    });
    Ok(Term::all(terms.collect::<Result<_, _>>()?))
}

fn list(items: &[Node], place: Position, placeholders: &Placeholders) -> Result<Term, Error> {
    if items.is_empty() {
        let message = "a selection asks for nothing";
        return Err(Error::new(ErrorKind::Rule, message).at(place));
    }
    let mut terms = Vec::new();
    let mut words = Vec::new();
    for item in items {
        match &item.value {
            Value::Map(entries) => terms.push(map(entries, item.place, placeholders)?),
            Value::List(_) => {
                let message = "a list stands in a list, where a text or a map must";
                return Err(Error::new(ErrorKind::Rule, message).at(item.place));
            }
            _ => words.push(item.clone()),
        }
    }
    if !words.is_empty() {
        terms.push(keywords(&words, placeholders)?);
    }
    Ok(Term::any(terms))
}

fn keywords(items: &[Node], placeholders: &Placeholders) -> Result<Term, Error> {
    values(&Modifiers::default(), items, placeholders)
}
