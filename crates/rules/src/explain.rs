//! What is known of a formula before a row comes, in words and near to SQL: for whoever asks why a rule costs what it costs.
//!
//! Texts are as long as somebody reads: of many literals the first are shown, and of a long one its beginning.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt,
};

use weir_functions::operators::Place;

use crate::{
    atom::{Atom, Check, ColumnId, Pattern, Test, is_caseless},
    census::taken,
    formula::Formula,
    numbered::{Node, Numbered, operands},
    raw,
    witness::Witnesses,
};

/// As many literals as are shown of an atom.
const SHOWN: usize = 5;

/// As many characters as are shown of a literal.
const LONGEST: usize = 80;

/// Marks a character of a literal that LIKE would take for a wildcard.
const ESCAPE: char = '!';

/// Why a formula has no witness: what is asked by a part of it that may hold though no atom does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoWitness {
    /// The part stands beside others under OR.
    is_alternative: bool,
    asks: BTreeSet<Asks>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asks {
    Nothing,
    ThatNotSo,
    WhetherNull,
    More,
}

/// What the bytes of a record are searched for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sought {
    pub text: String,
    pub ignores_case: bool,
}

impl Formula {
    /// The atoms of which one holds wherever the formula does, by what is taken before any row has come; none if it never holds.
    pub fn witness(&self) -> Result<Vec<&Atom>, NoWitness> {
        let numbered = Numbered::of([self]);
        let taken = taken(&numbered.atoms, &numbered.uses());
        let mut witnesses = Witnesses::default();
        witnesses.weigh(&numbered.nodes, &taken);
        let (mut found, mut known) = (Vec::new(), HashSet::new());
        if !witnesses.collect(&numbered.nodes, &mut found) {
            return Err(NoWitness::of(&numbered.nodes, &witnesses));
        }
        found.retain(|number| known.insert(*number));
        let atoms = found.into_iter();
        Ok(atoms
            .map(|number| numbered.atoms[number as usize])
            .collect())
    }

    /// Its atoms, each once, in order; NULL tests, which cost next to nothing, are none.
    pub fn atoms(&self) -> Vec<&Atom> {
        let mut known = HashSet::new();
        self.each_atom()
            .filter(|atom| known.insert(*atom))
            .collect()
    }

    /// The texts of which a record that matches has one in its bytes; `None` if it may match whatever its bytes are.
    pub fn sought(&self, is_in_raw: &dyn Fn(ColumnId) -> bool) -> Option<Vec<Sought>> {
        let runs = raw::needed(self, is_in_raw)?.runs.into_iter();
        let sought = runs.map(|run| Sought {
            text: run.text,
            ignores_case: run.ignores_case,
        });
        Some(sought.collect::<BTreeSet<_>>().into_iter().collect())
    }
}

impl NoWitness {
    fn of(nodes: &[Node], witnesses: &Witnesses) -> Self {
        let mut why = Self::default();
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            let asks = match nodes[at] {
                Node::Always(_) => Asks::Nothing,
                Node::Plain => Asks::More,
                Node::Null { .. } => Asks::WhetherNull,
                Node::Atom { .. } => Asks::ThatNotSo,
                Node::And(_) => {
                    open.extend(operands(nodes, at));
                    continue;
                }
                Node::Or(_) => {
                    why.is_alternative = true;
                    open.extend(operands(nodes, at).find(|operand| !witnesses.has(*operand)));
                    continue;
                }
            };
            why.asks.insert(asks);
        }
        why
    }
}

/// Goes on after "because".
impl fmt::Display for NoWitness {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = match self.is_alternative {
            true => "one of its alternatives",
            false => "it",
        };
        if self.asks.contains(&Asks::Nothing) {
            return write!(to, "{who} is always TRUE");
        }
        let asks = self.asks.iter().map(|asks| match asks {
            Asks::Nothing => "nothing",
            Asks::ThatNotSo => "that something is not so",
            Asks::WhetherNull => "whether a column is NULL",
            Asks::More => "what no index knows",
        });
        let asks: Vec<_> = asks.collect();
        write!(to, "{who} asks only {}", asks.join(", and "))
    }
}

impl fmt::Display for Sought {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.ignores_case {
            " in any case"
        } else {
            ""
        };
        write!(to, "{}{how}", quoted(&self.text))
    }
}

impl Atom {
    /// As it would be written, or near to it; where case is ignored, in the letters in which it is compared.
    pub fn shown(&self, name: &str) -> String {
        match &self.test {
            Test::IsNull => format!("{name} IS NULL"),
            Test::Integer(numbers) => {
                let shown = numbers.iter().take(SHOWN).map(i64::to_string).collect();
                one_of(name, "=", "IN", shown, numbers.len())
            }
            Test::Text(patterns) => of_patterns(name, patterns),
        }
    }
}

/// How a pattern is written: by which operator, with which escape.
type Written = (&'static str, Option<char>);

fn of_patterns(name: &str, patterns: &[Pattern]) -> String {
    let mut groups: BTreeMap<Written, (Vec<String>, usize)> = BTreeMap::new();
    for pattern in patterns {
        let (written, text) = pattern.written();
        let (shown, count) = groups.entry(written).or_default();
        if shown.len() < SHOWN {
            shown.push(quoted(&text));
        }
        *count += 1;
    }
    let is_one = groups.len() == 1;
    let groups = groups
        .into_iter()
        .map(|((operator, escape), (shown, count))| {
            let many = match operator {
                "LIKE" => "LIKE ANY",
                "ILIKE" => "ILIKE ANY",
                _ => "IN",
            };
            let escape = escape.map_or_else(String::new, |escape| {
                format!(" ESCAPE {}", quoted(escape.encode_utf8(&mut [0; 4])))
            });
            one_of(name, operator, many, shown, count) + &escape
        });
    let groups: Vec<String> = groups.collect();
    match is_one {
        true => groups.concat(),
        false => format!("({})", groups.join(" OR ")),
    }
}

fn one_of(name: &str, one: &str, many: &str, shown: Vec<String>, count: usize) -> String {
    match (&shown[..], count) {
        ([only], 1) => format!("{name} {one} {only}"),
        _ => {
            let more = match count - shown.len() {
                0 => String::new(),
                more => format!(", … and {more} more"),
            };
            format!("{name} {many} ({}{more})", shown.join(", "))
        }
    }
}

impl Pattern {
    fn written(&self) -> (Written, String) {
        let (literal, ignores_case) = match &self.check {
            Check::Like(like) => {
                let (text, escape, ignores_case) = like.key();
                return ((operator(ignores_case), escape), text.to_owned());
            }
            Check::Case(text) => (text, false),
            Check::Nothing => (&self.literal, !self.literal.chars().all(is_caseless)),
        };
        if self.place == Place::Whole && !ignores_case {
            return (("=", None), literal.to_string());
        }
        let escape = literal.contains(['%', '_']).then_some(ESCAPE);
        let mut text = String::with_capacity(literal.len() + 2);
        if matches!(self.place, Place::Anywhere | Place::End) {
            text.push('%');
        }
        for character in literal.chars() {
            if escape.is_some() && matches!(character, '%' | '_' | ESCAPE) {
                text.push(ESCAPE);
            }
            text.push(character);
        }
        if matches!(self.place, Place::Anywhere | Place::Start) {
            text.push('%');
        }
        ((operator(ignores_case), escape), text)
    }
}

fn operator(ignores_case: bool) -> &'static str {
    match ignores_case {
        true => "ILIKE",
        false => "LIKE",
    }
}

/// In quotes, on one line, and no longer than is read.
fn quoted(text: &str) -> String {
    format!("'{}'", shown(text).replace('\'', "''"))
}

/// A text of a rule or of a record on one line, and no longer than is read. What steers a terminal, or the direction of what is
/// read, is spelt out.
pub fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (index, character) in text.chars().enumerate() {
        match character {
            _ if index == LONGEST => {
                shown.push('…');
                break;
            }
            steering if steering.is_control() || is_of_layout(steering) => {
                shown.extend(steering.escape_default());
            }
            other => shown.push(other),
        }
    }
    shown
}

/// Line and paragraph separators, and marks of direction (Unicode Standard Annex 9).
fn is_of_layout(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use weir_functions::operators::LikePattern;

    use super::*;

    fn pattern(text: &str, place: Place, ignores_case: bool) -> Pattern {
        Pattern::new(text, place, ignores_case)
    }

    fn atom(patterns: Vec<Pattern>) -> Formula {
        Formula::Atom {
            atom: Atom::text(1, patterns),
            is_negated: false,
        }
    }

    fn not(formula: Formula) -> Formula {
        match formula {
            Formula::Atom { atom, .. } => Formula::Atom {
                atom,
                is_negated: true,
            },
            other => other,
        }
    }

    fn like(text: &str, escape: Option<char>, ignores_case: bool) -> Pattern {
        let compiled = Arc::new(LikePattern::try_new(text, escape, ignores_case).unwrap());
        Pattern::of_like(text, &compiled, escape, ignores_case).unwrap()
    }

    #[test]
    fn an_atom_reads_as_it_is_written() {
        let check =
            |patterns, expected: &str| assert_eq!(Atom::text(1, patterns).shown("a->B"), expected);
        check(
            vec![pattern("\\Cmd.exe", Place::End, true)],
            "a->B ILIKE '%\\cmd.exe'",
        );
        check(vec![pattern("It's", Place::Whole, false)], "a->B = 'It''s'");
        check(
            vec![pattern("Security", Place::Whole, true)],
            "a->B ILIKE 'security'",
        );
        // A text without letters is the same in any case.
        check(vec![pattern("4688", Place::Whole, true)], "a->B = '4688'");
        check(
            vec![pattern("50%_!", Place::Start, false)],
            "a->B LIKE '50!%!_!!%' ESCAPE '!'",
        );
        check(
            vec![like("x%y|%z", Some('|'), false)],
            "a->B LIKE 'x%y|%z' ESCAPE '|'",
        );
        check(
            vec![
                pattern("a", Place::Anywhere, true),
                pattern("b", Place::Start, true),
            ],
            "a->B ILIKE ANY ('%a%', 'b%')",
        );
        check(
            vec![
                pattern("a", Place::Whole, false),
                pattern("b", Place::Whole, false),
                pattern("c", Place::Anywhere, true),
            ],
            "(a->B IN ('a', 'b') OR a->B ILIKE '%c%')",
        );
        check(vec![pattern("a\nb", Place::Whole, false)], "a->B = 'a\\nb'");
        check(
            vec![pattern("a\u{202e}b", Place::Whole, false)],
            "a->B = 'a\\u{202e}b'",
        );
        assert_eq!(Atom::integer(1, vec![7]).shown("n"), "n = 7");
        assert_eq!(Atom::integer(1, vec![9, 7]).shown("n"), "n IN (7, 9)");
    }

    #[test]
    fn what_is_shown_has_a_bound() {
        let many = (0..5_000).map(|n| pattern(&format!("{n:04}x"), Place::Anywhere, true));
        assert_eq!(
            Atom::text(1, many.collect()).shown("a"),
            "a ILIKE ANY ('%0000x%', '%0001x%', '%0002x%', '%0003x%', '%0004x%', … and 4995 more)"
        );
        let long = "ö".repeat(10_000);
        let text = Atom::text(1, vec![pattern(&long, Place::Whole, false)]).shown("a");
        assert_eq!(text, format!("a = '{}…'", "ö".repeat(LONGEST)));
    }

    #[test]
    fn a_rule_without_a_witness_says_why() {
        let check = |formula: Formula, expected: &str| {
            assert_eq!(formula.witness().unwrap_err().to_string(), expected);
        };
        let found = || atom(vec![pattern("found", Place::Anywhere, true)]);
        let null = || Formula::Atom {
            atom: Atom {
                column: 2,
                test: Test::IsNull,
            },
            is_negated: true,
        };
        check(Formula::Plain, "it asks only what no index knows");
        check(Formula::Always(true), "it is always TRUE");
        check(not(found()), "it asks only that something is not so");
        check(
            Formula::And(vec![not(found()), null(), Formula::Plain]),
            "it asks only that something is not so, and whether a column is NULL, and what no index knows",
        );
        check(
            Formula::Or(vec![found(), null()]),
            "one of its alternatives asks only whether a column is NULL",
        );
        let all = Formula::And(vec![Formula::Plain, found(), not(found())]);
        assert_eq!(all.witness().unwrap().len(), 1);
        assert_eq!(all.atoms().len(), 1);
        assert_eq!(Formula::Always(false).witness(), Ok(Vec::new()));
    }

    #[test]
    fn what_is_sought_in_the_bytes_is_a_run_of_each_alternative() {
        let either = Formula::Or(vec![
            atom(vec![pattern("\\System32\\x", Place::Anywhere, false)]),
            atom(vec![pattern("Delete Shadows", Place::Anywhere, true)]),
        ]);
        let sought = either.sought(&|column| column == 1).unwrap();
        let texts: Vec<String> = sought.iter().map(Sought::to_string).collect();
        assert_eq!(texts, ["'System32'", "'delete shadows' in any case"]);
        assert_eq!(either.sought(&|_| false), None);
    }
}
