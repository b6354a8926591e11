//! Evaluates expressions of our own functions, without a physical plan: for tests only.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, Int32Builder, ListBuilder, MapBuilder, RecordBatch,
        RecordBatchOptions, StringBuilder, StructArray,
    },
    buffer::OffsetBuffer,
    datatypes::{Field, FieldRef, Schema},
};
use datafusion_common::{DFSchema, ScalarValue, config::ConfigOptions};
use datafusion_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, execution_props::ExecutionProps,
    ident,
};
use datafusion_physical_expr::create_physical_expr;
use weir_catalog::SqlType;

use crate::{Given, Registry, lambda, operators::cast};

/// The column at `index`.
pub fn column(index: usize) -> Expr {
    ident(format!("c{index}"))
}

/// Runs the test of this path in a process whose own time zone is `zone`, and `check` there.
pub fn in_zone(zone: &str, test: &str, check: impl FnOnce()) {
    const MARK: &str = "WEIR_TEST_ZONE";
    if std::env::var(MARK).is_ok_and(|within| within == zone) {
        return check();
    }
    // Another zone of the same test looks on.
    if std::env::var(MARK).is_ok() {
        return;
    }
    let test = test.split_once("::").map_or(test, |(_, path)| path);
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(MARK, zone)
        .env("TZ", zone)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "in {zone}: {text}");
    assert!(text.contains("1 passed"), "{test} is no test: {text}");
}

/// The value of `expression` in each row of `columns`.
pub fn evaluate(expression: &Expr, columns: &[ArrayRef]) -> ArrayRef {
    let rows = columns.first().map_or(1, |column| column.len());
    let value = value_of(expression, columns, rows);
    value.to_array(rows).expect("an array")
}

fn value_of(expression: &Expr, columns: &[ArrayRef], rows: usize) -> ColumnarValue {
    match expression {
        Expr::Literal(literal, _) => ColumnarValue::Scalar(literal.clone()),
        Expr::Column(column) => {
            let index: usize = column.name[1..].parse().expect("a column of the test");
            ColumnarValue::Array(columns[index].clone())
        }
        Expr::ScalarFunction(function) => {
            let arguments = function.args.iter();
            let args: Vec<_> = arguments
                .map(|argument| value_of(argument, columns, rows))
                .collect();
            let arg_fields: Vec<FieldRef> = args
                .iter()
                .map(|argument| Arc::new(Field::new("", argument.data_type(), true)))
                .collect();
            let scalar_arguments = vec![None; args.len()];
            let return_field = function
                .func
                .return_field_from_args(ReturnFieldArgs {
                    arg_fields: &arg_fields,
                    scalar_arguments: &scalar_arguments,
                })
                .expect("a call that is bound");
            let call = ScalarFunctionArgs {
                args,
                arg_fields,
                number_rows: rows,
                return_field: return_field.clone(),
                config_options: Arc::new(ConfigOptions::default()),
            };
            let value = function.func.invoke_with_args(call).expect("no row fails");
            assert_eq!(&value.data_type(), return_field.data_type());
            if let ColumnarValue::Array(array) = &value {
                assert_eq!(array.len(), rows);
            }
            value
        }
        other => panic!("{other} is not for this"),
    }
}

/// Checks an expression over `arguments`, each of them as a constant and as a slice of a longer column.
pub fn check(make: impl Fn(Vec<Expr>) -> Expr, arguments: &[ScalarValue], expected: &ScalarValue) {
    let arrays: Vec<ArrayRef> = arguments
        .iter()
        .map(|value| value.to_array_of_size(3).expect("a column").slice(1, 2))
        .collect();
    for columns in 0..1_u32 << arguments.len() {
        let is_column = |index: usize| columns >> index & 1 == 1;
        let operands = arguments.iter().enumerate();
        let operands = operands.map(|(index, value)| match is_column(index) {
            true => column(index),
            false => Expr::Literal(value.clone(), None),
        });
        let result = evaluate(&make(operands.collect()), &arrays);
        for row in 0..result.len() {
            let value = ScalarValue::try_from_array(&result, row).expect("a value");
            assert_eq!(&value, expected, "of {arguments:?}, columns {columns:b}");
        }
    }
}

/// Checks a call by name, over the types of its arguments: each argument as a constant and as a column.
pub fn call(name: &str, arguments: &[ScalarValue], expected: impl Into<ScalarValue>) {
    let registry = Registry::builtin();
    let types: Vec<_> = arguments
        .iter()
        .map(|argument| SqlType::from_arrow(&argument.data_type()))
        .collect();
    let resolved = registry.get(name).unwrap().resolve(&types).unwrap();
    let make = |given: Vec<Expr>| {
        let casts = given.into_iter().zip(&types).zip(&resolved.arguments);
        let given = casts.map(|((given, from), to)| match from {
            Some(from) => cast(given, from, to),
            None => Expr::Literal(null(to), None),
        });
        resolved.udf.call(given.collect())
    };
    let expected = expected.into();
    assert_eq!(expected.data_type(), resolved.returns.to_arrow(), "{name}");
    check(make, arguments, &expected);
}

/// `parameters => make(variables)`, for a call with lambdas.
pub struct Body {
    pub parameters: &'static [&'static str],
    pub make: fn(Vec<Expr>) -> Expr,
    pub gives: SqlType,
}

/// Checks a call whose last arguments are lambdas: each value as a constant and as a column.
pub fn call_with_lambdas(
    name: &str,
    values: &[ScalarValue],
    bodies: &[Body],
    expected: impl Into<ScalarValue>,
) {
    let registry = Registry::builtin();
    let types = values
        .iter()
        .map(|value| SqlType::from_arrow(&value.data_type()));
    let lambdas = bodies
        .iter()
        .map(|body| Given::Lambda(body.parameters.len()));
    let given: Vec<Given> = types.map(Given::from).chain(lambdas).collect();
    let mut selected = registry.get(name).unwrap().select(&given).unwrap();
    let mut made = Vec::new();
    for (index, body) in bodies.iter().enumerate() {
        let index = values.len() + index;
        let inputs = selected.lambda_inputs(index).unwrap();
        let variables = body.parameters.iter().zip(&inputs);
        let variables = variables.map(|(name, sql_type)| lambda::variable(name, sql_type));
        let with = lambda::with_failures((body.make)(variables.collect()), &mut |part| {
            Ok::<_, ()>(part.clone())
        });
        let names = body.parameters.iter().map(|name| (*name).to_owned());
        made.push(lambda::lambda(names.collect(), with.unwrap()));
        selected.lambda_gives(index, &body.gives).unwrap();
    }
    let resolved = selected.finish().unwrap();
    let expected = expected.into();
    assert_eq!(expected.data_type(), resolved.returns.to_arrow(), "{name}");
    let columns: Vec<ArrayRef> = values
        .iter()
        .map(|value| value.to_array_of_size(3).expect("a column").slice(1, 2))
        .collect();
    for constants in 0..1_u32 << values.len() {
        let values =
            values
                .iter()
                .enumerate()
                .map(|(index, value)| match constants >> index & 1 == 1 {
                    true => Expr::Literal(value.clone(), None),
                    false => column(index),
                });
        let call = resolved
            .udf
            .call(values.chain(made.iter().cloned()).collect());
        let result = physically(&call, &columns, 2);
        for row in 0..result.len() {
            let value = ScalarValue::try_from_array(&result, row).expect("a value");
            assert_eq!(value, expected, "{name} of {values:?}", values = columns);
        }
    }
}

/// Checks a function of one number that computes in DOUBLE; whole values also as INTEGER, BIGINT and DECIMAL.
pub fn in_doubles(name: &str, cases: &[(f64, f64)]) {
    for (value, expected) in cases {
        call(name, &[(*value).into()], *expected);
        let whole = *value as i32;
        if f64::from(whole).to_bits() == value.to_bits() {
            call(name, &[whole.into()], *expected);
            call(name, &[i64::from(whole).into()], *expected);
            call(name, &[decimal(i128::from(whole) * 10, 12, 1)], *expected);
        }
    }
}

/// As the engine evaluates it.
pub fn physically(expression: &Expr, columns: &[ArrayRef], rows: usize) -> ArrayRef {
    let fields = columns.iter().enumerate();
    let fields = fields
        .map(|(index, column)| Field::new(format!("c{index}"), column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let names = DFSchema::try_from(schema.as_ref().clone()).unwrap();
    let properties = ExecutionProps::new();
    let physical =
        create_physical_expr(expression, &names, &properties, &Default::default()).unwrap();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(schema, columns.to_vec(), &options).unwrap();
    physical.evaluate(&batch).unwrap().into_array(rows).unwrap()
}

/// The same for a function of two numbers.
pub fn pairs_in_doubles(name: &str, cases: &[(f64, f64, f64)]) {
    for (first, second, expected) in cases {
        call(name, &[(*first).into(), (*second).into()], *expected);
        let (a, b) = (*first as i32, *second as i32);
        let is_whole = |whole: i32, value: f64| f64::from(whole).to_bits() == value.to_bits();
        if is_whole(a, *first) && is_whole(b, *second) {
            call(name, &[a.into(), b.into()], *expected);
            call(name, &[i64::from(a).into(), i64::from(b).into()], *expected);
            call(name, &[(*first).into(), b.into()], *expected);
        }
    }
}

pub fn null(of: &SqlType) -> ScalarValue {
    ScalarValue::try_from(&of.to_arrow()).unwrap()
}

pub fn text(text: &str) -> ScalarValue {
    ScalarValue::from(text)
}

pub fn no_text() -> ScalarValue {
    ScalarValue::Utf8(None)
}

pub fn bytes(bytes: &[u8]) -> ScalarValue {
    ScalarValue::Binary(Some(bytes.to_vec()))
}

pub fn no_bytes() -> ScalarValue {
    ScalarValue::Binary(None)
}

pub fn decimal(unscaled: i128, precision: u8, scale: i8) -> ScalarValue {
    ScalarValue::Decimal128(Some(unscaled), precision, scale)
}

pub fn texts(elements: &[Option<&str>]) -> ScalarValue {
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value(elements.iter().copied());
    ScalarValue::List(Arc::new(lists.finish()))
}

pub fn integers(elements: &[Option<i32>]) -> ScalarValue {
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value(elements.iter().copied());
    ScalarValue::List(Arc::new(lists.finish()))
}

/// An ARRAY of these values, of which there is at least one.
pub fn array_of(elements: &[ScalarValue]) -> ScalarValue {
    let values = ScalarValue::iter_to_array(elements.iter().cloned()).unwrap();
    let of = SqlType::array(SqlType::from_arrow(values.data_type()).unwrap()).to_arrow();
    let ends = OffsetBuffer::from_lengths([values.len()]);
    let list = crate::collections::list(&of, ends, values, None).unwrap();
    ScalarValue::List(Arc::new(list.as_list().clone()))
}

/// A MAP of one entry.
pub fn entry(key: ScalarValue, value: ScalarValue) -> ScalarValue {
    let types = [&key, &value].map(|side| SqlType::from_arrow(&side.data_type()).unwrap());
    let [of_key, of_value] = types;
    let of = SqlType::map(of_key, of_value).to_arrow();
    let [keys, values] = [key, value].map(|side| side.to_array().unwrap());
    let ends = OffsetBuffer::from_lengths([1]);
    let map = crate::collections::map(&of, ends, keys, values, None).unwrap();
    ScalarValue::Map(Arc::new(map.as_map().clone()))
}

pub fn structure(members: &[(&str, ScalarValue)]) -> ScalarValue {
    let fields = members.iter();
    let fields = fields.map(|(name, value)| Field::new(*name, value.data_type(), true));
    let columns = members.iter().map(|(_, value)| value.to_array().unwrap());
    let structure = StructArray::try_new(fields.collect(), columns.collect(), None);
    ScalarValue::Struct(Arc::new(structure.unwrap()))
}

pub fn map() -> ScalarValue {
    map_of(&[("a", Some(1)), ("b", None)])
}

pub fn map_of(entries: &[(&str, Option<i32>)]) -> ScalarValue {
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for (key, value) in entries {
        maps.keys().append_value(key);
        maps.values().append_option(*value);
    }
    maps.append(true).unwrap();
    ScalarValue::Map(Arc::new(maps.finish()))
}
