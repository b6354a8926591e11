//! The witness of a formula: atoms of which one holds wherever the formula does.
//!
//! Of the operands of AND any will do, and the rarest is taken; of OR all are needed. How rare an atom is, nobody knows before
//! the rows come: a long literal is taken to be rarer than a short one, and a value as a whole, such as the name of a
//! channel, not to be rare.

use weir_functions::operators::Place;

use crate::{
    atom::{Atom, Pattern, Test},
    formula::Formula,
};

/// The rows in which a whole value is taken to be there, of all.
const WHOLE: f64 = 0.1;

/// No literal is taken to be rarer.
const RAREST: f64 = 1e-4;

/// A witness, and how rare it is taken to be.
#[derive(Debug, Clone)]
pub(crate) struct Witness<'a> {
    pub atoms: Vec<&'a Atom>,
    pub share: f64,
}

/// What EXPLAIN says of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// One of these holds wherever the rule does; empty if there is no witness, and each row is looked at.
    pub witness: Vec<Atom>,
    pub atoms: Vec<Atom>,
    /// Whether parts of it are evaluated as they are.
    pub has_plain: bool,
}

/// `None` if there is none: the formula may hold though no atom does.
pub(crate) fn witness(formula: &Formula) -> Option<Witness<'_>> {
    match formula {
        Formula::Atom {
            atom,
            is_negated: false,
        } if atom.test != Test::IsNull => Some(Witness {
            atoms: vec![atom],
            share: share(atom),
        }),
        Formula::Always(false) => Some(Witness {
            atoms: Vec::new(),
            share: 0.0,
        }),
        Formula::And(operands) => operands
            .iter()
            .filter_map(witness)
            .min_by(|one, other| one.share.total_cmp(&other.share)),
        Formula::Or(operands) => {
            let mut all = Witness {
                atoms: Vec::new(),
                share: 0.0,
            };
            for operand in operands {
                let one = witness(operand)?;
                all.atoms.extend(one.atoms);
                all.share += one.share;
            }
            Some(all)
        }
        _ => None,
    }
}

/// In how many rows, of all, an atom is taken to hold.
pub(crate) fn share(atom: &Atom) -> f64 {
    match &atom.test {
        Test::Text(patterns) => patterns.iter().map(share_of_pattern).sum::<f64>().min(1.0),
        Test::Integer(numbers) => (numbers.len() as f64 * WHOLE).min(1.0),
        Test::IsNull => 1.0,
    }
}

fn share_of_pattern(pattern: &Pattern) -> f64 {
    let length = pattern.literal.chars().count() as i32;
    let by_length = 0.5_f64.powi(length).max(RAREST);
    match pattern.place {
        // A long name may be that of every other event.
        Place::Whole => WHOLE,
        _ => by_length,
    }
}

impl Formula {
    pub fn explain(&self) -> Explained {
        let mut atoms = Vec::new();
        let mut has_plain = false;
        self.visit(&mut |part| match part {
            Formula::Atom { atom, .. } if !atoms.contains(atom) => atoms.push(atom.clone()),
            Formula::Plain => has_plain = true,
            _ => {}
        });
        let witness = witness(self);
        let witness = witness.map_or_else(Vec::new, |witness| {
            witness.atoms.into_iter().cloned().collect()
        });
        Explained {
            witness,
            atoms,
            has_plain,
        }
    }

    fn visit<'a>(&'a self, each: &mut dyn FnMut(&'a Formula)) {
        each(self);
        if let Self::And(operands) | Self::Or(operands) = self {
            operands.iter().for_each(|operand| operand.visit(each));
        }
    }
}
