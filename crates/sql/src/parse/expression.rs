//! Expressions, by precedence, loosest first: OR, AND, NOT, comparison, `||`, `+ -`, `* / %`, sign, `[] ->`.

use super::{cursor::Cursor, types::type_name};
use crate::{
    Error, Expression, ExpressionKind, Ident, Span,
    expression::{
        ArithmeticOperator, CaseBranch, ComparisonOperator, Literal, MAX_DEPTH, TimeUnit,
    },
    lexer::TokenKind,
};

pub fn expression(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    // Debug frames are large and a level of nesting is eight of them.
    stacker::maybe_grow(128 << 10, 2 << 20, || cursor.nested(or))
}

fn make(kind: ExpressionKind, span: Span) -> Expression {
    Expression { kind, span }
}

fn or(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    let mut operands = vec![and(cursor)?];
    while cursor.eat("OR") {
        operands.push(and(cursor)?);
    }
    Ok(chain(operands, ExpressionKind::Or, cursor.span_from(start)))
}

fn and(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    let mut operands = vec![not(cursor)?];
    while cursor.eat("AND") {
        operands.push(not(cursor)?);
    }
    Ok(chain(
        operands,
        ExpressionKind::And,
        cursor.span_from(start),
    ))
}

/// One operand stands for itself.
fn chain(
    mut operands: Vec<Expression>,
    kind: fn(Vec<Expression>) -> ExpressionKind,
    span: Span,
) -> Expression {
    match operands.pop() {
        Some(only) if operands.is_empty() => only,
        Some(last) => {
            operands.push(last);
            make(kind(operands), span)
        }
        None => make(ExpressionKind::Literal(Literal::Null), span),
    }
}

fn not(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    if cursor.eat("NOT") {
        let operand = cursor.nested(not)?;
        return Ok(make(
            ExpressionKind::Not(Box::new(operand)),
            cursor.span_from(start),
        ));
    }
    predicate(cursor)
}

/// Comparisons are one level: `a = b = c` reads from the left.
fn predicate(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    let mut left = concat(cursor)?;
    let mut length = 0;
    while starts_comparison(cursor) {
        length = grow(cursor, length)?;
        let kind = comparison(cursor, Box::new(left))?;
        left = make(kind, cursor.span_from(start));
    }
    Ok(left)
}

/// A left-deep chain is a tree as deep as it is long.
fn grow(cursor: &Cursor<'_>, length: usize) -> Result<usize, Error> {
    if length >= MAX_DEPTH {
        return Err(cursor.too_complex());
    }
    Ok(length + 1)
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
    words.iter().any(|word| cursor.is_word(ahead, word))
}

/// Reads an operator and what is right of it.
fn comparison(cursor: &mut Cursor<'_>, operand: Box<Expression>) -> Result<ExpressionKind, Error> {
    if let Some(operator) = comparison_operator(cursor) {
        let right = Box::new(concat(cursor)?);
        return Ok(ExpressionKind::Comparison {
            left: operand,
            operator,
            right,
        });
    }
    if cursor.eat("IS") {
        return is(cursor, operand);
    }
    let is_negated = cursor.eat("NOT");
    if cursor.eat("BETWEEN") {
        let low = Box::new(concat(cursor)?);
        cursor.expect("AND")?;
        let high = Box::new(concat(cursor)?);
        return Ok(ExpressionKind::Between {
            operand,
            is_negated,
            low,
            high,
        });
    }
    if cursor.eat("IN") {
        cursor.expect_symbol("(")?;
        let items = list(cursor, ")")?;
        return Ok(ExpressionKind::In {
            operand,
            is_negated,
            items,
        });
    }
    cursor.expect("LIKE")?;
    like(cursor, operand, is_negated)
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
    let right = Box::new(concat(cursor)?);
    Ok(ExpressionKind::Comparison {
        left: operand,
        operator,
        right,
    })
}

fn like(
    cursor: &mut Cursor<'_>,
    operand: Box<Expression>,
    is_negated: bool,
) -> Result<ExpressionKind, Error> {
    let pattern = Box::new(concat(cursor)?);
    let mut escape = None;
    if cursor.is_word(0, "ESCAPE") && matches!(cursor.peek(1), TokenKind::String(_)) {
        cursor.advance();
        let at = cursor.position();
        let text = cursor.string()?;
        let mut characters = text.chars();
        escape = characters.next();
        if escape.is_none() || characters.next().is_some() {
            cursor.rewind(at);
            let what = format!(
                "Expected single character escape, but got: {}",
                super::cursor::shorten(&text, 40)
            );
            return Err(cursor.syntax(&what, Some("write ESCAPE '!'".to_owned())));
        }
    }
    Ok(ExpressionKind::Like {
        operand,
        is_negated,
        pattern,
        escape,
    })
}

fn concat(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    let mut operands = vec![sum(cursor)?];
    while cursor.eat_symbol("||") {
        operands.push(sum(cursor)?);
    }
    Ok(chain(
        operands,
        ExpressionKind::Concat,
        cursor.span_from(start),
    ))
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
    let mut length = 0;
    while let TokenKind::Symbol(symbol) = cursor.peek(0) {
        let Some(operator) = operator_of(symbol) else {
            break;
        };
        cursor.advance();
        length = grow(cursor, length)?;
        let right = Box::new(operand(cursor)?);
        let kind = ExpressionKind::Arithmetic {
            left: Box::new(left),
            operator,
            right,
        };
        left = make(kind, cursor.span_from(start));
    }
    Ok(left)
}

fn sign(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    let is_negative = cursor.is_symbol(0, "-");
    if !is_negative && !cursor.is_symbol(0, "+") {
        return access(cursor);
    }
    cursor.advance();
    let is_number = matches!(
        cursor.peek(0),
        TokenKind::Integer(_) | TokenKind::Decimal(_) | TokenKind::Floating(_)
    );
    if is_negative && is_number {
        let literal = number(cursor, true)?;
        return suffixes(
            cursor,
            make(ExpressionKind::Literal(literal), cursor.span_from(start)),
            start,
        );
    }
    let operand = Box::new(cursor.nested(sign)?);
    Ok(make(
        ExpressionKind::Sign {
            is_negative,
            operand,
        },
        cursor.span_from(start),
    ))
}

fn access(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    let base = primary(cursor)?;
    suffixes(cursor, base, start)
}

/// `[index]` and `->field`, as many as there are; `->*` is left for the select list.
fn suffixes(cursor: &mut Cursor<'_>, base: Expression, start: Span) -> Result<Expression, Error> {
    let mut base = base;
    let mut length = 0;
    loop {
        let kind = if cursor.eat_symbol("[") {
            let index = Box::new(expression(cursor)?);
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
        } else if cursor.is_word(0, "AT") && cursor.is_word(1, "TIME") && cursor.is_word(2, "ZONE")
        {
            cursor.eat_all(&["AT", "TIME", "ZONE"]);
            let zone = Box::new(primary(cursor)?);
            ExpressionKind::AtTimeZone {
                operand: Box::new(base),
                zone,
            }
        } else {
            return Ok(base);
        };
        length = grow(cursor, length)?;
        base = make(kind, cursor.span_from(start));
    }
}

fn primary(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    let kind = match cursor.peek(0).clone() {
        TokenKind::Integer(_) | TokenKind::Decimal(_) | TokenKind::Floating(_) => {
            ExpressionKind::Literal(number(cursor, false)?)
        }
        TokenKind::String(text) => {
            cursor.advance();
            ExpressionKind::Literal(Literal::String(text))
        }
        TokenKind::Symbol("(") => return parenthesised(cursor),
        TokenKind::Word(word) => return word_expression(cursor, &word),
        _ => return name_expression(cursor),
    };
    Ok(make(kind, cursor.span_from(start)))
}

/// `(e)`, or the parameters of a lambda.
fn parenthesised(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    if let Some(parameters) = lambda_parameters(cursor) {
        let body = Box::new(expression(cursor)?);
        return Ok(make(
            ExpressionKind::Lambda { parameters, body },
            cursor.span_from(start),
        ));
    }
    cursor.expect_symbol("(")?;
    let inner = expression(cursor)?;
    cursor.expect_symbol(")")?;
    Ok(inner)
}

/// `(a, b) =>`: read as a whole or not at all.
fn lambda_parameters(cursor: &mut Cursor<'_>) -> Option<Vec<Ident>> {
    let at = cursor.position();
    let mut parameters = Vec::new();
    cursor.eat_symbol("(");
    while let Ok(parameter) = cursor.identifier() {
        parameters.push(parameter);
        if cursor.eat_symbol(")") && cursor.eat_symbol("=>") {
            return Some(parameters);
        }
        if !cursor.eat_symbol(",") {
            break;
        }
    }
    cursor.rewind(at);
    None
}

fn word_expression(cursor: &mut Cursor<'_>, word: &str) -> Result<Expression, Error> {
    let start = cursor.span();
    let kind = match word.to_ascii_uppercase().as_str() {
        "NULL" => literal(cursor, Literal::Null),
        "TRUE" => literal(cursor, Literal::Boolean(true)),
        "FALSE" => literal(cursor, Literal::Boolean(false)),
        "CASE" => case(cursor)?,
        "CAST" => cast(cursor)?,
        "DECIMAL" if matches!(cursor.peek(1), TokenKind::String(_)) => typed_decimal(cursor)?,
        "ARRAY" if cursor.is_symbol(1, "[") => {
            cursor.advance();
            cursor.advance();
            let is_empty = cursor.eat_symbol("]");
            ExpressionKind::Array(if is_empty {
                Vec::new()
            } else {
                list(cursor, "]")?
            })
        }
        "MAP" if cursor.is_symbol(1, "(") => map(cursor)?,
        "STRUCT" if cursor.is_symbol(1, "(") => structure(cursor)?,
        _ => return name_expression(cursor),
    };
    Ok(make(kind, cursor.span_from(start)))
}

fn literal(cursor: &mut Cursor<'_>, literal: Literal) -> ExpressionKind {
    cursor.advance();
    ExpressionKind::Literal(literal)
}

/// A column, a call, a lambda of one parameter, or a unit of time.
fn name_expression(cursor: &mut Cursor<'_>) -> Result<Expression, Error> {
    let start = cursor.span();
    if let Some(unit) = time_unit(cursor) {
        return Ok(make(
            ExpressionKind::TimeUnit(unit),
            cursor.span_from(start),
        ));
    }
    if cursor.is_symbol(1, "(")
        && matches!(cursor.peek(0), TokenKind::Word(_) | TokenKind::Quoted(_))
    {
        let kind = call(cursor)?;
        return Ok(make(kind, cursor.span_from(start)));
    }
    let name = cursor.identifier().map_err(|error| {
        // What stands here is no expression of any kind, not just no name.
        if matches!(cursor.peek(0), TokenKind::Word(_)) {
            error
        } else {
            cursor.expected("an expression")
        }
    })?;
    let kind = if cursor.eat_symbol("=>") {
        ExpressionKind::Lambda {
            parameters: vec![name],
            body: Box::new(expression(cursor)?),
        }
    } else if cursor.is_symbol(0, ".") && !cursor.is_symbol(1, "*") {
        cursor.advance();
        ExpressionKind::Column {
            source: Some(name),
            name: cursor.identifier()?,
        }
    } else {
        ExpressionKind::Column { source: None, name }
    };
    Ok(make(kind, cursor.span_from(start)))
}

/// A unit where an argument ends: these words are reserved, so nothing else can be meant.
fn time_unit(cursor: &mut Cursor<'_>) -> Option<TimeUnit> {
    let TokenKind::Word(word) = cursor.peek(0) else {
        return None;
    };
    let unit = match word.to_ascii_uppercase().as_str() {
        "DAYS" => TimeUnit::Days,
        "HOURS" => TimeUnit::Hours,
        "MINUTES" => TimeUnit::Minutes,
        "SECONDS" => TimeUnit::Seconds,
        "MILLISECONDS" => TimeUnit::Milliseconds,
        _ => return None,
    };
    if !(cursor.is_symbol(1, ",") || cursor.is_symbol(1, ")")) {
        return None;
    }
    cursor.advance();
    Some(unit)
}

fn call(cursor: &mut Cursor<'_>) -> Result<ExpressionKind, Error> {
    // A function may have a reserved word's name: `REPLACE(…)`, `LEFT(…)`.
    let token = cursor.advance();
    let name = match token.kind {
        TokenKind::Quoted(name) => Ident::new(name, token.span),
        TokenKind::Word(word) => Ident::new(word.to_ascii_uppercase(), token.span),
        _ => return Err(cursor.expected("a function's name")),
    };
    cursor.expect_symbol("(")?;
    if cursor.is_symbol(0, "*") && cursor.is_symbol(1, ")") {
        cursor.advance();
        cursor.advance();
        return Ok(ExpressionKind::Call {
            name,
            arguments: Vec::new(),
            is_star: true,
        });
    }
    let arguments = if cursor.eat_symbol(")") {
        Vec::new()
    } else {
        list(cursor, ")")?
    };
    Ok(ExpressionKind::Call {
        name,
        arguments,
        is_star: false,
    })
}

/// At least one expression, and what closes the list.
fn list(cursor: &mut Cursor<'_>, close: &str) -> Result<Vec<Expression>, Error> {
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
        return Err(cursor.invalid_number(&text));
    }
    let text = if text.contains('.') {
        text
    } else {
        format!("{text}.")
    };
    Ok(ExpressionKind::Literal(Literal::Decimal(text)))
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
                .map_err(|_| cursor.invalid_number(&digits))?;
            i32::try_from(value).map_or(Literal::BigInt(value), Literal::Integer)
        }
        TokenKind::Decimal(digits) => Literal::Decimal(format!("{sign}{digits}")),
        TokenKind::Floating(digits) => {
            let value: f64 = format!("{sign}{digits}")
                .parse()
                .map_err(|_| cursor.invalid_number(&digits))?;
            if value.is_infinite() {
                return Err(cursor.syntax(
                    &format!(
                        "Number overflows DOUBLE: {}",
                        super::cursor::shorten(&digits, 80)
                    ),
                    None,
                ));
            }
            Literal::Double(value)
        }
        _ => return Err(cursor.expected("a number")),
    };
    cursor.advance();
    Ok(literal)
}
