//! Expressions, by precedence, loosest first: OR, AND, NOT, comparison, `||`, `+ -`, `* / %`, sign; then `primary`.
//!
//! Every node that is made goes through [`make`], which keeps the tree as low as it must be.

use super::{
    cursor::{Cursor, shorten},
    primary::{access, list, number, suffixes},
};
use crate::{
    Error, Expression, ExpressionKind, Span,
    expression::{ArithmeticOperator, ComparisonOperator, LikePattern, MAX_DEPTH},
    keywords::is_reserved,
    lexer::TokenKind,
};

/// Anything with a value: what stands between brackets, in WHERE, in SELECT.
pub fn expression(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    cursor.nested(or)
}

/// What the grammar takes for a key of GROUP BY and PARTITION BY: no comparison, AND, OR, NOT but in brackets.
pub fn value_expression(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    cursor.nested(concat)
}

/// A node on top of all that was read since [`Cursor::beside`].
pub fn make(
    cursor: &mut Cursor<'_>,
    kind: ExpressionKind,
    start: Span,
) -> Result<Expression, Error> {
    cursor.raise()?;
    Ok(Expression {
        kind,
        span: cursor.span_from(start),
    })
}

fn or(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    chain(cursor, and, |cursor| cursor.eat("OR"), ExpressionKind::Or)
}

fn and(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    chain(cursor, not, |cursor| cursor.eat("AND"), ExpressionKind::And)
}

fn concat(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    chain(
        cursor,
        sum,
        |cursor| cursor.eat_symbol("||"),
        ExpressionKind::Concat,
    )
}

/// Operands with the same operator between them, as one node; a single operand stands for itself.
fn chain(
    cursor: &mut Cursor<'_>,
    operand: fn(&mut Cursor<'_>) -> Result<Expression, Error>,
    goes_on: fn(&mut Cursor<'_>) -> bool,
    kind: fn(Vec<Expression>) -> ExpressionKind,
) -> Result<Expression, Error> {
    let start = cursor.span();
    let first = operand(cursor)?;
    if !goes_on(cursor) {
        return Ok(first);
    }
    let mut operands = vec![first, cursor.beside(operand)?];
    while goes_on(cursor) {
        operands.push(cursor.beside(operand)?);
    }
    make(cursor, kind(operands), start)
}

fn not(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let mut starts = Vec::new();
    while cursor.is_word(0, "NOT") {
        push_prefix(cursor, &mut starts)?;
    }
    let mut expression = predicate(cursor)?;
    for start in starts.into_iter().rev() {
        expression = make(cursor, ExpressionKind::Not(Box::new(expression)), start)?;
    }
    Ok(expression)
}

/// Reads one more of the operators that stand before an operand: as many as a tree may be high.
fn push_prefix(cursor: &mut Cursor<'_>, starts: &mut Vec<Span>) -> Result<(), Error> {
    if starts.len() >= MAX_DEPTH {
        return Err(cursor.too_complex());
    }
    starts.push(cursor.span());
    cursor.advance();
    Ok(())
}

/// Comparisons are one level: `a = b = c` reads from the left.
fn predicate(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    let mut left = concat(cursor)?;
    while starts_comparison(cursor) {
        let kind = comparison(cursor, Box::new(left))?;
        left = make(cursor, kind, start)?;
    }
    Ok(left)
}

fn starts_comparison(cursor: &Cursor<'_>) -> bool {
    if let TokenKind::Symbol(symbol) = cursor.peek(0) {
        return ["=", "<>", "!=", "<", "<=", ">", ">="].contains(symbol);
    }
    let ahead = usize::from(cursor.is_word(0, "NOT"));
    let words: &[&str] = if ahead == 1 {
        &["BETWEEN", "IN", "LIKE"]
    } else {
        &["BETWEEN", "IN", "LIKE", "IS"]
    };
    words.iter().any(|word| cursor.is_word(ahead, word)) || is_ilike(cursor, ahead)
}

/// Whether ILIKE is an operator here and no name: `SELECT A ILIKE FROM S` has a column of that name, as in ksqlDB.
fn is_ilike(cursor: &Cursor<'_>, ahead: usize) -> bool {
    if !cursor.is_word(ahead, "ILIKE") {
        return false;
    }
    match cursor.peek(ahead + 1) {
        TokenKind::Word(word) => {
            let begins = ["CASE", "CAST", "NULL", "TRUE", "FALSE"];
            let is = |other: &&str| word.eq_ignore_ascii_case(other);
            !is_reserved(&word.to_ascii_uppercase()) || begins.iter().any(is)
        }
        TokenKind::Symbol(symbol) => ["(", "-", "+"].contains(symbol),
        TokenKind::End => false,
        _ => true,
    }
}

/// Reads an operator and what is right of it.
fn comparison(cursor: &mut Cursor<'_>, operand: Box<Expression>) -> Result<ExpressionKind, Error> {
    if let Some(operator) = comparison_operator(cursor) {
        return Ok(ExpressionKind::Comparison {
            left: operand,
            operator,
            right: operand_beside(cursor)?,
        });
    }
    if cursor.eat("IS") {
        return is(cursor, operand);
    }
    let is_negated = cursor.eat("NOT");
    if cursor.eat("BETWEEN") {
        let low = operand_beside(cursor)?;
        cursor.expect("AND")?;
        return Ok(ExpressionKind::Between {
            operand,
            is_negated,
            low,
            high: operand_beside(cursor)?,
        });
    }
    if cursor.eat("IN") {
        cursor.expect_symbol("(")?;
        return Ok(ExpressionKind::In {
            operand,
            is_negated,
            items: list(cursor, ")")?,
        });
    }
    let ignores_case = cursor.eat("ILIKE");
    if !ignores_case {
        cursor.expect("LIKE")?;
    }
    let pattern = like_pattern(cursor)?;
    Ok(ExpressionKind::Like {
        operand,
        is_negated,
        ignores_case,
        pattern,
        escape: escape(cursor)?,
    })
}

/// What stands right of a comparison.
fn operand_beside(cursor: &mut Cursor<'_>) -> Result<Box<Expression>, Error> {
    cursor.beside(concat).map(Box::new)
}

fn comparison_operator(cursor: &mut Cursor<'_>) -> Option<ComparisonOperator> {
    let TokenKind::Symbol(symbol) = cursor.peek(0) else {
        return None;
    };
    let operator = match *symbol {
        "=" => ComparisonOperator::Equal,
        "<>" | "!=" => ComparisonOperator::NotEqual,
        "<" => ComparisonOperator::Less,
        "<=" => ComparisonOperator::LessOrEqual,
        ">" => ComparisonOperator::Greater,
        ">=" => ComparisonOperator::GreaterOrEqual,
        _ => return None,
    };
    cursor.advance();
    Some(operator)
}

fn is(cursor: &mut Cursor<'_>, operand: Box<Expression>) -> Result<ExpressionKind, Error> {
    let is_negated = cursor.eat("NOT");
    if cursor.eat("NULL") {
        return Ok(ExpressionKind::IsNull {
            operand,
            is_negated,
        });
    }
    if !cursor.eat_all(&["DISTINCT", "FROM"]) {
        return Err(cursor.expected("{'NULL', 'DISTINCT'}"));
    }
    let operator = if is_negated {
        ComparisonOperator::IsNotDistinctFrom
    } else {
        ComparisonOperator::IsDistinctFrom
    };
    Ok(ExpressionKind::Comparison {
        left: operand,
        operator,
        right: operand_beside(cursor)?,
    })
}

/// One pattern, or `ANY (…)`: a list of them. ANY alone is a column.
fn like_pattern(cursor: &mut Cursor<'_>) -> Result<LikePattern, Error> {
    if cursor.is_word(0, "ANY") && cursor.is_symbol(1, "(") {
        cursor.advance();
        cursor.expect_symbol("(")?;
        return list(cursor, ")").map(LikePattern::Any);
    }
    operand_beside(cursor).map(LikePattern::One)
}

fn escape(cursor: &mut Cursor<'_>) -> Result<Option<char>, Error> {
    if cursor.is_word(0, "ESCAPE") && matches!(cursor.peek(1), TokenKind::String(_)) {
        cursor.advance();
        return escape_character(cursor).map(Some);
    }
    Ok(None)
}

fn escape_character(cursor: &mut Cursor<'_>) -> Result<char, Error> {
    let at = cursor.position();
    let text = cursor.string()?;
    let mut characters = text.chars();
    if let (Some(character), None) = (characters.next(), characters.next()) {
        return Ok(character);
    }
    cursor.rewind(at);
    let what = format!(
        "Expected single character escape, but got: {}",
        shorten(&text, 40)
    );
    Err(cursor.syntax(&what, Some("write ESCAPE '!'".to_owned())))
}

fn sum(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    arithmetic(cursor, product, |symbol| match symbol {
        "+" => Some(ArithmeticOperator::Add),
        "-" => Some(ArithmeticOperator::Subtract),
        _ => None,
    })
}

fn product(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    arithmetic(cursor, sign, |symbol| match symbol {
        "*" => Some(ArithmeticOperator::Multiply),
        "/" => Some(ArithmeticOperator::Divide),
        "%" => Some(ArithmeticOperator::Modulo),
        _ => None,
    })
}

fn arithmetic(
    cursor: &mut Cursor<'_>,
    operand: fn(&mut Cursor<'_>) -> Result<Expression, Error>,
    operator_of: fn(&str) -> Option<ArithmeticOperator>,
) -> Result<Expression, Error> {
    let start = cursor.span();
    let mut left = operand(cursor)?;
    while let TokenKind::Symbol(symbol) = cursor.peek(0) {
        let Some(operator) = operator_of(symbol) else {
            break;
        };
        cursor.advance();
        let kind = ExpressionKind::Arithmetic {
            left: Box::new(left),
            operator,
            right: cursor.beside(operand).map(Box::new)?,
        };
        left = make(cursor, kind, start)?;
    }
    Ok(left)
}

/// `-x`, `+x`; the last minus before a number is the number's own.
fn sign(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let mut signs = Vec::new();
    let mut starts = Vec::new();
    while cursor.is_symbol(0, "-") || cursor.is_symbol(0, "+") {
        signs.push(cursor.is_symbol(0, "-"));
        push_prefix(cursor, &mut starts)?;
    }
    let is_number = matches!(
        cursor.peek(0),
        TokenKind::Integer(_) | TokenKind::Decimal(_) | TokenKind::Floating(_)
    );
    let mut expression = if is_number && signs.last() == Some(&true) {
        signs.pop();
        let start = starts.pop().unwrap_or_else(|| cursor.span());
        let literal = ExpressionKind::Literal(number(cursor, true)?);
        let literal = make(cursor, literal, start)?;
        suffixes(cursor, literal, start)?
    } else {
        access(cursor)?
    };
    for (is_negative, start) in signs.into_iter().zip(starts).rev() {
        let kind = ExpressionKind::Sign {
            is_negative,
            operand: Box::new(expression),
        };
        expression = make(cursor, kind, start)?;
    }
    Ok(expression)
}
