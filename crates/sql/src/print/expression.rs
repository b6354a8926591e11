//! Expressions, with as many parentheses as their levels ask for.

use std::fmt::{self, Display, Formatter};

use super::{Quoted, separated};
use crate::{
    Expression, ExpressionKind, Ident,
    deep::deep,
    expression::{ArithmeticOperator, ComparisonOperator, LikePattern, Literal, TimeUnit},
};

/// How tightly an expression binds; what is looser than its place asks for stands between parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Lambda,
    Or,
    And,
    Not,
    Comparison,
    Concat,
    Sum,
    Product,
    Sign,
    Access,
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        deep(|| print(f, &self.kind))
    }
}

fn level(kind: &ExpressionKind) -> Level {
    match kind {
        ExpressionKind::Lambda { .. } => Level::Lambda,
        ExpressionKind::Or(_) => Level::Or,
        ExpressionKind::And(_) => Level::And,
        ExpressionKind::Not(_) => Level::Not,
        ExpressionKind::Comparison { .. }
        | ExpressionKind::Between { .. }
        | ExpressionKind::In { .. }
        | ExpressionKind::Like { .. }
        | ExpressionKind::IsNull { .. } => Level::Comparison,
        ExpressionKind::Concat(_) => Level::Concat,
        ExpressionKind::Arithmetic {
            operator: ArithmeticOperator::Add | ArithmeticOperator::Subtract,
            ..
        } => Level::Sum,
        ExpressionKind::Arithmetic { .. } => Level::Product,
        ExpressionKind::Sign { .. } => Level::Sign,
        _ => Level::Access,
    }
}

/// Prints an operand that must bind at least as tightly as `least`.
fn at(f: &mut Formatter<'_>, expression: &Expression, least: Level) -> fmt::Result {
    if level(&expression.kind) < least {
        write!(f, "({expression})")
    } else {
        write!(f, "{expression}")
    }
}

fn print(f: &mut Formatter<'_>, kind: &ExpressionKind) -> fmt::Result {
    match kind {
        ExpressionKind::Literal(literal) => write!(f, "{literal}"),
        ExpressionKind::Column {
            source: Some(source),
            name,
        } => write!(f, "{source}.{name}"),
        ExpressionKind::Column { source: None, name } => write!(f, "{}", Name(name)),
        ExpressionKind::Dereference { base, field } => {
            at(f, base, Level::Access)?;
            write!(f, "->{field}")
        }
        ExpressionKind::Subscript { base, index } => {
            at(f, base, Level::Access)?;
            f.write_str("[")?;
            // The grammar has no comparison here but in brackets.
            at(f, index, Level::Concat)?;
            f.write_str("]")
        }
        ExpressionKind::Sign {
            is_negative,
            operand,
        } => sign(f, *is_negative, operand),
        ExpressionKind::Not(operand) => {
            f.write_str("NOT ")?;
            at(f, operand, Level::Not)
        }
        ExpressionKind::And(operands) => chain(f, operands, " AND ", Level::Not),
        ExpressionKind::Or(operands) => chain(f, operands, " OR ", Level::And),
        ExpressionKind::Concat(operands) => chain(f, operands, " || ", Level::Sum),
        ExpressionKind::Arithmetic {
            left,
            operator,
            right,
        } => {
            let (own, next) = match level(kind) {
                Level::Sum => (Level::Sum, Level::Product),
                _ => (Level::Product, Level::Sign),
            };
            at(f, left, own)?;
            write!(f, " {operator} ")?;
            at(f, right, next)
        }
        ExpressionKind::Comparison { .. }
        | ExpressionKind::Between { .. }
        | ExpressionKind::In { .. }
        | ExpressionKind::Like { .. }
        | ExpressionKind::IsNull { .. } => comparison(f, kind),
        _ => word_form(f, kind),
    }
}

fn chain(
    f: &mut Formatter<'_>,
    operands: &[Expression],
    separator: &str,
    least: Level,
) -> fmt::Result {
    separated(f, operands, separator, |f, operand| at(f, operand, least))
}

/// The name of a function: `LIKE ANY (…)` would be a list of patterns.
struct FunctionName<'a>(&'a Ident);

impl Display for FunctionName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.value.as_str() {
            "ANY" => f.write_str("`ANY`"),
            _ => write!(f, "{}", Name(self.0)),
        }
    }
}

/// The name of a column or a function; a name that begins a constructor stands between quotes.
struct Name<'a>(&'a Ident);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.value.as_str() {
            name @ ("ARRAY" | "MAP" | "STRUCT") => write!(f, "`{name}`"),
            _ => write!(f, "{}", self.0),
        }
    }
}

fn sign(f: &mut Formatter<'_>, is_negative: bool, operand: &Expression) -> fmt::Result {
    f.write_str(if is_negative { "-" } else { "+" })?;
    // `-1` would be a literal, `--x` a comment.
    if level(&operand.kind) == Level::Sign || begins_with_number(operand) {
        write!(f, "({operand})")
    } else {
        at(f, operand, Level::Sign)
    }
}

/// Whether a minus before the printed expression would be read as part of its first number.
fn begins_with_number(expression: &Expression) -> bool {
    let mut first = expression;
    while let ExpressionKind::Dereference { base, .. }
    | ExpressionKind::Subscript { base, .. }
    | ExpressionKind::AtTimeZone { operand: base, .. } = &first.kind
    {
        first = base;
    }
    matches!(first.kind, ExpressionKind::Literal(_))
}

fn comparison(f: &mut Formatter<'_>, kind: &ExpressionKind) -> fmt::Result {
    let not = |is_negated: bool| if is_negated { "NOT " } else { "" };
    match kind {
        ExpressionKind::Comparison {
            left,
            operator,
            right,
        } => {
            at(f, left, Level::Comparison)?;
            write!(f, " {operator} ")?;
            at(f, right, Level::Concat)
        }
        ExpressionKind::Between {
            operand,
            is_negated,
            low,
            high,
        } => {
            at(f, operand, Level::Comparison)?;
            write!(f, " {}BETWEEN ", not(*is_negated))?;
            at(f, low, Level::Concat)?;
            f.write_str(" AND ")?;
            at(f, high, Level::Concat)
        }
        ExpressionKind::In {
            operand,
            is_negated,
            items,
        } => {
            at(f, operand, Level::Comparison)?;
            write!(f, " {}IN (", not(*is_negated))?;
            separated(f, items, ", ", |f, item| write!(f, "{item}"))?;
            f.write_str(")")
        }
        ExpressionKind::Like {
            operand,
            is_negated,
            ignores_case,
            pattern,
            escape,
        } => {
            at(f, operand, Level::Comparison)?;
            let operator = if *ignores_case { "ILIKE" } else { "LIKE" };
            write!(f, " {}{operator} ", not(*is_negated))?;
            match pattern {
                LikePattern::One(pattern) => at(f, pattern, Level::Concat)?,
                LikePattern::Any(patterns) => {
                    f.write_str("ANY (")?;
                    separated(f, patterns, ", ", |f, pattern| write!(f, "{pattern}"))?;
                    f.write_str(")")?;
                }
            }
            match escape {
                Some(escape) => write!(f, " ESCAPE {}", Quoted(&escape.to_string())),
                None => Ok(()),
            }
        }
        ExpressionKind::IsNull {
            operand,
            is_negated,
        } => {
            at(f, operand, Level::Comparison)?;
            write!(f, " IS {}NULL", not(*is_negated))
        }
        _ => Ok(()),
    }
}

/// What begins with a word or a bracket of its own.
fn word_form(f: &mut Formatter<'_>, kind: &ExpressionKind) -> fmt::Result {
    match kind {
        ExpressionKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            f.write_str("CASE")?;
            if let Some(operand) = operand {
                write!(f, " {operand}")?;
            }
            for branch in branches {
                write!(f, " WHEN {} THEN {}", branch.condition, branch.result)?;
            }
            if let Some(otherwise) = otherwise {
                write!(f, " ELSE {otherwise}")?;
            }
            f.write_str(" END")
        }
        ExpressionKind::Cast { operand, to } => write!(f, "CAST({operand} AS {to})"),
        ExpressionKind::Call {
            name,
            is_star: true,
            ..
        } => write!(f, "{}(*)", FunctionName(name)),
        ExpressionKind::Call {
            name, arguments, ..
        } => {
            write!(f, "{}(", FunctionName(name))?;
            separated(f, arguments, ", ", |f, argument| write!(f, "{argument}"))?;
            f.write_str(")")
        }
        ExpressionKind::Array(items) => {
            f.write_str("ARRAY[")?;
            separated(f, items, ", ", |f, item| write!(f, "{item}"))?;
            f.write_str("]")
        }
        ExpressionKind::Map(entries) => {
            f.write_str("MAP(")?;
            separated(f, entries, ", ", |f, (key, value)| {
                write!(f, "{key} := {value}")
            })?;
            f.write_str(")")
        }
        ExpressionKind::Struct(fields) => {
            f.write_str("STRUCT(")?;
            separated(f, fields, ", ", |f, (name, value)| {
                write!(f, "{name} := {value}")
            })?;
            f.write_str(")")
        }
        ExpressionKind::Lambda { parameters, body } => match parameters.as_slice() {
            [only] => write!(f, "{only} => {body}"),
            _ => {
                f.write_str("(")?;
                separated(f, parameters, ", ", |f, parameter| write!(f, "{parameter}"))?;
                write!(f, ") => {body}")
            }
        },
        ExpressionKind::TimeUnit(unit) => write!(f, "{unit}"),
        ExpressionKind::AtTimeZone { operand, zone } => {
            at(f, operand, Level::Access)?;
            f.write_str(" AT TIME ZONE ")?;
            at(f, zone, Level::Access)
        }
        _ => Ok(()),
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean(true) => f.write_str("TRUE"),
            Self::Boolean(false) => f.write_str("FALSE"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::BigInt(value) => write!(f, "{value}"),
            Self::Decimal(digits) => f.write_str(digits),
            Self::Double(value) => write!(f, "{value:E}"),
            Self::String(text) => write!(f, "{}", Quoted(text)),
        }
    }
}

impl Display for ArithmeticOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        })
    }
}

impl Display for ComparisonOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::IsDistinctFrom => "IS DISTINCT FROM",
            Self::IsNotDistinctFrom => "IS NOT DISTINCT FROM",
        })
    }
}

impl Display for TimeUnit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Days => "DAYS",
            Self::Hours => "HOURS",
            Self::Minutes => "MINUTES",
            Self::Seconds => "SECONDS",
            Self::Milliseconds => "MILLISECONDS",
        })
    }
}
