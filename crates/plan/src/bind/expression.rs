//! Expressions of the language to expressions over columns.

use datafusion_expr::Expr;
use weir_catalog::SqlType;
use weir_functions::{
    check_cast,
    operators::{self, ArithmeticOperator},
};
use weir_sql::{Expression, ExpressionKind, Ident, expression as tree};

use super::{
    Scope, Typed, call, coerce,
    comparison::{self, Sides},
    compile_error, list, literal, scope, shown, shown_qualified, type_error,
    types::{base_name, resolve_type},
};
use crate::{Error, ErrorKind};

/// Binds an expression; `clause` is the word with which errors begin: SELECT, WHERE.
pub fn expression(
    expression: &Expression,
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    // Debug frames are large, and statements nest 256 deep.
    stacker::maybe_grow(256 << 10, 4 << 20, || bind(expression, scope, clause)).map_err(|error| {
        if error.span.is_some() {
            error
        } else {
            error.at(expression.span)
        }
    })
}

fn bind(expression: &Expression, scope: &Scope<'_>, clause: &'static str) -> Result<Typed, Error> {
    match &expression.kind {
        ExpressionKind::Literal(value) => {
            literal::literal(value).map_err(|message| Error::new(ErrorKind::Invalid, message))
        }
        ExpressionKind::Column { source, name } => scope.path(source.as_ref(), name, &[], clause),
        ExpressionKind::Dereference { base, field } => dereference(base, field, scope, clause),
        ExpressionKind::Subscript { base, index } => subscript(base, index, scope, clause),
        ExpressionKind::Sign {
            is_negative,
            operand,
        } => sign(*is_negative, operand, scope, clause),
        ExpressionKind::Not(operand) => {
            let operand = logical(operand, scope, clause)?;
            Ok(Typed::certain(Expr::Not(Box::new(operand))))
        }
        ExpressionKind::And(operands) => chain(operands, Expr::and, true, scope, clause),
        ExpressionKind::Or(operands) => chain(operands, Expr::or, false, scope, clause),
        ExpressionKind::Concat(operands) => concat(operands, scope, clause),
        ExpressionKind::Arithmetic {
            left,
            operator,
            right,
        } => arithmetic(left, *operator, right, scope, clause)
            .map_err(|error| in_expression(expression, clause, error)),
        ExpressionKind::Comparison { .. }
        | ExpressionKind::Between { .. }
        | ExpressionKind::In { .. }
        | ExpressionKind::Like { .. }
        | ExpressionKind::IsNull { .. } => predicate(expression, scope, clause).map(Typed::certain),
        ExpressionKind::Case {
            operand: Some(_), ..
        } => Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "Unsupported expression: the simple form of CASE: {}",
                shown(expression)
            ),
        )
        .hint("write CASE WHEN x = … THEN … END")),
        ExpressionKind::Case {
            operand: None,
            branches,
            otherwise,
        } => scope.tables.in_case(
            || shown_qualified(expression, scope.alias()),
            || list::case(branches, otherwise.as_deref(), scope, clause),
        ),
        ExpressionKind::Cast { operand, to } => {
            let to = resolve_type(to, scope.catalog)?;
            cast(operand, &to, scope, clause)
        }
        ExpressionKind::Call {
            name, arguments, ..
        } => call::call(name, arguments, scope, clause),
        ExpressionKind::Array(items) => list::array(items, scope, clause),
        ExpressionKind::Map(entries) => list::map(entries, scope, clause),
        ExpressionKind::Struct(members) => list::structure(members, scope, clause),
        ExpressionKind::Lambda { .. } => Err(Error::new(
            ErrorKind::Invalid,
            format!("A lambda cannot stand alone: {}", shown(expression)),
        )),
        ExpressionKind::TimeUnit(unit) => Err(Error::new(
            ErrorKind::Invalid,
            format!("A unit of time cannot stand alone: {unit}"),
        )),
        ExpressionKind::AtTimeZone { .. } => Err(unsupported("AT TIME ZONE is not supported.")),
    }
}

/// An error of this expression's own, where its operands are well.
fn in_expression(expression: &Expression, clause: &str, error: Error) -> Error {
    if error.span.is_some() {
        return error;
    }
    let message = format!(
        "Error processing expression: {}. {}",
        shown(expression),
        error.message
    );
    type_error(clause, message).at(expression.span)
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

/// `a->b->c`: as much of it as is a path of members from a column is one leaf of the scan.
fn dereference(
    base: &Expression,
    field: &Ident,
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    let mut fields = vec![field];
    let mut root = base;
    while let ExpressionKind::Dereference { base, field } = &root.kind {
        fields.push(field);
        root = base;
    }
    fields.reverse();
    if let ExpressionKind::Column { source, name } = &root.kind
        && (source.is_some() || scope.variable(&name.value).is_none())
    {
        return scope.path(source.as_ref(), name, &fields, clause);
    }
    let mut bound = expression(root, scope, clause)?;
    let mut shown = shown(root);
    for field in fields {
        let base_type = bound
            .sql_type
            .clone()
            .ok_or_else(|| list::untyped_null(root))?;
        let member = scope::member(&base_type, field, &shown)?;
        let SqlType::Struct(members) = &base_type else {
            continue;
        };
        let index = members
            .iter()
            .position(|candidate| candidate.name == field.value)
            .unwrap_or(0);
        bound = Typed::new(
            operators::field(bound.expr, index, &field.value, &member),
            member,
        );
        shown = format!("{shown}->{}", field.value);
    }
    Ok(bound)
}

fn subscript(
    base: &Expression,
    index: &Expression,
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    let container = expression(base, scope, clause)?;
    let key = expression(index, scope, clause)?;
    match &container.sql_type {
        Some(SqlType::Array(element)) => {
            let is_place = matches!(key.sql_type, Some(SqlType::Integer | SqlType::BigInt));
            if !is_place {
                return Err(Error::new(
                    ErrorKind::Type,
                    format!(
                        "Array index must be an INTEGER, but {} is {}.",
                        shown(index),
                        key.type_name()
                    ),
                )
                .at(index.span));
            }
            let place = coerce_place(key);
            Ok(Typed::new(
                operators::element(container.expr, place, element),
                element.as_ref().clone(),
            ))
        }
        Some(SqlType::Map(of, value)) => {
            if key.sql_type.as_ref() != Some(of.as_ref()) {
                return Err(Error::new(
                    ErrorKind::Type,
                    format!(
                        "Map key must be {of}, but {} is {}.",
                        shown(index),
                        key.type_name()
                    ),
                )
                .at(index.span));
            }
            Ok(Typed::new(
                operators::map_value(container.expr, key.expr, value),
                value.as_ref().clone(),
            ))
        }
        base_type => {
            let advice = match base_type {
                Some(SqlType::Struct(_)) => format!(
                    " Use the dereference operator for STRUCTS: {}->{}",
                    shown(base),
                    shown(index)
                ),
                _ => String::new(),
            };
            let message = format!(
                "Subscript expression ({}[{}]) do not apply to {}.{advice}",
                shown(base),
                shown(index),
                container.type_name()
            );
            Err(type_error(clause, message).at(base.span))
        }
    }
}

fn coerce_place(key: Typed) -> Expr {
    match key.sql_type {
        Some(SqlType::BigInt) => operators::cast(key.expr, &SqlType::BigInt, &SqlType::Integer),
        _ => key.expr,
    }
}

fn sign(
    is_negative: bool,
    operand: &Expression,
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    let bound = expression(operand, scope, clause)?;
    match &bound.sql_type {
        Some(sql_type) if sql_type.is_number() => {
            if !is_negative {
                return Ok(bound);
            }
            let sql_type = sql_type.clone();
            Ok(Typed::new(
                operators::negate(bound.expr, &sql_type),
                sql_type,
            ))
        }
        _ => Err(Error::new(
            ErrorKind::Type,
            format!(
                "Unsupported sign on {}: {}",
                bound.type_name(),
                shown(operand)
            ),
        )
        .at(operand.span)),
    }
}

/// An operand of AND, OR, NOT: BOOLEAN, NULL is FALSE.
fn logical(operand: &Expression, scope: &Scope<'_>, clause: &'static str) -> Result<Expr, Error> {
    let bound = expression(operand, scope, clause)?;
    match &bound.sql_type {
        Some(SqlType::Boolean) => Ok(bound.truth()),
        _ => Err(Error::new(
            ErrorKind::Type,
            format!(
                "Unsupported logical operand: {} is {}, not BOOLEAN.",
                shown(operand),
                bound.type_name()
            ),
        )
        .at(operand.span)),
    }
}

fn chain(
    operands: &[Expression],
    join: fn(Expr, Expr) -> Expr,
    empty: bool,
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    let bound = operands
        .iter()
        .map(|operand| logical(operand, scope, clause))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Typed::certain(balanced(bound, join, empty)))
}

/// A tree of logarithmic depth, in the same order: what walks it must not overflow a stack.
pub fn balanced(mut operands: Vec<Expr>, join: fn(Expr, Expr) -> Expr, empty: bool) -> Expr {
    while operands.len() > 1 {
        let mut pairs = operands.into_iter();
        let mut joined = Vec::with_capacity(pairs.len() / 2 + 1);
        while let Some(left) = pairs.next() {
            joined.push(match pairs.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
        operands = joined;
    }
    operands
        .pop()
        .unwrap_or_else(|| datafusion_expr::lit(empty))
}

fn concat(
    operands: &[Expression],
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    let bound = operands
        .iter()
        .map(|operand| expression(operand, scope, clause))
        .collect::<Result<Vec<_>, _>>()?;
    let is_text = |typed: &Typed| matches!(typed.sql_type, Some(SqlType::String) | None);
    if bound.iter().all(is_text) {
        let texts = bound
            .into_iter()
            .map(|typed| coerce(typed, &SqlType::String));
        return Ok(Typed::new(
            operators::concat(texts.collect()),
            SqlType::String,
        ));
    }
    // BYTES, or what is refused: as the calls of CONCAT that ksqlDB makes of it.
    let mut parts = bound.into_iter().zip(operands);
    let Some((mut joined, _)) = parts.next() else {
        return Ok(Typed::new(datafusion_expr::lit(""), SqlType::String));
    };
    for (part, operand) in parts {
        let name = Ident::new("CONCAT", operand.span);
        joined = call::bound_call(&name, vec![joined, part], scope)?;
    }
    Ok(joined)
}

fn arithmetic(
    left: &Expression,
    operator: tree::ArithmeticOperator,
    right: &Expression,
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    let operator = match operator {
        tree::ArithmeticOperator::Add => ArithmeticOperator::Add,
        tree::ArithmeticOperator::Subtract => ArithmeticOperator::Subtract,
        tree::ArithmeticOperator::Multiply => ArithmeticOperator::Multiply,
        tree::ArithmeticOperator::Divide => ArithmeticOperator::Divide,
        tree::ArithmeticOperator::Modulo => ArithmeticOperator::Modulo,
    };
    let (bound_left, bound_right) = (
        expression(left, scope, clause)?,
        expression(right, scope, clause)?,
    );
    let (Some(left_type), Some(right_type)) =
        (bound_left.sql_type.clone(), bound_right.sql_type.clone())
    else {
        return Err(Error::new(
            ErrorKind::Type,
            format!(
                "Arithmetic on types {} and {} are not supported.",
                bound_left.type_name(),
                bound_right.type_name()
            ),
        ));
    };
    let Some(result) = operators::arithmetic_type(operator, &left_type, &right_type) else {
        return Err(Error::new(
            ErrorKind::Type,
            format!(
                "Unsupported arithmetic types. {} {}",
                base_name(&left_type),
                base_name(&right_type)
            ),
        ));
    };
    let widened = |typed: Typed, from: &SqlType| match &result {
        SqlType::Decimal { .. } => match operators::arithmetic::as_decimal(from) {
            Some((precision, scale)) => {
                operators::cast(typed.expr, from, &SqlType::Decimal { precision, scale })
            }
            None => typed.expr,
        },
        result => operators::cast(typed.expr, from, result),
    };
    let (left, right) = (
        widened(bound_left, &left_type),
        widened(bound_right, &right_type),
    );
    Ok(Typed::new(
        operators::arithmetic(operator, left, right, &result),
        result,
    ))
}

fn cast(
    operand: &Expression,
    to: &SqlType,
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    let bound = expression(operand, scope, clause)?;
    let Some(from) = bound.sql_type.clone() else {
        return Ok(Typed::new(literal::null(to), to.clone()));
    };
    check_cast(&from, to).map_err(|message| {
        let error = Error::new(ErrorKind::Type, message).at(operand.span);
        compile_error(clause, error)
    })?;
    Ok(Typed::new(
        operators::cast(bound.expr, &from, to),
        to.clone(),
    ))
}

/// What is TRUE or FALSE, never NULL.
fn predicate(whole: &Expression, scope: &Scope<'_>, clause: &'static str) -> Result<Expr, Error> {
    let negate = |expr: Expr, is_negated: bool| {
        if is_negated {
            Expr::Not(Box::new(expr))
        } else {
            expr
        }
    };
    Ok(match &whole.kind {
        ExpressionKind::Comparison {
            left,
            operator,
            right,
        } => {
            let (bound_left, bound_right) = (
                expression(left, scope, clause)?,
                expression(right, scope, clause)?,
            );
            comparison::compare(
                comparison::operator_of(*operator),
                bound_left,
                bound_right,
                &Sides { left, right },
                clause,
            )?
        }
        ExpressionKind::Between {
            operand,
            is_negated,
            low,
            high,
        } => {
            let bound = expression(operand, scope, clause)?;
            let from = expression(low, scope, clause)?;
            let to = expression(high, scope, clause)?;
            let least = Sides {
                left: operand,
                right: low,
            };
            let most = Sides {
                left: operand,
                right: high,
            };
            scope.copies.spend(&bound.expr)?;
            let above = comparison::compare(
                operators::ComparisonOperator::GreaterOrEqual,
                bound.clone(),
                from,
                &least,
                clause,
            )?;
            let below = comparison::compare(
                operators::ComparisonOperator::LessOrEqual,
                bound,
                to,
                &most,
                clause,
            )?;
            negate(above.and(below), *is_negated)
        }
        ExpressionKind::In {
            operand,
            is_negated,
            items,
        } => negate(
            comparison::is_in(operand, items, scope, clause)?,
            *is_negated,
        ),
        ExpressionKind::Like {
            operand,
            is_negated,
            ignores_case,
            pattern,
            escape,
        } => {
            let like = operators::Like {
                escape: *escape,
                is_negated: *is_negated,
                ignores_case: *ignores_case,
            };
            let patterns = match pattern {
                tree::LikePattern::One(pattern) => std::slice::from_ref(pattern.as_ref()),
                tree::LikePattern::Any(patterns) => patterns,
            };
            comparison::like(operand, patterns, like, scope, clause)?
        }
        ExpressionKind::IsNull {
            operand,
            is_negated,
        } => {
            let bound = expression(operand, scope, clause)?;
            negate(bound.expr.is_null(), *is_negated)
        }
        _ => {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("{} is no predicate", shown(whole)),
            ));
        }
    })
}
