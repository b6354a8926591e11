//! How rare atoms are.
//!
//! Before rows come nobody knows: a long literal is taken to be rarer than a short one, a value as a whole, such as the
//! name of a channel, not to be rare, and what many rules ask for, such as the name of a program, less rare than what is one
//! rule's own. Of the rows that come the atoms are counted, for a while, and now and then again; what
//! was counted makes a better index of the same rules.

use std::collections::HashMap;

use weir_functions::operators::Place;

use crate::atom::{Atom, ColumnId, Pattern, Test};

/// The rows in which a whole value is taken to be there, of all.
const WHOLE: f64 = 0.1;

/// No literal is taken to be rarer.
const RAREST: f64 = 1e-4;

/// What is taken weighs as much as so many rows that were counted.
const WEIGHT: f32 = 64.0;

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

/// In how many rows, of all, atoms are taken to hold before anything was counted; `uses`: in how many places each of them stands.
pub(crate) fn taken(atoms: &[&Atom], uses: &[u32]) -> Vec<f32> {
    let mut by_pattern: HashMap<(ColumnId, &Pattern), f64> = HashMap::new();
    for (atom, uses) in atoms.iter().zip(uses) {
        if let Test::Text(patterns) = &atom.test {
            for pattern in &**patterns {
                *by_pattern.entry((atom.column, pattern)).or_default() += f64::from(*uses);
            }
        }
    }
    let share = |(atom, uses): (&&Atom, &u32)| {
        let share = match &atom.test {
            Test::Text(patterns) => patterns
                .iter()
                .map(|pattern| of_pattern(pattern) * by_pattern[&(atom.column, pattern)])
                .sum(),
            Test::Integer(numbers) => numbers.len() as f64 * WHOLE * f64::from(*uses),
            Test::IsNull => 1.0,
        };
        share.min(1.0) as f32
    };
    atoms.iter().zip(uses).map(share).collect()
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

impl Census {
    /// In how many rows, of all, atoms hold by what was counted; `taken` is what was taken before.
    pub(crate) fn shares(&self, taken: &[f32]) -> Vec<f32> {
        let rows = self.rows as f32 + WEIGHT;
        let counts = self.counts.iter().map(|count| *count as f32);
        let counted = counts
            .zip(taken)
            .map(|(count, taken)| ((count + taken * WEIGHT) / rows).min(1.0));
        let uncounted = taken.iter().skip(self.counts.len()).copied();
        counted.chain(uncounted).collect()
    }
}
