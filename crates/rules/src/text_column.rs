//! The text atoms of one column: which of them hold, for a whole column of values.

use std::collections::HashMap;

use arrow::array::{Array, StringArray};
use weir_functions::{fold::fold_into, operators::Place};

use crate::{
    atom::{Check, Pattern},
    automaton::Automaton,
    matches::Hits,
};

#[derive(Debug)]
pub(crate) struct TextColumn {
    automaton: Option<Automaton>,
    /// By literal of the automaton: its entries, from here to where the next one's begin.
    starts: Box<[u32]>,
    entries: Box<[Entry]>,
    checks: Box<[Check]>,
    /// The atoms that hold for an empty text.
    of_empty: Box<[u32]>,
    /// Of every entry, in order.
    atoms: Box<[u32]>,
}

/// A literal in a place, and the atoms that ask for it.
#[derive(Debug)]
struct Entry {
    place: Place,
    length: u32,
    /// In the checks; `NO_CHECK` for none.
    check: u32,
    atoms: (u32, u32),
}

const NO_CHECK: u32 = u32::MAX;

impl TextColumn {
    /// `patterns` with the atoms that they belong to.
    pub fn new<'a>(patterns: impl IntoIterator<Item = (&'a Pattern, u32)>) -> Option<Self> {
        let mut of_empty = Vec::new();
        let mut by_pattern: HashMap<&Pattern, Vec<u32>> = HashMap::new();
        for (pattern, atom) in patterns {
            match pattern.literal.is_empty() {
                true => of_empty.push(atom),
                false => by_pattern.entry(pattern).or_default().push(atom),
            }
        }
        let mut ordered: Vec<(&Pattern, Vec<u32>)> = by_pattern.into_iter().collect();
        ordered.sort_unstable();
        let (mut literals, mut starts): (Vec<&str>, Vec<u32>) = Default::default();
        let (mut entries, mut checks, mut atoms) = (Vec::new(), Vec::new(), Vec::new());
        for (pattern, of_pattern) in ordered {
            if literals.last() != Some(&&*pattern.literal) {
                literals.push(&pattern.literal);
                starts.push(entries.len() as u32);
            }
            let check = match &pattern.check {
                Check::Nothing => NO_CHECK,
                other => {
                    checks.push(other.clone());
                    checks.len() as u32 - 1
                }
            };
            let first = atoms.len() as u32;
            atoms.extend(of_pattern);
            entries.push(Entry {
                place: pattern.place,
                length: pattern.literal.len() as u32,
                check,
                atoms: (first, atoms.len() as u32),
            });
        }
        starts.push(entries.len() as u32);
        let automaton = match literals.is_empty() {
            true => None,
            false => Some(Automaton::new(&literals)?),
        };
        Some(Self {
            automaton,
            starts: starts.into(),
            entries: entries.into(),
            checks: checks.into(),
            of_empty: of_empty.into(),
            atoms: atoms.into(),
        })
    }

    /// Adds which atoms hold in which rows, row by row.
    pub fn scan(&self, values: &StringArray, hits: &mut Hits, buffer: &mut String) {
        for row in 0..values.len() {
            if values.is_null(row) {
                continue;
            }
            let value = values.value(row);
            if value.is_empty() {
                hits.extend(row, &self.of_empty);
                continue;
            }
            let Some(automaton) = &self.automaton else {
                continue;
            };
            let folded = match value.is_ascii() {
                true => value,
                false => {
                    buffer.clear();
                    fold_into(value, buffer);
                    buffer.as_str()
                }
            };
            automaton.scan(folded.as_bytes(), |literal, end| {
                let literal = literal as usize;
                let entries = self.starts[literal] as usize..self.starts[literal + 1] as usize;
                for entry in &self.entries[entries] {
                    let start = end - entry.length as usize;
                    let is_there = match entry.place {
                        Place::Anywhere => true,
                        Place::Start => start == 0,
                        Place::End => end == folded.len(),
                        Place::Whole => start == 0 && end == folded.len(),
                    };
                    if is_there && (entry.check == NO_CHECK || self.holds(entry, value)) {
                        let (first, last) = entry.atoms;
                        hits.extend(row, &self.atoms[first as usize..last as usize]);
                    }
                }
            });
        }
    }

    #[cold]
    fn holds(&self, entry: &Entry, value: &str) -> bool {
        match &self.checks[entry.check as usize] {
            Check::Nothing => true,
            Check::Case(text) => match entry.place {
                Place::Whole => value == &**text,
                Place::Start => value.starts_with(&**text),
                Place::End => value.ends_with(&**text),
                Place::Anywhere => {
                    memchr::memmem::find(value.as_bytes(), text.as_bytes()).is_some()
                }
            },
            Check::Like(like) if like.ignores_case => {
                let mut folded = String::with_capacity(value.len());
                fold_into(value, &mut folded);
                like.matches(&folded)
            }
            Check::Like(like) => like.matches(value),
        }
    }

    pub fn memory(&self) -> usize {
        let automaton = self.automaton.as_ref().map_or(0, Automaton::memory);
        automaton
            + size_of_val(&*self.starts)
            + size_of_val(&*self.entries)
            + size_of_val(&*self.checks)
            + size_of_val(&*self.atoms)
    }
}
