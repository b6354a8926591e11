//! When a lambda's body fails.
//!
//! Our operators are total: where ksqlDB throws, they give NULL, and mostly that is all there is to know. A lambda is
//! different: what its body throws ends the function that called it, and the whole collection is NULL, while a NULL that a
//! body gives is an element like others. So a body that can throw also says whether it did.
//!
//! Arithmetic throws, over NULL too. What is an argument throws through a function unless it is a call itself or a member of
//! a STRUCT; a CAST and a constructor keep what fails inside them to themselves.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, StructArray},
    buffer::BooleanBuffer,
    datatypes::{DataType, Field, Fields},
};
use datafusion_common::{Result, plan_err};
use datafusion_expr::{Case, Expr, Operator, expr::ScalarFunction, lit};

use crate::{
    column,
    kernel::{self, Call, Kernel, kernel_of},
    operators,
};

/// `body`, and whether it fails if it can. `copy` makes an expression again, as long as it may.
pub fn with_failures<E>(
    body: Expr,
    copy: &mut dyn FnMut(&Expr) -> Result<Expr, E>,
) -> Result<Expr, E> {
    let fails = match is_arithmetic(&body) {
        // Just where it is NULL, so nothing has to be computed twice.
        true => None,
        false => match fails(&body, copy)? {
            Some(fails) => Some(fails),
            None => return Ok(body),
        },
    };
    let arguments = std::iter::once(body).chain(fails);
    Ok(kernel::call(Checked, arguments.collect()))
}

/// TRUE where `expression` throws; `None`: it never does.
fn fails<E>(
    expression: &Expr,
    copy: &mut dyn FnMut(&Expr) -> Result<Expr, E>,
) -> Result<Option<Expr>, E> {
    stacker::maybe_grow(64 << 10, 1 << 20, || match expression {
        Expr::Not(operand) | Expr::IsNull(operand) | Expr::IsNotNull(operand) => {
            fails(operand, copy)
        }
        Expr::BinaryExpr(binary) => {
            let left = fails(&binary.left, copy)?;
            let Some(right) = fails(&binary.right, copy)? else {
                return Ok(left);
            };
            let reached = copy(&binary.left)?;
            let reached = match binary.op {
                Operator::Or => Expr::Not(Box::new(reached)),
                _ => reached,
            };
            Ok(either(left, Some(reached.and(right))))
        }
        Expr::Case(case) => case_fails(case, copy),
        Expr::ScalarFunction(call) => call_fails(expression, call, copy),
        Expr::HigherOrderFunction(call) => {
            let Some(collection) = call.args.first() else {
                return Ok(None);
            };
            // Besides this a REDUCE is NULL where its body says so.
            let is_certain = call.func.name() != "REDUCE";
            let can_fail = call.args.iter().any(|argument| {
                let Expr::Lambda(lambda) = argument else {
                    return false;
                };
                is_checked(&lambda.body)
            });
            if !is_certain || !can_fail {
                return argument_fails(collection, copy);
            }
            let ended = copy(expression)?.is_null();
            let was_there = copy(collection)?.is_not_null();
            Ok(either(
                argument_fails(collection, copy)?,
                Some(was_there.and(ended)),
            ))
        }
        _ => Ok(None),
    })
}

fn call_fails<E>(
    whole: &Expr,
    call: &ScalarFunction,
    copy: &mut dyn FnMut(&Expr) -> Result<Expr, E>,
) -> Result<Option<Expr>, E> {
    if is_arithmetic(whole) {
        return Ok(Some(copy(whole)?.is_null()));
    }
    if operators::cast::is_cast(&call.func) || operators::construct::is_constructor(&call.func) {
        return Ok(None);
    }
    let is_function = column::is_function(&call.func);
    let mut any = None;
    for argument in &call.args {
        let fails = match is_function {
            true => argument_fails(argument, copy)?,
            false => fails(without_widening(argument), copy)?,
        };
        any = either(any, fails);
    }
    Ok(any)
}

/// An argument of a function: a call and a member of a STRUCT fail by themselves.
fn argument_fails<E>(
    argument: &Expr,
    copy: &mut dyn FnMut(&Expr) -> Result<Expr, E>,
) -> Result<Option<Expr>, E> {
    let is_apart = match argument {
        Expr::ScalarFunction(call) => column::is_function(&call.func),
        Expr::HigherOrderFunction(_) => true,
        _ => false,
    };
    if is_apart || operators::as_field(argument).is_some() {
        return Ok(None);
    }
    fails(argument, copy)
}

/// The operand of a comparison is brought to the type of the other: this is no CAST of the statement's.
fn without_widening(operand: &Expr) -> &Expr {
    match operand {
        Expr::ScalarFunction(call) if operators::cast::is_cast(&call.func) => {
            match call.args.first() {
                Some(inner) if is_arithmetic(inner) => inner,
                _ => operand,
            }
        }
        _ => operand,
    }
}

fn case_fails<E>(
    case: &Case,
    copy: &mut dyn FnMut(&Expr) -> Result<Expr, E>,
) -> Result<Option<Expr>, E> {
    let (mut branches, mut can_fail) = (Vec::new(), false);
    for (when, then) in &case.when_then_expr {
        if let Some(fails) = fails(when, copy)? {
            branches.push((fails, lit(true)));
            can_fail = true;
        }
        let then = fails(then, copy)?;
        can_fail |= then.is_some();
        branches.push((copy(when)?, then.unwrap_or_else(|| lit(false))));
    }
    let otherwise = match &case.else_expr {
        Some(otherwise) => fails(otherwise, copy)?,
        None => None,
    };
    can_fail |= otherwise.is_some();
    let otherwise = otherwise.unwrap_or_else(|| lit(false));
    Ok(can_fail.then(|| operators::case(branches, Some(otherwise))))
}

fn either(left: Option<Expr>, right: Option<Expr>) -> Option<Expr> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.or(right)),
        (left, right) => left.or(right),
    }
}

/// A calculation with numbers: it is NULL just where it fails.
fn is_arithmetic(expression: &Expr) -> bool {
    match expression {
        Expr::ScalarFunction(call) => operators::arithmetic::is_calculation(&call.func),
        _ => false,
    }
}

fn is_checked(body: &Expr) -> bool {
    match body {
        Expr::ScalarFunction(call) => kernel_of::<Checked>(&call.func).is_some(),
        _ => false,
    }
}

/// A value, and whether it failed: by the second argument, or where the value is NULL.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked;

impl Kernel for Checked {
    fn name(&self) -> &str {
        "checked"
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        // When it fails follows from the value.
        arguments.first().cloned()
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [value] | [value, DataType::Boolean] => Ok(DataType::Struct(members(value))),
            _ => plan_err!("expected a value and whether it failed"),
        }
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let value = call.argument(0)?.to_column(call.rows)?;
        let failed = match call.arguments.get(1) {
            Some(fails) => {
                let fails = fails.to_column(call.rows)?;
                let Some(fails) = fails.as_boolean_opt() else {
                    return plan_err!("expected whether a value failed");
                };
                // Where a failure is hidden by another there is one.
                match fails.nulls() {
                    Some(nulls) => fails.values() & nulls.inner(),
                    None => fails.values().clone(),
                }
            }
            None => match value.logical_nulls() {
                Some(nulls) => !nulls.inner(),
                None => BooleanBuffer::new_unset(value.len()),
            },
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::clone(&value),
            Arc::new(BooleanArray::new(failed, None)),
        ];
        let checked = StructArray::try_new(members(value.data_type()), columns, None)?;
        Ok(Arc::new(checked))
    }
}

fn members(value: &DataType) -> Fields {
    Fields::from(vec![
        Field::new("value", value.clone(), true),
        Field::new("failed", DataType::Boolean, false),
    ])
}
