//! REDUCE: one value made of a collection, element by element. A NULL collection gives the first state, a NULL first state
//! gives NULL, and so does a lambda that fails.
//!
//! All rows go in step: the lambda is evaluated over the first elements of all of them, then over the second ones. Rows are
//! taken with the longest first, so that those which still go on are always the first so many.

use std::cmp::Reverse;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array},
    compute::{concat, nullif, take},
};
use datafusion_common::Result;

use crate::{
    java_map,
    lambda::{Elements, Input, LambdaCall},
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let generic = Parameter::Generic;
    let state = || generic("S");
    Builtin::new(
        "REDUCE",
        "LAMBDA",
        "Makes one value of a collection, element by element.",
        vec![
            Variant::with_lambdas(
                [
                    ("array", Parameter::array(generic("T"))),
                    ("state", state()),
                    ("lambda", Parameter::lambda([state(), generic("T")], state())),
                ],
                "The state after the lambda made a new one of it and each element. The state that it began with for a NULL \
                 array; NULL if that is NULL or the lambda fails.",
                state(),
                reduce,
            ),
            Variant::with_lambdas(
                [
                    ("map", Parameter::map(generic("K"), generic("V"))),
                    ("state", state()),
                    ("lambda", Parameter::lambda([state(), generic("K"), generic("V")], state())),
                ],
                "The state after the lambda made a new one of it and the key and the value of each entry, in the \
                 order in which ksqlDB goes through them. The state that it began with for a NULL map; NULL if that is NULL or the lambda fails.",
                state(),
                reduce,
            ),
        ],
    )
    .takes_null()
}

fn reduce(call: &LambdaCall) -> Result<ArrayRef> {
    let elements = Elements::try_new(&call.collection()?)?;
    let initial = call.values.argument(1)?.to_column(elements.len())?;
    let lambda = call.lambda(0)?;
    let length = |row: usize| match initial.is_null(row) {
        true => 0,
        false => elements.of(row).len(),
    };
    let mut order: Vec<usize> = (0..elements.len()).collect();
    order.sort_by_key(|row| Reverse(length(*row)));
    let rows = UInt32Array::from_iter_values(order.iter().map(|row| *row as u32));
    let starts: Vec<usize> = order.iter().map(|row| elements.of(*row).start).collect();
    let entries = in_order(&elements);
    let place = |place: usize| match &entries {
        Some(entries) => entries[place] as usize,
        None => place,
    };
    let mut has_failed = vec![false; elements.len()];
    let mut state = take(&initial, &rows, None)?;
    let mut steps = lambda.steps(rows);
    let mut finished: Vec<ArrayRef> = Vec::new();
    let mut going_on = order.len();
    for position in 0.. {
        while going_on > 0 && length(order[going_on - 1]) <= position {
            going_on -= 1;
        }
        if going_on < state.len() || position == 0 {
            finished.push(state.slice(going_on, state.len() - going_on));
        }
        if going_on == 0 {
            break;
        }
        let starts = &starts[..going_on];
        let of = |column: &ArrayRef| match starts {
            // A long array goes on alone for long.
            [start] => Ok(column.slice(place(start + position), 1)),
            starts => {
                let places = starts.iter().map(|start| place(start + position) as u32);
                Ok(take(column, &UInt32Array::from_iter_values(places), None)?)
            }
        };
        let so_far = || Ok(state.slice(0, going_on));
        let next = elements.columns.iter().map(|column| move || of(column));
        let next: Vec<_> = next.collect();
        let inputs = std::iter::once(&so_far as &Input);
        let inputs: Vec<&Input> = inputs
            .chain(next.iter().map(|next| next as &Input))
            .collect();
        let outcome = steps.next(&inputs, going_on)?;
        if outcome.failed.is_some() {
            for (place, has_failed) in has_failed.iter_mut().take(going_on).enumerate() {
                *has_failed |= outcome.has_failed(place);
            }
        }
        state = outcome.values;
    }
    finished.reverse();
    let finished: Vec<&dyn Array> = finished.iter().map(AsRef::as_ref).collect();
    let states = concat(&finished)?;
    let states = nullif(&states, &BooleanArray::from(has_failed))?;
    let mut back = vec![0_u32; order.len()];
    for (place, row) in order.iter().enumerate() {
        back[*row] = place as u32;
    }
    Ok(take(&states, &UInt32Array::from(back), None)?)
}

/// The entries of MAPs of STRING keys, each row's in ksqlDB's order; `None` for what has an order of its own.
fn in_order(elements: &Elements) -> Option<Vec<u32>> {
    let [keys, _] = elements.columns.as_slice() else {
        return None;
    };
    let keys = keys.as_string_opt::<i32>()?;
    let mut places: Vec<u32> = (0..keys.len() as u32).collect();
    for row in 0..elements.len() {
        let entries = elements.of(row);
        places[entries.clone()].copy_from_slice(&java_map::order(keys, entries));
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int32Builder, ListBuilder};
    use arrow::datatypes::Int32Type;
    use datafusion_common::ScalarValue;
    use datafusion_expr::{Expr, lit};
    use weir_catalog::SqlType;

    use crate::{
        Given, Registry, lambda,
        operators::{self, ArithmeticOperator},
        testing::{Body, call_with_lambdas, column, integers, map_of, null, physically},
    };

    fn plus(left: Expr, right: Expr) -> Expr {
        operators::arithmetic(ArithmeticOperator::Add, left, right, &SqlType::Integer)
    }

    #[test]
    fn an_array_makes_a_state() {
        let check = |array: ScalarValue, state: ScalarValue, make, expected: Option<i32>| {
            let body = Body {
                parameters: &["s", "x"],
                make,
                gives: SqlType::Integer,
            };
            call_with_lambdas("REDUCE", &[array, state], &[body], expected);
        };
        let sum = |mut state: Vec<Expr>| plus(state.remove(0), state.remove(0));
        check(integers(&[Some(3), Some(6)]), 2.into(), sum, Some(11));
        check(integers(&[]), 2.into(), sum, Some(2));
        check(
            null(&SqlType::array(SqlType::Integer)),
            2.into(),
            sum,
            Some(2),
        );
        check(integers(&[Some(3)]), ScalarValue::Int32(None), sum, None);
        check(integers(&[Some(3), None, Some(6)]), 2.into(), sum, None);
        // A NULL state goes on; a failure is for good.
        check(
            integers(&[Some(3), None, Some(6)]),
            2.into(),
            |mut state| state.remove(1),
            Some(6),
        );
        let recovers = |mut state: Vec<Expr>| {
            let (state, x) = (state.remove(0), state.remove(0));
            operators::case(vec![(x.clone().is_null(), plus(state, x.clone()))], Some(x))
        };
        check(integers(&[Some(3), Some(6)]), 2.into(), recovers, Some(6));
        check(
            integers(&[Some(3), None, Some(6)]),
            2.into(),
            recovers,
            None,
        );
    }

    #[test]
    fn a_map_makes_a_state() {
        let check = |map: ScalarValue, expected: Option<i32>| {
            let body = Body {
                parameters: &["s", "k", "v"],
                make: |mut state| plus(state.remove(0), state.remove(1)),
                gives: SqlType::Integer,
            };
            call_with_lambdas("REDUCE", &[map, 1.into()], &[body], expected);
        };
        check(map_of(&[("a", Some(1)), ("b", Some(2))]), Some(4));
        check(map_of(&[]), Some(1));
        check(map_of(&[("a", None)]), None);
        check(
            null(&SqlType::map(SqlType::String, SqlType::Integer)),
            Some(1),
        );
    }

    #[test]
    fn rows_of_many_lengths_go_in_step_and_capture_their_own_columns() {
        let mut lists = ListBuilder::new(Int32Builder::new());
        for length in [3, 0, 1, 40, 2, 40, 0, 17] {
            lists.append_value((1..=length).map(Some));
        }
        lists.append_null();
        let lists: ArrayRef = Arc::new(lists.finish());
        let factors: ArrayRef = Arc::new(Int32Array::from_iter_values(1..=9));
        let arguments = [SqlType::array(SqlType::Integer), SqlType::Integer].map(Given::Value);
        let given: Vec<_> = arguments.into_iter().chain([Given::Lambda(2)]).collect();
        let mut selected = Registry::builtin()
            .get("REDUCE")
            .unwrap()
            .select(&given)
            .unwrap();
        selected.lambda_gives(2, &SqlType::Integer).unwrap();
        let variable = |name| lambda::variable(name, &SqlType::Integer);
        let times = ArithmeticOperator::Multiply;
        let scaled = operators::arithmetic(times, variable("x"), column(1), &SqlType::Integer);
        let body = lambda::lambda(vec!["s".into(), "x".into()], plus(variable("s"), scaled));
        let call = selected
            .finish()
            .unwrap()
            .udf
            .call(vec![column(0), lit(0), body]);
        let sums = physically(&call, &[lists, factors], 9);
        let sums = sums.as_primitive::<Int32Type>();
        assert_eq!(sums.null_count(), 0);
        assert_eq!(
            sums.values(),
            &[6, 0, 3, 820 * 4, 15, 820 * 6, 0, 153 * 8, 0]
        );
    }
}
