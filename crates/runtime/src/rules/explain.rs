//! What is known of a query's condition before a record comes: for EXPLAIN.
//!
//! What is said of other rules is as of one moment, and of all that run over the topic: those that stand at other offsets
//! have readers of their own for a while.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use weir_plan::QueryPlan;
use weir_rules::{Atom, Formula, Index, NoWitness, RawFilter};

use super::{NoRule, QueryRule, Vocabulary};
use crate::{Error, QuerySpec, Runtime, layout::Needs, passage::Link};

/// As many atoms as are shown in a list.
const SHOWN_ATOMS: usize = 10;

/// As many queries as are named for an atom.
const NAMED: usize = 3;

/// Whether a query is a rule, and how it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// It is handed every record.
    NoRule(NoRule),
    Rule(Box<RuleFacts>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFacts {
    /// How many other rules run over its topic.
    pub others: usize,
    /// The atoms of which one holds wherever its condition does; or why there are none such.
    pub witness: Result<Listed<String>, String>,
    /// How many different atoms it has.
    pub atoms: usize,
    /// Those that other rules have too, the most shared ones first.
    pub shared: Listed<SharedAtom>,
    /// What is looked for in the bytes of a record, of which one that matches has one; or why nothing is.
    pub sought: Result<Listed<String>, String>,
    /// How many texts are looked for, for all that run over the topic; or why none are.
    pub sought_for_all: Result<usize, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedAtom {
    pub text: String,
    /// The other rules that have it.
    pub rules: Listed<String>,
}

/// The first of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    pub shown: Vec<T>,
    pub left_out: usize,
}

impl<T> Listed<T> {
    fn of(all: impl ExactSizeIterator<Item = T>, most: usize) -> Self {
        let count = all.len();
        let shown: Vec<T> = all.take(most).collect();
        Self {
            left_out: count - shown.len(),
            shown,
        }
    }

    pub fn len(&self) -> usize {
        self.shown.len() + self.left_out
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A query that runs, as another's rule sees it.
pub(crate) struct Neighbour {
    pub id: String,
    pub plan: Arc<QueryPlan>,
    pub rule: Option<Arc<QueryRule>>,
    /// Where it stands in its first partition.
    pub link: Option<Arc<Link>>,
}

/// A query that is explained.
struct Subject<'a> {
    spec: &'a QuerySpec,
    rule: Arc<QueryRule>,
    /// Whether it is among those that run, as it is here.
    runs: bool,
    /// If so: its number at its reader, and the indexes there.
    place: Option<(u32, Vec<Arc<Index>>)>,
}

/// The witnesses of indexes, by the numbers of the rules.
type Witnesses<'a> = HashMap<*const Index, HashMap<u32, Vec<&'a Atom>>>;

impl Runtime {
    /// What is known of the conditions of these queries, in order, whether they run or not. Many are explained together in
    /// little more time than one.
    pub fn explain(&self, specs: &[QuerySpec]) -> Result<Vec<Explanation>, Error> {
        let neighbours = self.neighbours();
        // A statement that is only explained leaves no word behind. The copy has all words of the neighbours' rules.
        let vocabulary = self.readers.vocabulary.copy();
        let by_id: HashMap<&str, &Neighbour> =
            neighbours.iter().map(|one| (&*one.id, one)).collect();
        let mut subjects = Vec::with_capacity(specs.len());
        for spec in specs {
            let running = by_id.get(&*spec.id).copied();
            subjects.push(Subject::of(spec, running, &vocabulary)?);
        }
        let mut tables: BTreeMap<&str, Table<'_>> = BTreeMap::new();
        for subject in subjects.iter().flatten() {
            let table = tables.entry(&subject.spec.plan.source.topic).or_default();
            table.want(subject);
        }
        for neighbour in &neighbours {
            if let Some(table) = tables.get_mut(&*neighbour.plan.source.topic) {
                table.add(neighbour, &vocabulary);
            }
        }
        let mut witnesses = Witnesses::new();
        for subject in subjects.iter().flatten() {
            subject.look_up(&mut witnesses);
        }
        let explained = subjects.iter().map(|subject| match subject {
            Err(why) => Explanation::NoRule(*why),
            Ok(subject) => {
                let table = &tables[&*subject.spec.plan.source.topic];
                let witness = subject.witness(&witnesses);
                Explanation::Rule(Box::new(table.facts(subject, witness, &vocabulary)))
            }
        });
        Ok(explained.collect())
    }
}

impl<'a> Subject<'a> {
    fn of(
        spec: &'a QuerySpec,
        running: Option<&Neighbour>,
        vocabulary: &Vocabulary,
    ) -> Result<Result<Self, NoRule>, Error> {
        if let Some(running) = running
            && Arc::ptr_eq(&running.plan, &spec.plan)
            && let Some(rule) = &running.rule
        {
            return Ok(Ok(Self {
                spec,
                rule: rule.clone(),
                runs: true,
                place: running.link.as_ref().and_then(|link| link.indexes()),
            }));
        }
        let dataflow = spec.plan.dataflow()?;
        let needs = Needs::new(&spec.plan.source, &dataflow.scan)?;
        let rule = QueryRule::of(spec, &dataflow, &needs, vocabulary).map(Arc::new);
        Ok(rule.map(|rule| Self {
            spec,
            rule,
            runs: false,
            place: None,
        }))
    }

    fn look_up<'b>(&'b self, witnesses: &mut Witnesses<'b>) {
        for index in self.place.iter().flat_map(|(_, indexes)| indexes) {
            let known = witnesses.entry(Arc::as_ptr(index));
            known.or_insert_with(|| index.witnesses());
        }
    }

    /// The atoms of its witness: of that which its reader goes by, once records have come; of that which is taken to be rare
    /// before.
    fn witness(&self, witnesses: &Witnesses<'_>) -> Result<Vec<&Atom>, NoWitness> {
        let taken = self.rule.formula.witness()?;
        let now = self.place.iter().flat_map(|(number, indexes)| {
            let maps = indexes
                .iter()
                .filter_map(|index| witnesses.get(&Arc::as_ptr(index)));
            maps.filter_map(move |map| map.get(number))
        });
        let Some(now) = now.into_iter().next() else {
            return Ok(taken);
        };
        let now: HashSet<&Atom> = now.iter().copied().collect();
        let atoms = self.rule.formula.atoms().into_iter();
        Ok(atoms.filter(|atom| now.contains(atom)).collect())
    }
}

/// The queries over one topic, and which of them have the atoms that are asked about.
#[derive(Default)]
struct Table<'a> {
    neighbours: Vec<&'a Neighbour>,
    /// How many of them are rules.
    rules: usize,
    /// By id, where they are.
    numbers: HashMap<&'a str, u32>,
    atoms: HashMap<&'a Atom, Vec<u32>>,
    /// Two that keep records from being skipped, each with why: one may be the query that is explained.
    keepers: Vec<(&'a str, String)>,
    /// How many texts are looked for, for all that run; `None` if they are too many.
    sought: OnceCell<Option<usize>>,
}

impl<'a> Table<'a> {
    fn want(&mut self, subject: &'a Subject<'a>) {
        for atom in subject.rule.formula.atoms() {
            self.atoms.entry(atom).or_default();
        }
    }

    fn add(&mut self, neighbour: &'a Neighbour, vocabulary: &Vocabulary) {
        if self.keepers.len() < 2
            && let Some(why) = neighbour.why_it_keeps_all(vocabulary)
        {
            self.keepers.push((&neighbour.id, why));
        }
        let number = self.neighbours.len() as u32;
        self.neighbours.push(neighbour);
        self.numbers.insert(&neighbour.id, number);
        self.rules += usize::from(neighbour.rule.is_some());
        let atoms = neighbour.rule.iter().flat_map(|rule| rule.formula.atoms());
        for atom in atoms {
            if let Some(rules) = self.atoms.get_mut(atom) {
                rules.push(number);
            }
        }
    }

    fn facts(
        &self,
        subject: &Subject<'_>,
        witness: Result<Vec<&Atom>, NoWitness>,
        vocabulary: &Vocabulary,
    ) -> RuleFacts {
        let formula = &subject.rule.formula;
        let text = |atom: &Atom| atom.shown(&vocabulary.name(atom.column));
        let own = self.numbers.get(&*subject.spec.id).copied();
        let is_own_rule = own.is_some_and(|own| self.neighbours[own as usize].rule.is_some());
        let atoms = formula.atoms();
        let mut shared: Vec<(&Atom, Others<'_>)> = Vec::new();
        for atom in &atoms {
            let others = Others::of(&self.atoms[*atom], own);
            if others.count > 0 {
                shared.push((atom, others));
            }
        }
        // Where as many share them, as they stand in the condition.
        shared.sort_by_key(|(_, others)| std::cmp::Reverse(others.count));
        let name = |number: u32| self.neighbours[number as usize].id.clone();
        let shared = shared.into_iter().map(|(atom, others)| SharedAtom {
            text: text(atom),
            rules: Listed {
                shown: others.numbers().take(NAMED).map(name).collect(),
                left_out: others.count.saturating_sub(NAMED),
            },
        });
        let witness = witness.map_err(|why| why.to_string());
        RuleFacts {
            others: self.rules - usize::from(is_own_rule),
            witness: witness.map(|atoms| Listed::of(atoms.into_iter().map(text), SHOWN_ATOMS)),
            atoms: atoms.len(),
            shared: Listed::of(shared, SHOWN_ATOMS),
            sought: sought(subject, vocabulary),
            sought_for_all: self.sought_for_all(subject, vocabulary),
        }
    }

    fn sought_for_all(
        &self,
        subject: &Subject<'_>,
        vocabulary: &Vocabulary,
    ) -> Result<usize, String> {
        if let Some(why) = why_it_keeps_all(&subject.rule, vocabulary) {
            return Err(format!("this rule {why}"));
        }
        let id = &*subject.spec.id;
        if let Some((_, why)) = self.keepers.iter().find(|(keeper, _)| *keeper != id) {
            return Err(why.clone());
        }
        let running = |is_wanted: &dyn Fn(&Neighbour) -> bool| -> Vec<&Formula> {
            let neighbours = self.neighbours.iter().filter(|one| is_wanted(one));
            let rules = neighbours.filter_map(|one| one.rule.as_ref());
            rules.map(|rule| &*rule.formula).collect()
        };
        let is_in_raw = |column| vocabulary.is_in_raw_json(column);
        let count = |formulas: Vec<&Formula>| {
            let filter = RawFilter::new(formulas, &is_in_raw)?;
            Some(filter.literals())
        };
        let sought = match subject.runs {
            true => *self.sought.get_or_init(|| count(running(&|_| true))),
            false => {
                let mut formulas = running(&|one| one.id != id);
                formulas.push(&subject.rule.formula);
                count(formulas)
            }
        };
        sought.ok_or_else(|| "too many texts would have to be looked for".to_owned())
    }
}

/// The rules that have an atom, but for the one that is explained.
struct Others<'a> {
    rules: &'a [u32],
    own: Option<u32>,
    count: usize,
}

impl<'a> Others<'a> {
    /// `rules` are in order.
    fn of(rules: &'a [u32], own: Option<u32>) -> Self {
        let has_own = own.is_some_and(|own| rules.binary_search(&own).is_ok());
        Self {
            rules,
            own,
            count: rules.len() - usize::from(has_own),
        }
    }

    fn numbers(&self) -> impl Iterator<Item = u32> {
        let own = self.own;
        let rules = self.rules.iter().copied();
        rules.filter(move |number| Some(*number) != own)
    }
}

impl Neighbour {
    /// Why each record is parsed while this query runs; `None` if it lets records be skipped.
    fn why_it_keeps_all(&self, vocabulary: &Vocabulary) -> Option<String> {
        let Self { id, rule, .. } = self;
        let Some(rule) = rule else {
            return Some(format!("{id} is no rule, and is handed every record"));
        };
        let why = why_it_keeps_all(rule, vocabulary)?;
        Some(format!("{id} {why}"))
    }
}

/// Goes on after the rule's name.
fn why_it_keeps_all(rule: &QueryRule, vocabulary: &Vocabulary) -> Option<String> {
    if let Err(why) = rule.skipping {
        return Some(format!("takes every record: {why}"));
    }
    let is_in_raw = |column| vocabulary.is_in_raw_json(column);
    let sought = rule.formula.sought(&is_in_raw);
    sought.is_none().then(|| "may match any record".to_owned())
}

/// What the bytes of a record are searched for, for one rule.
fn sought(subject: &Subject<'_>, vocabulary: &Vocabulary) -> Result<Listed<String>, String> {
    if let Err(why) = subject.rule.skipping {
        return Err(why.to_string());
    }
    let is_in_raw = |column| vocabulary.is_in_raw_json(column);
    let sought = subject
        .rule
        .formula
        .sought(&is_in_raw)
        .ok_or_else(|| "a record may match whatever texts are in its bytes".to_owned())?;
    let texts = sought.iter().map(ToString::to_string);
    Ok(Listed::of(texts, SHOWN_ATOMS))
}
