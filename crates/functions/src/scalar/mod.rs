//! Functions of one row, one a file: `function()` gives its overloads and its manual entry.
//!
//! To add one: its file, and its name in the two lists below. Unless a file says otherwise a NULL argument gives NULL, and so does
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

mod abs;
mod acos;
mod array_concat;
mod array_contains;
mod array_distinct;
mod array_except;
mod array_intersect;
mod array_join;
mod array_length;
mod array_max;
mod array_min;
mod array_remove;
mod array_sort;
mod array_union;
mod as_map;
mod as_value;
mod asin;
mod atan;
mod atan2;
mod bigint_from_bytes;
mod cbrt;
mod ceil;
mod chr;
mod cidr_match;
mod coalesce;
mod concat;
mod concat_ws;
mod contains;
mod convert_tz;
mod cos;
mod cosh;
mod cot;
mod dateadd;
mod datesub;
mod datetostring;
mod degrees;
mod double_from_bytes;
mod elt;
mod encode;
mod ends_with;
mod entries;
mod exp;
mod extractjsonfield;
mod field;
mod filter;
mod floor;
mod format_date;
mod format_time;
mod format_timestamp;
mod from_bytes;
mod from_days;
mod from_unixtime;
mod generate_series;
mod geo_distance;
mod greatest;
mod hash;
mod hex_to_bigint;
mod icontains;
mod iends_with;
mod ifnull;
mod initcap;
mod instr;
mod int_from_bytes;
mod is_json_string;
mod istarts_with;
mod json_array_contains;
mod json_array_length;
mod json_concat;
mod json_items;
mod json_keys;
mod json_records;
mod lcase;
mod least;
mod len;
mod ln;
mod log;
mod lpad;
mod map_keys;
mod map_union;
mod map_values;
mod mask;
mod mask_keep_left;
mod mask_keep_right;
mod mask_left;
mod mask_right;
mod md5;
mod now;
mod nullif;
mod parse_date;
mod parse_time;
mod parse_timestamp;
mod pi;
mod power;
mod radians;
mod random;
mod reduce;
mod regexp_extract;
mod regexp_extract_all;
mod regexp_like;
mod regexp_replace;
mod regexp_split_to_array;
mod replace;
mod round;
mod rpad;
mod sign;
mod sin;
mod sinh;
mod slice;
mod split;
mod split_to_map;
mod sqrt;
mod starts_with;
mod stringtodate;
mod stringtotimestamp;
mod substring;
mod tan;
mod tanh;
mod timeadd;
mod timestampadd;
mod timestampsub;
mod timestamptostring;
mod timesub;
mod to_bytes;
mod to_json_string;
mod transform;
mod trim;
mod trunc;
mod ucase;
mod unix_date;
mod unix_timestamp;
mod url_decode_param;
mod url_encode_param;
mod url_extract_fragment;
mod url_extract_host;
mod url_extract_parameter;
mod url_extract_path;
mod url_extract_port;
mod url_extract_protocol;
mod url_extract_query;
mod uuid;

/// Every function that comes with Weir.
pub fn all() -> Vec<crate::overload::Builtin> {
    vec![
        abs::function(),
        acos::function(),
        array_concat::function(),
        array_contains::function(),
        array_distinct::function(),
        array_except::function(),
        array_intersect::function(),
        array_join::function(),
        array_length::function(),
        array_max::function(),
        array_min::function(),
        array_remove::function(),
        array_sort::function(),
        array_union::function(),
        as_map::function(),
        as_value::function(),
        asin::function(),
        atan::function(),
        atan2::function(),
        bigint_from_bytes::function(),
        cbrt::function(),
        ceil::function(),
        chr::function(),
        cidr_match::function(),
        coalesce::function(),
        concat::function(),
        concat_ws::function(),
        contains::function(),
        convert_tz::function(),
        cos::function(),
        cosh::function(),
        cot::function(),
        dateadd::function(),
        datesub::function(),
        datetostring::function(),
        degrees::function(),
        double_from_bytes::function(),
        elt::function(),
        encode::function(),
        ends_with::function(),
        entries::function(),
        exp::function(),
        extractjsonfield::function(),
        field::function(),
        filter::function(),
        floor::function(),
        format_date::function(),
        format_time::function(),
        format_timestamp::function(),
        from_bytes::function(),
        from_days::function(),
        from_unixtime::function(),
        generate_series::function(),
        geo_distance::function(),
        greatest::function(),
        hash::function(),
        hex_to_bigint::function(),
        icontains::function(),
        iends_with::function(),
        ifnull::function(),
        initcap::function(),
        instr::function(),
        int_from_bytes::function(),
        is_json_string::function(),
        istarts_with::function(),
        json_array_contains::function(),
        json_array_length::function(),
        json_concat::function(),
        json_items::function(),
        json_keys::function(),
        json_records::function(),
        lcase::function(),
        least::function(),
        len::function(),
        ln::function(),
        log::function(),
        lpad::function(),
        map_keys::function(),
        map_union::function(),
        map_values::function(),
        mask::function(),
        mask_keep_left::function(),
        mask_keep_right::function(),
        mask_left::function(),
        mask_right::function(),
        md5::function(),
        now::function(),
        nullif::function(),
        parse_date::function(),
        parse_time::function(),
        parse_timestamp::function(),
        pi::function(),
        power::function(),
        radians::function(),
        random::function(),
        reduce::function(),
        regexp_extract::function(),
        regexp_extract_all::function(),
        regexp_like::function(),
        regexp_replace::function(),
        regexp_split_to_array::function(),
        replace::function(),
        round::function(),
        rpad::function(),
        sign::function(),
        sin::function(),
        sinh::function(),
        slice::function(),
        split::function(),
        split_to_map::function(),
        sqrt::function(),
        starts_with::function(),
        stringtodate::function(),
        stringtotimestamp::function(),
        substring::function(),
        tan::function(),
        tanh::function(),
        timeadd::function(),
        timestampadd::function(),
        timestampsub::function(),
        timestamptostring::function(),
        timesub::function(),
        to_bytes::function(),
        to_json_string::function(),
        transform::function(),
        trim::function(),
        trunc::function(),
        ucase::function(),
        unix_date::function(),
        unix_timestamp::function(),
        url_decode_param::function(),
        url_encode_param::function(),
        url_extract_fragment::function(),
        url_extract_host::function(),
        url_extract_parameter::function(),
        url_extract_path::function(),
        url_extract_port::function(),
        url_extract_protocol::function(),
        url_extract_query::function(),
        uuid::function(),
    ]
}
