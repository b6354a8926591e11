//! Terms to SQL, as trees of `weir-sql`.
//!
//! Every comparison is of a plain column wherever a field has one place, since that is what an index over many rules can use. All
//! of SQL's own here is two-valued in Weir: a comparison, LIKE, IN and the functions are FALSE of NULL, and their NOT is TRUE.

use std::collections::BTreeSet;

use weir_sql::{
    Expression, ExpressionKind, Ident, Span,
    expression::{ArithmeticOperator, ComparisonOperator, LikePattern, Literal},
    statement::{TypeName, TypeNameKind},
};

use crate::{
    mapping::{Alternative, FieldPath, Layout, Mapping},
    pattern::{Pattern, escape_for},
    term::{Check, FieldPlace, Order, Term, Test, TimePart},
};

/// Makes the SQL of one alternative, and keeps which fields it needs.
pub(crate) struct Predicate<'a> {
    pub mapping: &'a Mapping,
    pub alternative: &'a Alternative,
    /// Whether it is the log source's, and not the rule's.
    pub is_of_source: bool,
    pub fields: &'a mut BTreeSet<FieldPath>,
}

impl Predicate<'_> {
    pub fn term(&mut self, term: &Term) -> Expression {
        match term {
            Term::And(terms) => all(self.terms(terms)),
            Term::Or(terms) => any(self.terms(terms)),
            Term::Not(term) => not(self.term(term)),
            Term::AtLeast(least, terms) => {
                let each = node(ExpressionKind::Array(self.terms(terms)));
                let those = call("FILTER", vec![each, lambda("HOLDS", column("HOLDS"))]);
                let count = call("ARRAY_LENGTH", vec![those]);
                let least = i64::try_from(*least).unwrap_or(i64::MAX);
                compare(count, ComparisonOperator::GreaterOrEqual, integer(least))
            }
            Term::Test(test) => self.test(test),
        }
    }

    fn terms(&mut self, terms: &[Term]) -> Vec<Expression> {
        terms.iter().map(|term| self.term(term)).collect()
    }

    fn test(&mut self, test: &Test) -> Expression {
        let Some(field) = &test.field else {
            return self.keywords(&test.check);
        };
        let value = self.field(field);
        match &test.check {
            Check::IsThere(is_there) => is_null(value, *is_there),
            Check::Field {
                field,
                place,
                is_cased,
            } => {
                let other = self.field(field);
                of_field(value, other, *place, *is_cased)
            }
            check => of_value(value, check),
        }
    }

    /// The value of a field: its column, or the first of several that is there.
    fn field(&mut self, field: &str) -> Expression {
        let paths = match self.is_of_source {
            true => self.mapping.paths_of_source(self.alternative, field),
            false => self.mapping.paths(self.alternative, field),
        };
        self.fields.extend(paths.iter().cloned());
        first_of(paths.iter().map(|path| at(path)).collect())
    }

    /// Whether any of the event's values is what `check` asks for.
    fn keywords(&mut self, check: &Check) -> Expression {
        let keywords = &self.mapping.layout.keywords;
        self.fields.extend(keywords.fields.iter().cloned());
        let mut lists = Vec::new();
        if !keywords.fields.is_empty() {
            let fields = keywords.fields.iter().map(|path| at(path));
            lists.push(node(ExpressionKind::Array(fields.collect())));
        }
        for object in &keywords.objects {
            lists.push(values_of(object, &keywords.except));
        }
        let joined = lists
            .into_iter()
            .reduce(|one, other| call("ARRAY_CONCAT", vec![one, other]));
        let Some(values) = joined else {
            return node(ExpressionKind::Literal(Literal::Boolean(false)));
        };
        let test = lambda("V", of_value(column("V"), check));
        let found = call("ARRAY_LENGTH", vec![call("FILTER", vec![values, test])]);
        compare(found, ComparisonOperator::Greater, integer(0))
    }
}

/// When the event happened: the first of the layout's times that can be read, else the record's own.
pub(crate) fn event_time(layout: &Layout) -> Expression {
    let mut times: Vec<Expression> = layout.time.iter().map(|path| time(at(path))).collect();
    times.push(call("FROM_UNIXTIME", vec![column("ROWTIME")]));
    first_of(times)
}

/// All values of the object at a path, as texts.
fn values_of(path: &[String], except: &[String]) -> Expression {
    let raw = column("RAW_VALUE");
    let object = match path {
        [] => raw,
        _ => call("EXTRACTJSONFIELD", vec![raw, text(&json_path(path))]),
    };
    let mut members = call("JSON_RECORDS", vec![object]);
    if !except.is_empty() {
        let names = except.iter().map(|name| text(name)).collect();
        let is_other = node(ExpressionKind::In {
            operand: Box::new(column("K")),
            is_negated: true,
            items: names,
        });
        let lambda = node(ExpressionKind::Lambda {
            parameters: vec![name("K"), name("V")],
            body: Box::new(is_other),
        });
        members = call("FILTER", vec![members, lambda]);
    }
    call("MAP_VALUES", vec![members])
}

/// `$.winlog.event_data`, or `$["a name"]`.
fn json_path(path: &[String]) -> String {
    let mut text = String::from("$");
    for name in path {
        let is_plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match is_plain {
            true => text.push_str(&format!(".{name}")),
            false => text.push_str(&format!("[\"{name}\"]")),
        }
    }
    text
}

/// A test of one value.
fn of_value(value: Expression, check: &Check) -> Expression {
    match check {
        Check::IsThere(is_there) => is_null(value, *is_there),
        Check::Text { patterns, is_cased } => of_text(value, patterns, *is_cased),
        Check::Regular(patterns) => each(patterns, |pattern| {
            call("REGEXP_LIKE", vec![value.clone(), text(pattern)])
        }),
        Check::Network(networks) => each(networks, |network| {
            call("CIDR_MATCH", vec![value.clone(), text(network)])
        }),
        Check::Number { order, number } => {
            let number_of_it = cast(value, TypeNameKind::Double);
            compare(number_of_it, order.operator(), decimal(number))
        }
        Check::Time {
            part,
            order,
            numbers,
        } => {
            let part = part_of(time(value), *part);
            match (order, numbers.as_slice()) {
                (Some(order), [number, ..]) => compare(part, order.operator(), integer(*number)),
                (None, [number]) => compare(part, ComparisonOperator::Equal, integer(*number)),
                _ => is_in(
                    part,
                    numbers.iter().map(|number| integer(*number)).collect(),
                ),
            }
        }
        // Only fields are compared with fields.
        Check::Field { .. } => node(ExpressionKind::Literal(Literal::Boolean(false))),
    }
}

fn each(texts: &[String], test: impl Fn(&String) -> Expression) -> Expression {
    any(texts.iter().map(test).collect())
}

fn of_text(value: Expression, patterns: &[Pattern], is_cased: bool) -> Expression {
    if patterns.iter().any(Pattern::is_anything) {
        return is_null(value, true);
    }
    let mut seen = BTreeSet::new();
    let escape = escape_for(patterns);
    let distinct: Vec<(String, &Pattern)> = patterns
        .iter()
        .map(|pattern| (pattern.to_like(escape), pattern))
        .filter(|(like, _)| seen.insert(like.clone()))
        .collect();
    let is_exact = |text: &str| is_cased || has_no_case(text);
    let exact: Option<Vec<&str>> = distinct
        .iter()
        .map(|(_, pattern)| pattern.as_text().filter(|text| is_exact(text)))
        .collect();
    match exact.as_deref() {
        Some([only]) => compare(value, ComparisonOperator::Equal, text(only)),
        Some(several) => is_in(value, several.iter().map(|one| text(one)).collect()),
        None => {
            let mut likes: Vec<Expression> = distinct.iter().map(|(like, _)| text(like)).collect();
            let pattern = match likes.len() {
                1 => LikePattern::One(Box::new(likes.remove(0))),
                _ => LikePattern::Any(likes),
            };
            node(ExpressionKind::Like {
                operand: Box::new(value),
                is_negated: false,
                ignores_case: !is_cased,
                pattern,
                escape,
            })
        }
    }
}

/// Whether no other text is the same without case. Of what is not ASCII it is not said.
fn has_no_case(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic())
}

fn of_field(value: Expression, other: Expression, place: FieldPlace, is_cased: bool) -> Expression {
    match (place, is_cased) {
        (FieldPlace::Whole, true) => compare(value, ComparisonOperator::Equal, other),
        // Each begins with the other: they are the same but for case, as ILIKE sees it.
        (FieldPlace::Whole, false) => all(vec![
            call("ISTARTS_WITH", vec![value.clone(), other.clone()]),
            call("ISTARTS_WITH", vec![other, value]),
        ]),
        (FieldPlace::Anywhere, true) => call("CONTAINS", vec![value, other]),
        (FieldPlace::Anywhere, false) => call("ICONTAINS", vec![value, other]),
        (FieldPlace::Start, true) => call("STARTS_WITH", vec![value, other]),
        (FieldPlace::Start, false) => call("ISTARTS_WITH", vec![value, other]),
        (FieldPlace::End, true) => call("ENDS_WITH", vec![value, other]),
        (FieldPlace::End, false) => call("IENDS_WITH", vec![value, other]),
    }
}

/// A text in one of the forms of ISO 8601 as a TIMESTAMP: `T` or a blank before the time, any fraction of a second, any zone, UTC
/// where there is none. NULL if it is none of these.
fn time(value: Expression) -> Expression {
    let with_t = call("REPLACE", vec![value, text(" "), text("T")]);
    let in_milliseconds = call(
        "REGEXP_REPLACE",
        vec![with_t, text(r"(\.\d{3})\d+"), text("$1")],
    );
    cast(in_milliseconds, TypeNameKind::Timestamp)
}

fn part_of(time: Expression, part: TimePart) -> Expression {
    let format = match part {
        TimePart::Minute => "m",
        TimePart::Hour => "H",
        TimePart::Day => "d",
        TimePart::Month => "M",
        TimePart::Year => "y",
        TimePart::Week => return week_of(time),
    };
    let written = call("FORMAT_TIMESTAMP", vec![time, text(format)]);
    cast(written, TypeNameKind::Integer)
}

/// The week of ISO 8601: that of the year's first Thursday is the first. Days are counted from a Thursday.
fn week_of(time: Expression) -> Expression {
    use ArithmeticOperator::{Add, Divide, Modulo, Subtract};
    let day = call("UNIX_DATE", vec![cast(time, TypeNameKind::Date)]);
    let since_monday = arithmetic(arithmetic(day.clone(), Add, integer(3)), Modulo, integer(7));
    let thursday = arithmetic(arithmetic(day, Subtract, since_monday), Add, integer(3));
    let day_of_year = call(
        "FORMAT_DATE",
        vec![call("FROM_DAYS", vec![thursday]), text("D")],
    );
    let day_of_year = cast(day_of_year, TypeNameKind::Integer);
    arithmetic(arithmetic(day_of_year, Add, integer(6)), Divide, integer(7))
}

impl Order {
    fn operator(self) -> ComparisonOperator {
        match self {
            Self::Less => ComparisonOperator::Less,
            Self::LessOrEqual => ComparisonOperator::LessOrEqual,
            Self::Greater => ComparisonOperator::Greater,
            Self::GreaterOrEqual => ComparisonOperator::GreaterOrEqual,
        }
    }
}

pub(crate) fn node(kind: ExpressionKind) -> Expression {
    Expression {
        kind,
        span: Span::default(),
    }
}

pub(crate) fn name(value: &str) -> Ident {
    Ident::new(value, Span::default())
}

pub(crate) fn text(value: &str) -> Expression {
    node(ExpressionKind::Literal(Literal::String(value.to_owned())))
}

pub(crate) fn column(value: &str) -> Expression {
    node(ExpressionKind::Column {
        source: None,
        name: name(value),
    })
}

/// The column at a path, or the member of a column.
fn at(path: &[String]) -> Expression {
    let (first, rest) = path
        .split_first()
        .map_or(("", path), |(first, rest)| (first.as_str(), rest));
    rest.iter().fold(column(first), |base, field| {
        node(ExpressionKind::Dereference {
            base: Box::new(base),
            field: name(field),
        })
    })
}

pub(crate) fn call(function: &str, arguments: Vec<Expression>) -> Expression {
    node(ExpressionKind::Call {
        name: name(function),
        arguments,
        is_star: false,
    })
}

pub(crate) fn cast(operand: Expression, to: TypeNameKind) -> Expression {
    let to = TypeName {
        kind: to,
        span: Span::default(),
    };
    let operand = Box::new(operand);
    node(ExpressionKind::Cast { operand, to })
}

fn lambda(parameter: &str, body: Expression) -> Expression {
    node(ExpressionKind::Lambda {
        parameters: vec![name(parameter)],
        body: Box::new(body),
    })
}

fn first_of(mut values: Vec<Expression>) -> Expression {
    match values.len() {
        1 => values.remove(0),
        _ => call("COALESCE", values),
    }
}

fn is_null(operand: Expression, is_negated: bool) -> Expression {
    let operand = Box::new(operand);
    node(ExpressionKind::IsNull {
        operand,
        is_negated,
    })
}

fn is_in(operand: Expression, items: Vec<Expression>) -> Expression {
    node(ExpressionKind::In {
        operand: Box::new(operand),
        is_negated: false,
        items,
    })
}

fn compare(left: Expression, operator: ComparisonOperator, right: Expression) -> Expression {
    node(ExpressionKind::Comparison {
        left: Box::new(left),
        operator,
        right: Box::new(right),
    })
}

fn arithmetic(left: Expression, operator: ArithmeticOperator, right: Expression) -> Expression {
    node(ExpressionKind::Arithmetic {
        left: Box::new(left),
        operator,
        right: Box::new(right),
    })
}

fn integer(value: i64) -> Expression {
    node(ExpressionKind::Literal(
        i32::try_from(value).map_or(Literal::BigInt(value), Literal::Integer),
    ))
}

/// A number in its own digits, as far as SQL can write them.
fn decimal(number: &str) -> Expression {
    if let Ok(value) = number.parse::<i64>() {
        return integer(value);
    }
    let is_plain = !number.contains(['e', 'E']) && number.contains('.') && number.len() <= 38;
    node(ExpressionKind::Literal(match is_plain {
        true => Literal::Decimal(number.to_owned()),
        false => Literal::Double(number.parse().unwrap_or(f64::NAN)),
    }))
}

pub(crate) fn all(operands: Vec<Expression>) -> Expression {
    chain(operands, ExpressionKind::And, |kind| match kind {
        ExpressionKind::And(operands) => Ok(operands),
        other => Err(other),
    })
}

pub(crate) fn any(operands: Vec<Expression>) -> Expression {
    chain(operands, ExpressionKind::Or, |kind| match kind {
        ExpressionKind::Or(operands) => Ok(operands),
        other => Err(other),
    })
}

/// One level, as the parser would make it of a text without parentheses; TRUE of none.
fn chain(
    operands: Vec<Expression>,
    kind: fn(Vec<Expression>) -> ExpressionKind,
    unchained: fn(ExpressionKind) -> Result<Vec<Expression>, ExpressionKind>,
) -> Expression {
    let mut flat = Vec::with_capacity(operands.len());
    for operand in operands {
        match unchained(operand.kind) {
            Ok(operands) => flat.extend(operands),
            Err(kind) => flat.push(node(kind)),
        }
    }
    match flat.len() {
        0 => node(ExpressionKind::Literal(Literal::Boolean(true))),
        1 => flat.remove(0),
        _ => node(kind(flat)),
    }
}

fn not(operand: Expression) -> Expression {
    node(ExpressionKind::Not(Box::new(operand)))
}

/// The name of a stream over a topic: a topic's may have points in it.
pub(crate) fn stream_name(topic: &str) -> Ident {
    let sign = |character: char| match character {
        '_' | '-' => character,
        letter if letter.is_ascii_alphanumeric() => letter,
        _ => '_',
    };
    let name: String = topic.chars().map(sign).collect();
    Ident::new(
        if name.is_empty() {
            "_".to_owned()
        } else {
            name
        },
        Span::default(),
    )
}
