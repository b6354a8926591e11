//! Functions of one row, one a file: `function()` gives its overloads and its manual entry.
//!
//! To add one: its file, and its name in the list below. Unless a file says otherwise a NULL argument gives NULL, and so does
//! what ksqlDB throws for. Positions count UTF-16 units, as in Java.

mod json;
mod numbers;
mod temporal;
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
    convert_tz
    dateadd
    datesub
    datetostring
    extractjsonfield
    filter
    floor
    format_date
    format_time
    format_timestamp
    from_bytes
    from_days
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
    now
    nullif
    parse_date
    parse_time
    parse_timestamp
    reduce
    replace
    round
    rpad
    sign
    split
    sqrt
    stringtodate
    stringtotimestamp
    substring
    timeadd
    timestampadd
    timestampsub
    timestamptostring
    timesub
    to_bytes
    transform
    trim
    ucase
    unix_date
    unix_timestamp
}
