//! ARRAY_CONTAINS: whether a value is in an array. FALSE for a NULL array; NULL is found where there is a NULL.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray, BooleanArray},
    buffer::BooleanBuffer,
};
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    operators::equality,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("array", Parameter::ArrayOfAny), ("value", Parameter::Any)],
        "TRUE if the array holds the value; FALSE for a NULL array. NULL is found where there is a NULL.",
        |_| SqlType::Boolean,
        contains,
    );
    Builtin::new(
        "ARRAY_CONTAINS",
        "ARRAY",
        "Tells whether an array holds a value.",
        vec![variant],
    )
    .takes_null()
    .shown_as("ARRAY_CONTAINS")
}

fn contains(call: &Call) -> Result<ArrayRef> {
    let (array, value) = (call.argument(0)?, call.argument(1)?);
    let lists = array.array().as_list::<i32>();
    let is_equal = equality::try_new(lists.values(), value.array())?;
    let offsets = lists.value_offsets();
    let rows = BooleanBuffer::collect_bool(call.rows, |row| {
        let list = array.index(row);
        let mut elements = offsets[list] as usize..offsets[list + 1] as usize;
        !array.is_null(row) && elements.any(|element| is_equal(element, value.index(row)))
    });
    Ok(Arc::new(BooleanArray::new(rows, None)))
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{call, integers, no_text, null, text, texts};

    #[test]
    fn an_element_is_there_or_not() {
        let array = || texts(&[Some("Red"), None, Some("Pink")]);
        call("ARRAY_CONTAINS", &[array(), text("Pink")], true);
        call("ARRAY_CONTAINS", &[array(), text("pink")], false);
        call("ARRAY_CONTAINS", &[array(), no_text()], true);
        call("ARRAY_CONTAINS", &[texts(&[Some("a")]), no_text()], false);
        call("ARRAY_CONTAINS", &[texts(&[]), text("a")], false);
        call(
            "ARRAY_CONTAINS",
            &[integers(&[Some(1), Some(-2)]), (-2).into()],
            true,
        );
        call("ARRAY_CONTAINS", &[integers(&[Some(1)]), 2.into()], false);
        let none = null(&SqlType::array(SqlType::String));
        call("ARRAY_CONTAINS", &[none.clone(), text("a")], false);
        call("ARRAY_CONTAINS", &[none, no_text()], false);
    }
}
