//! Every function of texts and numbers, over foreign texts: patterns of regular expressions and of times, JSON and its paths,
//! URLs, zones, encodings. No row fails, none takes long, and a constant gives what a column of it gives.

#![no_main]

use std::{
    cell::RefCell,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow::{
    array::{Array, ArrayRef},
    datatypes::{Field, FieldRef},
};
use datafusion_common::{ScalarValue, config::ConfigOptions};
use datafusion_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, Volatility};
use libfuzzer_sys::fuzz_target;
use weir_catalog::SqlType;
use weir_functions::{Registry, Udf};

/// Two rows of a text of at most some thousand bytes.
const PATIENCE: Duration = Duration::from_secs(5);

const ROWS: usize = 2;

struct Call {
    name: &'static str,
    types: Vec<SqlType>,
    udf: Arc<ScalarUDF>,
}

thread_local! {
    static CALLS: RefCell<Vec<Call>> = RefCell::new(calls());
}

/// The overloads that take nothing but texts and whole numbers, a text among them.
fn calls() -> Vec<Call> {
    let mut calls = Vec::new();
    for function in Registry::builtin().iter() {
        let manual = function.manual();
        for overload in &manual.overloads {
            let arguments = overload.arguments.iter();
            let types = arguments.map(|argument| match argument.sql_type.as_str() {
                "STRING" | "T" => Some(SqlType::String),
                "INTEGER" => Some(SqlType::Integer),
                "BIGINT" => Some(SqlType::BigInt),
                _ => None,
            });
            let Some(types) = types.collect::<Option<Vec<_>>>() else {
                continue;
            };
            let given: Vec<_> = types.iter().cloned().map(Some).collect();
            let Ok(resolved) = function.resolve(&given) else {
                continue;
            };
            let Udf::Scalar(udf) = resolved.udf else {
                continue;
            };
            let is_stable = udf.signature().volatility == Volatility::Immutable;
            if is_stable && types.contains(&SqlType::String) && resolved.arguments == types {
                calls.push(Call {
                    name: manual.name,
                    types,
                    udf,
                });
            }
        }
    }
    calls
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else {
        return;
    };
    CALLS.with_borrow(|calls| check(&calls[usize::from(*choice) % calls.len()], rest));
});

/// The arguments stand between 0xFF bytes, which are in no text; numbers are their digits.
fn check(call: &Call, bytes: &[u8]) {
    let mut pieces = bytes.split(|byte| *byte == 0xff);
    let values = call.types.iter().map(|sql_type| {
        let piece = pieces.next();
        let text = piece.map(|piece| String::from_utf8_lossy(piece).into_owned());
        let number = || text.as_ref().and_then(|text| text.parse::<i64>().ok());
        match sql_type {
            SqlType::Integer => ScalarValue::Int32(number().map(|number| number as i32)),
            SqlType::BigInt => ScalarValue::Int64(number()),
            _ => ScalarValue::Utf8(text),
        }
    });
    let values: Vec<ScalarValue> = values.collect();
    let started = Instant::now();
    let constant = invoke(&call.udf, values.iter().cloned().map(ColumnarValue::Scalar));
    let columns = values
        .iter()
        .map(|value| ColumnarValue::Array(value.to_array_of_size(ROWS).expect("a column")));
    let column = invoke(&call.udf, columns);
    let mixed = values.iter().enumerate().map(|(index, value)| match index {
        0 => ColumnarValue::Array(value.to_array_of_size(ROWS).expect("a column")),
        _ => ColumnarValue::Scalar(value.clone()),
    });
    let mixed = invoke(&call.udf, mixed);
    let elapsed = started.elapsed();
    assert!(
        elapsed < PATIENCE,
        "{} took {elapsed:?} for {values:?}",
        call.name
    );
    for other in [column, mixed] {
        assert!(
            constant.to_data() == other.to_data(),
            "{} of {values:?}:\n{constant:?}\n{other:?}",
            call.name
        );
    }
}

fn invoke(udf: &ScalarUDF, arguments: impl Iterator<Item = ColumnarValue>) -> ArrayRef {
    let args: Vec<ColumnarValue> = arguments.collect();
    let arg_fields: Vec<FieldRef> = args
        .iter()
        .map(|argument| Arc::new(Field::new("", argument.data_type(), true)) as FieldRef)
        .collect();
    let scalar_arguments = vec![None; args.len()];
    let return_field = udf
        .return_field_from_args(ReturnFieldArgs {
            arg_fields: &arg_fields,
            scalar_arguments: &scalar_arguments,
        })
        .expect("a call that is bound");
    let result = udf
        .invoke_with_args(ScalarFunctionArgs {
            args,
            arg_fields,
            number_rows: ROWS,
            return_field: return_field.clone(),
            config_options: Arc::new(ConfigOptions::default()),
        })
        .expect("no row fails");
    let array = result.into_array(ROWS).expect("a column");
    assert_eq!(array.data_type(), return_field.data_type());
    array.to_data().validate_full().expect("a valid column");
    array
}
