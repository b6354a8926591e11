//! ARRAY_SORT: the elements of an array in their natural order or against it, NULLs last either way.
//!
//! In ksqlDB the array itself is sorted, so that the column it came from may change too; here it does not.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef};
use datafusion_common::Result;

use crate::{
    collections::{Collections, Picks},
    kernel::Call,
    operators::order::{WithNaturalOrder, with_natural_order},
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let array = Parameter::array(Parameter::Generic("T"));
    let one = [("array", array.clone())];
    let two = [("array", array.clone()), ("direction", Parameter::STRING)];
    Builtin::new(
        "ARRAY_SORT",
        "ARRAY",
        "Sorts an array.",
        vec![
            Variant::giving(
                one,
                "The elements in their natural order, NULLs last; NULL if they have no order.",
                array.clone(),
                sort,
            ),
            Variant::giving(
                two,
                "The elements in their order for the direction ASC or ASCENDING, against it for DESC or DESCENDING, in any case; \
                 NULLs last. NULL for another direction, or if they have no order.",
                array,
                sort,
            ),
        ],
    )
}

fn sort(call: &Call) -> Result<ArrayRef> {
    let array = Collections::try_new(call.argument(0)?)?;
    let sort = Sort {
        call,
        array: &array,
    };
    with_natural_order(array.elements(), sort)?.arrays(&call.returns, &[array.elements()])
}

struct Sort<'a> {
    call: &'a Call,
    array: &'a Collections<'a>,
}

impl WithNaturalOrder for Sort<'_> {
    type Output = Result<Picks>;

    fn visit(self, order: Option<impl Fn(usize, usize) -> Ordering>) -> Result<Picks> {
        let directions = self.call.arguments.get(1);
        let directions = directions
            .map(|directions| directions.strings())
            .transpose()?;
        let direction = |row: usize| match &directions {
            Some(directions) => direction(directions.get(row)?),
            None => Some(Direction::Ascending),
        };
        let nulls = self.array.elements().logical_nulls();
        let is_null = |place: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(place));
        let mut sorted: Vec<usize> = Vec::new();
        Picks::of_rows(self.call, |row, picks| {
            let (places, direction) = (self.array.get(row)?, direction(row)?);
            sorted.clear();
            sorted.extend(places.clone().filter(|place| !is_null(*place)));
            match (&order, direction) {
                (Some(order), Direction::Ascending) => sorted.sort_by(|a, b| order(*a, *b)),
                (Some(order), Direction::Descending) => sorted.sort_by(|a, b| order(*b, *a)),
                // One has not to be compared with anything.
                (None, _) => (sorted.len() < 2).then_some(())?,
            }
            sorted.extend(places.filter(|place| is_null(*place)));
            picks.extend(sorted.iter().map(|place| (0, *place)));
            Some(())
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum Direction {
    Ascending,
    Descending,
}

fn direction(text: &str) -> Option<Direction> {
    let is_called = |name: &str| text.chars().flat_map(char::to_uppercase).eq(name.chars());
    if is_called("ASC") || is_called("ASCENDING") {
        return Some(Direction::Ascending);
    }
    (is_called("DESC") || is_called("DESCENDING")).then_some(Direction::Descending)
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::testing::{array_of, bytes, call, integers, no_text, null, text, texts};

    #[test]
    fn cases() {
        let check = |array, expected| call("ARRAY_SORT", &[array], expected);
        let some = || integers(&[Some(0), None, Some(2), Some(-1), Some(0)]);
        let sorted = || integers(&[Some(-1), Some(0), Some(0), Some(2), None]);
        let nothing = || null(&SqlType::array(SqlType::Integer));
        check(some(), sorted());
        check(integers(&[]), integers(&[]));
        check(integers(&[None, None]), integers(&[None, None]));
        check(nothing(), nothing());
        check(
            texts(&[Some("foo"), Some("fo"), Some("Food"), None, Some("F")]),
            texts(&[Some("F"), Some("Food"), Some("fo"), Some("foo"), None]),
        );
        check(
            texts(&[Some("\u{ff00}"), Some("\u{1f600}")]),
            texts(&[Some("\u{1f600}"), Some("\u{ff00}")]),
        );
        check(
            array_of(&[bytes(&[1]), bytes(&[0xff])]),
            array_of(&[bytes(&[0xff]), bytes(&[1])]),
        );
        check(
            array_of(&[
                f64::NAN.into(),
                0.0.into(),
                (-0.0).into(),
                ScalarValue::Float64(None),
            ]),
            array_of(&[
                (-0.0).into(),
                0.0.into(),
                f64::NAN.into(),
                ScalarValue::Float64(None),
            ]),
        );
        check(
            array_of(&[true.into(), false.into()]),
            array_of(&[false.into(), true.into()]),
        );
        // ARRAYs have no order.
        let lists = [integers(&[Some(2)]), integers(&[Some(1)])];
        check(
            array_of(&lists),
            null(&SqlType::array(SqlType::array(SqlType::Integer))),
        );
        check(array_of(&lists[..1]), array_of(&lists[..1]));
    }

    #[test]
    fn directions() {
        let some = || integers(&[Some(1), None, Some(2)]);
        let check = |direction, expected| call("ARRAY_SORT", &[some(), direction], expected);
        for ascending in ["ASC", "asc", "Ascending"] {
            check(text(ascending), integers(&[Some(1), Some(2), None]));
        }
        for descending in ["DESC", "desc", "dEscending"] {
            check(text(descending), integers(&[Some(2), Some(1), None]));
        }
        for other in ["", "up", "ASC ", "DESCEND"] {
            check(text(other), null(&SqlType::array(SqlType::Integer)));
        }
        check(no_text(), null(&SqlType::array(SqlType::Integer)));
    }
}
