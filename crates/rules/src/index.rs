//! Rules made ready to be asked together.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{DataType, Int32Type, Int64Type},
};

use crate::{
    atom::{Atom, ColumnId, Test},
    code::{self, Facts, Names, Truth},
    formula::Formula,
    matches::{Hits, Matches, Scratch},
    text_column::TextColumn,
    witness::witness,
};

/// What making code of a formula takes of the stack, whatever its depth.
const STACK: usize = 16 << 20;

/// The columns of a batch.
pub trait Columns {
    /// All have as many rows. A column that is not there counts as NULL in every row.
    fn column(&self, id: ColumnId) -> Option<&ArrayRef>;
}

/// A rule to be put into an index: the number by which it is found again, and its formula.
#[derive(Debug, Clone)]
pub struct Rule {
    pub number: u32,
    pub formula: Arc<Formula>,
}

/// Rules, ready; it never changes.
#[derive(Debug)]
pub struct Index {
    columns: Vec<Column>,
    atoms: usize,
    rules: Vec<Compiled>,
    code: Vec<u32>,
    /// By atom: the rules whose witness it is, from here to where the next one's begin.
    witness_starts: Vec<u32>,
    witnesses: Vec<u32>,
    /// Rules that are looked at in every row.
    always: Vec<u32>,
    /// Rules that are nothing but plain.
    plain: Vec<u32>,
}

#[derive(Debug)]
struct Compiled {
    number: u32,
    code: u32,
}

#[derive(Debug)]
struct Column {
    id: ColumnId,
    text: Option<TextColumn>,
    integers: HashMap<i64, Vec<u32>>,
    /// Whether a rule asks if it is NULL.
    has_null_test: bool,
}

impl Index {
    /// `None` if the rules are too many for one index: more than 2^28 atoms or words of code.
    pub fn new(rules: &[Rule]) -> Option<Self> {
        stacker::maybe_grow(STACK, 2 * STACK, || build(rules))
    }

    /// The number of rules.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Of different atoms.
    pub fn atoms(&self) -> usize {
        self.atoms
    }

    /// How many rules are looked at in every row, since they have no witness.
    pub fn without_witness(&self) -> usize {
        self.always.len() + self.plain.len()
    }

    /// In bytes, about.
    pub fn memory(&self) -> usize {
        let columns = self.columns.iter().map(|column| {
            column.text.as_ref().map_or(0, TextColumn::memory) + 64 * column.integers.len()
        });
        let words = self.code.len() + self.witness_starts.len() + self.witnesses.len();
        columns.sum::<usize>() + 4 * words + size_of_val(&*self.rules)
    }

    /// Finds which rules hold in which of `rows` rows.
    pub fn run(
        &self,
        columns: &impl Columns,
        rows: usize,
        scratch: &mut Scratch,
        matches: &mut Matches,
    ) {
        matches.clear();
        scratch.hits.clear();
        let mut nulls = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let array = columns.column(column.id);
            if let Some(array) = array {
                column.scan(array, &mut scratch.hits, &mut scratch.buffer);
            }
            nulls.push(array.filter(|_| column.has_null_test));
        }
        scratch.hits.group(rows);
        for row in 0..rows {
            self.look(row, &nulls, scratch, matches);
        }
        for rule in &self.plain {
            let number = self.rules[*rule as usize].number;
            matches
                .open
                .extend((0..rows as u32).map(|row| (number, row)));
        }
        matches.sort();
    }

    /// At one row.
    #[inline]
    fn look(
        &self,
        row: usize,
        nulls: &[Option<&ArrayRef>],
        scratch: &mut Scratch,
        matches: &mut Matches,
    ) {
        let Scratch {
            hits,
            atoms,
            rules,
            candidates,
            ..
        } = scratch;
        let hits = hits.of_row(row);
        if hits.is_empty() && self.always.is_empty() {
            return;
        }
        atoms.start(self.atoms);
        rules.start(self.rules.len());
        candidates.clear();
        for atom in hits {
            if !atoms.mark(*atom) {
                continue;
            }
            let at = *atom as usize;
            let witnessed = self.witness_starts[at] as usize..self.witness_starts[at + 1] as usize;
            for rule in &self.witnesses[witnessed] {
                if rules.mark(*rule) {
                    candidates.push(*rule);
                }
            }
        }
        let facts = Row { atoms, nulls, row };
        for rule in candidates.iter().chain(&self.always) {
            let rule = &self.rules[*rule as usize];
            match code::read(&self.code, rule.code as usize, &facts).0 {
                Truth::Yes => matches.sure.push((rule.number, row as u32)),
                Truth::Open => matches.open.push((rule.number, row as u32)),
                Truth::No => {}
            }
        }
    }
}

struct Row<'a> {
    atoms: &'a crate::matches::Stamps,
    nulls: &'a [Option<&'a ArrayRef>],
    row: usize,
}

impl Facts for Row<'_> {
    #[inline]
    fn holds(&self, atom: u32) -> bool {
        self.atoms.has(atom)
    }

    #[inline]
    fn is_null(&self, column: u32) -> bool {
        self.nulls[column as usize].is_none_or(|array| array.is_null(self.row))
    }
}

impl Column {
    fn scan(&self, array: &ArrayRef, hits: &mut Hits, buffer: &mut String) {
        if let (Some(text), Some(values)) = (&self.text, array.as_string_opt::<i32>()) {
            text.scan(values, hits, buffer);
        }
        if self.integers.is_empty() {
            return;
        }
        let mut look = |row: usize, value: i64| {
            if array.is_valid(row)
                && let Some(atoms) = self.integers.get(&value)
            {
                hits.extend(row, atoms);
            }
        };
        match array.data_type() {
            DataType::Int32 => {
                let values = array.as_primitive::<Int32Type>().values().iter();
                values
                    .enumerate()
                    .for_each(|(row, value)| look(row, i64::from(*value)));
            }
            DataType::Int64 => {
                let values = array.as_primitive::<Int64Type>().values().iter();
                values
                    .enumerate()
                    .for_each(|(row, value)| look(row, *value));
            }
            _ => {}
        }
    }
}

/// Atoms and columns, numbered as they come.
#[derive(Default)]
struct Numbers<'a> {
    atoms: HashMap<&'a Atom, u32>,
    columns: HashMap<ColumnId, u32>,
    null_tests: Vec<bool>,
    ids: Vec<ColumnId>,
}

impl<'a> Numbers<'a> {
    fn collect(&mut self, formula: &'a Formula) {
        match formula {
            Formula::Atom { atom, .. } => {
                let column = self.number_of(atom.column);
                match atom.test {
                    Test::IsNull => self.null_tests[column as usize] = true,
                    _ => {
                        let next = self.atoms.len() as u32;
                        self.atoms.entry(atom).or_insert(next);
                    }
                }
            }
            Formula::And(operands) | Formula::Or(operands) => {
                operands.iter().for_each(|operand| self.collect(operand));
            }
            Formula::Always(_) | Formula::Plain => {}
        }
    }

    fn number_of(&mut self, id: ColumnId) -> u32 {
        if let Some(known) = self.columns.get(&id) {
            return *known;
        }
        let number = self.ids.len() as u32;
        self.columns.insert(id, number);
        self.ids.push(id);
        self.null_tests.push(false);
        number
    }
}

impl Names for Numbers<'_> {
    fn atom(&mut self, atom: &Atom) -> u32 {
        // All were collected before.
        self.atoms.get(atom).copied().unwrap_or_default()
    }

    fn column(&mut self, atom: &Atom) -> u32 {
        self.number_of(atom.column)
    }
}

fn build(rules: &[Rule]) -> Option<Index> {
    let mut numbers = Numbers::default();
    for rule in rules {
        numbers.collect(&rule.formula);
    }
    let (mut code, mut compiled) = (Vec::new(), Vec::with_capacity(rules.len()));
    let (mut always, mut plain) = (Vec::new(), Vec::new());
    let mut witnessed: Vec<Vec<u32>> = vec![Vec::new(); numbers.atoms.len()];
    for (index, rule) in rules.iter().enumerate() {
        compiled.push(Compiled {
            number: rule.number,
            code: code.len() as u32,
        });
        code::write(&rule.formula, &mut numbers, &mut code);
        let index = index as u32;
        match (&*rule.formula, witness(&rule.formula)) {
            (Formula::Plain, _) => plain.push(index),
            (_, None) => always.push(index),
            (_, Some(found)) => {
                for atom in found.atoms {
                    let of_atom = &mut witnessed[numbers.atom(atom) as usize];
                    if of_atom.last() != Some(&index) {
                        of_atom.push(index);
                    }
                }
            }
        }
    }
    if code.len() > code::MOST || numbers.atoms.len() > code::MOST {
        return None;
    }
    let mut columns: Vec<(Vec<_>, HashMap<i64, Vec<u32>>)> = Vec::new();
    columns.resize_with(numbers.ids.len(), Default::default);
    for (atom, number) in &numbers.atoms {
        let (texts, integers) = &mut columns[numbers.columns[&atom.column] as usize];
        match &atom.test {
            Test::Text(patterns) => texts.extend(patterns.iter().map(|one| (one, *number))),
            Test::Integer(values) => values
                .iter()
                .for_each(|value| integers.entry(*value).or_default().push(*number)),
            Test::IsNull => {}
        }
    }
    let columns = columns
        .into_iter()
        .enumerate()
        .map(|(at, (texts, integers))| {
            let text = match texts.is_empty() {
                true => None,
                false => Some(TextColumn::new(texts)?),
            };
            Some(Column {
                id: numbers.ids[at],
                text,
                integers,
                has_null_test: numbers.null_tests[at],
            })
        });
    let columns = columns.collect::<Option<Vec<_>>>()?;
    let mut witness_starts = vec![0];
    let mut witnesses = Vec::new();
    for rules in witnessed {
        witnesses.extend(rules);
        witness_starts.push(witnesses.len() as u32);
    }
    Some(Index {
        columns,
        atoms: numbers.atoms.len(),
        rules: compiled,
        code,
        witness_starts,
        witnesses,
        always,
        plain,
    })
}
