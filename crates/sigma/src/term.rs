//! What a rule asks of an event, before it is known where the event's fields are.
//!
//! Two-valued: a test of a field that is absent is false, and its `not` is true.

use crate::pattern::Pattern;

/// Chains are flat: no `And` stands in an `And`, no `Or` in an `Or`, and none has fewer than two operands.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    And(Vec<Term>),
    Or(Vec<Term>),
    Not(Box<Term>),
    /// So many of them, more than one and fewer than all.
    AtLeast(usize, Vec<Term>),
    Test(Test),
}

/// A test of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// `None` for keywords: any value of the event.
    pub field: Option<String>,
    pub check: Check,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// Whether the field is there at all, or is not.
    IsThere(bool),
    /// Any of the patterns.
    Text {
        patterns: Vec<Pattern>,
        is_cased: bool,
    },
    /// Any of the regular expressions, in Java's dialect.
    Regular(Vec<String>),
    /// Any of the networks.
    Network(Vec<String>),
    /// The value of another field.
    Field {
        field: String,
        place: FieldPlace,
        is_cased: bool,
    },
    Number {
        order: Order,
        number: String,
    },
    /// A part of a time; any of the numbers.
    Time {
        part: TimePart,
        order: Option<Order>,
        numbers: Vec<i64>,
    },
}

/// Where the value of the other field must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldPlace {
    Whole,
    Anywhere,
    Start,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Term {
    /// `terms` has at least one.
    pub fn all(terms: Vec<Term>) -> Term {
        chain(terms, Term::And, |term| match term {
            Term::And(terms) => Ok(terms),
            other => Err(other),
        })
    }

    /// `terms` has at least one.
    pub fn any(terms: Vec<Term>) -> Term {
        chain(terms, Term::Or, |term| match term {
            Term::Or(terms) => Ok(terms),
            other => Err(other),
        })
    }

    pub fn at_least(least: usize, terms: Vec<Term>) -> Term {
        match least {
            0 | 1 => Self::any(terms),
            all if all == terms.len() => Self::all(terms),
            _ => Self::AtLeast(least, terms),
        }
    }

    pub fn not(self) -> Term {
        match self {
            Self::Not(term) => *term,
            Self::Test(Test {
                field,
                check: Check::IsThere(is_there),
            }) => Self::Test(Test {
                field,
                check: Check::IsThere(!is_there),
            }),
            other => Self::Not(Box::new(other)),
        }
    }
}

fn chain(
    terms: Vec<Term>,
    kind: fn(Vec<Term>) -> Term,
    unchained: fn(Term) -> Result<Vec<Term>, Term>,
) -> Term {
    let mut flat = Vec::with_capacity(terms.len());
    for term in terms {
        match unchained(term) {
            Ok(terms) => flat.extend(terms),
            Err(term) => flat.push(term),
        }
    }
    match flat.len() {
        1 => flat.remove(0),
        _ => kind(flat),
    }
}
