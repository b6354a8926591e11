//! FILTER: the elements for which a lambda is TRUE. A lambda that gives NULL or fails makes the whole collection NULL, and so
//! does a NULL value in what is kept of a MAP.

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray},
    buffer::BooleanBuffer,
    compute::filter as filter_array,
    datatypes::DataType,
};
use datafusion_common::{Result, plan_err};

use crate::{
    collections::{Ends, list, map},
    lambda::{Elements, LambdaCall, without_failed},
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let [element, key, value] = ["T", "K", "V"].map(Parameter::Generic);
    let array = Parameter::array(element.clone());
    let entries = Parameter::map(key.clone(), value.clone());
    Builtin::new(
        "FILTER",
        "LAMBDA",
        "Keeps the part of a collection for which a lambda is TRUE.",
        vec![
            Variant::with_lambdas(
                [
                    ("array", array.clone()),
                    ("lambda", Parameter::lambda([element], Parameter::BOOLEAN)),
                ],
                "The elements for which the lambda is TRUE. NULL if it gives NULL or fails for one.",
                array,
                filter,
            ),
            Variant::with_lambdas(
                [
                    ("map", entries.clone()),
                    (
                        "lambda",
                        Parameter::lambda([key, value], Parameter::BOOLEAN),
                    ),
                ],
                "The entries for whose key and value the lambda is TRUE. NULL if it gives NULL or fails for one, or if a kept \
                 value is NULL.",
                entries,
                filter,
            ),
        ],
    )
}

fn filter(call: &LambdaCall) -> Result<ArrayRef> {
    let elements = Elements::try_new(&call.collection()?)?;
    let outcome = call
        .lambda(0)?
        .evaluate(&elements.columns, &elements.rows)?;
    let Some(truth) = outcome.values.as_boolean_opt() else {
        return plan_err!("a filter is BOOLEAN");
    };
    // A kept entry whose value is NULL cannot be in the MAP that ksqlDB collects.
    let values = match elements.columns.as_slice() {
        [_, values] => values.logical_nulls(),
        _ => None,
    };
    let is_bad = |place: usize| {
        let is_kept = truth.is_valid(place) && truth.value(place);
        let has_no_value = values.as_ref().is_some_and(|values| values.is_null(place));
        outcome.has_failed(place) || truth.is_null(place) || (is_kept && has_no_value)
    };
    let rows = elements.len();
    let has_failed = BooleanBuffer::collect_bool(rows, |row| elements.of(row).any(is_bad));
    let (mut kept, mut count) = (Ends::new(rows), 0);
    let mut mask = Vec::with_capacity(truth.len());
    for row in 0..rows {
        for place in elements.of(row) {
            let is_kept = !has_failed.value(row) && truth.value(place);
            count += usize::from(is_kept);
            mask.push(is_kept);
        }
        kept.push(count)?;
    }
    let mask = BooleanArray::from(mask);
    let columns = elements
        .columns
        .iter()
        .map(|column| filter_array(column, &mask));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let validity = without_failed(elements.validity.as_ref(), rows, |row| {
        has_failed.value(row)
    });
    let returns = &call.values.returns;
    match (returns, columns.as_slice()) {
        (DataType::List(_), [column]) => list(returns, kept.finish(), column.clone(), validity),
        (DataType::Map(..), [keys, values]) => map(
            returns,
            kept.finish(),
            keys.clone(),
            values.clone(),
            validity,
        ),
        _ => plan_err!("{returns} is no collection"),
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use datafusion_expr::{Expr, lit};
    use weir_catalog::SqlType;

    use crate::{
        operators::{self, ArithmeticOperator, ComparisonOperator},
        testing::{Body, call_with_lambdas, integers, map, map_of, null},
    };

    fn keep(parameters: &'static [&'static str], make: fn(Vec<Expr>) -> Expr) -> Body {
        Body {
            parameters,
            make,
            gives: SqlType::Boolean,
        }
    }

    fn is_over_five(value: Expr) -> Expr {
        operators::compare(ComparisonOperator::Greater, value, lit(5))
    }

    #[test]
    fn an_array_keeps_what_is_true() {
        let check = |array: ScalarValue, make: fn(Vec<Expr>) -> Expr, expected: ScalarValue| {
            call_with_lambdas("FILTER", &[array], &[keep(&["x"], make)], expected);
        };
        let over_five = |mut x: Vec<Expr>| is_over_five(x.remove(0));
        check(
            integers(&[Some(3), Some(6), None, Some(10)]),
            over_five,
            integers(&[Some(6), Some(10)]),
        );
        check(integers(&[]), over_five, integers(&[]));
        check(
            null(&SqlType::array(SqlType::Integer)),
            over_five,
            null(&SqlType::array(SqlType::Integer)),
        );
        check(
            integers(&[Some(1), None]),
            |_| lit(true),
            integers(&[Some(1), None]),
        );
        check(integers(&[Some(1), None]), |_| lit(false), integers(&[]));
        // The lambda gives NULL.
        let no_truth = |_: Vec<Expr>| Expr::Literal(ScalarValue::Boolean(None), None);
        check(
            integers(&[Some(1)]),
            no_truth,
            null(&SqlType::array(SqlType::Integer)),
        );
        check(integers(&[]), no_truth, integers(&[]));
        // The lambda fails, and only where it is reached.
        let tenth = |mut x: Vec<Expr>| {
            let divided = operators::arithmetic(
                ArithmeticOperator::Divide,
                lit(10),
                x.remove(0),
                &SqlType::Integer,
            );
            is_over_five(divided)
        };
        check(integers(&[Some(1), Some(5)]), tenth, integers(&[Some(1)]));
        check(
            integers(&[Some(1), Some(0)]),
            tenth,
            null(&SqlType::array(SqlType::Integer)),
        );
        check(
            integers(&[Some(1), None]),
            tenth,
            null(&SqlType::array(SqlType::Integer)),
        );
        let guarded = |mut x: Vec<Expr>| {
            let x = x.remove(0);
            let is_none = operators::compare(ComparisonOperator::Equal, x.clone(), lit(0));
            let divided =
                operators::arithmetic(ArithmeticOperator::Divide, lit(10), x, &SqlType::Integer);
            is_none.or(is_over_five(divided))
        };
        check(
            integers(&[Some(0), Some(1), Some(5)]),
            guarded,
            integers(&[Some(0), Some(1)]),
        );
    }

    #[test]
    fn a_map_keeps_entries() {
        let check = |map: ScalarValue, make: fn(Vec<Expr>) -> Expr, expected: ScalarValue| {
            call_with_lambdas("FILTER", &[map], &[keep(&["k", "v"], make)], expected);
        };
        let is_a = |mut entry: Vec<Expr>| {
            operators::compare(ComparisonOperator::Equal, entry.remove(0), lit("a"))
        };
        check(map(), is_a, map_of(&[("a", Some(1))]));
        // The value of `b` is NULL.
        let nothing = null(&SqlType::map(SqlType::String, SqlType::Integer));
        check(map(), |_| lit(true), nothing.clone());
        check(map(), |_| lit(false), map_of(&[]));
        check(nothing.clone(), is_a, nothing);
    }
}
