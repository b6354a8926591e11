//! Functions of one row, one a file: `function()` gives its overloads and its manual entry.
//!
//! To add one: its file, and its name in the list below. Unless a file says otherwise a NULL argument gives NULL, and so does
//! what ksqlDB throws for. Positions count UTF-16 units, as in Java.

mod encoding;
mod from_binary;
mod json;
mod literal_text;
mod masking;
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
    bigint_from_bytes
    ceil
    chr
    cidr_match
    coalesce
    concat
    concat_ws
    contains
    double_from_bytes
    elt
    encode
    ends_with
    extractjsonfield
    field
    floor
    from_bytes
    from_unixtime
    greatest
    hash
    hex_to_bigint
    icontains
    iends_with
    ifnull
    initcap
    instr
    int_from_bytes
    istarts_with
    lcase
    least
    len
    lpad
    map_keys
    map_values
    mask
    mask_keep_left
    mask_keep_right
    mask_left
    mask_right
    md5
    nullif
    regexp_extract
    regexp_extract_all
    regexp_replace
    regexp_split_to_array
    replace
    round
    rpad
    sign
    split
    split_to_map
    sqrt
    starts_with
    substring
    to_bytes
    trim
    ucase
    unix_date
    unix_timestamp
    uuid
}
