//! What arguments are, as DESCRIBE FUNCTION says it.
//!
//! One name means one thing in all functions, so that it is explained once; what a name means in one function only stands in
//! a list of its own.

/// What the argument of this name is; nothing where that is not known, as of a host program's functions.
pub fn meaning(function: &str, argument: &str) -> &'static str {
    let own = OF_ONE
        .iter()
        .find(|(of, name, _)| *of == function && *name == argument);
    if let Some((.., meaning)) = own {
        return meaning;
    }
    let shared = OF_ALL.iter().find(|(name, _)| *name == argument);
    shared.map_or("", |(_, meaning)| meaning)
}

const REGEX: &str = "A regular expression, in Java's form.";

const OF_ONE: &[(&str, &str, &str)] = &[
    ("ARRAY_CONCAT", "first", "The one."),
    ("ARRAY_CONCAT", "second", "The other."),
    ("ARRAY_INTERSECT", "first", "The one."),
    ("ARRAY_INTERSECT", "second", "The other."),
    ("ARRAY_UNION", "first", "The one."),
    ("ARRAY_UNION", "second", "The other."),
    ("MAP_UNION", "first", "The one."),
    ("MAP_UNION", "second", "The other."),
    (
        "ARRAY_JOIN",
        "delimiter",
        "What stands between two elements; a comma if it is left out.",
    ),
    ("ARRAY_REMOVE", "value", "What is taken out."),
    ("ARRAY_CONTAINS", "value", "What is looked for."),
    ("AS_MAP", "keys", "The keys of the entries."),
    (
        "AS_MAP",
        "values",
        "The values of the entries, each for the key at its place.",
    ),
    ("AS_VALUE", "key", "A key column."),
    ("COALESCE", "first", "What is taken if it is not NULL."),
    (
        "COALESCE",
        "others",
        "What is taken otherwise, the first that is not NULL.",
    ),
    (
        "CONVERT_TZ",
        "from",
        "The time zone that the time is said in: an offset or a name.",
    ),
    (
        "CONVERT_TZ",
        "to",
        "The time zone that it is to be said in.",
    ),
    ("ELT", "number", "Which text, from 1."),
    (
        "ENCODE",
        "from",
        "The encoding that the input has: hex, utf8, ascii or base64.",
    ),
    ("ENCODE", "to", "The encoding that the result has."),
    ("FIELD", "text", "What is looked for."),
    ("FIELD", "texts", "Where it is looked for."),
    ("GENERATE_SERIES", "start", "The first number."),
    ("GENERATE_SERIES", "end", "The number that none is beyond."),
    (
        "GENERATE_SERIES",
        "step",
        "From one number to the next; 1 or -1, towards the end, if it is left out.",
    ),
    (
        "GEO_DISTANCE",
        "unit",
        "KM or MI, in any case; kilometres if it is left out.",
    ),
    ("GREATEST", "first", "A value."),
    ("GREATEST", "others", "Values that it is compared with."),
    ("IFNULL", "expression", "What is taken if it is not NULL."),
    ("IFNULL", "alternative", "What is taken if it is."),
    (
        "INSTR",
        "position",
        "Where the search begins, from 1; negative: that far from the end, and backwards.",
    ),
    ("JSON_ARRAY_CONTAINS", "value", "What is looked for."),
    ("LEAST", "first", "A value."),
    ("LEAST", "others", "Values that it is compared with."),
    ("LOG", "base", "The base; e if it is left out."),
    ("LPAD", "length", "How long the result is."),
    ("NULLIF", "expression1", "What is taken."),
    ("NULLIF", "expression2", "What gives NULL if it is equal."),
    ("POWER", "base", "What is raised."),
    ("REGEXP_EXTRACT", "pattern", REGEX),
    ("REGEXP_EXTRACT_ALL", "pattern", REGEX),
    ("REGEXP_LIKE", "pattern", REGEX),
    ("REGEXP_REPLACE", "pattern", REGEX),
    (
        "REGEXP_REPLACE",
        "replacement",
        "What stands for each match; `$1` is what the first group matched.",
    ),
    ("REGEXP_SPLIT_TO_ARRAY", "pattern", REGEX),
    ("REPLACE", "new", "What stands in its place."),
    ("REPLACE", "old", "What is replaced, as it stands."),
    ("RPAD", "length", "How long the result is."),
    (
        "SLICE",
        "from",
        "The first element, from 1; NULL for the beginning.",
    ),
    ("SLICE", "to", "The last element; NULL for the end."),
    (
        "SPLIT",
        "delimiter",
        "What stands between two parts; if it is empty, every character is a part.",
    ),
    (
        "SUBSTRING",
        "position",
        "Where it begins, from 1; negative: from the end.",
    ),
    (
        "TRANSFORM",
        "key",
        "Gives an entry's new key: `(k, v) => …`.",
    ),
    (
        "TRANSFORM",
        "value",
        "Gives an entry's new value: `(k, v) => …`.",
    ),
    (
        "URL_EXTRACT_PARAMETER",
        "name",
        "The name of the parameter.",
    ),
];

const OF_ALL: &[(&str, &str)] = &[
    ("address", "An address of IPv4 or IPv6."),
    ("amount", "How many of the unit."),
    ("array", "An array."),
    ("bytes", "Bytes."),
    (
        "code",
        "A code point as a number, or as a text such as `\\u00e9`.",
    ),
    ("count", "How many characters."),
    ("date", "A date."),
    ("days", "Days since 1970."),
    (
        "digit",
        "What stands for a digit; `n` if it is left out, and NULL leaves digits as they are.",
    ),
    ("encoding", "hex, utf8, ascii or base64."),
    ("entry_delimiter", "What stands between two entries."),
    ("exceptions", "What is left out."),
    ("exponent", "The power."),
    (
        "group",
        "Which group of the match; all of the match if it is left out.",
    ),
    ("input", "What is worked on."),
    ("inputs", "What is worked on, one after the other."),
    ("json_array", "The text of a JSON array."),
    ("json_object", "The text of a JSON object."),
    ("json_strings", "Texts of JSON values."),
    (
        "key_value_delimiter",
        "What stands between a key and its value.",
    ),
    (
        "lambda",
        "What is done with each element or entry: `x => …`, `(k, v) => …`.",
    ),
    ("lat1", "The latitude of the one place, in degrees."),
    ("lat2", "The latitude of the other place, in degrees."),
    (
        "length",
        "How much of it; all that is left if it is left out.",
    ),
    ("lon1", "The longitude of the one place, in degrees."),
    ("lon2", "The longitude of the other place, in degrees."),
    (
        "lower",
        "What stands for a small letter; `x` if it is left out, and NULL leaves small letters as they are.",
    ),
    ("map", "A map."),
    ("milliseconds", "Milliseconds since 1970, in UTC."),
    (
        "network",
        "A network in CIDR form: `10.0.0.0/8`, `2001:db8::/32`.",
    ),
    ("occurrence", "Which one; the first if it is left out."),
    (
        "order",
        "BIG_ENDIAN or LITTLE_ENDIAN; the highest byte comes first if it is left out.",
    ),
    (
        "other",
        "What stands for all other characters; `-` if it is left out, and NULL leaves them as they are.",
    ),
    ("padding", "What it is filled with, again and again."),
    ("part", "The text that is looked for, as it stands."),
    (
        "path",
        "Where it is: `$.name`, `$.list[0]`, `$[\"a name\"]`.",
    ),
    (
        "pattern",
        "How the time is said, in the form of Java's `DateTimeFormatter`.",
    ),
    (
        "places",
        "How many digits behind the point; negative: zeroes before it.",
    ),
    ("prefix", "The text that it must begin with, as it stands."),
    ("separator", "What stands between two parts."),
    ("sorted", "Whether entries come in the order of their keys."),
    ("direction", "ASC or DESC, in any case."),
    ("state", "What the first step begins with."),
    ("substring", "The text that is looked for, as it stands."),
    ("suffix", "The text that it must end with, as it stands."),
    ("text", "A text."),
    ("texts", "Texts."),
    ("time", "A time of day."),
    ("timestamp", "A time."),
    (
        "unit",
        "DAYS, HOURS, MINUTES, SECONDS or MILLISECONDS, as a bare word.",
    ),
    (
        "upper",
        "What stands for a capital; `X` if it is left out, and NULL leaves capitals as they are.",
    ),
    ("url", "A URL."),
    ("value", "A value."),
    ("values", "Values."),
    ("x", "The adjacent side."),
    ("y", "The opposite side."),
    (
        "zone",
        "A time zone: an offset, or a name such as `Europe/Berlin`.",
    ),
];

#[cfg(test)]
mod tests {
    use super::{OF_ONE, meaning};
    use crate::Registry;

    #[test]
    fn every_argument_is_described() {
        let mut missing = Vec::new();
        for (_, manual) in Registry::builtin().manuals() {
            for overload in &manual.overloads {
                let arguments = overload.arguments.iter();
                let silent = arguments.filter(|argument| argument.description.is_empty());
                missing
                    .extend(silent.map(|argument| format!("{}({})", manual.name, argument.name)));
            }
        }
        missing.dedup();
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }

    #[test]
    fn a_function_has_each_argument_that_it_has_a_word_of_its_own_for() {
        let registry = Registry::builtin();
        for (function, argument, _) in OF_ONE {
            let Some((_, manual)) = registry.manual(function) else {
                panic!("there is no {function}");
            };
            let mut arguments = manual.overloads.iter().flat_map(|one| &one.arguments);
            let has = arguments.any(|found| found.name == *argument);
            assert!(has, "{function}({argument})");
        }
    }

    #[test]
    fn a_functions_own_word_comes_first() {
        assert!(meaning("REGEXP_REPLACE", "pattern").contains("regular"));
        assert!(meaning("FORMAT_DATE", "pattern").contains("DateTimeFormatter"));
        assert_eq!(meaning("NO_SUCH", "thing"), "");
    }
}
