//! TRANSFORM: a collection of what lambdas make of each element. A lambda that fails makes the whole collection NULL, and in
//! a MAP so do two equal keys and a value that is NULL.

use std::collections::HashSet;

use arrow::{
    array::{Array, ArrayRef, UInt32Array},
    compute::take,
};
use datafusion_common::Result;

use crate::{
    collections::{Ends, list, map},
    lambda::{Elements, LambdaCall, without_failed},
    operators::encoding::Encoded,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let generic = Parameter::Generic;
    let inputs = || [generic("K"), generic("V")];
    Builtin::new(
        "TRANSFORM",
        "LAMBDA",
        "Makes a collection of what lambdas give for each element of another.",
        vec![
            Variant::with_lambdas(
                [
                    ("array", Parameter::array(generic("T"))),
                    ("lambda", Parameter::lambda([generic("T")], generic("R"))),
                ],
                "What the lambda gives for each element. NULL if it fails for one.",
                Parameter::array(generic("R")),
                transform_array,
            ),
            Variant::with_lambdas(
                [
                    ("map", Parameter::map(generic("K"), generic("V"))),
                    ("key", Parameter::lambda(inputs(), generic("R"))),
                    ("value", Parameter::lambda(inputs(), generic("T"))),
                ],
                "For each entry, the key and the value that the lambdas give for its key and value. NULL if one fails, if a \
                 value is NULL, or if two keys are equal.",
                Parameter::map(generic("R"), generic("T")),
                transform_map,
            ),
        ],
    )
}

fn transform_array(call: &LambdaCall) -> Result<ArrayRef> {
    let elements = Elements::try_new(&call.collection()?)?;
    let outcome = call
        .lambda(0)?
        .evaluate(&elements.columns, &elements.rows)?;
    let validity = match outcome.failed {
        None => elements.validity.clone(),
        Some(_) => without_failed(elements.validity.as_ref(), elements.len(), |row| {
            elements.of(row).any(|place| outcome.has_failed(place))
        }),
    };
    let offsets = elements.offsets().clone();
    list(&call.values.returns, offsets, outcome.values, validity)
}

fn transform_map(call: &LambdaCall) -> Result<ArrayRef> {
    let elements = Elements::try_new(&call.collection()?)?;
    let keys = call
        .lambda(0)?
        .evaluate(&elements.columns, &elements.rows)?;
    let values = call
        .lambda(1)?
        .evaluate(&elements.columns, &elements.rows)?;
    let is_bad = |place: usize| {
        keys.has_failed(place)
            || values.has_failed(place)
            || keys.values.is_null(place)
            || values.values.is_null(place)
    };
    let encoded = Encoded::try_new(&keys.values)?;
    let mut known: HashSet<&[u8]> = HashSet::new();
    let (mut places, mut ends) = (Vec::new(), Ends::new(elements.len()));
    let mut failed = vec![false; elements.len()];
    for (row, has_failed) in failed.iter_mut().enumerate() {
        known.clear();
        let mut entries = elements.of(row);
        *has_failed = entries.any(|place| is_bad(place) || !known.insert(encoded.get(place)));
        if !*has_failed {
            places.extend(elements.of(row).map(|place| place as u32));
        }
        ends.push(places.len())?;
    }
    let places = UInt32Array::from(places);
    map(
        &call.values.returns,
        ends.finish(),
        take(&keys.values, &places, None)?,
        take(&values.values, &places, None)?,
        without_failed(elements.validity.as_ref(), elements.len(), |row| {
            failed[row]
        }),
    )
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use datafusion_expr::{Expr, lit};
    use weir_catalog::SqlType;

    use crate::{
        operators::{self, ArithmeticOperator},
        testing::{Body, call_with_lambdas, integers, map, map_of, null, text, texts},
    };

    fn plus(left: Expr, right: Expr) -> Expr {
        operators::arithmetic(ArithmeticOperator::Add, left, right, &SqlType::Integer)
    }

    #[test]
    fn an_array_of_what_the_lambda_gives() {
        let check = |array, make, gives, expected: ScalarValue| {
            let body = Body {
                parameters: &["x"],
                make,
                gives,
            };
            call_with_lambdas("TRANSFORM", &[array], &[body], expected);
        };
        let plus_five = |mut x: Vec<Expr>| plus(x.remove(0), lit(5));
        check(
            integers(&[Some(3), Some(6)]),
            plus_five,
            SqlType::Integer,
            integers(&[Some(8), Some(11)]),
        );
        check(integers(&[]), plus_five, SqlType::Integer, integers(&[]));
        let nothing = null(&SqlType::array(SqlType::Integer));
        check(
            nothing.clone(),
            plus_five,
            SqlType::Integer,
            nothing.clone(),
        );
        // Arithmetic over NULL fails; a NULL that the lambda gives is an element.
        check(
            integers(&[Some(5), None]),
            plus_five,
            SqlType::Integer,
            nothing.clone(),
        );
        check(
            integers(&[Some(5), None]),
            |mut x| x.remove(0),
            SqlType::Integer,
            integers(&[Some(5), None]),
        );
        let constant = |_: Vec<Expr>| Expr::Literal(text("a"), None);
        check(
            integers(&[Some(5), None]),
            constant,
            SqlType::String,
            texts(&[Some("a"), Some("a")]),
        );
        // A branch that fails, and one that is NULL.
        let guarded = |mut x: Vec<Expr>| {
            let x = x.remove(0);
            operators::case(vec![(x.clone().is_not_null(), plus(x, lit(1)))], None)
        };
        check(
            integers(&[Some(5), None]),
            guarded,
            SqlType::Integer,
            integers(&[Some(6), None]),
        );
        let failing = |mut x: Vec<Expr>| {
            let x = x.remove(0);
            operators::case(vec![(x.clone().is_null(), plus(x, lit(1)))], Some(lit(0)))
        };
        check(
            integers(&[Some(5), None]),
            failing,
            SqlType::Integer,
            nothing,
        );
        check(
            integers(&[Some(5)]),
            failing,
            SqlType::Integer,
            integers(&[Some(0)]),
        );
    }

    #[test]
    fn a_map_of_what_the_lambdas_give() {
        let check = |map, key, value, expected: ScalarValue| {
            let bodies =
                [(key, SqlType::String), (value, SqlType::Integer)].map(|(make, gives)| Body {
                    parameters: &["k", "v"],
                    make,
                    gives,
                });
            call_with_lambdas("TRANSFORM", &[map], &bodies, expected);
        };
        type Make = fn(Vec<Expr>) -> Expr;
        let same: Make = |mut entry| entry.remove(0);
        let value: Make = |mut entry| entry.remove(1);
        let marked: Make = |mut entry| {
            operators::arithmetic(
                ArithmeticOperator::Add,
                entry.remove(0),
                lit("!"),
                &SqlType::String,
            )
        };
        let one: Make = |_| lit(1);
        let both = || map_of(&[("a", Some(1)), ("b", Some(2))]);
        let nothing = || null(&SqlType::map(SqlType::String, SqlType::Integer));
        check(both(), same, value, both());
        check(
            both(),
            marked,
            one,
            map_of(&[("a!", Some(1)), ("b!", Some(1))]),
        );
        check(map_of(&[]), same, value, map_of(&[]));
        check(nothing(), same, value, nothing());
        // A value that is NULL, a key that is NULL, equal keys, a failure.
        check(map(), same, value, nothing());
        check(
            both(),
            |_| Expr::Literal(ScalarValue::Utf8(None), None),
            value,
            nothing(),
        );
        check(both(), |_| lit("c"), value, nothing());
        check(
            map_of(&[("a", Some(1))]),
            |_| lit("c"),
            value,
            map_of(&[("c", Some(1))]),
        );
        let failing: Make = |mut entry| {
            operators::arithmetic(
                ArithmeticOperator::Modulo,
                entry.remove(1),
                lit(0),
                &SqlType::Integer,
            )
        };
        check(both(), same, failing, nothing());
    }
}
