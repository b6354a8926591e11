//! The text atoms of one column: which of them hold, for a whole column of values.

use std::collections::HashMap;

use arrow::array::{Array, StringArray};
use weir_functions::{fold::fold_into, operators::Place};

use crate::{
    atom::{Check, Pattern},
    automaton::{Scanner, Walker},
    matches::Hits,
};

/// Literals are looked for where they have to be: only what may stand anywhere takes a look at all of a value.
#[derive(Debug)]
pub(crate) struct TextColumn {
    anywhere: Literals<Scanner>,
    /// With those that are whole values.
    at_start: Literals<Walker>,
    /// From their ends to their beginnings.
    at_end: Literals<Walker>,
    /// The atoms that hold for an empty text.
    of_empty: Box<[u32]>,
}

/// Literals, and what they say where they are found.
#[derive(Debug)]
struct Literals<A> {
    /// Of none there is none.
    automaton: Option<A>,
    /// By literal of the automaton: its entries, from here to where the next one's begin.
    starts: Box<[u32]>,
    entries: Box<[Entry]>,
    checks: Box<[Check]>,
    /// Of every entry, in order.
    atoms: Box<[u32]>,
}

/// A literal in a place, and the atoms that ask for it.
#[derive(Debug)]
struct Entry {
    place: Place,
    /// In the checks; `NO_CHECK` for none.
    check: u32,
    atoms: (u32, u32),
}

const NO_CHECK: u32 = u32::MAX;

/// Patterns in order, each with the atoms that it belongs to.
type Patterns<'a> = Vec<(&'a Pattern, Vec<u32>)>;

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
        let mut ordered: Patterns<'_> = by_pattern.into_iter().collect();
        ordered.sort_unstable();
        let (mut anywhere, mut at_start, mut at_end) = <(Vec<_>, Vec<_>, Vec<_>)>::default();
        for one in ordered {
            match one.0.place {
                Place::Anywhere => anywhere.push(one),
                Place::Start | Place::Whole => at_start.push(one),
                Place::End => at_end.push(one),
            }
        }
        Some(Self {
            anywhere: Literals::new(anywhere, Scanner::new)?,
            at_start: Literals::new(at_start, Walker::new)?,
            at_end: Literals::new(at_end, of_ends)?,
            of_empty: of_empty.into(),
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
            let folded = match value.is_ascii() {
                true => value,
                false => {
                    buffer.clear();
                    fold_into(value, buffer);
                    buffer.as_str()
                }
            };
            let folded = folded.as_bytes();
            let literals = &self.anywhere;
            if let Some(automaton) = &literals.automaton {
                let found = |literal| literals.found(literal, false, value, row, hits);
                automaton.scan(folded, found);
            }
            let literals = &self.at_start;
            if let Some(automaton) = &literals.automaton {
                let found = |literal, length| {
                    literals.found(literal, length == folded.len(), value, row, hits);
                };
                automaton.walk(folded.iter().copied(), found);
            }
            let literals = &self.at_end;
            if let Some(automaton) = &literals.automaton {
                let found = |literal, _| literals.found(literal, false, value, row, hits);
                automaton.walk(folded.iter().rev().copied(), found);
            }
        }
    }
}

/// An automaton that reads a text from its end.
fn of_ends(literals: &[&[u8]]) -> Option<Walker> {
    let literals = literals.iter();
    let reversed: Vec<Vec<u8>> = literals
        .map(|literal| literal.iter().rev().copied().collect())
        .collect();
    let reversed: Vec<&[u8]> = reversed.iter().map(Vec::as_slice).collect();
    Walker::new(&reversed)
}

impl<A> Literals<A> {
    /// `None` if `automaton` finds them too many.
    fn new(patterns: Patterns<'_>, automaton: impl FnOnce(&[&[u8]]) -> Option<A>) -> Option<Self> {
        let (mut literals, mut starts): (Vec<&[u8]>, Vec<u32>) = Default::default();
        let (mut entries, mut checks, mut atoms) = (Vec::new(), Vec::new(), Vec::new());
        for (pattern, of_pattern) in patterns {
            if literals.last() != Some(&pattern.literal.as_bytes()) {
                literals.push(pattern.literal.as_bytes());
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
                check,
                atoms: (first, atoms.len() as u32),
            });
        }
        starts.push(entries.len() as u32);
        let automaton = match literals.is_empty() {
            true => None,
            false => Some(automaton(&literals)?),
        };
        Some(Self {
            automaton,
            starts: starts.into(),
            entries: entries.into(),
            checks: checks.into(),
            atoms: atoms.into(),
        })
    }

    /// A literal stands in `value` where its automaton looks for it, and may be all of it.
    #[inline]
    fn found(&self, literal: u32, is_whole: bool, value: &str, row: usize, hits: &mut Hits) {
        let literal = literal as usize;
        let entries = self.starts[literal] as usize..self.starts[literal + 1] as usize;
        for entry in &self.entries[entries] {
            let is_there = is_whole || entry.place != Place::Whole;
            if is_there && (entry.check == NO_CHECK || self.holds(entry, value)) {
                let (first, last) = entry.atoms;
                hits.extend(row, &self.atoms[first as usize..last as usize]);
            }
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
}
