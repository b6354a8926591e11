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

use crate::numbered::{Node, operands};

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

/// What is true in a row.
pub(crate) trait Facts {
    fn holds(&self, atom: u32) -> bool;
    fn is_null(&self, column: u32) -> bool;
}

/// A place in code that is not written yet, by its place in `Writer::labels`.
type Label = u32;

const NO: Label = 0;
const YES: Label = 1;

/// Writes formulas, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub code: Vec<Step>,
    labels: Vec<u32>,
    /// By node of the formula that is written: in how many rows of those that come this far it is taken to hold.
    likelihoods: Vec<f64>,
    open: Vec<Open>,
}

/// What is left to write of a formula.
#[derive(Debug)]
enum Open {
    Node(usize, Ways),
    /// What comes next is there.
    Place(Label),
}

/// Where a formula goes on; `next` is the one of the two that is written next.
#[derive(Debug, Clone, Copy)]
struct Ways {
    yes: Label,
    no: Label,
    next: Label,
}

impl Writer {
    /// Appends the code of a formula and says where it starts; `shares` says in how many rows, of all, atoms hold.
    pub fn write(&mut self, nodes: &[Node], shares: &[f32]) -> u32 {
        let start = self.code.len();
        self.labels.clear();
        self.labels.extend([0, 0]);
        self.weigh(nodes, shares);
        let ways = Ways {
            yes: YES,
            no: NO,
            next: YES,
        };
        self.open.push(Open::Node(0, ways));
        while let Some(open) = self.open.pop() {
            match open {
                Open::Node(at, ways) => self.node(nodes, at, ways),
                Open::Place(label) => self.place(label),
            }
        }
        for (label, truth) in [(YES, 1), (NO, 0)] {
            self.place(label);
            self.step(truth, END, false, NO);
        }
        for step in &mut self.code[start..] {
            step.target = self.labels[step.target as usize];
        }
        start as u32
    }

    fn weigh(&mut self, nodes: &[Node], shares: &[f32]) {
        self.likelihoods.clear();
        self.likelihoods.resize(nodes.len(), 1.0);
        for (at, node) in nodes.iter().enumerate().rev() {
            let of_operands = operands(nodes, at).map(|operand| self.likelihoods[operand]);
            self.likelihoods[at] = match *node {
                Node::Always(value) => f64::from(u8::from(value)),
                // Nothing is known of it, and it costs most to settle.
                Node::Plain => 1.0,
                Node::Null { .. } => 0.5,
                Node::Atom { number, is_negated } => {
                    let share = f64::from(shares[number as usize]);
                    if is_negated { 1.0 - share } else { share }
                }
                Node::And(_) => of_operands.fold(1.0, f64::min),
                Node::Or(_) => of_operands.sum::<f64>().min(1.0),
            };
        }
    }

    fn node(&mut self, nodes: &[Node], at: usize, ways: Ways) {
        match nodes[at] {
            Node::Always(value) => self.always(value, ways),
            Node::Plain => self.ask(0, PLAIN, false, ways),
            Node::Null { column, is_negated } => self.ask(column, IS_NULL, is_negated, ways),
            Node::Atom { number, is_negated } => self.ask(number, HOLDS, is_negated, ways),
            Node::And(0) => self.always(true, ways),
            Node::Or(0) => self.always(false, ways),
            Node::And(_) => self.chain(self.in_order(nodes, at, true), true, ways),
            Node::Or(_) => self.chain(self.in_order(nodes, at, false), false, ways),
        }
    }

    fn in_order(&self, nodes: &[Node], at: usize, is_and: bool) -> Vec<usize> {
        let mut operands: Vec<usize> = operands(nodes, at).collect();
        operands.sort_by(|one, other| {
            let order = self.likelihoods[*one].total_cmp(&self.likelihoods[*other]);
            if is_and { order } else { order.reverse() }
        });
        operands
    }

    /// One operand after the other.
    fn chain(&mut self, operands: Vec<usize>, is_and: bool, ways: Ways) {
        let before = self.open.len();
        let last = operands.len() - 1;
        for operand in &operands[..last] {
            let after = self.labels.len() as Label;
            self.labels.push(0);
            let (yes, no) = match is_and {
                true => (after, ways.no),
                false => (ways.yes, after),
            };
            let next = after;
            let ways = Ways { yes, no, next };
            self.open
                .extend([Open::Node(*operand, ways), Open::Place(after)]);
        }
        self.open.push(Open::Node(operands[last], ways));
        self.open[before..].reverse();
    }

    fn always(&mut self, value: bool, ways: Ways) {
        let target = if value { ways.yes } else { ways.no };
        if target != ways.next {
            // With both answers, whatever plain is taken for.
            self.step(0, PLAIN, true, target);
            self.step(0, PLAIN, false, target);
        }
    }

    fn ask(&mut self, number: u32, kind: u32, is_negated: bool, ways: Ways) {
        let (truth, target) = if ways.next == ways.yes {
            (false, ways.no)
        } else {
            (true, ways.yes)
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
