//! Many predicates over one stream of rows, at the price of a few.
//!
//! ```text
//! predicate ─▶ Formula over atoms ─┐
//! predicate ─▶ Formula over atoms ─┼─▶ Index: equal atoms once, the literals of a column looked for at once,
//! predicate ─▶ Formula over atoms ─┘          a witness for each rule
//!
//! columns of a batch ─▶ which atoms hold in which rows ─▶ rules whose witness is among them ─▶ their formulas
//! ```
//!
//! An *atom* asks one thing of one column: it has one of these texts, it is one of these numbers, it is NULL. A *formula*
//! is a predicate as atoms under AND, OR and NOT; what is no atom is *plain*, and whoever runs the rules evaluates it. The
//! *witness* of a rule is an atom without which its formula cannot be TRUE.
//!
//! **Invariant:** what an index finds is what the predicates say, row by row: it may leave a row to be asked, it never
//! leaves one out.

mod atom;
mod automaton;
mod census;
mod code;
mod explain;
mod formula;
mod index;
mod matches;
mod numbered;
mod raw;
mod text_column;
mod witness;

pub use self::{
    atom::{Atom, ColumnId, Pattern, Test},
    census::Census,
    explain::{NoWitness, Sought, shown},
    formula::{ColumnKind, Formula, Known, Names},
    index::{Columns, Index, Rule},
    matches::{Matches, OfRule, Scratch},
    raw::RawFilter,
};
