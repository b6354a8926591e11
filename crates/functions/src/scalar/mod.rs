//! Functions of one row, one a file.

mod abs;
mod array_contains;
mod array_length;
mod as_value;
mod ceil;
mod coalesce;
mod concat;
mod floor;
mod ifnull;
mod instr;
mod lcase;
mod len;
mod replace;
mod rounding;
mod split;
mod substring;
mod texts;
mod trim;
mod ucase;
mod unix_timestamp;

use crate::registry::Builtin;

/// Every function that comes with Weir.
pub fn all() -> Vec<Builtin> {
    vec![
        abs::function(),
        array_contains::function(),
        array_length::function(),
        as_value::function(),
        ceil::function(),
        coalesce::function(),
        concat::function(),
        floor::function(),
        ifnull::function(),
        instr::function(),
        lcase::function(),
        len::function(),
        replace::function(),
        split::function(),
        substring::function(),
        trim::function(),
        ucase::function(),
        unix_timestamp::function(),
    ]
}
