//! Records that no rule can match, told from the bytes of their JSON before any of it is parsed.
//!
//! What must be in a text must be in the record too, unless JSON spells it in another way. So a literal is looked for by
//! its longest *run*: characters that JSON writes as themselves or as `\u` with four digits, and nothing else. A record with
//! such an escape of anything but what Go's encoder escapes (`<`, `>`, `&`) or what no run has is not skipped, and neither is
//! one with `ſ` or `K` (the Kelvin sign), which are `s` and `k` but for case. Marks that stand between the values of an
//! object, which a VARCHAR takes as compact text, are in no run, and a run is more than a number, which may be spelt
//! otherwise.
//!
//! **Invariant:** a record that is skipped matches no rule. One that is not skipped may match none either.

use std::collections::BTreeSet;

use memchr::memmem::Finder;

use crate::{
    atom::{Atom, Check, ColumnId, Pattern, Test},
    formula::Formula,
};

/// Shorter runs are in nearly every record.
const SHORTEST: usize = 3;

/// Each is a look over the whole record: with more of them, parsing is taken to be as fast.
const MOST: usize = 12;

/// A value as a whole is taken to be in this share of records: it may be a channel's name.
const WHOLE: f64 = 0.3;

/// Looking through a record for a run takes this part of what parsing the record takes.
const LOOK: f64 = 0.03;

/// Finds the records that may match.
#[derive(Debug)]
pub struct RawFilter {
    /// A record has one of these, or matches nothing.
    runs: Vec<Finder<'static>>,
    /// The runs are small letters, and are looked for in the record made small.
    ignores_case: bool,
    /// A run has an `s` or a `k`, which other characters than those of ASCII are but for case.
    has_other_case: bool,
    lower: Vec<u8>,
    escape: Finder<'static>,
    long_s: Finder<'static>,
    kelvin: Finder<'static>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    pub text: String,
    pub ignores_case: bool,
}

/// Runs of which each record that matches has one.
pub(crate) struct Needed {
    pub runs: Vec<Run>,
    share: f64,
}

impl Needed {
    /// Of a record, as a part of what parsing all of them takes.
    fn cost(&self) -> f64 {
        self.share + LOOK * self.runs.len() as f64
    }
}

impl RawFilter {
    /// For rules with these formulas; `is_in_raw` says of which columns the texts come out of the record. `None` if a rule may
    /// match whatever the bytes are, or too many would have to be looked for.
    pub fn new<'a>(
        formulas: impl IntoIterator<Item = &'a Formula>,
        is_in_raw: &dyn Fn(ColumnId) -> bool,
    ) -> Option<Self> {
        // Rules of one pack look for the same.
        let mut runs = BTreeSet::new();
        for formula in formulas {
            runs.extend(needed(formula, is_in_raw)?.runs);
            if runs.len() > 8 * MOST {
                return None;
            }
        }
        let ignores_case = runs.iter().any(|run| run.ignores_case);
        let mut texts: Vec<String> = runs
            .into_iter()
            .map(|run| match ignores_case {
                true => run.text.to_ascii_lowercase(),
                false => run.text,
            })
            .collect();
        // Where a short one is, a long one that has it need not be looked for.
        texts.sort_by_key(String::len);
        let mut kept: Vec<String> = Vec::new();
        for text in texts {
            if !kept.iter().any(|shorter| text.contains(shorter.as_str())) {
                kept.push(text);
            }
        }
        if kept.len() > MOST {
            return None;
        }
        let has_other_case = ignores_case && kept.iter().any(|run| run.contains(['s', 'k']));
        Some(Self {
            runs: kept
                .iter()
                .map(|run| Finder::new(run.as_bytes()).into_owned())
                .collect(),
            ignores_case,
            has_other_case,
            lower: Vec::new(),
            escape: Finder::new(b"\\u").into_owned(),
            long_s: Finder::new("ſ".as_bytes()).into_owned(),
            kelvin: Finder::new("\u{212a}".as_bytes()).into_owned(),
        })
    }

    /// False if no rule matches the record.
    pub fn may_match(&mut self, record: &[u8]) -> bool {
        let text = match self.ignores_case {
            true => {
                self.lower.clear();
                self.lower.extend_from_slice(record);
                self.lower.make_ascii_lowercase();
                &*self.lower
            }
            false => record,
        };
        // From the record's beginning on: to go to its end first is to wait for memory.
        self.runs.iter().any(|run| run.find(text).is_some())
            || self
                .escape
                .find_iter(record)
                .any(|at| is_escape(&record[..at]) && !is_harmless(&record[at + 2..]))
            || self.has_other_case
                && (self.long_s.find(record).is_some() || self.kelvin.find(record).is_some())
            || is_no_object(record)
    }

    /// How many literals are looked for.
    pub fn literals(&self) -> usize {
        self.runs.len()
    }
}

/// Half a record, or none at all, is to be parsed and reported: as far as its ends tell.
fn is_no_object(record: &[u8]) -> bool {
    let trimmed = record.trim_ascii();
    !(trimmed.starts_with(b"{") && trimmed.ends_with(b"}"))
}

/// Whether a backslash behind these bytes begins an escape: in `\\users` the second one ends the escape of the first.
fn is_escape(before: &[u8]) -> bool {
    let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\');
    backslashes.count() % 2 == 0
}

/// Whether what follows `\u` spells a character that is in no run, and is not spelt anew in a compact text.
fn is_harmless(digits: &[u8]) -> bool {
    let code = digits
        .get(..4)
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match code {
        // ſ and K, and the separators, which some writers spell out.
        Some(0x17f | 0x212a | 0x2028 | 0x2029) => false,
        Some(0x3c | 0x3e | 0x26 | 0xa0..) => true,
        _ => false,
    }
}

pub(crate) fn needed(formula: &Formula, is_in_raw: &dyn Fn(ColumnId) -> bool) -> Option<Needed> {
    match formula {
        Formula::Always(false) => Some(Needed {
            runs: Vec::new(),
            share: 0.0,
        }),
        Formula::Atom {
            atom:
                Atom {
                    column,
                    test: Test::Text(patterns),
                },
            is_negated: false,
        } if is_in_raw(*column) => {
            let mut all = Needed {
                runs: Vec::new(),
                share: 0.0,
            };
            for pattern in &**patterns {
                let (run, share) = of_pattern(pattern)?;
                all.runs.push(run);
                all.share += share;
            }
            Some(all)
        }
        Formula::And(operands) => operands
            .iter()
            .filter_map(|operand| needed(operand, is_in_raw))
            .min_by(|one, other| one.cost().total_cmp(&other.cost())),
        Formula::Or(operands) => {
            let mut all = Needed {
                runs: Vec::new(),
                share: 0.0,
            };
            for operand in operands {
                let one = needed(operand, is_in_raw)?;
                all.runs.extend(one.runs);
                all.share += one.share;
            }
            Some(all)
        }
        _ => None,
    }
}

fn of_pattern(pattern: &Pattern) -> Option<(Run, f64)> {
    let (text, ignores_case) = match &pattern.check {
        Check::Case(text) => (&**text, false),
        Check::Nothing | Check::Like(_) => (&*pattern.literal, true),
    };
    let runs = text.split(|character| !is_of_runs(character));
    let run = runs
        .filter(|run| run.len() >= SHORTEST && !run.bytes().all(is_of_numbers))
        .max_by_key(|run| run.len())?;
    let by_length = 0.7_f64.powi(i32::try_from(run.len()).unwrap_or(i32::MAX));
    let share = match pattern.place {
        weir_functions::operators::Place::Whole => WHOLE,
        _ => by_length,
    };
    let run = Run {
        text: run.to_owned(),
        ignores_case: ignores_case && run.bytes().any(|byte| byte.is_ascii_alphabetic()),
    };
    Some((run, share))
}

/// What JSON writes as itself, in a text and in the text of an object.
fn is_of_runs(character: char) -> bool {
    matches!(character, ' '..='~')
        && !matches!(
            character,
            '"' | '\\' | '/' | ',' | ':' | '{' | '}' | '[' | ']' | '<' | '>' | '&'
        )
}

/// Numbers have many spellings.
fn is_of_numbers(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E')
}

#[cfg(test)]
mod tests {
    use weir_functions::operators::Place;

    use super::*;

    fn filter(text: &str, ignores_case: bool) -> Option<RawFilter> {
        let atom = Atom::text(1, vec![Pattern::new(text, Place::Anywhere, ignores_case)]);
        let formula = Formula::Atom {
            atom,
            is_negated: false,
        };
        RawFilter::new([&formula], &|column| column == 1)
    }

    #[test]
    fn a_record_that_spells_the_literal_otherwise_is_not_skipped() {
        let mut filter = filter("Password", true).unwrap();
        for kept in [
            r#"{"a":"password"}"#,
            r#"{"a":"PASSWORD"}"#,
            r#"{"a":"\u0070assword"}"#,
            r#"{"a":"pa\u017F\u017Fword"}"#,
            r#"{"a":"paſſword"}"#,
            r#"{"a":"x\u00zz"}"#,
            r#"{"a":"x\u"#,
            r#"{"a":"\u000aassword"}"#,
            r#"{"a":"C:\\\u0070assword"}"#,
        ] {
            assert!(filter.may_match(kept.as_bytes()), "{kept}");
        }
        for skipped in [
            r#"{"a":"passwor"}"#,
            r#"{"a":"\u003cpassw\u003eord\u0026"}"#,
            r#"{"a":"\u00e9\ud83d\ude00"}"#,
            r#"{"a":"C:\\users\\\\u0070assword\\u"}"#,
        ] {
            assert!(!filter.may_match(skipped.as_bytes()), "{skipped}");
        }
    }

    #[test]
    fn what_may_be_spelt_otherwise_is_not_looked_for() {
        for none in ["\\\\", "1.5e3", "a,b", "éééé", "x\"y", "//"] {
            assert!(filter(none, true).is_none(), "{none}");
        }
        let run = |text: &str| {
            let filter = filter(text, false).unwrap();
            String::from_utf8(filter.runs[0].needle().to_vec()).unwrap()
        };
        assert_eq!(run("\\System32\\cmd.exe"), "System32");
        assert_eq!(run("http://evil.example/x"), "evil.example");
    }

    #[test]
    fn of_and_one_is_enough_and_of_or_all_are_needed() {
        let text = |column, text| Formula::Atom {
            atom: Atom::text(column, vec![Pattern::new(text, Place::Anywhere, true)]),
            is_negated: false,
        };
        let build = |formula: Formula| RawFilter::new([&formula], &|column| column == 1);
        let both = Formula::And(vec![
            text(1, "long enough"),
            text(1, "short"),
            Formula::Plain,
        ]);
        let filter = build(both).unwrap();
        assert_eq!(filter.literals(), 1);
        // One that is rare enough is sooner looked for than three that are rarer.
        let three = ["AntiVirusProduct", "FirewallProduct", "SpywareProduct"];
        let three = Formula::Or(three.map(|one| text(1, one)).into());
        let filter = build(Formula::And(vec![three, text(1, "displayName")])).unwrap();
        assert_eq!(filter.literals(), 1);
        let either = Formula::Or(vec![text(1, "one"), text(1, "two")]);
        assert_eq!(build(either).unwrap().literals(), 2);
        assert!(build(Formula::Or(vec![text(1, "one"), text(2, "two")])).is_none());
        assert!(build(Formula::Or(vec![text(1, "one"), Formula::Plain])).is_none());
        let shorter = Formula::Or(vec![text(1, "abcdef"), text(1, "bcd")]);
        assert_eq!(build(shorter).unwrap().literals(), 1);
    }
}
