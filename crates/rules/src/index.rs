//! Rules made ready to be asked together.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{DataType, Int32Type, Int64Type},
};

use crate::{
    atom::{Atom, ColumnId, Pattern, Test},
    census::{self, Census},
    code::{self, Facts, Step, Truth, Writer},
    formula::Formula,
    matches::{Hits, Marks, Matches, Scratch},
    numbered::{self, Node, Numbered},
    text_column::TextColumn,
    witness::Witnesses,
};

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
    /// The formulas of the rules.
    nodes: Arc<[Node]>,
    /// By atom: in how many rows, of all, it was taken to hold before any came.
    taken: Arc<[f32]>,
    order: Order,
}

/// What is looked at first, by how rare the atoms are.
#[derive(Debug)]
struct Order {
    code: Box<[Step]>,
    /// By rule: where its code starts, and whether a part of it is plain.
    starts: Box<[(u32, bool)]>,
    /// By atom: the rules whose witness it is, from here to where the next one's begin.
    witness_starts: Box<[u32]>,
    witnesses: Box<[u32]>,
    /// The atoms that are a witness: of many that hold in a row few are, and bits are sooner looked at than starts.
    is_witness: Marks,
    /// Rules that are looked at in every row.
    always: Box<[u32]>,
    /// Rules that are nothing but plain.
    plain: Box<[u32]>,
}

#[derive(Debug)]
struct Column {
    id: ColumnId,
    text: Option<TextColumn>,
    integers: HashMap<i64, Box<[u32]>>,
    /// Whether a rule asks if it is NULL.
    has_null_test: bool,
}

impl Index {
    /// `None` if the rules are too many for one index: more than 2^29 atoms or columns, or 2^32 questions.
    pub fn new(rules: &[Rule]) -> Option<Self> {
        let numbered = Numbered::of(rules.iter().map(|rule| &*rule.formula));
        let counts = [numbered.atoms.len(), numbered.columns.len()];
        if counts.into_iter().any(|count| count > code::MOST) {
            return None;
        }
        let columns = columns(&numbered)?;
        let taken: Arc<[f32]> = census::taken(&numbered.atoms, &numbered.uses()).into();
        Some(Self {
            order: Order::new(&numbered.nodes, &taken)?,
            rules: rules.into(),
            columns,
            nodes: numbered.nodes.into(),
            taken,
        })
    }

    /// An index of the same rules that finds the same, and sooner where atoms are as rare as this one's census has it.
    pub fn reordered(&self, census: &Census) -> Option<Self> {
        Some(Self {
            order: Order::new(&self.nodes, &census.shares(&self.taken))?,
            rules: self.rules.clone(),
            columns: self.columns.clone(),
            nodes: self.nodes.clone(),
            taken: self.taken.clone(),
        })
    }

    /// The atoms of the witnesses as they are now, by the numbers of the rules that have one.
    pub fn witnesses(&self) -> HashMap<u32, Vec<&Atom>> {
        let mut found: HashMap<u32, Vec<&Atom>> = HashMap::new();
        let starts = self.order.witness_starts.windows(2);
        for (atom, range) in self.atoms().into_iter().zip(starts) {
            for rule in &self.order.witnesses[range[0] as usize..range[1] as usize] {
                let number = self.rules[*rule as usize].number;
                found.entry(number).or_default().push(atom);
            }
        }
        found
    }

    /// By number, which they got in the order in which they came first.
    fn atoms(&self) -> Vec<&Atom> {
        let numbers = self.nodes.iter().filter_map(|node| match node {
            Node::Atom { number, .. } => Some(*number as usize),
            _ => None,
        });
        let all = self.rules.iter().flat_map(|rule| rule.formula.each_atom());
        let mut atoms = Vec::with_capacity(self.taken.len());
        for (atom, number) in all.zip(numbers) {
            if number == atoms.len() {
                atoms.push(atom);
            }
        }
        atoms
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
        scratch.atoms.fit(self.taken.len());
        scratch.rules.fit(self.rules.len());
        let is_counted = census.is_open();
        if is_counted {
            census.counts.resize(self.taken.len(), 0);
        }
        for row in 0..rows {
            let counts = is_counted.then_some(&mut *census.counts);
            self.look(row, &nulls, counts, scratch, matches);
        }
        for rule in &*self.order.plain {
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
            if !atoms.mark(*atom) || !order.is_witness.has(*atom) {
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
        for rule in candidates.iter().chain(&*order.always) {
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

/// `None` if a column has too many literals.
fn columns(numbered: &Numbered<'_>) -> Option<Arc<[Column]>> {
    let mut texts: Vec<Vec<(&Pattern, u32)>> = Vec::new();
    let mut integers: Vec<HashMap<i64, Vec<u32>>> = Vec::new();
    texts.resize_with(numbered.columns.len(), Default::default);
    integers.resize_with(numbered.columns.len(), Default::default);
    for (atom, number) in numbered.atoms.iter().zip(0..) {
        let column = numbered.column_numbers[&atom.column] as usize;
        match &atom.test {
            Test::Text(patterns) => {
                texts[column].extend(patterns.iter().map(|pattern| (pattern, number)));
            }
            Test::Integer(values) => values.iter().for_each(|value| {
                integers[column].entry(*value).or_default().push(number);
            }),
            Test::IsNull => {}
        }
    }
    let parts = numbered.columns.iter().zip(texts).zip(integers);
    let columns = parts.map(|((column, texts), integers)| {
        let integers = integers.into_iter();
        Some(Column {
            id: column.id,
            text: match texts.is_empty() {
                true => None,
                false => Some(TextColumn::new(texts)?),
            },
            integers: integers
                .map(|(value, atoms)| (value, atoms.into()))
                .collect(),
            has_null_test: column.has_null_test,
        })
    });
    columns.collect()
}

impl Order {
    /// Of formulas whose atoms hold in so many rows of all. `None` if the code is too long.
    fn new(nodes: &[Node], shares: &[f32]) -> Option<Self> {
        let (mut writer, mut witnesses) = (Writer::default(), Witnesses::default());
        let (mut starts, mut always, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        // Atoms, and the rules whose witness they are.
        let mut witnessed: Vec<(u32, u32)> = Vec::new();
        let mut atoms = Vec::new();
        for (formula, rule) in numbered::formulas(nodes).zip(0..) {
            let start = writer.write(formula, shares);
            starts.push((start, formula.contains(&Node::Plain)));
            witnesses.weigh(formula, shares);
            atoms.clear();
            if formula == [Node::Plain] {
                plain.push(rule);
            } else if !witnesses.collect(formula, &mut atoms) {
                always.push(rule);
            }
            atoms.sort_unstable();
            atoms.dedup();
            witnessed.extend(atoms.iter().map(|atom| (*atom, rule)));
        }
        u32::try_from(writer.code.len().max(nodes.len())).ok()?;
        witnessed.sort_unstable();
        let mut witness_starts = vec![0; shares.len() + 1];
        let mut is_witness = Marks::default();
        is_witness.fit(shares.len());
        for (atom, _) in &witnessed {
            witness_starts[*atom as usize + 1] += 1;
            is_witness.mark(*atom);
        }
        for atom in 0..shares.len() {
            witness_starts[atom + 1] += witness_starts[atom];
        }
        Some(Self {
            code: writer.code.into(),
            starts: starts.into(),
            witness_starts: witness_starts.into(),
            witnesses: witnessed.iter().map(|(_, rule)| *rule).collect(),
            is_witness,
            always: always.into(),
            plain: plain.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use proptest::{collection::vec, option, prelude::*, sample::select};
    use weir_functions::operators::{LikePattern, Place};

    use super::{Columns, Index, Rule};
    use crate::{
        atom::{Atom, Check, ColumnId, Pattern, Test},
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

    /// The last one is the Kelvin sign, which but for case is a letter of ASCII.
    const TEXTS: &[&str] = &[
        "",
        "a",
        "b",
        "Ab",
        "ba",
        "abab",
        "xaabx",
        "aé",
        "ÉA",
        "ÉaÉ",
        "abÉa",
        "ak",
        "a\u{212a}",
    ];

    const LITERALS: &[&str] = &[
        "", "a", "B", "ab", "ba", "bab", "aab", "É", "éa", "aÉ", "k", "K", "\u{212a}",
    ];

    const LIKES: &[&str] = &["a%b", "_a%", "%a_", "a_a%b", "%b%a", "é%a", "a%_k"];

    fn row() -> impl Strategy<Value = Row> {
        let text = || option::weighted(0.8, select(TEXTS));
        (text(), text(), option::of(0_i64..4)).prop_map(|(one, two, number)| Row {
            texts: [one, two],
            number,
        })
    }

    fn pattern() -> impl Strategy<Value = Pattern> {
        let place = select(&[Place::Anywhere, Place::Start, Place::End, Place::Whole]);
        let in_place = (select(LITERALS), place, any::<bool>())
            .prop_map(|(literal, place, ignores_case)| Pattern::new(literal, place, ignores_case));
        let like = (select(LIKES), any::<bool>()).prop_map(|(text, ignores_case)| {
            let compiled = Arc::new(LikePattern::try_new(text, None, ignores_case).unwrap());
            Pattern::of_like(text, &compiled, None, ignores_case).unwrap()
        });
        prop_oneof![5 => in_place, 1 => like]
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
            Check::Case(literal) => (&**literal, text.to_owned()),
            Check::Nothing => (&*pattern.literal, text.to_lowercase()),
            Check::Like(like) => {
                let (pattern, _, ignores_case) = like.key();
                return match ignores_case {
                    true => is_like(&pattern.to_lowercase(), &text.to_lowercase()),
                    false => is_like(pattern, text),
                };
            }
        };
        match pattern.place {
            Place::Anywhere => text.contains(literal),
            Place::Start => text.starts_with(literal),
            Place::End => text.ends_with(literal),
            Place::Whole => text == literal,
        }
    }

    fn is_like(pattern: &str, text: &str) -> bool {
        let (mut pattern, mut text) = (pattern.chars(), text.chars());
        match pattern.next() {
            None => text.next().is_none(),
            Some('%') => {
                is_like(pattern.as_str(), text.as_str())
                    || text.next().is_some()
                        && is_like(&format!("%{}", pattern.as_str()), text.as_str())
            }
            Some(one) => text.next().is_some_and(|other| {
                (one == '_' || one == other) && is_like(pattern.as_str(), text.as_str())
            }),
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
