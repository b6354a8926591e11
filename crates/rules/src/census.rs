//! How rare atoms are.
//!
//! Before rows come nobody knows: a long literal is taken to be rarer than a short one, and a value as a whole, such as the
//! name of a channel, not to be rare. Of the rows that come the atoms are counted, for a while, and now and then again; what
//! was counted makes a better index of the same rules.

use std::collections::HashMap;

use weir_functions::operators::Place;

use crate::{
    atom::{Atom, Pattern, Test},
    witness::Shares,
};

/// The rows in which a whole value is taken to be there, of all.
const WHOLE: f64 = 0.1;

/// No literal is taken to be rarer.
const RAREST: f64 = 1e-4;

/// What is taken weighs as much as so many rows that were counted.
const WEIGHT: f64 = 64.0;

/// Rows that are counted before the first better index, and before each later one.
const FIRST: u64 = 2_048;
const LATER: u64 = 16_384;

/// Rows that nobody counts between two counts.
const PAUSE: u64 = 1 << 20;

/// The count of one index.
#[derive(Debug, Default)]
pub struct Census {
    rows: u64,
    /// By atom.
    pub(crate) counts: Vec<u32>,
    unseen: u64,
    is_later: bool,
}

impl Census {
    /// Whether the next rows are to be counted.
    pub fn is_open(&self) -> bool {
        self.unseen == 0
    }

    /// So many rows have come by, and were counted if it was open. True when enough were counted for a better index: what was
    /// counted is to be used now, and forgotten with [`Self::close`].
    pub fn pass(&mut self, rows: usize) -> bool {
        let rows = rows as u64;
        if !self.is_open() {
            self.unseen = self.unseen.saturating_sub(rows);
            return false;
        }
        self.rows += rows;
        self.rows >= if self.is_later { LATER } else { FIRST }
    }

    /// Begins anew: at once after the first, after a while later.
    pub fn close(&mut self) {
        *self = Self {
            unseen: if self.is_later { PAUSE } else { 0 },
            is_later: true,
            ..Self::default()
        };
    }
}

/// What is taken before anything was counted.
pub(crate) struct Taken;

impl Shares for Taken {
    fn of(&self, atom: &Atom) -> f64 {
        match &atom.test {
            Test::Text(patterns) => patterns.iter().map(of_pattern).sum::<f64>().min(1.0),
            Test::Integer(numbers) => (numbers.len() as f64 * WHOLE).min(1.0),
            Test::IsNull => 1.0,
        }
    }
}

fn of_pattern(pattern: &Pattern) -> f64 {
    let length = pattern.literal.chars().count() as i32;
    let by_length = 0.5_f64.powi(length).max(RAREST);
    match pattern.place {
        // A long name may be that of every other event.
        Place::Whole => WHOLE,
        _ => by_length,
    }
}

/// What was counted.
pub(crate) struct Counted<'a> {
    pub census: &'a Census,
    pub atoms: &'a HashMap<&'a Atom, u32>,
}

impl Shares for Counted<'_> {
    fn of(&self, atom: &Atom) -> f64 {
        let taken = Taken.of(atom);
        let number = self.atoms.get(atom).map(|number| *number as usize);
        let Some(count) = number.and_then(|number| self.census.counts.get(number)) else {
            return taken;
        };
        let share = (f64::from(*count) + taken * WEIGHT) / (self.census.rows as f64 + WEIGHT);
        share.min(1.0)
    }
}
