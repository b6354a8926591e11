//! Functions of one row, one a file: `function()` gives its overloads and its manual entry.
//!
//! To add one: its file, and its name in the list below. Unless a file says otherwise a NULL argument gives NULL, and so does
//! what ksqlDB throws for. Positions count UTF-16 units, as in Java.

mod java_math;
mod json;
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
    acos
    array_contains
    array_join
    array_length
    as_value
    asin
    atan
    atan2
    cbrt
    ceil
    coalesce
    concat
    concat_ws
    cos
    cosh
    cot
    degrees
    exp
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
    geo_distance
    greatest
    ifnull
    initcap
    instr
    is_json_string
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
    map_values
    now
    nullif
    parse_date
    parse_time
    parse_timestamp
    reduce
    pi
    power
    radians
    random
    replace
    round
    rpad
    sign
    sin
    sinh
    split
    sqrt
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
    transform
    to_json_string
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
}
