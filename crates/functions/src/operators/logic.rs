//! What makes the logic two-valued: a NULL condition is FALSE. AND, OR and NOT themselves are DataFusion's, over operands
//! that are never NULL, and so is CASE.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray},
    buffer::BooleanBuffer,
    datatypes::DataType,
};
use datafusion_common::{Result, plan_err};
use datafusion_expr::{Case, Expr, ScalarUDF};

use crate::kernel::{self, Call, Kernel, false_where_null};

/// A BOOLEAN operand of AND, OR, NOT, or a condition: NULL counts as FALSE.
///
/// In ksqlDB a NULL that is reached there is a runtime error, which makes the whole predicate FALSE; here only this operand is,
/// so that an alert does not hide behind another field.
pub fn truth(operand: Expr) -> Expr {
    kernel::call(Truth, vec![operand])
}

/// `operand IS NULL`, or IS NOT NULL if `is_negated`.
pub fn is_null(operand: Expr, is_negated: bool) -> Expr {
    kernel::call(IsNull { is_negated }, vec![operand])
}

/// CASE WHEN … THEN … [ELSE …] END, branches of one type. Conditions may be NULL; branches are lazy.
///
/// DataFusion's own: it evaluates each branch only over the rows that it is for, and takes a NULL condition as FALSE.
pub fn case(branches: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
    let branches = branches
        .into_iter()
        .map(|(condition, result)| (Box::new(condition), Box::new(result)))
        .collect();
    Expr::Case(Case::new(None, branches, otherwise.map(Box::new)))
}

/// Whether `udf` takes NULL as FALSE and does no more.
pub(super) fn is_truth(udf: &ScalarUDF) -> bool {
    kernel::kernel_of::<Truth>(udf).is_some()
}

/// Whether `udf` is IS NULL, and if so, whether it is IS NOT NULL.
pub(super) fn null_test(udf: &ScalarUDF) -> Option<bool> {
    Some(kernel::kernel_of::<IsNull>(udf)?.is_negated)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Truth;

impl Kernel for Truth {
    fn name(&self) -> &str {
        "truth"
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [DataType::Boolean] => Ok(DataType::Boolean),
            _ => plan_err!("a condition is BOOLEAN"),
        }
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let operand = call.argument(0)?.array();
        let Some(booleans) = operand.as_boolean_opt() else {
            return plan_err!("a condition is BOOLEAN");
        };
        if booleans.null_count() == 0 {
            return Ok(operand.clone());
        }
        let truth = false_where_null(booleans.values().clone(), booleans.nulls().cloned());
        Ok(Arc::new(BooleanArray::new(truth, None)))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct IsNull {
    is_negated: bool,
}

impl Kernel for IsNull {
    fn name(&self) -> &str {
        if self.is_negated {
            "is_not_null"
        } else {
            "is_null"
        }
    }

    fn returns(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let is_there = match call.validity() {
            Some(validity) => validity.into_inner(),
            None => BooleanBuffer::new_set(call.rows),
        };
        let truth = if self.is_negated {
            is_there
        } else {
            !&is_there
        };
        Ok(Arc::new(BooleanArray::new(truth, None)))
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::testing;

    fn check(make: impl Fn(Expr) -> Expr, operand: impl Into<ScalarValue>, expected: bool) {
        let make = |mut operands: Vec<Expr>| make(operands.remove(0));
        testing::check(make, &[operand.into()], &ScalarValue::from(expected));
    }

    #[test]
    fn a_null_condition_is_false() {
        check(truth, Some(true), true);
        check(truth, Some(false), false);
        check(truth, None::<bool>, false);
    }

    #[test]
    fn null_or_not() {
        check(|operand| is_null(operand, false), None::<i32>, true);
        check(|operand| is_null(operand, false), 1, false);
        check(|operand| is_null(operand, true), "x", true);
        check(
            |operand| is_null(operand, true),
            ScalarValue::Utf8(None),
            false,
        );
    }
}
