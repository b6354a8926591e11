//! Formulas as code: a word for each part, in the order in which they are looked at.
//!
//! ```text
//! AND end, OR end    an operand after the other; the words up to `end` are theirs
//! ATOM atom          negated or not
//! NULL column        IS NULL of one of the index's columns, negated or not
//! PLAIN              nobody knows before the predicate is evaluated
//! ```
//!
//! Of AND the rarest operand comes first, of OR the one that holds most often.

use crate::{
    atom::{Atom, Test},
    formula::Formula,
    witness::share,
};

const FALSE: u32 = 0;
const TRUE: u32 = 1;
const PLAIN: u32 = 2;
const AND: u32 = 3;
const OR: u32 = 4;
const ATOM: u32 = 5;
const NOT_ATOM: u32 = 6;
const NULL: u32 = 7;
const NOT_NULL: u32 = 8;

/// A word is a kind, in the low bits, and a number.
const KIND_BITS: u32 = 4;
const KIND: u32 = (1 << KIND_BITS) - 1;

/// Numbers above this do not fit into a word.
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

/// Appends the code of `formula`.
pub(crate) fn write(formula: &Formula, names: &mut impl Names, code: &mut Vec<u32>) {
    match formula {
        Formula::Always(true) => code.push(TRUE),
        Formula::Always(false) => code.push(FALSE),
        Formula::Plain => code.push(PLAIN),
        Formula::Atom { atom, is_negated } => {
            let (number, kind) = match (&atom.test, is_negated) {
                (Test::IsNull, false) => (names.column(atom), NULL),
                (Test::IsNull, true) => (names.column(atom), NOT_NULL),
                (_, false) => (names.atom(atom), ATOM),
                (_, true) => (names.atom(atom), NOT_ATOM),
            };
            code.push(number << KIND_BITS | kind);
        }
        Formula::And(operands) | Formula::Or(operands) => {
            let is_and = matches!(formula, Formula::And(_));
            let mut operands: Vec<(f64, &Formula)> = operands
                .iter()
                .map(|operand| (likelihood(operand), operand))
                .collect();
            operands.sort_by(|(one, _), (other, _)| match is_and {
                true => one.total_cmp(other),
                false => other.total_cmp(one),
            });
            let start = code.len();
            code.push(0);
            for (_, operand) in operands {
                write(operand, names, code);
            }
            let kind = if is_and { AND } else { OR };
            code[start] = (code.len() as u32) << KIND_BITS | kind;
        }
    }
}

/// In how many rows of those that come this far it is taken to hold.
fn likelihood(formula: &Formula) -> f64 {
    match formula {
        Formula::Always(value) => f64::from(u8::from(*value)),
        // The last of AND, and of OR.
        Formula::Plain => 2.0,
        Formula::Atom { atom, is_negated } => match (&atom.test, is_negated) {
            (Test::IsNull, _) => 0.5,
            (_, false) => share(atom),
            (_, true) => 1.0 - share(atom),
        },
        Formula::And(operands) => operands.iter().map(likelihood).fold(1.0, f64::min),
        Formula::Or(operands) => operands.iter().map(likelihood).sum::<f64>().min(1.0),
    }
}

/// What the code from `at` on says, and where it ends.
pub(crate) fn read(code: &[u32], at: usize, facts: &impl Facts) -> (Truth, usize) {
    let word = code[at];
    let number = word >> KIND_BITS;
    let is_true = match word & KIND {
        TRUE => true,
        FALSE => false,
        ATOM => facts.holds(number),
        NOT_ATOM => !facts.holds(number),
        NULL => facts.is_null(number),
        NOT_NULL => !facts.is_null(number),
        PLAIN => return (Truth::Open, at + 1),
        kind => {
            let end = number as usize;
            // What settles it, and what it is when nothing did.
            let (settles, otherwise) = match kind == AND {
                true => (Truth::No, Truth::Yes),
                false => (Truth::Yes, Truth::No),
            };
            let (mut next, mut truth) = (at + 1, otherwise);
            while next < end {
                let (one, after) = read(code, next, facts);
                if one == settles {
                    return (settles, end);
                }
                if one == Truth::Open {
                    truth = Truth::Open;
                }
                next = after;
            }
            return (truth, end);
        }
    };
    let truth = if is_true { Truth::Yes } else { Truth::No };
    (truth, at + 1)
}
