//! `field|modifier|modifier: value`: what the modifiers make of the values, one after the other from the left.

use std::net::IpAddr;

use crate::{
    error::{Error, ErrorKind, shown},
    expand::{self, Placeholders, Wide},
    pattern::Pattern,
    regular::{self, Flags},
    term::{Check, FieldPlace, Order, Term, Test, TimePart},
    yaml::{Node, Value},
};

const KNOWN: &str = "contains, startswith, endswith, all, re (with i, m, s), cidr, base64, base64offset, wide, utf16le, utf16be, utf16, \
     windash, fieldref, exists, cased, neq, lt, lte, gt, gte, minute, hour, day, week, month, year, expand";

/// How many values a field may be compared with, when all are written out.
const MAX_VALUES: usize = 200_000;

/// A field and its modifiers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Modifiers {
    /// `None` for keywords.
    field: Option<String>,
    kind: Kind,
    steps: Vec<Step>,
    is_all: bool,
    is_cased: bool,
    is_negated: bool,
    order: Option<Order>,
}

/// What the values are.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Kind {
    #[default]
    Text,
    Regular(Flags),
    Network,
    Field,
    Exists,
    Time(TimePart),
}

/// What is made of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Contains,
    StartsWith,
    EndsWith,
    Windash,
    Wide(Wide),
    Base64,
    Base64Offset,
    Expand,
}

impl Modifiers {
    pub fn parse(key: &str) -> Result<Self, Error> {
        let mut words = key.split('|');
        let field = words.next().unwrap_or_default();
        let mut modifiers = Self {
            field: (!field.is_empty()).then(|| field.to_owned()),
            ..Self::default()
        };
        for word in words {
            modifiers.add(word)?;
        }
        modifiers.check(key)?;
        Ok(modifiers)
    }

    fn add(&mut self, word: &str) -> Result<(), Error> {
        let step = match word {
            "contains" => Step::Contains,
            "startswith" => Step::StartsWith,
            "endswith" => Step::EndsWith,
            "windash" => Step::Windash,
            "wide" | "utf16le" => Step::Wide(Wide::LittleEndian),
            "utf16be" => Step::Wide(Wide::BigEndian),
            "utf16" => Step::Wide(Wide::Marked),
            "base64" => Step::Base64,
            "base64offset" => Step::Base64Offset,
            "expand" => Step::Expand,
            _ => return self.add_manner(word),
        };
        self.steps.push(step);
        Ok(())
    }

    /// A modifier that says how the values are compared, rather than what they are.
    fn add_manner(&mut self, word: &str) -> Result<(), Error> {
        let is_flag = match &mut self.kind {
            Kind::Regular(flags) => flag(flags, word),
            _ => false,
        };
        if is_flag {
            return Ok(());
        }
        match word {
            "all" => self.is_all = true,
            "cased" => self.is_cased = true,
            "neq" => self.is_negated = true,
            "lt" => return self.set_order(Order::Less),
            "lte" => return self.set_order(Order::LessOrEqual),
            "gt" => return self.set_order(Order::Greater),
            "gte" => return self.set_order(Order::GreaterOrEqual),
            "re" => return self.set_kind(Kind::Regular(Flags::default()), word),
            "cidr" => return self.set_kind(Kind::Network, word),
            "fieldref" => return self.set_kind(Kind::Field, word),
            "exists" => return self.set_kind(Kind::Exists, word),
            "minute" => return self.set_kind(Kind::Time(TimePart::Minute), word),
            "hour" => return self.set_kind(Kind::Time(TimePart::Hour), word),
            "day" => return self.set_kind(Kind::Time(TimePart::Day), word),
            "week" => return self.set_kind(Kind::Time(TimePart::Week), word),
            "month" => return self.set_kind(Kind::Time(TimePart::Month), word),
            "year" => return self.set_kind(Kind::Time(TimePart::Year), word),
            _ => {
                let message = format!("the modifier `{}` is not known", shown(word));
                return Err(
                    Error::new(ErrorKind::Modifier, message).hint(format!("known are {KNOWN}"))
                );
            }
        }
        Ok(())
    }

    fn set_kind(&mut self, kind: Kind, word: &str) -> Result<(), Error> {
        if self.kind != Kind::Text {
            let message = format!("the modifier `{word}` does not go with the one before it");
            return Err(Error::new(ErrorKind::Modifier, message));
        }
        self.kind = kind;
        Ok(())
    }

    fn set_order(&mut self, order: Order) -> Result<(), Error> {
        if self.order.is_some() {
            let message = "a field has two of the modifiers lt, lte, gt and gte";
            let hint = "write them as two entries, or as two selections joined by `and`";
            return Err(Error::new(ErrorKind::Modifier, message).hint(hint));
        }
        self.order = Some(order);
        Ok(())
    }

    /// Modifiers that say nothing together are a misunderstanding.
    fn check(&self, key: &str) -> Result<(), Error> {
        let places = [Step::Contains, Step::StartsWith, Step::EndsWith];
        let has_only_places = self.steps.iter().all(|step| places.contains(step));
        let goes_together = match self.kind {
            Kind::Text => self.order.is_none() || (self.steps.is_empty() && !self.is_cased),
            Kind::Field => self.order.is_none() && has_only_places && self.steps.len() <= 1,
            Kind::Time(_) => self.steps.is_empty() && !self.is_cased,
            Kind::Regular(flags) => {
                self.steps.is_empty()
                    && self.order.is_none()
                    && !(self.is_cased && flags.ignores_case)
            }
            Kind::Network | Kind::Exists => {
                self.steps.is_empty() && self.order.is_none() && !self.is_cased
            }
        };
        let needs_field = self.order.is_some()
            || matches!(
                self.kind,
                Kind::Field | Kind::Exists | Kind::Time(_) | Kind::Network
            );
        if goes_together && (self.field.is_some() || !needs_field) {
            return Ok(());
        }
        let message = match goes_together {
            true => format!("the modifiers of `{}` need a field", shown(key)),
            false => format!("the modifiers of `{}` do not go together", shown(key)),
        };
        Err(Error::new(ErrorKind::Modifier, message))
    }

    fn test(&self, check: Check) -> Term {
        let field = self.field.clone();
        Term::Test(Test { field, check })
    }

    /// Joins what the values ask for: one is enough, or all must be.
    fn join(&self, terms: Vec<Term>) -> Term {
        match self.is_all {
            true => Term::all(terms),
            false => Term::any(terms),
        }
    }

    fn no_value(&self, what: &str, item: &Node) -> Error {
        let found = match item.scalar() {
            Some(text) => format!("`{}`", shown(text)),
            None => item.kind().to_owned(),
        };
        let field = self.field.as_deref().unwrap_or("a keyword");
        let message = format!("expected {what} for `{}`, found {found}", shown(field));
        Error::new(ErrorKind::Modifier, message).at(item.place)
    }
}

fn flag(flags: &mut Flags, word: &str) -> bool {
    match word {
        "i" => flags.ignores_case = true,
        "m" => flags.is_multiline = true,
        "s" => flags.dot_is_all = true,
        _ => return false,
    }
    true
}

/// What a field is asked for. `items` has at least one.
pub fn values(
    modifiers: &Modifiers,
    items: &[Node],
    placeholders: &Placeholders,
) -> Result<Term, Error> {
    let term = match (modifiers.kind, modifiers.order) {
        (Kind::Text, Some(order)) => numbers(modifiers, items, order)?,
        (Kind::Text, None) => texts(modifiers, items, placeholders)?,
        (Kind::Regular(flags), _) => {
            let pattern = |item: &Node| {
                let text = item
                    .scalar()
                    .ok_or_else(|| modifiers.no_value("a regular expression", item))?;
                regular::to_java(text, flags).map_err(|error| error.at(item.place))
            };
            each(modifiers, items, pattern, Check::Regular)?
        }
        (Kind::Network, _) => {
            let network = |item: &Node| match item.scalar().filter(|text| is_network(text)) {
                Some(text) => Ok(text.trim().to_owned()),
                None => Err(modifiers.no_value("a network such as 10.0.0.0/8", item)),
            };
            each(modifiers, items, network, Check::Network)?
        }
        (Kind::Field, _) => fields(modifiers, items)?,
        (Kind::Exists, _) => exists(modifiers, items)?,
        (Kind::Time(part), order) => times(modifiers, items, part, order)?,
    };
    Ok(if modifiers.is_negated {
        term.not()
    } else {
        term
    })
}

/// One test of all values, or with `|all` one of each.
fn each<T>(
    modifiers: &Modifiers,
    items: &[Node],
    value: impl Fn(&Node) -> Result<T, Error>,
    check: fn(Vec<T>) -> Check,
) -> Result<Term, Error> {
    let values = items.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    if !modifiers.is_all {
        return Ok(modifiers.test(check(values)));
    }
    let tests = values
        .into_iter()
        .map(|value| modifiers.test(check(vec![value])));
    Ok(Term::all(tests.collect()))
}

fn texts(
    modifiers: &Modifiers,
    items: &[Node],
    placeholders: &Placeholders,
) -> Result<Term, Error> {
    let test = |patterns| {
        modifiers.test(Check::Text {
            patterns,
            is_cased: modifiers.is_cased,
        })
    };
    let mut terms = Vec::new();
    let mut together = Vec::new();
    for item in items {
        if item.value == Value::Null {
            if modifiers.field.is_none() {
                return Err(modifiers.no_value("a text", item));
            }
            terms.push(modifiers.test(Check::IsThere(false)));
            continue;
        }
        let patterns = patterns(modifiers, item, placeholders)?;
        match modifiers.is_all {
            true => terms.push(test(patterns)),
            false => together.extend(patterns),
        }
        if together.len() > MAX_VALUES {
            let message = format!("the values stand for more than {MAX_VALUES} texts");
            return Err(Error::new(ErrorKind::Modifier, message).at(item.place));
        }
    }
    if !together.is_empty() {
        terms.push(test(together));
    }
    Ok(modifiers.join(terms))
}

/// What a value has become: text, or bytes that only Base64 makes text again.
enum Made {
    Pattern(Pattern),
    Bytes(Vec<u8>),
}

/// The texts that one value stands for.
fn patterns(
    modifiers: &Modifiers,
    item: &Node,
    placeholders: &Placeholders,
) -> Result<Vec<Pattern>, Error> {
    let pattern = match &item.value {
        Value::Text(text) => Pattern::parse(text),
        _ => Pattern::text(
            item.scalar()
                .ok_or_else(|| modifiers.no_value("a text", item))?,
        ),
    };
    let mut made = vec![Made::Pattern(pattern)];
    for step in &modifiers.steps {
        let mut next = Vec::with_capacity(made.len());
        for value in made {
            apply(*step, value, item, placeholders, &mut next)?;
        }
        made = next;
    }
    let mut patterns = Vec::with_capacity(made.len());
    for value in made {
        let pattern = as_pattern(value, item)?;
        let has_place =
            |step: &Step| matches!(step, Step::Contains | Step::StartsWith | Step::EndsWith);
        // A keyword may stand anywhere in a value.
        patterns.push(
            match modifiers.field.is_none() && !modifiers.steps.iter().any(has_place) {
                true => pattern.starting_anywhere().ending_anywhere(),
                false => pattern,
            },
        );
    }
    Ok(patterns)
}

fn apply(
    step: Step,
    value: Made,
    item: &Node,
    placeholders: &Placeholders,
    made: &mut Vec<Made>,
) -> Result<(), Error> {
    match step {
        Step::Contains => {
            let pattern = as_pattern(value, item)?;
            made.push(Made::Pattern(pattern.starting_anywhere().ending_anywhere()));
        }
        Step::StartsWith => made.push(Made::Pattern(as_pattern(value, item)?.ending_anywhere())),
        Step::EndsWith => made.push(Made::Pattern(as_pattern(value, item)?.starting_anywhere())),
        Step::Windash => {
            let patterns = expand::windash(&as_pattern(value, item)?, item)?;
            made.extend(patterns.into_iter().map(Made::Pattern));
        }
        Step::Expand => {
            let patterns = expand::placeholders(&as_pattern(value, item)?, placeholders, item)?;
            made.extend(patterns.into_iter().map(Made::Pattern));
        }
        Step::Wide(wide) => {
            let pattern = as_pattern(value, item)?;
            let bytes = expand::wide(to_the_letter(&pattern, item)?, wide);
            made.push(Made::Bytes(bytes));
        }
        Step::Base64 => {
            let text = expand::base64(&as_bytes(value, item)?);
            made.push(Made::Pattern(Pattern::text(&text)));
        }
        Step::Base64Offset => {
            let offsets = expand::base64_offsets(&as_bytes(value, item)?);
            if offsets.iter().any(String::is_empty) {
                let message = "the value is too short for `base64offset`: anything would match";
                return Err(Error::new(ErrorKind::Modifier, message).at(item.place));
            }
            let patterns = offsets
                .iter()
                .map(|text| Made::Pattern(Pattern::text(text)));
            made.extend(patterns);
        }
    }
    Ok(())
}

fn as_pattern(value: Made, item: &Node) -> Result<Pattern, Error> {
    match value {
        Made::Pattern(pattern) => Ok(pattern),
        Made::Bytes(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Pattern::text(&text)),
            Err(_) => {
                let message = "the value in UTF-16 is no text that a field can have";
                Err(Error::new(ErrorKind::Modifier, message)
                    .at(item.place)
                    .hint("put `base64offset` or `base64` behind it"))
            }
        },
    }
}

fn as_bytes(value: Made, item: &Node) -> Result<Vec<u8>, Error> {
    match value {
        Made::Bytes(bytes) => Ok(bytes),
        Made::Pattern(pattern) => Ok(to_the_letter(&pattern, item)?.as_bytes().to_vec()),
    }
}

fn to_the_letter<'a>(pattern: &'a Pattern, item: &Node) -> Result<&'a str, Error> {
    pattern.as_text().ok_or_else(|| {
        let message = "a value with wildcards cannot be encoded";
        Error::new(ErrorKind::Modifier, message)
            .at(item.place)
            .hint("put `contains`, `startswith` and `endswith` behind the encoding, and `\\` before a `*` that is meant")
    })
}

fn is_network(text: &str) -> bool {
    let text = text.trim();
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| {
        let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        is_number && length.parse::<u8>().is_ok_and(|length| length <= longest)
    })
}

fn fields(modifiers: &Modifiers, items: &[Node]) -> Result<Term, Error> {
    let place = match modifiers.steps.first() {
        Some(Step::Contains) => FieldPlace::Anywhere,
        Some(Step::StartsWith) => FieldPlace::Start,
        Some(Step::EndsWith) => FieldPlace::End,
        _ => FieldPlace::Whole,
    };
    let terms = items.iter().map(|item| match item.scalar() {
        Some(field) if !field.is_empty() => Ok(modifiers.test(Check::Field {
            field: field.to_owned(),
            place,
            is_cased: modifiers.is_cased,
        })),
        _ => Err(modifiers.no_value("the name of a field", item)),
    });
    Ok(modifiers.join(terms.collect::<Result<_, _>>()?))
}

fn exists(modifiers: &Modifiers, items: &[Node]) -> Result<Term, Error> {
    match items {
        [
            Node {
                value: Value::Boolean(is_there),
                ..
            },
        ] => Ok(modifiers.test(Check::IsThere(*is_there))),
        [item, ..] => Err(modifiers.no_value("`true` or `false`", item)),
        [] => Err(Error::new(
            ErrorKind::Modifier,
            "expected `true` or `false`",
        )),
    }
}

fn numbers(modifiers: &Modifiers, items: &[Node], order: Order) -> Result<Term, Error> {
    let terms = items
        .iter()
        .map(|item| match item.scalar().and_then(number) {
            Some(number) => Ok(modifiers.test(Check::Number { order, number })),
            None => Err(modifiers.no_value("a number", item)),
        });
    Ok(modifiers.join(terms.collect::<Result<_, _>>()?))
}

/// A number as SQL writes it.
fn number(text: &str) -> Option<String> {
    let text = text.trim();
    let number = text.strip_prefix('+').unwrap_or(text);
    let is_written_in_digits = number
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let value = number.parse::<f64>().ok()?;
    (is_written_in_digits && value.is_finite()).then(|| number.to_owned())
}

fn times(
    modifiers: &Modifiers,
    items: &[Node],
    part: TimePart,
    order: Option<Order>,
) -> Result<Term, Error> {
    let number = |item: &Node| match item
        .scalar()
        .and_then(|text| text.trim().parse::<i64>().ok())
    {
        Some(number) => Ok(number),
        None => Err(modifiers.no_value("a whole number", item)),
    };
    let numbers = items.iter().map(number).collect::<Result<Vec<_>, _>>()?;
    let test = |numbers| {
        modifiers.test(Check::Time {
            part,
            order,
            numbers,
        })
    };
    if order.is_none() && !modifiers.is_all {
        return Ok(test(numbers));
    }
    Ok(modifiers.join(
        numbers
            .into_iter()
            .map(|number| test(vec![number]))
            .collect(),
    ))
}
