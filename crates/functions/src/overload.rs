//! Functions made of overloads, and which of them a call means.
//!
//! As ksqlDB does: first the overloads that fit as they are, then those that fit after implicit casts (numbers widen, STRING
//! to times and BYTES; where a parameter names no type, numbers only). Of several that fit, one without variable arguments wins, then
//! the one with more parameters, then the one with fewer that may be anything; if that leaves two, the call is ambiguous.

mod parameter;

use std::{cmp::Reverse, fmt, sync::Arc};

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use self::parameter::{Casts, Generics, listed};
pub use self::parameter::{Given, Parameter};
use crate::{
    Argument, Manual, Overload,
    arguments::meaning,
    column::{Body, function, volatile},
    kernel::Call,
    lambda::{LambdaBody, LambdaCall, LambdaType, higher_order},
    registry::{Function, ResolveError, Resolved, Udf},
};

/// A function made of overloads: what every file under `scalar/` gives.
#[derive(Debug)]
pub struct Builtin {
    manual: Manual,
    /// As errors print it; ksqlDB writes some of its functions in lower case and some in upper.
    shown: String,
    variants: Vec<Arc<Variant>>,
}

/// One overload.
pub struct Variant {
    parameters: Vec<(&'static str, Parameter)>,
    /// The last parameter may be there any number of times.
    is_variadic: bool,
    description: &'static str,
    returns: Returns,
    /// As the manual prints it, where it depends on the arguments.
    returns_as: Option<&'static str>,
    /// Answers otherwise each time: clocks, random numbers.
    is_volatile: bool,
    body: Work,
}

/// What an overload does.
enum Work {
    Columns(Arc<Body>),
    Lambdas(Arc<LambdaBody>),
}

type FromArguments = dyn Fn(&[SqlType]) -> SqlType + Send + Sync;

/// The result's type.
enum Returns {
    /// From the types of the arguments.
    From(Box<FromArguments>),
    Of(Parameter),
}

impl Variant {
    pub fn new(
        parameters: impl Into<Vec<(&'static str, Parameter)>>,
        description: &'static str,
        returns: fn(&[SqlType]) -> SqlType,
        body: fn(&Call) -> Result<ArrayRef>,
    ) -> Self {
        Self::over(parameters, description, returns, Arc::new(body))
    }

    /// `returns`: the result's type, from the types of the arguments.
    pub fn over(
        parameters: impl Into<Vec<(&'static str, Parameter)>>,
        description: &'static str,
        returns: impl Fn(&[SqlType]) -> SqlType + Send + Sync + 'static,
        body: Arc<Body>,
    ) -> Self {
        let returns = Returns::From(Box::new(returns));
        Self::with(parameters.into(), description, returns, Work::Columns(body))
    }

    /// `returns`: the result's type, in the names of the parameters' generic types.
    pub fn giving(
        parameters: impl Into<Vec<(&'static str, Parameter)>>,
        description: &'static str,
        returns: Parameter,
        body: fn(&Call) -> Result<ArrayRef>,
    ) -> Self {
        let returns = Returns::Of(returns);
        let body = Work::Columns(Arc::new(body));
        Self::with(parameters.into(), description, returns, body)
    }

    /// One that takes lambdas.
    pub fn with_lambdas(
        parameters: impl Into<Vec<(&'static str, Parameter)>>,
        description: &'static str,
        returns: Parameter,
        body: fn(&LambdaCall) -> Result<ArrayRef>,
    ) -> Self {
        let returns = Returns::Of(returns);
        let body = Work::Lambdas(Arc::new(body));
        Self::with(parameters.into(), description, returns, body)
    }

    fn with(
        parameters: Vec<(&'static str, Parameter)>,
        description: &'static str,
        returns: Returns,
        body: Work,
    ) -> Self {
        Self {
            is_variadic: false,
            description,
            returns,
            returns_as: None,
            is_volatile: parameters.is_empty(),
            parameters,
            body,
        }
    }

    pub fn variadic(self) -> Self {
        Self {
            is_variadic: true,
            ..self
        }
    }

    /// Always the same value, though there are no arguments.
    pub fn constant(self) -> Self {
        Self {
            is_volatile: false,
            ..self
        }
    }

    pub fn returns_as(self, printed: &'static str) -> Self {
        Self {
            returns_as: Some(printed),
            ..self
        }
    }
}

impl fmt::Debug for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variant")
            .field("parameters", &self.parameters)
            .field("is_variadic", &self.is_variadic)
            .finish_non_exhaustive()
    }
}

impl Builtin {
    /// `name` in upper case.
    pub fn new(
        name: &'static str,
        category: &'static str,
        description: &'static str,
        variants: Vec<Variant>,
    ) -> Self {
        let overloads = variants
            .iter()
            .map(|variant| variant.overload(name))
            .collect();
        Self {
            manual: Manual {
                name,
                category,
                description,
                overloads,
                takes_null: false,
                is_added: false,
            },
            shown: name.to_lowercase(),
            variants: variants.into_iter().map(Arc::new).collect(),
        }
    }

    /// A NULL argument gives something else than NULL.
    pub fn takes_null(mut self) -> Self {
        self.manual.takes_null = true;
        self
    }

    /// ksqlDB has no function of this name.
    pub fn added(mut self) -> Self {
        self.manual.is_added = true;
        self
    }

    pub fn shown_as(self, shown: &str) -> Self {
        Self {
            shown: shown.to_owned(),
            ..self
        }
    }

    fn refused(&self, arguments: &[Given]) -> ResolveError {
        let name = self.manual.name;
        let alternatives = self.manual.overloads.iter();
        let alternatives: String = alternatives
            .map(|overload| format!("\n{name}({})", signature(overload)))
            .collect();
        let (shown, given) = (&self.shown, listed(arguments));
        ResolveError::new(format!(
            "Function '{shown}' does not accept parameters ({given}).\nValid alternatives are:{alternatives}"
        ))
    }

    fn ambiguous(&self, arguments: &[Given]) -> ResolveError {
        let (shown, given) = (&self.shown, listed(arguments));
        let is_untyped = |argument: &Given| *argument == Given::Null;
        let hint = match arguments.iter().any(is_untyped) {
            true => "say of which type a NULL is: CAST(NULL AS …)",
            false => "bring the arguments to one type: CAST(… AS DOUBLE)",
        };
        let error = ResolveError::new(format!(
            "Function '{shown}' cannot be resolved due to ambiguous method parameters ({given})."
        ));
        ResolveError {
            hint: Some(hint.to_owned()),
            ..error
        }
    }
}

impl Function for Builtin {
    fn manual(&self) -> &Manual {
        &self.manual
    }

    fn select(&self, arguments: &[Given]) -> Result<Selected, ResolveError> {
        for casts in [Casts::None, Casts::Implicit] {
            let fitting = self.variants.iter().filter_map(|variant| {
                let generics = variant.fit(arguments, casts)?;
                Some((variant.generality(), generics, variant))
            });
            let mut fitting: Vec<_> = fitting.collect();
            fitting.sort_by_key(|(generality, ..)| *generality);
            let mut fitting = fitting.into_iter();
            match (fitting.next(), fitting.next()) {
                (None, _) => {}
                (Some((first, ..)), Some((second, ..))) if first == second => {
                    return Err(self.ambiguous(arguments));
                }
                (Some((_, generics, variant)), _) => {
                    return Ok(Selected {
                        name: self.manual.name,
                        variant: Arc::clone(variant),
                        arguments: arguments.to_vec(),
                        generics,
                    });
                }
            }
        }
        Err(self.refused(arguments))
    }
}

/// The overload that a call means, while the types of its lambdas are not known yet.
#[derive(Debug)]
pub struct Selected {
    name: &'static str,
    variant: Arc<Variant>,
    arguments: Vec<Given>,
    generics: Generics,
}

impl Selected {
    /// The types of the parameters of the lambda at `index`.
    pub fn lambda_inputs(&self, index: usize) -> Result<Vec<SqlType>, ResolveError> {
        let (inputs, _) = self.lambda(index)?;
        let inputs = inputs.iter().map(|input| input.filled(&self.generics));
        inputs.collect::<Result<_, _>>().map_err(|name| {
            let known = self.generics.iter();
            let known: Vec<_> = known.map(|(name, is)| format!("{name}={is}")).collect();
            let known = known.join(", ");
            ResolveError::new(format!(
                "Could not resolve type for generic {name}. The generic mapping so far: {{{known}}}"
            ))
        })
    }

    /// Says what the lambda at `index` gives.
    pub fn lambda_gives(&mut self, index: usize, gives: &SqlType) -> Result<(), ResolveError> {
        let inputs = self.lambda_inputs(index)?;
        let variant = Arc::clone(&self.variant);
        let Some(pattern @ Parameter::Lambda(_, output)) = variant.parameter(index) else {
            return Err(self.no_lambda(index));
        };
        let mut generics = self.generics.clone();
        if output.is_shaped(gives, &mut generics) {
            self.generics = generics;
            return Ok(());
        }
        let given = format!("LAMBDA ({}) => {gives}", listed(&inputs));
        Err(ResolveError::new(match output.as_ref() {
            Parameter::Generic(name) => {
                let known = self.generics.get(name);
                let known = known.map_or_else(String::new, SqlType::to_string);
                format!(
                    "Found invalid instance of generic schema when mapping {pattern} to {given}. Cannot map {name} to both {known} and {gives}"
                )
            }
            _ => format!(
                "Cannot infer generics for {pattern} from {given} because they do not have the same schema structure."
            ),
        }))
    }

    /// What the lambda at `index` must give, as far as it is known.
    pub fn lambda_output(&self, index: usize) -> Option<SqlType> {
        let (_, output) = self.lambda(index).ok()?;
        output.filled(&self.generics).ok()
    }

    pub fn finish(self) -> Result<Resolved, ResolveError> {
        let variant = &self.variant;
        let (mut arguments, mut lambdas) = (Vec::new(), Vec::new());
        for (index, given) in self.arguments.iter().enumerate() {
            arguments.push(match variant.parameter(index) {
                Some(Parameter::Lambda(_, output)) => {
                    let inputs = self.lambda_inputs(index)?;
                    let output = output.filled(&self.generics).map_err(unmapped)?;
                    lambdas.push(LambdaType {
                        inputs,
                        output: output.clone(),
                    });
                    output
                }
                Some(parameter) => parameter.wanted(given, &self.generics),
                None => Parameter::Anything.wanted(given, &self.generics),
            });
        }
        let returns = variant.result(&arguments, &self.generics)?;
        let types = listed(&arguments);
        let udf = match &variant.body {
            Work::Columns(body) if variant.is_volatile => {
                Udf::Scalar(volatile(self.name, &returns, Arc::clone(body)))
            }
            Work::Columns(body) => {
                Udf::Scalar(function(self.name, types, &returns, Arc::clone(body)))
            }
            Work::Lambdas(body) => {
                let body = Arc::clone(body);
                Udf::HigherOrder(higher_order(self.name, types, &lambdas, &returns, body))
            }
        };
        Ok(Resolved {
            udf,
            arguments,
            returns,
        })
    }

    fn lambda(&self, index: usize) -> Result<(&[Parameter], &Parameter), ResolveError> {
        match self.variant.parameter(index) {
            Some(Parameter::Lambda(inputs, output)) => Ok((inputs, output)),
            _ => Err(self.no_lambda(index)),
        }
    }

    fn no_lambda(&self, index: usize) -> ResolveError {
        let (name, place) = (self.name, index + 1);
        ResolveError::new(format!("Argument {place} of {name} is no lambda."))
    }
}

fn unmapped(name: &str) -> ResolveError {
    ResolveError::new(format!("Could not find mapping for generic type: {name}"))
}

/// `STRING input, INTEGER length`.
fn signature(overload: &Overload) -> String {
    let parameters = overload.arguments.iter().map(|argument| {
        let dots = if argument.is_variadic { "..." } else { "" };
        format!("{}{dots} {}", argument.sql_type, argument.name)
    });
    parameters.collect::<Vec<_>>().join(", ")
}

impl Variant {
    fn overload(&self, function: &str) -> Overload {
        let last = self.parameters.len().saturating_sub(1);
        let parameters = self.parameters.iter().enumerate();
        let arguments = parameters.map(|(index, (name, parameter))| Argument {
            name,
            sql_type: parameter.to_string(),
            description: meaning(function, name),
            is_variadic: self.is_variadic && index == last,
        });
        let returns = match (&self.returns, self.returns_as) {
            (_, Some(printed)) => printed.to_owned(),
            (Returns::Of(pattern), None) => pattern.to_string(),
            (Returns::From(returns), None) => {
                let parameters = self.parameters.iter();
                let examples: Vec<_> = parameters.map(|(_, one)| one.example()).collect();
                returns(&examples).to_string()
            }
        };
        Overload {
            arguments: arguments.collect(),
            returns,
            description: self.description,
        }
    }

    /// The least is the least general.
    fn generality(&self) -> (bool, Reverse<usize>, usize, bool) {
        let is_anything = |parameter: &Parameter| *parameter == Parameter::Anything;
        let parameters = self.parameters.iter().map(|(_, parameter)| parameter);
        let variadic = parameters.clone().next_back().filter(|_| self.is_variadic);
        let takes_anything = variadic.is_some_and(is_anything);
        let generics = parameters.filter(|parameter| parameter.has_generics());
        (
            self.is_variadic,
            Reverse(self.parameters.len()),
            generics.count() + usize::from(takes_anything),
            takes_anything,
        )
    }

    fn parameter(&self, index: usize) -> Option<&Parameter> {
        let index = match self.is_variadic {
            true => index.min(self.parameters.len().checked_sub(1)?),
            false => index,
        };
        self.parameters.get(index).map(|(_, parameter)| parameter)
    }

    /// What the generic types are if the arguments fit.
    fn fit(&self, arguments: &[Given], casts: Casts) -> Option<Generics> {
        let least = self.parameters.len() - usize::from(self.is_variadic);
        if arguments.len() < least {
            return None;
        }
        let mut generics = Generics::new();
        let mut arguments = arguments.iter().enumerate();
        let do_fit = arguments.all(|(index, given)| {
            let parameter = self.parameter(index);
            parameter.is_some_and(|parameter| parameter.accepts(given, &mut generics, casts))
        });
        do_fit.then_some(generics)
    }

    fn result(&self, arguments: &[SqlType], generics: &Generics) -> Result<SqlType, ResolveError> {
        match &self.returns {
            Returns::Of(pattern) => pattern.filled(generics).map_err(unmapped),
            Returns::From(returns) => {
                let mut parameters = self.parameters.iter().map(|(_, parameter)| parameter);
                let unknown = parameters.find_map(|parameter| parameter.filled(generics).err());
                match unknown.filter(|_| self.returns_as.is_some()) {
                    Some(name) => Err(unmapped(name)),
                    None => Ok(returns(arguments)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    fn check(call: &str, arguments: &[Option<SqlType>], expected: Result<SqlType, &str>) {
        let registry = Registry::builtin();
        let resolved = registry.get(call).unwrap().resolve(arguments);
        match (resolved, expected) {
            (Ok(resolved), Ok(returns)) => assert_eq!(resolved.returns, returns, "{call}"),
            (Err(error), Err(message)) => assert_eq!(error.to_string(), message),
            (resolved, expected) => panic!("{call}: {resolved:?}, expected {expected:?}"),
        }
    }

    const INTEGER: Option<SqlType> = Some(SqlType::Integer);
    const BIGINT: Option<SqlType> = Some(SqlType::BigInt);
    const DOUBLE: Option<SqlType> = Some(SqlType::Double);
    const STRING: Option<SqlType> = Some(SqlType::String);

    fn decimal(precision: u8, scale: u8) -> SqlType {
        SqlType::Decimal { precision, scale }
    }

    #[test]
    fn an_exact_overload_is_taken_before_one_with_casts() {
        check("ABS", &[INTEGER], Ok(SqlType::Integer));
        check("ABS", &[Some(decimal(9, 3))], Ok(decimal(9, 3)));
        check("SUBSTRING", &[STRING, INTEGER], Ok(SqlType::String));
        check(
            "SUBSTRING",
            &[Some(SqlType::Bytes), INTEGER],
            Ok(SqlType::Bytes),
        );
        check("LEN", &[STRING], Ok(SqlType::Integer));
        check("CONCAT", &[None, STRING], Ok(SqlType::String));
        check("COALESCE", &[None, BIGINT, None], Ok(SqlType::BigInt));
    }

    #[test]
    fn casts_that_leave_one_overload_are_made() {
        check(
            "GREATEST",
            &[INTEGER, BIGINT, Some(decimal(5, 2)), DOUBLE, None],
            Ok(SqlType::Double),
        );
        check(
            "GREATEST",
            &[Some(SqlType::Date), STRING, None],
            Ok(SqlType::Date),
        );
        check("FROM_UNIXTIME", &[INTEGER], Ok(SqlType::Timestamp));
    }

    #[test]
    fn a_generic_type_is_one_type_to_which_numbers_widen() {
        check("IFNULL", &[BIGINT, BIGINT], Ok(SqlType::BigInt));
        check("IFNULL", &[BIGINT, INTEGER], Ok(SqlType::BigInt));
        check("COALESCE", &[INTEGER, DOUBLE, BIGINT], Ok(SqlType::Double));
        check(
            "IFNULL",
            &[BIGINT, STRING],
            Err(
                "Function 'IFNULL' does not accept parameters (BIGINT, STRING).\nValid alternatives are:\nIFNULL(T expression, T alternative)",
            ),
        );
        check(
            "IFNULL",
            &[None, None],
            Err("Could not find mapping for generic type: T"),
        );
        check("ARRAY_LENGTH", &[None], Ok(SqlType::Integer));
    }

    #[test]
    fn generic_types_are_found_inside_of_others() {
        let array = |element: SqlType| Some(SqlType::array(element));
        let map = |value: SqlType| SqlType::map(SqlType::String, value);
        let integers = array(SqlType::Integer);
        check(
            "ARRAY_REMOVE",
            &[integers.clone(), INTEGER],
            Ok(SqlType::array(SqlType::Integer)),
        );
        check(
            "ARRAY_REMOVE",
            &[integers.clone(), None],
            Ok(SqlType::array(SqlType::Integer)),
        );
        check(
            "ARRAY_REMOVE",
            &[None, INTEGER],
            Ok(SqlType::array(SqlType::Integer)),
        );
        check("ARRAY_MAX", &[array(decimal(5, 2))], Ok(decimal(5, 2)));
        check(
            "ARRAY_CONTAINS",
            &[array(map(SqlType::Double)), Some(map(SqlType::Double))],
            Ok(SqlType::Boolean),
        );
        check(
            "AS_MAP",
            &[array(SqlType::String), array(SqlType::BigInt)],
            Ok(map(SqlType::BigInt)),
        );
        check(
            "MAP_UNION",
            &[Some(map(SqlType::Date)), None],
            Ok(map(SqlType::Date)),
        );
        check(
            "SLICE",
            &[integers.clone(), INTEGER, None],
            Ok(SqlType::array(SqlType::Integer)),
        );
        check(
            "ARRAY_REMOVE",
            &[integers.clone(), BIGINT],
            Ok(SqlType::array(SqlType::BigInt)),
        );
        check(
            "ARRAY_REMOVE",
            &[integers.clone(), STRING],
            Err(
                "Function 'array_remove' does not accept parameters (ARRAY<INTEGER>, STRING).\nValid alternatives are:\nARRAY_REMOVE(ARRAY<T> array, T value)",
            ),
        );
        check(
            "AS_MAP",
            &[integers.clone(), integers],
            Err(
                "Function 'AS_MAP' does not accept parameters (ARRAY<INTEGER>, ARRAY<INTEGER>).\nValid alternatives are:\nAS_MAP(ARRAY<STRING> keys, ARRAY<T> values)",
            ),
        );
        check(
            "ARRAY_MIN",
            &[None],
            Err("Could not find mapping for generic type: T"),
        );
        let entry = |value| [("K".to_owned(), SqlType::String), ("V".to_owned(), value)];
        let entries = |value| Ok(SqlType::array(SqlType::structure(entry(value))));
        check(
            "ENTRIES",
            &[Some(map(SqlType::Double)), Some(SqlType::Boolean)],
            entries(SqlType::Double),
        );
    }

    #[test]
    fn lambdas_are_resolved_in_two_steps() {
        let registry = Registry::builtin();
        let integers = Given::Value(SqlType::array(SqlType::Integer));
        let select = |name: &str, given: &[Given]| registry.get(name).unwrap().select(given);
        let mut transform = select("TRANSFORM", &[integers.clone(), Given::Lambda(1)]).unwrap();
        assert_eq!(transform.lambda_inputs(1).unwrap(), [SqlType::Integer]);
        assert_eq!(transform.lambda_output(1), None);
        transform.lambda_gives(1, &SqlType::String).unwrap();
        let resolved = transform.finish().unwrap();
        assert_eq!(resolved.returns, SqlType::array(SqlType::String));

        let given = [
            integers.clone(),
            Given::Value(SqlType::BigInt),
            Given::Lambda(2),
        ];
        let mut reduce = select("REDUCE", &given).unwrap();
        assert_eq!(
            reduce.lambda_inputs(2).unwrap(),
            [SqlType::BigInt, SqlType::Integer]
        );
        assert_eq!(reduce.lambda_output(2), Some(SqlType::BigInt));
        assert_eq!(
            reduce
                .lambda_gives(2, &SqlType::Integer)
                .unwrap_err()
                .message,
            "Found invalid instance of generic schema when mapping LAMBDA (S, T) => S to LAMBDA (BIGINT, INTEGER) => INTEGER. Cannot map S to both BIGINT and INTEGER"
        );

        let mut filter = select("FILTER", &[integers.clone(), Given::Lambda(1)]).unwrap();
        assert_eq!(
            filter
                .lambda_gives(1, &SqlType::String)
                .unwrap_err()
                .message,
            "Cannot infer generics for LAMBDA (T) => BOOLEAN from LAMBDA (INTEGER) => STRING because they do not have the same schema structure."
        );
        assert_eq!(
            select("FILTER", &[Given::Null, Given::Lambda(1)])
                .unwrap()
                .lambda_inputs(1)
                .unwrap_err()
                .message,
            "Could not resolve type for generic T. The generic mapping so far: {}"
        );
        assert_eq!(
            select("FILTER", &[integers, Given::Lambda(3)])
                .unwrap_err()
                .message,
            "Function 'filter' does not accept parameters (ARRAY<INTEGER>, LAMBDA).\nValid alternatives are:\nFILTER(ARRAY<T> array, LAMBDA (T) => BOOLEAN lambda)\nFILTER(MAP<K, V> map, LAMBDA (K, V) => BOOLEAN lambda)"
        );
        let unit = [Given::Value(SqlType::String), Given::Unit];
        assert!(
            select("LCASE", &unit)
                .unwrap_err()
                .message
                .contains("(STRING, INTERVALUNIT)")
        );
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        check(
            "greatest",
            &[INTEGER, BIGINT, Some(decimal(50, 30))],
            Err(
                "Function 'greatest' cannot be resolved due to ambiguous method parameters (INTEGER, BIGINT, DECIMAL(50, 30)).",
            ),
        );
        check(
            "LEAST",
            &[None, None, None, None],
            Err(
                "Function 'least' cannot be resolved due to ambiguous method parameters (null, null, null, null).",
            ),
        );
        check(
            "LEN",
            &[None],
            Err("Function 'len' cannot be resolved due to ambiguous method parameters (null)."),
        );
    }

    #[test]
    fn what_fits_nothing_is_refused_with_the_alternatives() {
        check(
            "lcase",
            &[STRING, INTEGER],
            Err(
                "Function 'lcase' does not accept parameters (STRING, INTEGER).\nValid alternatives are:\nLCASE(STRING input)",
            ),
        );
        check(
            "COALESCE",
            &[],
            Err(
                "Function 'COALESCE' does not accept parameters ().\nValid alternatives are:\nCOALESCE(T first, T... others)",
            ),
        );
        check(
            "SUBSTRING",
            &[STRING, BIGINT],
            Err(
                "Function 'substring' does not accept parameters (STRING, BIGINT).\nValid alternatives are:\nSUBSTRING(STRING input, INTEGER position)\nSUBSTRING(STRING input, INTEGER position, INTEGER length)\nSUBSTRING(BYTES input, INTEGER position)\nSUBSTRING(BYTES input, INTEGER position, INTEGER length)",
            ),
        );
    }

    #[test]
    fn the_manual_prints_types_that_depend_on_the_arguments() {
        let registry = Registry::builtin();
        let manual = registry.get("MAP_KEYS").unwrap().manual();
        assert_eq!(manual.overloads[0].returns, "ARRAY<K>");
        assert_eq!(manual.overloads[0].arguments[0].sql_type, "MAP<K, V>");
    }
}
