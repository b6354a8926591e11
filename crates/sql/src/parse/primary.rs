//! What binds tightest: literals, names, calls, constructors, brackets, and the `[]` and `->` behind them.

use super::{
    cursor::{Cursor, shorten},
    expression::{expression, make, value_expression},
    types::type_name,
};
use crate::{
    Error, Expression, ExpressionKind, Ident, Span,
    expression::{CaseBranch, Literal, TimeUnit},
    lexer::TokenKind,
};

pub fn access(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    let base = primary(cursor)?;
    suffixes(cursor, base, start)
}

/// `[index]` and `->field`, as many as there are; `->*` is left for the select list.
pub fn suffixes(
    cursor: &mut Cursor<'_>,
    mut base: Expression,
    start: Span,
) -> Result<Expression, Error> {
    loop {
        let kind = if cursor.eat_symbol("[") {
            let index = Box::new(value_expression(cursor)?);
            cursor.expect_symbol("]")?;
            ExpressionKind::Subscript {
                base: Box::new(base),
                index,
            }
        } else if cursor.is_symbol(0, "->") && !cursor.is_symbol(1, "*") {
            cursor.advance();
            let field = cursor.identifier()?;
            ExpressionKind::Dereference {
                base: Box::new(base),
                field,
            }
        } else if cursor.eat_all(&["AT", "TIME", "ZONE"]) {
            let zone = cursor.span();
            let name = ExpressionKind::Literal(Literal::String(cursor.string()?));
            ExpressionKind::AtTimeZone {
                operand: Box::new(base),
                zone: Box::new(cursor.beside(|cursor| make(cursor, name, zone))?),
            }
        } else {
            return Ok(base);
        };
        base = make(cursor, kind, start)?;
    }
}

fn primary(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    let kind = match cursor.peek(0) {
        TokenKind::Integer(_) | TokenKind::Decimal(_) | TokenKind::Floating(_) => {
            ExpressionKind::Literal(number(cursor, false)?)
        }
        TokenKind::String(_) => ExpressionKind::Literal(Literal::String(cursor.string()?)),
        TokenKind::Symbol("(") => {
            cursor.advance();
            let inner = expression(cursor)?;
            cursor.expect_symbol(")")?;
            return Ok(inner);
        }
        TokenKind::Word(word) => {
            let word = word.to_ascii_uppercase();
            word_expression(cursor, &word)?
        }
        _ => name_expression(cursor)?,
    };
    make(cursor, kind, start)
}

fn word_expression(cursor: &mut Cursor<'_>, word: &str) -> Result<ExpressionKind, Error> {
    Ok(match word {
        "NULL" => literal(cursor, Literal::Null),
        "TRUE" => literal(cursor, Literal::Boolean(true)),
        "FALSE" => literal(cursor, Literal::Boolean(false)),
        "CASE" => case(cursor)?,
        "CAST" => cast(cursor)?,
        "DECIMAL" if matches!(cursor.peek(1), TokenKind::String(_)) => typed_decimal(cursor)?,
        "ARRAY" if cursor.is_symbol(1, "[") => array(cursor)?,
        "MAP" if cursor.is_symbol(1, "(") => map(cursor)?,
        "STRUCT" if cursor.is_symbol(1, "(") => structure(cursor)?,
        _ => name_expression(cursor)?,
    })
}

fn literal(cursor: &mut Cursor<'_>, literal: Literal) -> ExpressionKind {
    cursor.advance();
    ExpressionKind::Literal(literal)
}

/// A column or a call.
fn name_expression(cursor: &mut Cursor<'_>) -> Result<ExpressionKind, Error> {
    // A word that no name may be is said to be reserved; anything else is no expression of any kind.
    if !cursor.is_identifier(0) && !matches!(cursor.peek(0), TokenKind::Word(_)) {
        return Err(cursor.no_viable("an expression"));
    }
    let name = cursor.identifier()?;
    if cursor.is_symbol(0, "(") {
        return call(cursor, name);
    }
    if matches!(cursor.peek(0), TokenKind::String(_)) {
        return Err(unknown_type(cursor, &name));
    }
    if cursor.is_symbol(0, ".") && !cursor.is_symbol(1, "*") {
        cursor.advance();
        return Ok(ExpressionKind::Column {
            source: Some(name),
            name: cursor.identifier()?,
        });
    }
    Ok(ExpressionKind::Column { source: None, name })
}

/// `DATE '2026-01-01'` and its kin: only DECIMAL has literals of its own.
fn unknown_type(cursor: &Cursor<'_>, name: &Ident) -> Error {
    let shown = shorten(&name.value, 80);
    let hint = format!("write CAST('…' AS {shown}) if it is a type");
    cursor.refusal(format!("Unknown type: {shown}"), name.span, Some(hint))
}

fn call(cursor: &mut Cursor<'_>, name: Ident) -> Result<ExpressionKind, Error> {
    cursor.expect_symbol("(")?;
    let is_star = cursor.is_symbol(1, ")") && cursor.eat_symbol("*");
    let mut arguments = Vec::new();
    if is_star || cursor.is_symbol(0, ")") {
        cursor.advance();
        return Ok(ExpressionKind::Call {
            name,
            arguments,
            is_star,
        });
    }
    loop {
        let argument = argument(cursor, arguments.last())?;
        arguments.push(argument);
        if !cursor.eat_symbol(",") {
            break;
        }
    }
    cursor.expect_symbol(")")?;
    Ok(ExpressionKind::Call {
        name,
        arguments,
        is_star,
    })
}

/// An expression, or what only a function takes: a unit of time, or a lambda, which stands behind all other arguments and
/// behind at least one.
fn argument(cursor: &mut Cursor<'_>, before: Option<&Expression>) -> Result<Expression, Error> {
    let start = cursor.span();
    let Some(count) = before.and_then(|_| lambda_parameters(cursor)) else {
        return match before.map(|before| &before.kind) {
            Some(ExpressionKind::Lambda { .. }) => Err(cursor.expected("a lambda")),
            _ => value_argument(cursor),
        };
    };
    let mut parameters = Vec::with_capacity(count);
    while !cursor.eat_symbol("=>") {
        if cursor.is_identifier(0) {
            parameters.push(cursor.identifier()?);
        } else {
            cursor.advance();
        }
    }
    cursor.beside(|cursor| {
        let body = Box::new(expression(cursor)?);
        make(cursor, ExpressionKind::Lambda { parameters, body }, start)
    })
}

fn value_argument(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    match time_unit(cursor) {
        Some(unit) => {
            let kind = ExpressionKind::TimeUnit(unit);
            cursor.beside(|cursor| make(cursor, kind, start))
        }
        None => expression(cursor),
    }
}

/// How many names stand in `a =>` or `(a, b) =>`, if this is what comes next.
fn lambda_parameters(cursor: &Cursor<'_>) -> Option<usize> {
    if cursor.is_identifier(0) && cursor.is_symbol(1, "=>") {
        return Some(1);
    }
    if !cursor.is_symbol(0, "(") {
        return None;
    }
    let mut count = 0;
    loop {
        if !cursor.is_identifier(2 * count + 1) {
            return None;
        }
        count += 1;
        if !cursor.is_symbol(2 * count, ",") {
            break;
        }
    }
    (cursor.is_symbol(2 * count, ")") && cursor.is_symbol(2 * count + 1, "=>")).then_some(count)
}

/// A unit alone in its argument: these words are reserved, so nothing else can be meant.
fn time_unit(cursor: &mut Cursor<'_>) -> Option<TimeUnit> {
    let TokenKind::Word(word) = cursor.peek(0) else {
        return None;
    };
    let unit = match word.to_ascii_uppercase().as_str() {
        "DAYS" => TimeUnit::Days,
        "HOURS" => TimeUnit::Hours,
        "MINUTES" => TimeUnit::Minutes,
        "SECONDS" => TimeUnit::Seconds,
        "MILLISECONDS" | "MILLISECOND" => TimeUnit::Milliseconds,
        _ => return None,
    };
    if !(cursor.is_symbol(1, ",") || cursor.is_symbol(1, ")")) {
        return None;
    }
    cursor.advance();
    Some(unit)
}

/// At least one expression, and what closes the list.
pub fn list(cursor: &mut Cursor<'_>, close: &str) -> Result<Vec<Expression>, Error> {
    let mut items = vec![expression(cursor)?];
    while cursor.eat_symbol(",") {
        items.push(expression(cursor)?);
    }
    cursor.expect_symbol(close)?;
    Ok(items)
}

fn case(cursor: &mut Cursor<'_>) -> Result<ExpressionKind, Error> {
    cursor.advance();
    let operand = if cursor.is_word(0, "WHEN") {
        None
    } else {
        Some(Box::new(expression(cursor)?))
    };
    let mut branches = Vec::new();
    while cursor.eat("WHEN") {
        let condition = expression(cursor)?;
        cursor.expect("THEN")?;
        branches.push(CaseBranch {
            condition,
            result: expression(cursor)?,
        });
    }
    if branches.is_empty() {
        return Err(cursor.expected("'WHEN'"));
    }
    let otherwise = if cursor.eat("ELSE") {
        Some(Box::new(expression(cursor)?))
    } else {
        None
    };
    cursor.expect("END")?;
    Ok(ExpressionKind::Case {
        operand,
        branches,
        otherwise,
    })
}

fn cast(cursor: &mut Cursor<'_>) -> Result<ExpressionKind, Error> {
    cursor.advance();
    cursor.expect_symbol("(")?;
    let operand = Box::new(expression(cursor)?);
    cursor.expect("AS")?;
    let to = type_name(cursor)?;
    cursor.expect_symbol(")")?;
    Ok(ExpressionKind::Cast { operand, to })
}

/// `DECIMAL '1.20'`.
fn typed_decimal(cursor: &mut Cursor<'_>) -> Result<ExpressionKind, Error> {
    cursor.advance();
    let text = cursor.string()?;
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let is_decimal = !digits.is_empty()
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
        && digits != ".";
    if !is_decimal {
        return Err(cursor.invalid_number("", &text));
    }
    let text = if text.contains('.') {
        text
    } else {
        format!("{text}.")
    };
    Ok(ExpressionKind::Literal(Literal::Decimal(text)))
}

fn array(cursor: &mut Cursor<'_>) -> Result<ExpressionKind, Error> {
    cursor.advance();
    cursor.expect_symbol("[")?;
    if cursor.eat_symbol("]") {
        return Ok(ExpressionKind::Array(Vec::new()));
    }
    list(cursor, "]").map(ExpressionKind::Array)
}

fn map(cursor: &mut Cursor<'_>) -> Result<ExpressionKind, Error> {
    cursor.advance();
    cursor.expect_symbol("(")?;
    let mut entries = Vec::new();
    if cursor.eat_symbol(")") {
        return Ok(ExpressionKind::Map(entries));
    }
    loop {
        let key = expression(cursor)?;
        cursor.expect_symbol(":=")?;
        entries.push((key, expression(cursor)?));
        if !cursor.eat_symbol(",") {
            break;
        }
    }
    cursor.expect_symbol(")")?;
    Ok(ExpressionKind::Map(entries))
}

fn structure(cursor: &mut Cursor<'_>) -> Result<ExpressionKind, Error> {
    cursor.advance();
    cursor.expect_symbol("(")?;
    let mut fields = Vec::new();
    if cursor.eat_symbol(")") {
        return Ok(ExpressionKind::Struct(fields));
    }
    loop {
        let name = cursor.identifier()?;
        cursor.expect_symbol(":=")?;
        fields.push((name, expression(cursor)?));
        if !cursor.eat_symbol(",") {
            break;
        }
    }
    cursor.expect_symbol(")")?;
    Ok(ExpressionKind::Struct(fields))
}

/// A number literal; `is_negative` if a minus was read before it.
pub fn number(cursor: &mut Cursor<'_>, is_negative: bool) -> Result<Literal, Error> {
    let sign = if is_negative { "-" } else { "" };
    let literal = match cursor.peek(0).clone() {
        TokenKind::Integer(digits) => {
            let value: i64 = format!("{sign}{digits}")
                .parse()
                .map_err(|_| cursor.invalid_number(sign, &digits))?;
            i32::try_from(value).map_or(Literal::BigInt(value), Literal::Integer)
        }
        TokenKind::Decimal(digits) => Literal::Decimal(format!("{sign}{digits}")),
        TokenKind::Floating(digits) => {
            let value: f64 = format!("{sign}{digits}")
                .parse()
                .map_err(|_| cursor.invalid_number(sign, &digits))?;
            if value.is_infinite() {
                return Err(cursor.overflowing_number(sign, &digits));
            }
            Literal::Double(value)
        }
        _ => return Err(cursor.expected("a number")),
    };
    cursor.advance();
    Ok(literal)
}
