//! The rules of one reader, or of one thread that reads a file.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef},
    compute::{is_not_null, kernels::zip::zip},
};
use weir_rules::{Census, ColumnId, Columns, Formula, Index, Matches, RawFilter, Rule, Scratch};

use super::{QueryRule, Skipper, Vocabulary, vocabulary::Place};
use crate::{batch::Batch, layout::Layout};

/// So many rules that came last have an index of their own; with more, all get a new one.
const RECENT: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct RuleSet {
    vocabulary: Arc<Vocabulary>,
    rules: BTreeMap<u32, Arc<QueryRule>>,
    settled: Part,
    recent: Part,
    /// Where the columns are in batches of this layout.
    layout: Option<Arc<Layout>>,
    places: Vec<Place>,
    scratch: Scratch,
    matches: Matches,
    /// An index took another's place since somebody asked.
    has_news: bool,
}

/// Some of the rules, with an index over them; some may be gone since it was made.
#[derive(Debug, Default)]
struct Part {
    members: Arc<HashSet<u32>>,
    index: Option<Arc<Index>>,
    census: Census,
    /// How many of the members are gone.
    gone: usize,
}

impl Part {
    fn twin(&self) -> Self {
        Self {
            members: self.members.clone(),
            index: self.index.clone(),
            census: Census::default(),
            gone: self.gone,
        }
    }
}

/// The rows of a batch that concern a rule.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Selection {
    pub rows: Vec<u32>,
    /// Whether its predicate is still to be evaluated on them.
    pub is_open: bool,
}

impl RuleSet {
    pub fn new(vocabulary: Arc<Vocabulary>) -> Self {
        Self {
            vocabulary,
            ..Self::default()
        }
    }

    /// One with the same rules and the same indexes, and memory of its own.
    pub fn twin(&self) -> Self {
        Self {
            vocabulary: self.vocabulary.clone(),
            rules: self.rules.clone(),
            settled: self.settled.twin(),
            recent: self.recent.twin(),
            ..Self::default()
        }
    }

    /// Rules come and go. With few that come it takes as long as an index over a few.
    pub fn change(&mut self, come: Vec<(u32, Arc<QueryRule>)>, gone: &[u32]) {
        for number in gone {
            self.rules.remove(number);
            for part in [&mut self.settled, &mut self.recent] {
                part.gone += usize::from(part.members.contains(number));
            }
        }
        self.has_news = true;
        let count = come.len();
        // New rules may name columns that no place was known for.
        self.layout = None;
        self.rules.extend(come.iter().cloned());
        // Enough of the old ones are gone, or enough new ones are there.
        let is_stale =
            self.settled.gone > RECENT && self.settled.gone * 2 > self.settled.members.len();
        let recent = self.recent.members.len() - self.recent.gone + count;
        if is_stale || recent > RECENT {
            self.settled = self.part(self.rules.keys().copied());
            self.recent = Part::default();
        } else if count > 0 {
            let earlier = self.recent.members.iter().copied();
            let all: Vec<u32> = earlier
                .chain(come.iter().map(|(number, _)| *number))
                .collect();
            self.recent = self.part(all.into_iter());
        }
    }

    fn part(&self, members: impl Iterator<Item = u32>) -> Part {
        let rules = members.filter_map(|number| {
            let formula = self.rules.get(&number)?.formula.clone();
            Some(Rule { number, formula })
        });
        let mut rules: Vec<Rule> = rules.collect();
        rules.sort_unstable_by_key(|rule| rule.number);
        let members: HashSet<u32> = rules.iter().map(|rule| rule.number).collect();
        // More than fit one index, which is past all bounds of memory: each is asked as it is.
        let index = Index::new(&rules).or_else(|| {
            let plain = rules.iter().map(|rule| Rule {
                number: rule.number,
                formula: Arc::new(Formula::Plain),
            });
            Index::new(&plain.collect::<Vec<_>>())
        });
        Part {
            members: Arc::new(members),
            index: index.map(Arc::new),
            census: Census::default(),
            gone: 0,
        }
    }

    /// The indexes, if they are others than when this was last asked.
    pub fn news(&mut self) -> Option<Vec<Arc<Index>>> {
        let indexes = [&self.settled, &self.recent].into_iter();
        let indexes = || indexes.filter_map(|part| part.index.clone()).collect();
        std::mem::take(&mut self.has_news).then(indexes)
    }

    /// What finds the records that no rule can match; `None` if each may match one.
    pub fn skipper(&self) -> Option<Skipper> {
        if self.rules.is_empty() || !self.rules.values().all(|rule| rule.skipping.is_ok()) {
            return None;
        }
        let formulas = self.rules.values().map(|rule| &*rule.formula);
        let is_in_raw = |column: ColumnId| self.vocabulary.is_in_raw_json(column);
        RawFilter::new(formulas, &is_in_raw).map(Skipper::new)
    }

    /// Calls `each` with every rule that concerns rows of the batch, and these rows, in order.
    pub fn run(&mut self, batch: &Batch, mut each: impl FnMut(u32, Selection)) {
        if self
            .layout
            .as_ref()
            .is_none_or(|known| !Arc::ptr_eq(known, &batch.layout))
        {
            self.places = self.vocabulary.places(&batch.layout);
            self.layout = Some(batch.layout.clone());
        }
        let columns = BatchColumns::new(batch, &self.places);
        for part in [&mut self.settled, &mut self.recent] {
            let Some(index) = &part.index else {
                continue;
            };
            let rows = batch.records.len();
            let (scratch, matches) = (&mut self.scratch, &mut self.matches);
            index.run(&columns, rows, &mut part.census, scratch, matches);
            if part.census.pass(rows) {
                let better = index.reordered(&part.census).map(Arc::new);
                part.index = better.or_else(|| part.index.take());
                part.census.close();
                self.has_news = true;
            }
            for found in self.matches.by_rule() {
                let (number, sure, open) = (found.rule, found.sure, found.open);
                if part.gone > 0 && !self.rules.contains_key(&number) {
                    continue;
                }
                let mut rows: Vec<u32> = sure.iter().chain(open).map(|(_, row)| *row).collect();
                if !sure.is_empty() && !open.is_empty() {
                    rows.sort_unstable();
                }
                let is_open = !open.is_empty();
                each(number, Selection { rows, is_open });
            }
        }
    }
}

/// By id, the columns that a batch has.
struct BatchColumns(Vec<Option<ArrayRef>>);

impl BatchColumns {
    fn new(batch: &Batch, places: &[Place]) -> Self {
        let mut columns: Vec<Option<ArrayRef>> = Vec::with_capacity(places.len());
        for place in places {
            let column = match place {
                Place::Nowhere => None,
                Place::At(group, column) => batch.parts[*group].columns.get(*column).cloned(),
                Place::FirstOf(parts) => {
                    // Parts have smaller numbers than what is made of them.
                    let parts = parts.iter();
                    let parts = parts.map(|part| columns.get(*part as usize)?.as_ref());
                    first_of(parts.flatten())
                }
            };
            columns.push(column);
        }
        Self(columns)
    }
}

/// Where all but one are NULL throughout, which is nearly always, that one is handed on.
fn first_of<'a>(parts: impl Iterator<Item = &'a ArrayRef>) -> Option<ArrayRef> {
    let mut parts = parts.filter(|part| part.null_count() < part.len());
    let mut first = parts.next()?.clone();
    for part in parts {
        let is_there = is_not_null(&first).ok()?;
        first = zip(&is_there, &first, part).ok()?;
    }
    Some(first)
}

impl Columns for BatchColumns {
    fn column(&self, id: ColumnId) -> Option<&ArrayRef> {
        self.0.get(id as usize)?.as_ref()
    }
}
