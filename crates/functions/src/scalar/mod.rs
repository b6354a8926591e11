//! Functions of one row, one a file: `function()` gives its overloads and its manual entry.
//!
//! To add one: its file, and its name in the list below. Unless a file says otherwise a NULL argument gives NULL, and so does
//! what ksqlDB throws for. Positions count UTF-16 units, as in Java.

mod encoding;
mod from_binary;
mod java_math;
mod json;
mod literal_text;
mod masking;
mod numbers;
mod rounding;
mod temporal;
#[cfg(test)]
mod tests;
mod uri;

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
    array_concat
    acos
    array_contains
    array_distinct
    array_except
    array_intersect
    array_join
    array_length
    array_max
    array_min
    array_remove
    array_sort
    array_union
    as_map
    as_value
    asin
    atan
    atan2
    bigint_from_bytes
    cbrt
    ceil
    chr
    cidr_match
    coalesce
    concat
    concat_ws
    contains
    convert_tz
    entries
    cos
    cosh
    cot
    dateadd
    datesub
    datetostring
    degrees
    double_from_bytes
    elt
    encode
    ends_with
    exp
    extractjsonfield
    field
    filter
    floor
    format_date
    format_time
    format_timestamp
    from_bytes
    from_days
    from_unixtime
    generate_series
    geo_distance
    greatest
    hash
    hex_to_bigint
    icontains
    iends_with
    ifnull
    initcap
    instr
    int_from_bytes
    is_json_string
    istarts_with
    json_array_contains
    json_array_length
    json_concat
    json_items
    json_keys
    json_records
    lcase
    least
    len
    ln
    log
    lpad
    map_keys
    map_union
    map_values
    mask
    mask_keep_left
    mask_keep_right
    mask_left
    mask_right
    md5
    now
    nullif
    parse_date
    parse_time
    parse_timestamp
    pi
    power
    radians
    random
    reduce
    regexp_extract
    regexp_extract_all
    regexp_replace
    regexp_split_to_array
    replace
    round
    rpad
    sign
    slice
    sin
    sinh
    split
    split_to_map
    sqrt
    starts_with
    stringtodate
    stringtotimestamp
    substring
    tan
    tanh
    timeadd
    timestampadd
    timestampsub
    timestamptostring
    timesub
    to_bytes
    to_json_string
    transform
    trim
    trunc
    ucase
    unix_date
    unix_timestamp
    url_decode_param
    url_encode_param
    url_extract_fragment
    url_extract_host
    url_extract_parameter
    url_extract_path
    url_extract_port
    url_extract_protocol
    url_extract_query
    uuid
}
