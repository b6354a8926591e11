//! What can follow: keywords, functions, topics, streams and tables, columns, members of STRUCTs. Which of them, says what
//! stands before the cursor.

use std::ops::Range;

use weir_engine::{entity::Field, parts::is_reserved};

use super::{
    keywords::{BEGINNINGS, KEYWORDS, SHOWN, WITH_PROPERTIES},
    names::{Names, Source},
};
use crate::sql::scan::{Kind, Token, words};

/// What can stand in the place of a part of the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The byte at which what is replaced begins; it ends at the cursor.
    pub start: usize,
    pub candidates: Vec<String>,
    /// Files are what is wanted.
    pub wants_file: bool,
}

/// How what is typed is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Upper,
    Lower,
}

/// Collects what fits, in the order of its use, each once.
struct Candidates {
    part: String,
    case: Case,
    /// Names stand between back-quotes.
    is_quoted: bool,
    found: Vec<String>,
}

/// What can stand at the cursor, in what was typed.
pub fn complete(text: &str, position: usize, names: &Names) -> Completion {
    if let Some(command) = text.strip_prefix('\\') {
        return command_argument(command, position, names);
    }
    let statement = statement_around(text, position);
    let (offset, text) = (statement.start, &text[statement]);
    let mut completion = in_statement(text, position - offset, names);
    completion.start += offset;
    completion
}

/// The statement in which the cursor stands.
fn statement_around(text: &str, position: usize) -> Range<usize> {
    let mut around = 0..text.len();
    for token in words(text) {
        if !token.is_symbol(text, ";") {
            continue;
        }
        if token.span.end <= position {
            around.start = token.span.end;
        } else {
            around.end = token.span.start;
            break;
        }
    }
    around
}

fn command_argument(command: &str, position: usize, names: &Names) -> Completion {
    // What stands behind the cursor is left alone; the position counts the backslash.
    let typed = &command[..position.saturating_sub(1)];
    let Some((name, argument)) = typed.split_once(' ') else {
        return Completion::default();
    };
    let part = argument.trim_start();
    let start = position - part.len();
    let mut candidates = Candidates::new(part, Case::of(part, Case::Lower));
    match name {
        "i" | "o" => {
            return Completion {
                start,
                wants_file: true,
                ..Completion::default()
            };
        }
        "d" | "d+" => candidates.names(names.sources.iter().map(|source| &source.name)),
        "df" => candidates.names(names.functions.iter()),
        "x" => candidates.words(&["ON", "OFF", "AUTO"]),
        "timing" => candidates.words(&["ON", "OFF"]),
        "pset" => candidates.words(&["PAGER ON", "PAGER OFF"]),
        _ => {}
    }
    candidates.at(start)
}

fn in_statement(text: &str, position: usize, names: &Names) -> Completion {
    let tokens = words(text);
    let before: Vec<&Token> = tokens
        .iter()
        .filter(|token| token.span.end <= position)
        .collect();
    let at_cursor = tokens
        .iter()
        .find(|token| token.span.start < position && position <= token.span.end);
    // The token that is being typed, if one is.
    let part = at_cursor.filter(|token| match token.kind {
        Kind::Word | Kind::Number => true,
        Kind::Text | Kind::Quoted => !token.is_closed || token.span.end > position,
        _ => false,
    });
    let before: Vec<&Token> = match part {
        Some(part) => tokens
            .iter()
            .filter(|token| token.span.end <= part.span.start)
            .collect(),
        None => before,
    };
    let start = part.map_or(position, |part| part.span.start);
    let typed = &text[start..position];
    let context = Context {
        text,
        all: &tokens,
        before: &before,
        names,
    };
    match part.map(|part| part.kind) {
        Some(Kind::Text) => context.in_text(typed, start),
        Some(Kind::Number) => Completion::default(),
        _ => {
            let case = Case::of(typed, context.usual_case());
            let mut candidates = Candidates::new(typed, case);
            context.words(&mut candidates);
            candidates.at(start)
        }
    }
}

/// A statement and what of it stands before the cursor.
struct Context<'a> {
    text: &'a str,
    all: &'a [Token],
    before: &'a [&'a Token],
    names: &'a Names,
}

impl Context<'_> {
    /// Between single quotes: values of properties.
    fn in_text(&self, typed: &str, start: usize) -> Completion {
        let part = typed.trim_start_matches('\'');
        let mut candidates = Candidates::new(part, Case::Upper);
        let first = self.word(0);
        let is = |word: &str| first.as_deref() == Some(word);
        if is("RUN") {
            return Completion {
                start: start + 1,
                wants_file: true,
                ..Completion::default()
            };
        }
        if (is("SET") || is("UNSET")) && self.before.len() == 1 {
            candidates.exact(self.names.properties.iter());
        } else if is("PRINT") || self.is_value_of("KAFKA_TOPIC") {
            candidates.exact(self.names.topics.iter());
        } else if self.is_value_of("AUTO.OFFSET.RESET") {
            candidates.exact(["earliest", "latest"].map(str::to_owned).iter());
        } else if ["FORMAT", "KEY_FORMAT", "VALUE_FORMAT"]
            .iter()
            .any(|name| self.is_value_of(name))
        {
            candidates.exact(
                ["DELIMITED", "JSON", "KAFKA", "NONE"]
                    .map(str::to_owned)
                    .iter(),
            );
        }
        candidates.at(start + 1)
    }

    /// Whether the cursor stands behind `name =`.
    fn is_value_of(&self, name: &str) -> bool {
        let [.., property, equals] = self.before else {
            return false;
        };
        equals.is_symbol(self.text, "=")
            && property
                .text(self.text)
                .trim_matches('\'')
                .eq_ignore_ascii_case(name)
    }

    fn words(&self, candidates: &mut Candidates) {
        let first = self.word(0);
        let first = first.as_deref().unwrap_or("");
        let last = self.before.last();
        let last_word = last.filter(|token| token.kind == Kind::Word);
        let last_word =
            last_word.map_or(String::new(), |token| token.text(self.text).to_uppercase());
        if last.is_some_and(|last| last.is_symbol(self.text, "->")) {
            candidates.fields(self.members().iter());
            return;
        }
        if last.is_some_and(|last| last.is_symbol(self.text, ".")) {
            let base = self
                .before
                .iter()
                .rev()
                .nth(1)
                .and_then(|token| token.name(self.text));
            let source = base.and_then(|base| self.source_of(&base));
            candidates.fields(source.iter().flat_map(|source| &source.fields));
            return;
        }
        match (first, last_word.as_str()) {
            ("", _) => candidates.words(BEGINNINGS),
            ("SHOW" | "LIST", "SHOW" | "LIST") => candidates.words(SHOWN),
            ("SHOW" | "LIST", _) => candidates.words(&["EXTENDED"]),
            ("PRINT", "PRINT") => candidates.exact(self.names.topics.iter()),
            ("PRINT", "FROM") => candidates.words(&["BEGINNING"]),
            ("PRINT", _) => candidates.words(&["FROM BEGINNING", "INTERVAL", "LIMIT"]),
            ("DESCRIBE", "DESCRIBE") => {
                candidates.sources(self.names, |_| true);
                candidates.words(&["FUNCTION"]);
            }
            ("DESCRIBE", "FUNCTION") => candidates.names(self.names.functions.iter()),
            ("DESCRIBE", _) => candidates.words(&["EXTENDED"]),
            ("TERMINATE" | "PAUSE" | "RESUME", _) => {
                candidates.names(self.names.queries.iter());
                candidates.words(&["ALL"]);
            }
            ("EXPLAIN", "EXPLAIN") => {
                candidates.names(self.names.queries.iter());
                candidates.words(BEGINNINGS);
            }
            ("CREATE", "CREATE") => candidates.words(&["OR REPLACE", "STREAM", "TABLE", "TYPE"]),
            ("DROP" | "ALTER", "DROP" | "ALTER") => candidates.words(&["STREAM", "TABLE", "TYPE"]),
            ("DROP" | "ALTER", "STREAM") => {
                candidates.sources(self.names, |source| !source.is_table)
            }
            ("DROP" | "ALTER", "TABLE") => candidates.sources(self.names, |source| source.is_table),
            ("DROP", "TYPE") => candidates.names(self.names.types.iter()),
            ("DROP", _) => candidates.words(&["DELETE TOPIC", "IF EXISTS"]),
            ("SET" | "UNSET" | "DEFINE" | "UNDEFINE" | "RUN", _) => {}
            (_, "FROM" | "JOIN" | "INTO") => candidates.sources(self.names, |_| true),
            (_, "EMIT") => candidates.words(&["CHANGES", "FINAL"]),
            _ if self.is_in_with() => candidates.words(WITH_PROPERTIES),
            _ => self.expression(candidates),
        }
    }

    /// Columns of what the statement reads, functions, keywords.
    fn expression(&self, candidates: &mut Candidates) {
        let read = self.sources();
        match read.is_empty() {
            false => {
                candidates.fields(read.iter().flat_map(|source| &source.fields));
            }
            // What is read may be typed later.
            true => candidates.fields(self.names.sources.iter().flat_map(|source| &source.fields)),
        }
        if !candidates.part.is_empty() {
            candidates.functions(&self.names.functions);
            candidates.words(KEYWORDS);
            candidates.names(self.names.types.iter());
        }
    }

    /// Whether the cursor stands in `WITH (…)`.
    fn is_in_with(&self) -> bool {
        let mut depth = 0;
        for token in self.before.iter().rev() {
            match token.text(self.text) {
                ")" => depth += 1,
                "(" => depth -= 1,
                text if depth == -1 => return text.eq_ignore_ascii_case("WITH"),
                _ => {}
            }
        }
        false
    }

    /// A word of the statement, in upper case.
    fn word(&self, number: usize) -> Option<String> {
        let token = self.before.get(number)?;
        (token.kind == Kind::Word).then(|| token.text(self.text).to_uppercase())
    }

    /// Who has written the last word in lower case does so with the next one.
    fn usual_case(&self) -> Case {
        let mut words = self.before.iter().rev();
        let last = words.find(|token| token.kind == Kind::Word);
        last.map_or(Case::Upper, |token| {
            Case::of(token.text(self.text), Case::Upper)
        })
    }

    /// What the statement reads: behind FROM, JOIN and INTO, before the cursor or behind it.
    fn sources(&self) -> Vec<&Source> {
        let named = self.all.windows(2).filter(|pair| {
            ["FROM", "JOIN", "INTO"]
                .iter()
                .any(|word| pair[0].is(self.text, word))
        });
        let names = named.filter_map(|pair| pair[1].name(self.text));
        names.filter_map(|name| self.source_named(&name)).collect()
    }

    fn source_named(&self, name: &str) -> Option<&Source> {
        self.names.sources.iter().find(|source| source.name == name)
    }

    /// The source of this name, or of this alias: `FROM events AS e`, `FROM events e`.
    fn source_of(&self, name: &str) -> Option<&Source> {
        let named = self.source_named(name);
        named.or_else(|| {
            let at = self
                .all
                .iter()
                .rposition(|token| token.name(self.text).as_deref() == Some(name));
            self.all.iter().enumerate().find_map(|(number, token)| {
                let source = token
                    .name(self.text)
                    .and_then(|name| self.source_named(&name))?;
                let mut next = number + 1;
                if self.all.get(next)?.is(self.text, "AS") {
                    next += 1;
                }
                let alias = self.all.get(next)?.name(self.text)?;
                (alias == name && at.is_some()).then_some(source)
            })
        })
    }

    /// The members of what stands before the `->` at the cursor.
    fn members(&self) -> Vec<Field> {
        let path = self.path();
        let Some((first, rest)) = path.split_first() else {
            return Vec::new();
        };
        let (source, first, rest) = match self.source_of(first) {
            Some(source) if !rest.is_empty() => (Some(source), &rest[0], &rest[1..]),
            _ => (None, first, rest),
        };
        let read = match source {
            Some(source) => vec![source],
            None => self.sources(),
        };
        let read = match read.is_empty() {
            true => self.names.sources.iter().collect(),
            false => read,
        };
        let columns = read.iter().flat_map(|source| &source.fields);
        let found = columns.filter(|field| field.name == *first);
        found
            .filter_map(|field| member(field, rest))
            .flatten()
            .collect()
    }

    /// The names before the `->` at the cursor, from the first on: `e.winlog->event_data[1]->` has three.
    fn path(&self) -> Vec<String> {
        let mut path = Vec::new();
        let mut tokens = self.before.iter().rev().skip(1).peekable();
        loop {
            // Past an index: `keywords[1]`.
            while tokens
                .peek()
                .is_some_and(|token| token.is_symbol(self.text, "]"))
            {
                for token in tokens.by_ref() {
                    if token.is_symbol(self.text, "[") {
                        break;
                    }
                }
            }
            let Some(name) = tokens.next().and_then(|token| token.name(self.text)) else {
                break;
            };
            path.push(name);
            let goes_on = |token: &&&&Token| {
                token.is_symbol(self.text, "->") || token.is_symbol(self.text, ".")
            };
            if tokens.peek().filter(goes_on).is_none() {
                break;
            }
            tokens.next();
        }
        path.reverse();
        path
    }
}

/// The fields of a STRUCT, down a path; those of an ARRAY or MAP are its elements'.
fn member(field: &Field, path: &[String]) -> Option<Vec<Field>> {
    let mut schema = &field.schema;
    let mut path = path.iter();
    loop {
        while let Some(element) = &schema.member_schema {
            schema = element;
        }
        let fields = schema.fields.as_ref()?;
        match path.next() {
            None => return Some(fields.clone()),
            Some(name) => schema = &fields.iter().find(|field| field.name == *name)?.schema,
        }
    }
}

impl Case {
    fn of(typed: &str, usual: Self) -> Self {
        let has_upper = typed.chars().any(char::is_uppercase);
        let has_lower = typed.chars().any(char::is_lowercase);
        match (has_upper, has_lower) {
            (false, true) => Self::Lower,
            (true, _) => Self::Upper,
            (false, false) => usual,
        }
    }
}

impl Candidates {
    fn new(typed: &str, case: Case) -> Self {
        Self {
            part: typed.trim_start_matches(['`', '"']).to_owned(),
            case,
            is_quoted: typed.starts_with('`'),
            found: Vec::new(),
        }
    }

    fn at(self, start: usize) -> Completion {
        Completion {
            start,
            candidates: self.found,
            wants_file: false,
        }
    }

    fn fits(&self, name: &str) -> bool {
        let begins = name.get(..self.part.len());
        begins.is_some_and(|begins| begins.eq_ignore_ascii_case(&self.part))
    }

    fn add(&mut self, candidate: String) {
        if !self.found.contains(&candidate) {
            self.found.push(candidate);
        }
    }

    fn words(&mut self, words: &[&str]) {
        if self.is_quoted {
            return;
        }
        for word in words
            .iter()
            .filter(|word| self.fits(word))
            .collect::<Vec<_>>()
        {
            self.add(match self.case {
                Case::Upper => (*word).to_owned(),
                Case::Lower => word.to_lowercase(),
            });
        }
    }

    /// Names of the catalog: those that are no plain words stand between back-quotes.
    fn names<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        let mut fitting: Vec<&String> = names.filter(|name| self.fits(name)).collect();
        fitting.sort();
        for name in fitting {
            let candidate = match (is_plain(name) && !self.is_quoted, self.case) {
                (true, Case::Upper) => name.clone(),
                (true, Case::Lower) => name.to_lowercase(),
                (false, _) => format!("`{}`", name.replace('`', "``")),
            };
            self.add(candidate);
        }
    }

    fn sources(&mut self, names: &Names, is_wanted: impl Fn(&Source) -> bool) {
        let sources = names.sources.iter().filter(|source| is_wanted(source));
        self.names(sources.map(|source| &source.name));
    }

    fn fields<'a>(&mut self, fields: impl Iterator<Item = &'a Field>) {
        self.names(fields.map(|field| &field.name));
    }

    fn functions(&mut self, functions: &[String]) {
        if self.is_quoted {
            return;
        }
        for name in functions
            .iter()
            .filter(|name| self.fits(name))
            .collect::<Vec<_>>()
        {
            self.add(match self.case {
                Case::Upper => format!("{name}("),
                Case::Lower => format!("{}(", name.to_lowercase()),
            });
        }
    }

    /// Names whose case counts.
    fn exact<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        let mut fitting: Vec<&String> = names.filter(|name| self.fits(name)).collect();
        fitting.sort();
        for name in fitting {
            self.add(name.clone());
        }
    }
}

/// Whether a name can stand without quotes.
fn is_plain(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let first = name.bytes().next();
    name.bytes().all(is_part)
        && first.is_some_and(|byte| !byte.is_ascii_digit())
        && !is_reserved(name)
}

#[cfg(test)]
mod tests {
    use weir_engine::entity::{Field, FieldSchema};

    use super::{Names, Source, complete};

    fn field(name: &str, members: Option<Vec<Field>>) -> Field {
        let kind = if members.is_some() {
            "STRUCT"
        } else {
            "STRING"
        };
        Field {
            name: name.to_owned(),
            schema: FieldSchema {
                kind: kind.to_owned(),
                fields: members,
                ..FieldSchema::default()
            },
            ..Field::default()
        }
    }

    fn array(name: &str, element: Field) -> Field {
        Field {
            schema: FieldSchema {
                kind: "ARRAY".to_owned(),
                member_schema: Some(Box::new(element.schema)),
                ..FieldSchema::default()
            },
            ..field(name, None)
        }
    }

    fn names() -> Names {
        let data = field(
            "EVENT_DATA",
            Some(vec![field("COMMANDLINE", None), field("Threat Name", None)]),
        );
        let winlog = field(
            "WINLOG",
            Some(vec![
                data.clone(),
                field("EVENT_ID", None),
                field("LIST", None),
            ]),
        );
        let events = Source {
            name: "WINLOGEVENTS".to_owned(),
            fields: vec![
                field("@timestamp", None),
                field("HOST", None),
                winlog,
                array("MANY", data),
            ],
            ..Source::default()
        };
        let others = Source {
            name: "OTHERS".to_owned(),
            is_table: true,
            fields: vec![
                field("WHO", None),
                field("WINLOG", Some(vec![field("ELSE_WHERE", None)])),
            ],
        };
        let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Names {
            sources: vec![events, others],
            topics: strings(&["wineventlogs", "Windows"]),
            functions: strings(&["UCASE", "UNIX_DATE"]),
            types: strings(&["ADDRESS"]),
            queries: strings(&["CSAS_ALERTS_1"]),
            properties: strings(&["auto.offset.reset", "commit.interval.ms"]),
        }
    }

    /// `|` is the cursor.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let position = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        let found = complete(&text, position, &names());
        assert_eq!(found.candidates, expected, "{text}");
    }

    #[test]
    fn members_of_structs_at_any_depth() {
        check(
            "SELECT WINLOG->| FROM WINLOGEVENTS;",
            &["EVENT_DATA", "EVENT_ID", "`LIST`"],
        );
        check(
            "SELECT winlog->event_d| FROM winlogevents;",
            &["event_data"],
        );
        check(
            "SELECT winlog->event_data->| FROM winlogevents",
            &["commandline", "`Threat Name`"],
        );
        check(
            "SELECT winlog->event_data->`T| FROM winlogevents",
            &["`Threat Name`"],
        );
        check(
            "SELECT e.winlog->event_| FROM winlogevents AS e",
            &["event_data", "event_id"],
        );
        check("SELECT winlog->| FROM others", &["else_where"]);
        check("SELECT MANY[1]->C| FROM WINLOGEVENTS", &["COMMANDLINE"]);
        check("SELECT host->| FROM winlogevents", &[]);
        check("SELECT WINLOG->EVENT_I|", &["EVENT_ID"]);
    }

    #[test]
    fn what_stands_before_says_what_follows() {
        check("SELECT * FROM w|", &["winlogevents"]);
        check("SELECT * FROM |", &["OTHERS", "WINLOGEVENTS"]);
        check("select * from |", &["others", "winlogevents"]);
        check("DESCRIBE W|", &["WINLOGEVENTS"]);
        check("DESCRIBE FUNCTION u|", &["ucase", "unix_date"]);
        check("DROP STREAM |", &["WINLOGEVENTS"]);
        check("DROP TABLE |", &["OTHERS"]);
        check("INSERT INTO o|", &["others"]);
        check("PRINT |", &["Windows", "wineventlogs"]);
        check("PRINT 'wine|", &["wineventlogs"]);
        check("PRINT wineventlogs FROM B|", &["BEGINNING"]);
        check("TERMINATE C|", &["CSAS_ALERTS_1"]);
        check("SET 'auto|", &["auto.offset.reset"]);
        check("SET 'auto.offset.reset' = 'e|", &["earliest"]);
        check("show str|", &["streams"]);
        check("CREATE STREAM s (a INT) WITH (KAFKA_T|", &["KAFKA_TOPIC"]);
        check(
            "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='w|",
            &["Windows", "wineventlogs"],
        );
        check("cr|", &["create"]);
        check("SELECT 1|", &[]);
    }

    #[test]
    fn columns_are_those_of_what_is_read() {
        check(
            "SELECT W| FROM OTHERS",
            &["WHO", "WINLOG", "WHEN", "WHERE", "WINDOW", "WITH", "WITHIN"],
        );
        check(
            "SELECT | FROM winlogevents",
            &["`@timestamp`", "HOST", "MANY", "WINLOG"],
        );
        check("SELECT `@| FROM winlogevents", &["`@timestamp`"]);
        check("SELECT o.| FROM others o", &["who", "winlog"]);
        check("SELECT u|", &["ucase(", "unix_date(", "undefine", "unset"]);
        check(
            "SELECT a FROM others; SELECT h| FROM winlogevents",
            &["host", "having", "header", "headers", "hopping"],
        );
    }

    #[test]
    fn commands_have_arguments() {
        check("\\d w|", &["winlogevents"]);
        check("\\d  win| -- who", &["winlogevents"]);
        check("\\wat|", &[]);
        check("\\x |", &["on", "off", "auto"]);
        check("\\timing |", &["on", "off"]);
        assert!(complete("\\i /tm", 6, &names()).wants_file);
        assert!(complete("RUN SCRIPT '/tm", 15, &names()).wants_file);
    }
}
