//! The witness of a formula: atoms of which one holds wherever the formula does.
//!
//! Of the operands of AND any will do, and the rarest is taken; of OR all are needed.

use crate::{
    atom::{Atom, Test},
    formula::Formula,
};

/// In how many rows, of all, atoms hold.
pub(crate) trait Shares {
    fn of(&self, atom: &Atom) -> f64;
}

/// A witness, and how rare it is taken to be.
#[derive(Debug, Clone)]
pub(crate) struct Witness<'a> {
    pub atoms: Vec<&'a Atom>,
    pub share: f64,
}

/// `None` if there is none: the formula may hold though no atom does.
pub(crate) fn witness<'a>(formula: &'a Formula, shares: &impl Shares) -> Option<Witness<'a>> {
    match formula {
        Formula::Atom {
            atom,
            is_negated: false,
        } if atom.test != Test::IsNull => Some(Witness {
            atoms: vec![atom],
            share: shares.of(atom),
        }),
        Formula::Always(false) => Some(Witness {
            atoms: Vec::new(),
            share: 0.0,
        }),
        Formula::And(operands) => operands
            .iter()
            .filter_map(|operand| witness(operand, shares))
            .min_by(|one, other| one.share.total_cmp(&other.share)),
        Formula::Or(operands) => {
            let mut all = Witness {
                atoms: Vec::new(),
                share: 0.0,
            };
            for operand in operands {
                let one = witness(operand, shares)?;
                all.atoms.extend(one.atoms);
                all.share += one.share;
            }
            Some(all)
        }
        _ => None,
    }
}
