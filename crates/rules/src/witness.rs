//! The witness of a formula: atoms of which one holds wherever the formula does.
//!
//! Of the operands of AND any will do, and the rarest is taken; of OR all are needed.

use crate::numbered::{Node, operands};

/// The witnesses of a formula and of what is under it.
#[derive(Debug, Default)]
pub(crate) struct Witnesses {
    /// By node: in how many rows its witness is taken to hold, of all; `NONE` if it has none.
    shares: Vec<f64>,
    open: Vec<usize>,
}

/// It may hold though no atom does.
const NONE: f64 = f64::INFINITY;

impl Witnesses {
    /// Those of this formula; `shares` says in how many rows, of all, atoms hold.
    pub fn weigh(&mut self, nodes: &[Node], shares: &[f32]) {
        self.shares.clear();
        self.shares.resize(nodes.len(), NONE);
        for (at, node) in nodes.iter().enumerate().rev() {
            let of_operands = operands(nodes, at).map(|operand| self.shares[operand]);
            self.shares[at] = match *node {
                Node::Atom {
                    number,
                    is_negated: false,
                } => f64::from(shares[number as usize]),
                Node::Always(false) => 0.0,
                Node::And(_) => of_operands.fold(NONE, f64::min),
                Node::Or(_) => of_operands.sum(),
                _ => NONE,
            };
        }
    }

    /// Whether the node has one.
    pub fn has(&self, at: usize) -> bool {
        self.shares[at] < NONE
    }

    /// Adds the atoms of the formula's witness, some more than once. False if it has none.
    pub fn collect(&mut self, nodes: &[Node], atoms: &mut Vec<u32>) -> bool {
        if !self.has(0) {
            return false;
        }
        self.open.push(0);
        while let Some(at) = self.open.pop() {
            let operands = operands(nodes, at);
            match nodes[at] {
                Node::Atom { number, .. } => atoms.push(number),
                Node::And(_) => self.open.extend(
                    operands.min_by(|one, other| self.shares[*one].total_cmp(&self.shares[*other])),
                ),
                Node::Or(_) => {
                    let before = self.open.len();
                    self.open.extend(operands);
                    self.open[before..].reverse();
                }
                Node::Null { .. } | Node::Plain | Node::Always(_) => {}
            }
        }
        true
    }
}
