//! What rules are written with: numbers for the columns that they name, and what many of them have the same of, kept once.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use weir_catalog::{Format, SqlType};
use weir_formats::ColumnRequest;
use weir_rules::{ColumnId, Formula, Pattern};

use crate::layout::{Declared, Layout, Needs, Part};

/// All columns that a rule has ever named; as many as the statements have names for.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary(Mutex<Words>);

#[derive(Debug, Default, Clone)]
struct Words {
    columns: Vec<Word>,
    ids: HashMap<Arc<ColumnRequest>, Vec<ColumnId>>,
    first_of: HashMap<Vec<ColumnId>, ColumnId>,
    declared: Unique<Declared>,
    requests: Unique<ColumnRequest>,
    texts: Unique<[Pattern]>,
}

/// Each of equal things once. As they become more, those that nobody else has any more are forgotten.
#[derive(Debug)]
struct Unique<T: ?Sized> {
    known: HashSet<Arc<T>>,
    /// How many there may be before those that nobody has are looked for.
    most: usize,
}

#[derive(Debug, Clone)]
enum Word {
    Column(Arc<Declared>, Arc<ColumnRequest>),
    /// The first of these that is not NULL.
    FirstOf(Vec<ColumnId>),
}

/// Where a column is in the batches of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Nowhere,
    /// Group and column.
    At(usize, usize),
    FirstOf(Vec<ColumnId>),
}

impl Vocabulary {
    pub fn id(&self, declared: &Arc<Declared>, request: &Arc<ColumnRequest>) -> ColumnId {
        let mut words = self.words();
        let Words { columns, ids, .. } = &mut *words;
        let known = ids.entry(request.clone()).or_default();
        let same = known.iter().find(|id| match &columns[**id as usize] {
            Word::Column(other, _) => other.is_served_with(declared),
            Word::FirstOf(_) => false,
        });
        if let Some(id) = same {
            return *id;
        }
        let id = columns.len() as ColumnId;
        columns.push(Word::Column(declared.clone(), request.clone()));
        known.push(id);
        id
    }

    /// The first of these columns that is not NULL, as a column.
    pub fn first_of(&self, parts: &[ColumnId]) -> ColumnId {
        let mut words = self.words();
        if let Some(known) = words.first_of.get(parts) {
            return *known;
        }
        let id = words.columns.len() as ColumnId;
        words.columns.push(Word::FirstOf(parts.to_vec()));
        words.first_of.insert(parts.to_vec(), id);
        id
    }

    /// Of what others need too there is one from here on.
    pub fn share_needs(&self, needs: &mut Needs) {
        let mut words = self.words();
        for (declared, requests) in &mut needs.parts {
            words.declared.share(declared);
            requests
                .iter_mut()
                .for_each(|request| words.requests.share(request));
        }
        if let Some(date) = &mut needs.date {
            words.requests.share(&mut date.request);
        }
    }

    /// Of what others ask of texts too there is one from here on.
    pub fn share_texts(&self, formula: &mut Formula) {
        let mut words = self.words();
        formula.each_text(|patterns| words.texts.share(patterns));
    }

    /// By id.
    pub fn places(&self, layout: &Layout) -> Vec<Place> {
        let words = self.words();
        let mut by_request = Vec::with_capacity(layout.groups.len());
        for group in &layout.groups {
            let requests = group.requests.iter().enumerate();
            by_request.push(
                requests
                    .map(|(column, request)| (request, column))
                    .collect::<HashMap<_, _>>(),
            );
        }
        let at = |declared: &Declared, request: &ColumnRequest| {
            let group = layout.group(declared)?;
            Some(Place::At(group, *by_request[group].get(request)?))
        };
        let place = |word: &Word| match word {
            Word::Column(declared, request) => at(declared, request).unwrap_or(Place::Nowhere),
            Word::FirstOf(parts) => Place::FirstOf(parts.clone()),
        };
        words.columns.iter().map(place).collect()
    }

    /// With words of its own from here on.
    pub fn copy(&self) -> Self {
        Self(Mutex::new(self.words().clone()))
    }

    /// What a column is called in a statement; on one line, whatever a record or a rule has made of the names.
    pub fn name(&self, id: ColumnId) -> String {
        let words = self.words();
        let name = |id: &ColumnId| match words.columns.get(*id as usize) {
            Some(Word::Column(_, request)) => weir_rules::shown(&request.path.join("->")),
            _ => String::new(),
        };
        match words.columns.get(id as usize) {
            Some(Word::FirstOf(parts)) => {
                let parts: Vec<String> = parts.iter().map(name).collect();
                format!("COALESCE({})", parts.join(", "))
            }
            _ => name(&id),
        }
    }

    /// Whether the texts of a column come out of the bytes of a JSON value.
    pub fn is_in_raw_json(&self, id: ColumnId) -> bool {
        let words = self.words();
        let is_in_raw = |id: &ColumnId| match words.columns.get(*id as usize) {
            Some(Word::Column(declared, request)) => {
                declared.part == Part::Value
                    && declared.format.format == Format::Json
                    && request.sql_type == SqlType::String
            }
            _ => false,
        };
        match words.columns.get(id as usize) {
            Some(Word::FirstOf(parts)) => parts.iter().all(is_in_raw),
            _ => is_in_raw(&id),
        }
    }

    fn words(&self) -> MutexGuard<'_, Words> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: ?Sized + Eq + Hash> Unique<T> {
    const FEW: usize = 1_024;

    fn share(&mut self, one: &mut Arc<T>) {
        if let Some(known) = self.known.get(one) {
            *one = known.clone();
            return;
        }
        if self.known.len() >= self.most {
            self.known.retain(|known| Arc::strong_count(known) > 1);
            self.most = Self::FEW.max(2 * self.known.len());
        }
        self.known.insert(one.clone());
    }
}

impl<T: ?Sized> Clone for Unique<T> {
    fn clone(&self) -> Self {
        Self {
            known: self.known.clone(),
            most: self.most,
        }
    }
}

impl<T: ?Sized> Default for Unique<T> {
    fn default() -> Self {
        Self {
            known: HashSet::new(),
            most: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_are_one_and_those_that_nobody_has_are_forgotten() {
        let mut unique = Unique::<str>::default();
        let (mut one, mut same): (Arc<str>, Arc<str>) = ("a".into(), "a".into());
        unique.share(&mut one);
        unique.share(&mut same);
        assert!(Arc::ptr_eq(&one, &same));
        for number in 0..10_000 {
            let mut gone: Arc<str> = number.to_string().into();
            unique.share(&mut gone);
        }
        assert!(unique.known.len() <= Unique::<str>::FEW);
        let mut again: Arc<str> = "a".into();
        unique.share(&mut again);
        assert!(Arc::ptr_eq(&one, &again));
    }
}
