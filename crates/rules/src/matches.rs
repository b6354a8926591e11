//! What is found in a batch, and the memory that finding it takes, which is used again.

/// The rules that hold, and the rows in which they do.
#[derive(Debug, Default)]
pub struct Matches {
    /// Rule and row, in order.
    pub sure: Vec<(u32, u32)>,
    /// Where a rule hangs on a plain part: its predicate is to be evaluated there.
    pub open: Vec<(u32, u32)>,
}

impl Matches {
    pub(crate) fn clear(&mut self) {
        self.sure.clear();
        self.open.clear();
    }

    /// By rule, then row.
    pub(crate) fn sort(&mut self) {
        self.sure.sort_unstable();
        self.open.sort_unstable();
    }

    /// Each rule that holds somewhere, or may: with the rows where it does, and those that are open.
    pub fn by_rule(&self) -> impl Iterator<Item = OfRule<'_>> {
        let (mut sure, mut open) = (&*self.sure, &*self.open);
        std::iter::from_fn(move || {
            let rule = match (sure.first(), open.first()) {
                (Some((one, _)), Some((other, _))) => *one.min(other),
                (Some((one, _)), None) | (None, Some((one, _))) => *one,
                (None, None) => return None,
            };
            let of_rule = |rows: &[(u32, u32)]| rows.partition_point(|(of, _)| *of == rule);
            let (first, rest) = sure.split_at(of_rule(sure));
            let (first_open, rest_open) = open.split_at(of_rule(open));
            (sure, open) = (rest, rest_open);
            Some(OfRule {
                rule,
                sure: first,
                open: first_open,
            })
        })
    }
}

/// Where one rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfRule<'a> {
    pub rule: u32,
    /// Rule and row, in order.
    pub sure: &'a [(u32, u32)],
    pub open: &'a [(u32, u32)],
}

/// Which atoms hold in which rows, as they are found: column by column.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    found: Vec<(u32, u32)>,
    /// The atoms by row, and where each row's begin.
    by_row: Vec<u32>,
    starts: Vec<u32>,
}

impl Hits {
    pub fn clear(&mut self) {
        self.found.clear();
    }

    #[inline]
    pub fn extend(&mut self, row: usize, atoms: &[u32]) {
        let row = row as u32;
        self.found.extend(atoms.iter().map(|atom| (row, *atom)));
    }

    /// Puts them in the order of rows.
    pub fn group(&mut self, rows: usize) {
        self.starts.clear();
        self.starts.resize(rows + 1, 0);
        for (row, _) in &self.found {
            self.starts[*row as usize + 1] += 1;
        }
        for row in 0..rows {
            self.starts[row + 1] += self.starts[row];
        }
        self.by_row.clear();
        self.by_row.resize(self.found.len(), 0);
        for (row, atom) in &self.found {
            let next = &mut self.starts[*row as usize];
            self.by_row[*next as usize] = *atom;
            *next += 1;
        }
    }

    /// The atoms of a row, some more than once; after `group`, whose starts have become ends.
    pub fn of_row(&self, row: usize) -> &[u32] {
        let start = match row {
            0 => 0,
            _ => self.starts[row - 1] as usize,
        };
        &self.by_row[start..self.starts[row] as usize]
    }
}

/// Memory for one thread's work, whatever the index.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) hits: Hits,
    pub(crate) buffer: String,
    /// In the row that is looked at: the atoms that hold, and the rules that are candidates.
    pub(crate) atoms: Marks,
    pub(crate) rules: Marks,
    pub(crate) candidates: Vec<u32>,
}

/// A bit for each number. They are few enough for the nearest cache, so whoever marks for a while takes the marks away again.
#[derive(Debug, Default)]
pub(crate) struct Marks(Vec<u64>);

impl Marks {
    /// There is room for numbers below `count`.
    pub fn fit(&mut self, count: usize) {
        let words = count.div_ceil(64);
        if self.0.len() < words {
            self.0.resize(words, 0);
        }
    }

    /// Marks; false if it was marked.
    #[inline]
    pub fn mark(&mut self, number: u32) -> bool {
        let (word, bit) = (&mut self.0[number as usize / 64], 1 << (number % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    #[inline]
    pub fn has(&self, number: u32) -> bool {
        self.0[number as usize / 64] >> (number % 64) & 1 == 1
    }

    /// Takes away the marks of `numbers`, and maybe of others.
    #[inline]
    pub fn wipe(&mut self, numbers: &[u32]) {
        for number in numbers {
            self.0[*number as usize / 64] = 0;
        }
    }
}
