//! Functions of one row, one a file: `function()` gives its overloads and its manual entry.
//!
//! To add one: its file, and its name in the list below. Unless a file says otherwise a NULL argument gives NULL, and so does
//! what ksqlDB throws for. Positions count UTF-16 units, as in Java.

mod json;
mod numbers;
#[cfg(test)]
mod tests;

macro_rules! functions {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// Every function that comes with Weir.
        pub fn all() -> Vec<crate::overload::Builtin> {
            vec![$($name::function()),*]
        }
    };
}

functions! {
    abs
    array_contains
    array_join
    array_length
    as_value
    ceil
    coalesce
    concat
    concat_ws
    extractjsonfield
    filter
    floor
    from_bytes
    from_unixtime
    greatest
    ifnull
    initcap
    instr
    lcase
    least
    len
    lpad
    map_keys
    map_values
    nullif
    reduce
    replace
    round
    rpad
    sign
    split
    sqrt
    substring
    to_bytes
    transform
    trim
    ucase
    unix_date
    unix_timestamp
}
