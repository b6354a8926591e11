//! What functions are called with: a column of ordinary values where users have a column, a literal where they write one.
//!
//! An argument's type says most. What it does not say (that a STRING is a URL) is said here by its name, and by its
//! function's where that is not enough.

/// Arguments as SQL, and the columns that they name with their types.
#[derive(Debug, Default)]
pub struct Arguments {
    pub texts: Vec<String>,
    pub columns: Vec<(String, String)>,
}

/// Function, argument, type, example; `*` is any. The first that fits is taken. `$NAME` is a column of [`KINDS`], all
/// else stands as it is.
const EXAMPLES: &[(&str, &str, &str, &str)] = &[
    ("REGEXP_EXTRACT", "pattern", "*", r"'([A-Za-z0-9]+)\.exe'"),
    ("REGEXP_EXTRACT_ALL", "pattern", "*", "'([A-Za-z]+)'"),
    ("REGEXP_LIKE", "pattern", "*", r"'[A-Za-z0-9]+\.exe'"),
    ("REGEXP_REPLACE", "pattern", "*", "'[0-9]+'"),
    ("REGEXP_SPLIT_TO_ARRAY", "pattern", "*", r"'[\\/ ]'"),
    ("*", "group", "INTEGER", "1"),
    ("*", "replacement", "STRING", "'#'"),
    ("*", "old", "STRING", r"'\'"),
    ("*", "new", "STRING", "'/'"),
    ("*", "substring", "STRING", "'.exe'"),
    ("*", "prefix", "STRING", r"'C:\'"),
    ("*", "suffix", "STRING", "'.exe'"),
    ("CONTAINS", "other", "STRING", "'.exe'"),
    ("STARTS_WITH", "other", "STRING", r"'C:\'"),
    ("ENDS_WITH", "other", "STRING", "'.exe'"),
    ("*", "case_sensitive", "BOOLEAN", "FALSE"),
    ("*", "ignore_case", "BOOLEAN", "TRUE"),
    ("SPLIT_TO_MAP", "input", "STRING", "$PAIRS"),
    ("*", "entry_delimiter", "STRING", "';'"),
    ("*", "key_value_delimiter", "STRING", "'='"),
    ("*", "delimiter", "STRING", "' '"),
    ("*", "delimiter", "BYTES", "TO_BYTES(' ', 'utf8')"),
    ("*", "separator", "STRING", "', '"),
    ("*", "separator", "BYTES", "TO_BYTES(', ', 'utf8')"),
    ("*", "padding", "STRING", "'*'"),
    ("*", "padding", "BYTES", "TO_BYTES('*', 'utf8')"),
    ("*", "length", "INTEGER", "20"),
    ("*", "position", "INTEGER", "5"),
    ("*", "occurrence", "INTEGER", "1"),
    ("*", "places", "INTEGER", "1"),
    ("*", "count", "INTEGER", "4"),
    ("ENCODE", "input", "STRING", "$HEX"),
    ("ENCODE", "from", "STRING", "'hex'"),
    ("ENCODE", "to", "STRING", "'base64'"),
    ("*", "encoding", "STRING", "'utf8'"),
    ("HEX_TO_BIGINT", "*", "STRING", "$HEX_NUMBER"),
    ("CHR", "code", "STRING", "$ESCAPE"),
    ("CHR", "code", "INTEGER", "$CODE"),
    ("ELT", "number", "INTEGER", "$SMALL"),
    ("*", "upper", "STRING", "'X'"),
    ("*", "lower", "STRING", "'x'"),
    ("*", "digit", "STRING", "'n'"),
    ("*", "other", "STRING", "'-'"),
    ("*", "order", "STRING", "'LITTLE_ENDIAN'"),
    ("INT_FROM_BYTES", "*", "BYTES", "$BYTES4"),
    ("BIGINT_FROM_BYTES", "*", "BYTES", "$BYTES8"),
    ("DOUBLE_FROM_BYTES", "*", "BYTES", "$BYTES8"),
    ("UUID", "*", "BYTES", "$BYTES16"),
    ("CIDR_MATCH", "address", "STRING", "$ADDRESS"),
    ("CIDR_MATCH", "network", "STRING", "'10.0.0.0/8'"),
    ("EXTRACTJSONFIELD", "path", "STRING", "'$.host.name'"),
    ("EXTRACTJSONFIELD", "*", "STRING", "$JSON"),
    ("IS_JSON_STRING", "*", "STRING", "$JSON"),
    ("*", "json_array", "STRING", "$JSON_ARRAY"),
    ("JSON_ARRAY_CONTAINS", "value", "*", "7"),
    ("JSON_ITEMS", "*", "STRING", "$JSON_ARRAY"),
    ("JSON_ARRAY_LENGTH", "*", "STRING", "$JSON_ARRAY"),
    ("JSON_CONCAT", "*", "STRING", "$JSON"),
    ("JSON_KEYS", "*", "STRING", "$JSON"),
    ("JSON_RECORDS", "*", "STRING", "$JSON"),
    ("URL_DECODE_PARAM", "*", "STRING", "$ENCODED"),
    ("URL_EXTRACT_PARAMETER", "name", "STRING", "'q'"),
    ("URL_ENCODE_PARAM", "*", "STRING", "$TEXT"),
    ("*", "url", "STRING", "$URL"),
    ("*", "uri", "STRING", "$URL"),
    ("URL_EXTRACT_PORT", "*", "STRING", "$URL"),
    ("GEO_DISTANCE", "unit", "STRING", "'MI'"),
    ("GEO_DISTANCE", "*", "DOUBLE", "$DEGREES"),
    ("ACOS", "*", "DOUBLE", "$RATIO"),
    ("ASIN", "*", "DOUBLE", "$RATIO"),
    ("GENERATE_SERIES", "from", "INTEGER", "$SMALL"),
    ("GENERATE_SERIES", "to", "INTEGER", "10"),
    (
        "GENERATE_SERIES",
        "from",
        "BIGINT",
        "CAST($SMALL AS BIGINT)",
    ),
    ("GENERATE_SERIES", "to", "BIGINT", "CAST(10 AS BIGINT)"),
    ("*", "step", "INTEGER", "2"),
    ("SLICE", "from", "INTEGER", "1"),
    ("SLICE", "to", "INTEGER", "3"),
    ("ARRAY_SORT", "direction", "STRING", "'DESC'"),
    ("ENTRIES", "sorted", "BOOLEAN", "TRUE"),
    // Its arguments are different ones most of the time.
    ("NULLIF", "expression2", "*", "'unknown'"),
    ("FILTER", "*", "LAMBDA (T) => BOOLEAN", "x => x LIKE '%e%'"),
    (
        "FILTER",
        "*",
        "LAMBDA (K, V) => BOOLEAN",
        "(k, v) => v LIKE '%e%'",
    ),
    ("TRANSFORM", "*", "LAMBDA (T) => R", "x => UCASE(x)"),
    ("PARSE_DATE", "text", "STRING", "$DATE_TEXT"),
    ("STRINGTODATE", "text", "STRING", "$DATE_TEXT"),
    ("PARSE_TIME", "text", "STRING", "$TIME_TEXT"),
    ("PARSE_TIMESTAMP", "text", "STRING", "$TIMESTAMP_TEXT"),
    ("STRINGTOTIMESTAMP", "text", "STRING", "$TIMESTAMP_TEXT"),
    ("FORMAT_DATE", "pattern", "STRING", "'yyyy-MM-dd'"),
    ("PARSE_DATE", "pattern", "STRING", "'yyyy-MM-dd'"),
    ("DATETOSTRING", "pattern", "STRING", "'yyyy-MM-dd'"),
    ("STRINGTODATE", "pattern", "STRING", "'yyyy-MM-dd'"),
    ("FORMAT_TIME", "pattern", "STRING", "'HH:mm:ss'"),
    ("PARSE_TIME", "pattern", "STRING", "'HH:mm:ss'"),
    (
        "FORMAT_TIMESTAMP",
        "pattern",
        "STRING",
        "'yyyy-MM-dd HH:mm:ss'",
    ),
    (
        "PARSE_TIMESTAMP",
        "pattern",
        "STRING",
        "'yyyy-MM-dd HH:mm:ss'",
    ),
    (
        "TIMESTAMPTOSTRING",
        "pattern",
        "STRING",
        "'yyyy-MM-dd HH:mm:ss'",
    ),
    (
        "STRINGTOTIMESTAMP",
        "pattern",
        "STRING",
        "'yyyy-MM-dd HH:mm:ss'",
    ),
    ("*", "zone", "STRING", "'Europe/Berlin'"),
    ("CONVERT_TZ", "from", "STRING", "'UTC'"),
    ("CONVERT_TZ", "to", "STRING", "'America/New_York'"),
    ("TIMEADD", "unit", "*", "MINUTES"),
    ("TIMESUB", "unit", "*", "MINUTES"),
    ("*", "*", "INTERVALUNIT", "DAYS"),
    ("*", "amount", "INTEGER", "3"),
    // What `K`, `V`, `T` and their kin are in these calls.
    ("*", "*", "STRING", "$TEXT"),
];

/// Columns that hold something that their type does not tell.
const KINDS: &[(&str, &str)] = &[
    ("TEXT", "STRING"),
    ("NAME", "STRING"),
    ("PADDED", "STRING"),
    ("MISSING", "STRING"),
    ("PAIRS", "STRING"),
    ("HEX", "STRING"),
    ("HEX_NUMBER", "STRING"),
    ("ESCAPE", "STRING"),
    ("ADDRESS", "STRING"),
    ("JSON", "STRING"),
    ("JSON_ARRAY", "STRING"),
    ("ENCODED", "STRING"),
    ("URL", "STRING"),
    ("DATE_TEXT", "STRING"),
    ("TIME_TEXT", "STRING"),
    ("TIMESTAMP_TEXT", "STRING"),
    ("CODE", "INTEGER"),
    ("SMALL", "INTEGER"),
    ("BYTES4", "BYTES"),
    ("BYTES8", "BYTES"),
    ("BYTES16", "BYTES"),
    ("DEGREES", "DOUBLE"),
    ("RATIO", "DOUBLE"),
];

/// How often an argument stands that may stand any number of times.
const REPEATED: usize = 3;

/// `parameters`: name, type as printed, whether it may be there any number of times.
pub fn arguments(function: &str, parameters: &[(&str, &str, bool)]) -> Arguments {
    let mut arguments = Arguments::default();
    for (name, printed, is_variadic) in parameters {
        let sql_type = concrete(printed);
        let text = match EXAMPLES.iter().find(|(of, argument, of_type, _)| {
            let fits = |pattern: &str, what: &str| pattern == "*" || pattern == what;
            fits(of, function)
                && fits(argument, name)
                && (fits(of_type, printed) || fits(of_type, &sql_type))
        }) {
            Some((.., example)) => arguments.with_columns(example),
            None if printed.starts_with("LAMBDA") => lambda(printed),
            None => arguments.column(format!("C_{}", spelled(&sql_type)), sql_type),
        };
        let times = if *is_variadic { REPEATED } else { 1 };
        arguments.texts.extend(std::iter::repeat_n(text, times));
    }
    arguments
}

impl Arguments {
    fn column(&mut self, name: String, sql_type: String) -> String {
        let column = (name, sql_type);
        if !self.columns.contains(&column) {
            self.columns.push(column.clone());
        }
        column.0
    }

    /// `$NAME` in an example is the column of that name.
    fn with_columns(&mut self, example: &str) -> String {
        let mut text = example.to_owned();
        let longest_first = {
            let mut kinds: Vec<_> = KINDS.iter().collect();
            kinds.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
            kinds
        };
        for (name, sql_type) in longest_first {
            let mark = format!("${name}");
            if text.contains(&mark) {
                text = text.replace(&mark, name);
                self.column((*name).to_owned(), (*sql_type).to_owned());
            }
        }
        text
    }
}

/// The CREATE STREAM of the columns; one that nothing reads where there are none.
pub fn declaration(columns: &[(&str, &str)]) -> String {
    let columns: Vec<String> = match columns {
        [] => vec!["UNUSED STRING".to_owned()],
        _ => columns
            .iter()
            .map(|(name, sql_type)| format!("{name} {sql_type}"))
            .collect(),
    };
    format!(
        "CREATE STREAM BENCH ({}) WITH (KAFKA_TOPIC = 'bench', VALUE_FORMAT = 'JSON')",
        columns.join(", ")
    )
}

/// A type that a column can be declared with: generic types are STRING, DECIMALs have a size.
fn concrete(printed: &str) -> String {
    let mut text = String::new();
    let mut word = String::new();
    for character in printed.chars().chain([' ']) {
        if character.is_alphanumeric() || character == '_' {
            word.push(character);
            continue;
        }
        match word.as_str() {
            "ANY" => text.push_str("STRING"),
            "DECIMAL" if character != '(' => text.push_str("DECIMAL(12, 2)"),
            generic
                if generic.len() == 1 && generic.chars().all(|one| one.is_ascii_uppercase()) =>
            {
                text.push_str("STRING")
            }
            other => text.push_str(other),
        }
        word.clear();
        text.push(character);
    }
    text.trim_end().to_owned()
}

fn spelled(sql_type: &str) -> String {
    let words = sql_type.split(|character: char| !character.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

/// A lambda that gives its first parameter back, or says whether it is there.
fn lambda(printed: &str) -> String {
    let inputs = printed
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    let (inputs, output) = inputs.unwrap_or(("T", "T"));
    let inputs: Vec<&str> = inputs.split(", ").collect();
    let names: Vec<String> = (1..=inputs.len())
        .map(|number| format!("p{number}"))
        .collect();
    let output = output.trim_start_matches(" => ").trim();
    let body = match inputs.iter().position(|input| *input == output) {
        Some(same) => names[same].clone(),
        None if output == "BOOLEAN" => format!("{} IS NOT NULL", names[0]),
        None => names[0].clone(),
    };
    format!("({}) => {body}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{arguments, concrete, lambda};

    #[test]
    fn generic_types_become_types_of_columns() {
        let check = |printed: &str, expected: &str| assert_eq!(concrete(printed), expected);
        check("ARRAY<T>", "ARRAY<STRING>");
        check("MAP<K, ARRAY<V>>", "MAP<STRING, ARRAY<STRING>>");
        check("DECIMAL", "DECIMAL(12, 2)");
        check("DECIMAL(4, 2)", "DECIMAL(4, 2)");
        check("BIGINT", "BIGINT");
    }

    #[test]
    fn arguments_are_columns_or_what_users_write() {
        let check = |function: &str, parameters: &[(&str, &str, bool)], expected: &[&str]| {
            assert_eq!(
                arguments(function, parameters).texts,
                expected,
                "{function}"
            );
        };
        check(
            "NEW_ONE",
            &[
                ("a", "ARRAY<BIGINT>", false),
                ("b", "STRING", true),
                ("unit", "INTERVALUNIT", false),
            ],
            &["C_ARRAY_BIGINT", "TEXT", "TEXT", "TEXT", "DAYS"],
        );
        check(
            "LPAD",
            &[
                ("input", "STRING", false),
                ("length", "INTEGER", false),
                ("padding", "STRING", false),
            ],
            &["TEXT", "20", "'*'"],
        );
        assert_eq!(lambda("LAMBDA (S, T) => S"), "(p1, p2) => p1");
        assert_eq!(lambda("LAMBDA (T) => BOOLEAN"), "(p1) => p1 IS NOT NULL");
    }
}
