//! Formulas as numbers: what an index keeps of them, so that it is put in order anew without a look at any atom.
//!
//! ```text
//! (a AND NOT b) OR c IS NULL    ─▶    Or, 4 under it · And, 2 under it · a · NOT b · c
//! ```
//!
//! What is under AND or OR follows it. So whoever goes through the nodes from the last to the first comes to what is under a
//! node before the node, and nobody has to call himself, however deep a formula is.

use std::collections::HashMap;

use crate::{
    atom::{Atom, ColumnId, Test},
    formula::Formula,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    /// With how many nodes are under it.
    And(u32),
    Or(u32),
    Atom {
        number: u32,
        is_negated: bool,
    },
    /// Whether a column is NULL.
    Null {
        column: u32,
        is_negated: bool,
    },
    Plain,
    Always(bool),
}

const _: () = assert!(size_of::<Node>() == 8, "an index keeps many of them");

impl Node {
    /// With what is under it.
    fn size(self) -> usize {
        match self {
            Self::And(under) | Self::Or(under) => under as usize + 1,
            _ => 1,
        }
    }
}

/// Where the operands of the node at `at` are.
pub(crate) fn operands(nodes: &[Node], at: usize) -> impl Iterator<Item = usize> {
    let (mut next, end) = (at + 1, at + nodes[at].size());
    std::iter::from_fn(move || {
        let operand = next;
        next = operand + nodes.get(operand)?.size();
        (operand < end).then_some(operand)
    })
}

/// The nodes of one formula after the other.
pub(crate) fn formulas(mut nodes: &[Node]) -> impl Iterator<Item = &[Node]> {
    std::iter::from_fn(move || {
        let (formula, rest) = nodes.split_at(nodes.first()?.size());
        nodes = rest;
        Some(formula)
    })
}

/// Formulas, with the atoms and columns that are in them, numbered as they come.
#[derive(Debug, Default)]
pub(crate) struct Numbered<'a> {
    pub nodes: Vec<Node>,
    /// Each once; NULL tests are none.
    pub atoms: Vec<&'a Atom>,
    pub columns: Vec<NumberedColumn>,
    atom_numbers: HashMap<&'a Atom, u32>,
    pub column_numbers: HashMap<ColumnId, u32>,
}

#[derive(Debug)]
pub(crate) struct NumberedColumn {
    pub id: ColumnId,
    /// Whether a formula asks if it is NULL.
    pub has_null_test: bool,
}

/// What is left to do of a formula.
enum Open<'a> {
    Formula(&'a Formula),
    /// All that is under the node there has come.
    Close(usize),
}

impl<'a> Numbered<'a> {
    pub fn of(formulas: impl IntoIterator<Item = &'a Formula>) -> Self {
        let mut numbered = Self::default();
        for formula in formulas {
            numbered.add(formula);
        }
        numbered
    }

    /// By atom: in how many places it stands.
    pub fn uses(&self) -> Vec<u32> {
        let mut uses = vec![0; self.atoms.len()];
        for node in &self.nodes {
            if let Node::Atom { number, .. } = node {
                uses[*number as usize] += 1;
            }
        }
        uses
    }

    fn add(&mut self, formula: &'a Formula) {
        let mut open = vec![Open::Formula(formula)];
        while let Some(next) = open.pop() {
            let at = self.nodes.len();
            let (node, operands) = match next {
                Open::Close(at) => {
                    self.close(at);
                    continue;
                }
                Open::Formula(Formula::And(operands)) => (Node::And(0), &**operands),
                Open::Formula(Formula::Or(operands)) => (Node::Or(0), &**operands),
                Open::Formula(Formula::Plain) => (Node::Plain, &[][..]),
                Open::Formula(Formula::Always(value)) => (Node::Always(*value), &[][..]),
                Open::Formula(Formula::Atom { atom, is_negated }) => {
                    (self.atom(atom, *is_negated), &[][..])
                }
            };
            self.nodes.push(node);
            if !operands.is_empty() {
                open.push(Open::Close(at));
                open.extend(operands.iter().rev().map(Open::Formula));
            }
        }
    }

    fn close(&mut self, at: usize) {
        let count = (self.nodes.len() - at - 1) as u32;
        if let Some(Node::And(under) | Node::Or(under)) = self.nodes.get_mut(at) {
            *under = count;
        }
    }

    fn atom(&mut self, atom: &'a Atom, is_negated: bool) -> Node {
        let column = self.column(atom.column);
        if atom.test == Test::IsNull {
            self.columns[column as usize].has_null_test = true;
            return Node::Null { column, is_negated };
        }
        let number = *self.atom_numbers.entry(atom).or_insert_with(|| {
            self.atoms.push(atom);
            self.atoms.len() as u32 - 1
        });
        Node::Atom { number, is_negated }
    }

    fn column(&mut self, id: ColumnId) -> u32 {
        *self.column_numbers.entry(id).or_insert_with(|| {
            self.columns.push(NumberedColumn {
                id,
                has_null_test: false,
            });
            self.columns.len() as u32 - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_a_node_follows_it() {
        let atom = |number, is_negated| Formula::Atom {
            atom: Atom::integer(7, vec![number]),
            is_negated,
        };
        let null = Formula::Atom {
            atom: Atom {
                column: 9,
                test: Test::IsNull,
            },
            is_negated: true,
        };
        let both = Formula::And(vec![atom(1, false), atom(2, true), Formula::Or(vec![])]);
        let all = [
            Formula::Or(vec![both, null, Formula::Plain]),
            atom(2, false),
            Formula::Always(true),
        ];
        let numbered = Numbered::of(&all);
        let atom = |number, is_negated| Node::Atom { number, is_negated };
        let expected = [
            &[
                Node::Or(6),
                Node::And(3),
                atom(0, false),
                atom(1, true),
                Node::Or(0),
                Node::Null {
                    column: 1,
                    is_negated: true,
                },
                Node::Plain,
            ][..],
            &[atom(1, false)],
            &[Node::Always(true)],
        ];
        let found: Vec<_> = formulas(&numbered.nodes).collect();
        assert_eq!(found, expected);
        let operands = |at| operands(expected[0], at).collect::<Vec<_>>();
        assert_eq!(operands(0), [1, 5, 6]);
        assert_eq!(operands(1), [2, 3, 4]);
        assert_eq!(operands(4), [0; 0]);
        let columns = numbered.columns.iter();
        let columns: Vec<_> = columns
            .map(|column| (column.id, column.has_null_test))
            .collect();
        assert_eq!(columns, [(7, false), (9, true)]);
        assert_eq!(numbered.atoms.len(), 2);
    }

    #[test]
    fn a_deep_formula_takes_no_more_of_the_stack() {
        const DEPTH: u32 = 2_000;
        let atom = |number: u32| Formula::Atom {
            atom: Atom::integer(0, vec![i64::from(number)]),
            is_negated: false,
        };
        let deep = (0..DEPTH).fold(atom(0), |inner, depth| match depth % 2 {
            0 => Formula::And(vec![atom(depth), inner]),
            _ => Formula::Or(vec![inner, atom(depth)]),
        });
        let rule = crate::Rule {
            number: 0,
            formula: std::sync::Arc::new(deep),
        };
        let on_little = std::thread::Builder::new().stack_size(128 << 10);
        let found = std::thread::scope(|scope| {
            let made = on_little.spawn_scoped(scope, || {
                let index = crate::Index::new(std::slice::from_ref(&rule))?;
                index.reordered(&crate::Census::default())?;
                Some(index.witnesses().len())
            });
            made.unwrap().join().unwrap()
        });
        assert_eq!(found, Some(1));
    }
}
