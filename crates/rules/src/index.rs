//! Rules made ready to be asked together.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{DataType, Int32Type, Int64Type},
};

use crate::{
    atom::{Atom, ColumnId, Test},
    census::{Census, Counted, Taken},
    code::{self, Facts, Names, Step, Truth},
    formula::Formula,
    matches::{Hits, Marks, Matches, Scratch},
    text_column::TextColumn,
    witness::{Shares, witness},
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
    rules: Arc<[Rule]>,
    columns: Arc<[Column]>,
    atoms: usize,
    order: Order,
}

/// What is looked at first, by how rare the atoms are.
#[derive(Debug, Default)]
struct Order {
    code: Vec<Step>,
    /// By rule: where its code starts, and whether a part of it is plain.
    starts: Vec<(u32, bool)>,
    /// By atom: the rules whose witness it is, from here to where the next one's begin.
    witness_starts: Vec<u32>,
    witnesses: Vec<u32>,
    /// Rules that are looked at in every row.
    always: Vec<u32>,
    /// Rules that are nothing but plain.
    plain: Vec<u32>,
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
    /// `None` if the rules are too many for one index: more than 2^29 atoms or columns, or 2^32 questions.
    pub fn new(rules: &[Rule]) -> Option<Self> {
        stacker::maybe_grow(STACK, 2 * STACK, || build(rules))
    }

    /// An index of the same rules that finds the same, and sooner where atoms are as rare as this one's census has it.
    pub fn reordered(&self, census: &Census) -> Option<Self> {
        let order = stacker::maybe_grow(STACK, 2 * STACK, || {
            let mut numbers = Numbers::of(&self.rules);
            let atoms = numbers.atoms.clone();
            let atoms = &atoms;
            order(&self.rules, &mut numbers, &Counted { census, atoms })
        })?;
        Some(Self {
            rules: self.rules.clone(),
            columns: self.columns.clone(),
            atoms: self.atoms,
            order,
        })
    }

    /// The atoms of the witnesses as they are now, by the numbers of the rules that have one.
    pub fn witnesses(&self) -> HashMap<u32, Vec<&Atom>> {
        let mut found: HashMap<u32, Vec<&Atom>> = HashMap::new();
        let mut atoms: Vec<(&Atom, u32)> = Numbers::of(&self.rules).atoms.into_iter().collect();
        atoms.sort_unstable_by_key(|(_, number)| *number);
        let starts = self.order.witness_starts.windows(2);
        for ((atom, _), range) in atoms.into_iter().zip(starts) {
            for rule in &self.order.witnesses[range[0] as usize..range[1] as usize] {
                let number = self.rules[*rule as usize].number;
                found.entry(number).or_default().push(atom);
            }
        }
        found
    }

    /// Finds which rules hold in which of `rows` rows; counts which atoms do, if `census` is open.
    pub fn run(
        &self,
        columns: &impl Columns,
        rows: usize,
        census: &mut Census,
        scratch: &mut Scratch,
        matches: &mut Matches,
    ) {
        matches.clear();
        scratch.hits.clear();
        let mut nulls = Vec::with_capacity(self.columns.len());
        for column in &*self.columns {
            let array = columns.column(column.id);
            if let Some(array) = array {
                column.scan(array, &mut scratch.hits, &mut scratch.buffer);
            }
            nulls.push(array.filter(|_| column.has_null_test));
        }
        scratch.hits.group(rows);
        scratch.atoms.fit(self.atoms);
        scratch.rules.fit(self.rules.len());
        let is_counted = census.is_open();
        if is_counted {
            census.counts.resize(self.atoms, 0);
        }
        for row in 0..rows {
            let counts = is_counted.then_some(&mut *census.counts);
            self.look(row, &nulls, counts, scratch, matches);
        }
        for rule in &self.order.plain {
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
        counts: Option<&mut [u32]>,
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
        let order = &self.order;
        let hits = hits.of_row(row);
        candidates.clear();
        for atom in hits {
            if !atoms.mark(*atom) {
                continue;
            }
            let at = *atom as usize;
            let witnessed =
                order.witness_starts[at] as usize..order.witness_starts[at + 1] as usize;
            for rule in &order.witnesses[witnessed] {
                if rules.mark(*rule) {
                    candidates.push(*rule);
                }
            }
        }
        if let Some(counts) = counts {
            // Atoms that were found twice count twice, which is as good.
            for atom in hits {
                counts[*atom as usize] += 1;
            }
        }
        let facts = Row { atoms, nulls, row };
        for rule in candidates.iter().chain(&order.always) {
            let (start, has_plain) = order.starts[*rule as usize];
            let found = match code::read(&order.code, start, has_plain, &facts) {
                Truth::Yes => &mut matches.sure,
                Truth::Open => &mut matches.open,
                Truth::No => continue,
            };
            found.push((self.rules[*rule as usize].number, row as u32));
        }
        atoms.wipe(hits);
        rules.wipe(candidates);
    }
}

struct Row<'a> {
    atoms: &'a Marks,
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
    /// Those of these rules, which are the same whenever they are asked for.
    fn of(rules: &'a [Rule]) -> Self {
        let mut numbers = Self::default();
        for rule in rules {
            numbers.collect(&rule.formula);
        }
        numbers
    }

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
    let rules: Arc<[Rule]> = rules.into();
    let mut numbers = Numbers::of(&rules);
    let order = order(&rules, &mut numbers, &Taken)?;
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
    let columns = columns.collect::<Option<Arc<[Column]>>>()?;
    let atoms = numbers.atoms.len();
    Some(Index {
        rules: rules.clone(),
        columns,
        atoms,
        order,
    })
}

fn order(rules: &[Rule], numbers: &mut Numbers<'_>, shares: &impl Shares) -> Option<Order> {
    if numbers.atoms.len() > code::MOST || numbers.ids.len() > code::MOST {
        return None;
    }
    let mut order = Order::default();
    let mut witnessed: Vec<Vec<u32>> = vec![Vec::new(); numbers.atoms.len()];
    for (index, rule) in rules.iter().enumerate() {
        let start = code::write(&rule.formula, numbers, shares, &mut order.code);
        order.starts.push((start, has_plain(&rule.formula)));
        let index = index as u32;
        match (&*rule.formula, witness(&rule.formula, shares)) {
            (Formula::Plain, _) => order.plain.push(index),
            (_, None) => order.always.push(index),
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
    u32::try_from(order.code.len()).ok()?;
    order.witness_starts.push(0);
    for rules in witnessed {
        order.witnesses.extend(rules);
        order.witness_starts.push(order.witnesses.len() as u32);
    }
    Some(order)
}

fn has_plain(formula: &Formula) -> bool {
    match formula {
        Formula::Plain => true,
        Formula::And(operands) | Formula::Or(operands) => operands.iter().any(has_plain),
        Formula::Always(_) | Formula::Atom { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use proptest::{collection::vec, option, prelude::*, sample::select};
    use weir_functions::operators::Place;

    use super::{Columns, Index, Rule};
    use crate::{
        atom::{Atom, ColumnId, Pattern, Test},
        census::Census,
        formula::Formula,
        matches::{Matches, Scratch},
    };

    /// Two columns of texts and one of numbers; column 3 is in no batch.
    #[derive(Debug, Clone)]
    struct Row {
        texts: [Option<&'static str>; 2],
        number: Option<i64>,
    }

    struct Batch([ArrayRef; 3]);

    impl Columns for Batch {
        fn column(&self, id: ColumnId) -> Option<&ArrayRef> {
            self.0.get(id as usize)
        }
    }

    fn batch(rows: &[Row]) -> Batch {
        let texts = |at: usize| -> ArrayRef {
            Arc::new(StringArray::from_iter(rows.iter().map(|row| row.texts[at])))
        };
        let numbers = Int64Array::from_iter(rows.iter().map(|row| row.number));
        Batch([texts(0), texts(1), Arc::new(numbers)])
    }

    const LITERALS: &[&str] = &["", "a", "B", "ab", "ba", "bab", "aab"];

    fn row() -> impl Strategy<Value = Row> {
        let text = || option::weighted(0.8, select(&["", "a", "b", "Ab", "ba", "abab", "xaabx"]));
        (text(), text(), option::of(0_i64..4)).prop_map(|(one, two, number)| Row {
            texts: [one, two],
            number,
        })
    }

    fn pattern() -> impl Strategy<Value = Pattern> {
        let place = select(&[Place::Anywhere, Place::Start, Place::End, Place::Whole]);
        (select(LITERALS), place, any::<bool>())
            .prop_map(|(literal, place, ignores_case)| Pattern::new(literal, place, ignores_case))
            // A formula asks for NULL instead.
            .prop_filter("in every text", |pattern| !pattern.is_in_all())
    }

    fn formula() -> impl Strategy<Value = Formula> {
        let text_column = select(&[0_u32, 1, 3]);
        let text = (text_column, vec(pattern(), 1..3))
            .prop_map(|(column, patterns)| Atom::text(column, patterns));
        let number = vec(0_i64..4, 1..3).prop_map(|numbers| Atom::integer(2, numbers));
        let null = (0_u32..4).prop_map(|column| Atom {
            column,
            test: Test::IsNull,
        });
        let atom = prop_oneof![6 => text, 2 => number, 2 => null];
        let leaf = prop_oneof![
            8 => (atom, any::<bool>())
                .prop_map(|(atom, is_negated)| Formula::Atom { atom, is_negated }),
            1 => Just(Formula::Plain),
            1 => any::<bool>().prop_map(Formula::Always),
        ];
        leaf.prop_recursive(4, 40, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Formula::And),
                vec(inner, 0..4).prop_map(Formula::Or),
            ]
        })
    }

    /// `None` where it hangs on a plain part (Kleene's logic).
    fn truth(formula: &Formula, row: &Row) -> Option<bool> {
        let all = |operands: &[Formula], settles: bool| {
            let truths: Vec<_> = operands.iter().map(|operand| truth(operand, row)).collect();
            if truths.contains(&Some(settles)) {
                return Some(settles);
            }
            (!truths.contains(&None)).then_some(!settles)
        };
        match formula {
            Formula::Always(value) => Some(*value),
            Formula::Plain => None,
            Formula::And(operands) => all(operands, false),
            Formula::Or(operands) => all(operands, true),
            Formula::Atom { atom, is_negated } => Some(holds(atom, row) != *is_negated),
        }
    }

    fn holds(atom: &Atom, row: &Row) -> bool {
        let text = row.texts.get(atom.column as usize).copied().flatten();
        match &atom.test {
            Test::IsNull if atom.column == 2 => row.number.is_none(),
            Test::IsNull => text.is_none(),
            Test::Integer(numbers) => row.number.is_some_and(|number| numbers.contains(&number)),
            Test::Text(patterns) => {
                text.is_some_and(|text| patterns.iter().any(|pattern| is_in(pattern, text)))
            }
        }
    }

    fn is_in(pattern: &Pattern, text: &str) -> bool {
        let (literal, text) = match &pattern.check {
            crate::atom::Check::Case(literal) => (&**literal, text.to_owned()),
            _ => (&*pattern.literal, text.to_lowercase()),
        };
        match pattern.place {
            Place::Anywhere => text.contains(literal),
            Place::Start => text.starts_with(literal),
            Place::End => text.ends_with(literal),
            Place::Whole => text == literal,
        }
    }

    fn found(index: &Index, rows: &[Row], census: &mut Census) -> [Vec<(u32, u32)>; 2] {
        let (mut scratch, mut matches) = (Scratch::default(), Matches::default());
        // Twice: nothing of a run is left for the next one.
        for _ in 0..2 {
            index.run(&batch(rows), rows.len(), census, &mut scratch, &mut matches);
        }
        [matches.sure, matches.open]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: cases(512), ..ProptestConfig::default() })]

        #[test]
        fn an_index_finds_what_formulas_say_however_it_is_ordered(
            formulas in vec(formula(), 1..12),
            rows in vec(row(), 0..20),
        ) {
            let rules: Vec<Rule> = formulas
                .iter()
                .zip(10..)
                .map(|(formula, number)| Rule { number, formula: Arc::new(formula.clone()) })
                .collect();
            let mut expected = [Vec::new(), Vec::new()];
            for rule in &rules {
                for (place, row) in rows.iter().enumerate() {
                    match truth(&rule.formula, row) {
                        Some(true) => expected[0].push((rule.number, place as u32)),
                        None => expected[1].push((rule.number, place as u32)),
                        Some(false) => {}
                    }
                }
            }
            let index = Index::new(&rules).unwrap();
            let mut census = Census::default();
            prop_assert_eq!(&found(&index, &rows, &mut census), &expected);
            census.pass(2 * rows.len());
            let reordered = index.reordered(&census).unwrap();
            prop_assert_eq!(&found(&reordered, &rows, &mut census), &expected);
        }
    }

    /// `PROPTEST_CASES` says how many.
    fn cases(usual: u32) -> u32 {
        match std::env::var_os("PROPTEST_CASES") {
            Some(_) => ProptestConfig::default().cases,
            None => usual,
        }
    }

    #[test]
    fn the_witness_is_what_the_rows_show_to_be_rare() {
        let text = |column, text| Formula::Atom {
            atom: Atom::text(column, vec![Pattern::new(text, Place::Anywhere, true)]),
            is_negated: false,
        };
        // The long literal is taken to be rare, and is in every row.
        let formula = Arc::new(Formula::And(vec![text(0, "aab"), text(1, "ba")]));
        let index = Index::new(&[Rule { number: 0, formula }]).unwrap();
        let row = Row {
            texts: [Some("xaabx"), Some("")],
            number: None,
        };
        let rows = vec![row; 100];
        let mut census = Census::default();
        assert_eq!(found(&index, &rows, &mut census), [vec![], vec![]]);
        let mut periods = 0;
        while !census.pass(rows.len()) {
            found(&index, &rows, &mut census);
            periods += 1;
        }
        assert!(periods > 10, "a few rows say nothing");
        let reordered = index.reordered(&census).unwrap();
        let witness = |index: &Index| {
            let atoms = index.order.witness_starts.windows(2);
            atoms.map(|range| range[1] - range[0]).collect::<Vec<_>>()
        };
        assert_eq!(witness(&index), [1, 0]);
        assert_eq!(witness(&reordered), [0, 1]);
        let shown = |index: &Index| index.witnesses()[&0][0].shown("a");
        assert_eq!(shown(&index), "a ILIKE '%aab%'");
        assert_eq!(shown(&reordered), "a ILIKE '%ba%'");
        census.close();
        assert!(census.is_open(), "the first is soon made better");
        census.pass(1 << 20);
        census.close();
        assert!(!census.is_open(), "then it rests");
    }
}
