//! Formulas as code: questions one after the other, each with where to go on by its answer.
//!
//! ```text
//! question, answer, target    with this answer go on at the target, with the other at the next question
//! END truth                   what the formula is
//! ```
//!
//! Of AND the rarest operand comes first, of OR the one that holds most often. What is plain is taken for what the reader says: no
//! formula has NOT before anything plain, so one that is FALSE though all of it is taken for TRUE is FALSE, and one that is
//! TRUE though all of it is taken for FALSE is TRUE.

use crate::{
    atom::{Atom, Test},
    formula::Formula,
    witness::Shares,
};

/// A question, and where to go on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// A number, then two bits of what is asked, and a bit for the answer that goes to the target.
    question: u32,
    target: u32,
}

/// Does an atom hold; is a column NULL; what plain parts are taken for; the end, which the number says.
const HOLDS: u32 = 0;
const IS_NULL: u32 = 1;
const PLAIN: u32 = 2;
const END: u32 = 3;

const KIND_BITS: u32 = 3;

/// Numbers above this do not fit into a question.
pub(crate) const MOST: usize = (u32::MAX >> KIND_BITS) as usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    No,
    Yes,
    /// It hangs on a plain part.
    Open,
}

/// What a formula is made of, by number.
pub(crate) trait Names {
    fn atom(&mut self, atom: &Atom) -> u32;
    fn column(&mut self, atom: &Atom) -> u32;
}

/// What is true in a row.
pub(crate) trait Facts {
    fn holds(&self, atom: u32) -> bool;
    fn is_null(&self, column: u32) -> bool;
}

/// A place in code that is not written yet, by its place in `Writer::labels`.
type Label = u32;

const NO: Label = 0;
const YES: Label = 1;

/// Appends the code of `formula` and says where it starts.
pub(crate) fn write(
    formula: &Formula,
    names: &mut impl Names,
    shares: &impl Shares,
    code: &mut Vec<Step>,
) -> u32 {
    let start = code.len();
    let mut writer = Writer {
        names,
        shares,
        code,
        labels: vec![0, 0],
    };
    writer.formula(formula, YES, NO, YES);
    for (label, truth) in [(YES, 1), (NO, 0)] {
        writer.place(label);
        writer.step(truth, END, false, NO);
    }
    let labels = writer.labels;
    for step in &mut code[start..] {
        step.target = labels[step.target as usize];
    }
    start as u32
}

struct Writer<'a, N, S> {
    names: &'a mut N,
    shares: &'a S,
    code: &'a mut Vec<Step>,
    labels: Vec<u32>,
}

impl<N: Names, S: Shares> Writer<'_, N, S> {
    /// Goes on at `yes` or at `no`; `next` is the one of them that is written next.
    fn formula(&mut self, formula: &Formula, yes: Label, no: Label, next: Label) {
        match formula {
            Formula::Always(value) => {
                let target = if *value { yes } else { no };
                if target != next {
                    // With both answers, whatever plain is taken for.
                    self.step(0, PLAIN, true, target);
                    self.step(0, PLAIN, false, target);
                }
            }
            Formula::Plain => self.ask(0, PLAIN, false, (yes, no, next)),
            Formula::Atom { atom, is_negated } => {
                let (number, kind) = match atom.test {
                    Test::IsNull => (self.names.column(atom), IS_NULL),
                    _ => (self.names.atom(atom), HOLDS),
                };
                self.ask(number, kind, *is_negated, (yes, no, next));
            }
            Formula::And(operands) | Formula::Or(operands) => {
                let is_and = matches!(formula, Formula::And(_));
                let operands = self.in_order(operands, is_and);
                let Some((last, earlier)) = operands.split_last() else {
                    return self.formula(&Formula::Always(is_and), yes, no, next);
                };
                for operand in earlier {
                    let after = self.labels.len() as Label;
                    self.labels.push(0);
                    match is_and {
                        true => self.formula(operand, after, no, after),
                        false => self.formula(operand, yes, after, after),
                    }
                    self.place(after);
                }
                self.formula(last, yes, no, next);
            }
        }
    }

    fn in_order<'f>(&self, operands: &'f [Formula], is_and: bool) -> Vec<&'f Formula> {
        let operands = operands.iter();
        let mut operands: Vec<(f64, &Formula)> = operands
            .map(|operand| (likelihood(operand, self.shares), operand))
            .collect();
        operands.sort_by(|(one, _), (other, _)| match is_and {
            true => one.total_cmp(other),
            false => other.total_cmp(one),
        });
        operands.into_iter().map(|(_, operand)| operand).collect()
    }

    fn ask(
        &mut self,
        number: u32,
        kind: u32,
        is_negated: bool,
        (yes, no, next): (Label, Label, Label),
    ) {
        let (truth, target) = if next == yes {
            (false, no)
        } else {
            (true, yes)
        };
        self.step(number, kind, truth != is_negated, target);
    }

    fn step(&mut self, number: u32, kind: u32, answer: bool, target: Label) {
        self.code.push(Step {
            question: number << KIND_BITS | kind << 1 | u32::from(answer),
            target,
        });
    }

    fn place(&mut self, label: Label) {
        self.labels[label as usize] = self.code.len() as u32;
    }
}

/// In how many rows of those that come this far it is taken to hold.
fn likelihood(formula: &Formula, shares: &impl Shares) -> f64 {
    match formula {
        Formula::Always(value) => f64::from(u8::from(*value)),
        // Nothing is known of it, and it costs most to settle.
        Formula::Plain => 1.0,
        Formula::Atom { atom, is_negated } => match (&atom.test, is_negated) {
            (Test::IsNull, _) => 0.5,
            (_, false) => shares.of(atom),
            (_, true) => 1.0 - shares.of(atom),
        },
        Formula::And(operands) => operands
            .iter()
            .map(|operand| likelihood(operand, shares))
            .fold(1.0, f64::min),
        Formula::Or(operands) => operands
            .iter()
            .map(|operand| likelihood(operand, shares))
            .sum::<f64>()
            .min(1.0),
    }
}

/// What the code from `at` on says of a row.
#[inline]
pub(crate) fn read(code: &[Step], at: u32, has_plain: bool, facts: &impl Facts) -> Truth {
    match walk(code, at, true, facts) {
        false => Truth::No,
        true if has_plain && !walk(code, at, false, facts) => Truth::Open,
        true => Truth::Yes,
    }
}

/// With everything plain taken for `plain`.
#[inline]
fn walk(code: &[Step], at: u32, plain: bool, facts: &impl Facts) -> bool {
    let mut at = at as usize;
    loop {
        let Step { question, target } = code[at];
        let number = question >> KIND_BITS;
        let answer = match question >> 1 & 3 {
            HOLDS => facts.holds(number),
            IS_NULL => facts.is_null(number),
            PLAIN => plain,
            _ => return number == 1,
        };
        at = match answer == (question & 1 == 1) {
            true => target as usize,
            false => at + 1,
        };
    }
}
