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
    /// By atom and by rule: the last row, of all rows ever, in which it was seen.
    pub(crate) atoms: Stamps,
    pub(crate) rules: Stamps,
    pub(crate) candidates: Vec<u32>,
}

/// Marks that need not be wiped: each row has a number of its own.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    last: Vec<u32>,
    now: u32,
}

impl Stamps {
    /// All marks are gone.
    pub fn start(&mut self, count: usize) {
        if self.last.len() < count {
            self.last.resize(count, 0);
        }
        self.now = match self.now.checked_add(1) {
            Some(next) => next,
            None => {
                self.last.fill(0);
                1
            }
        };
    }

    /// Marks; false if it was marked.
    #[inline]
    pub fn mark(&mut self, index: u32) -> bool {
        let last = &mut self.last[index as usize];
        let is_new = *last != self.now;
        *last = self.now;
        is_new
    }

    #[inline]
    pub fn has(&self, index: u32) -> bool {
        self.last[index as usize] == self.now
    }
}
