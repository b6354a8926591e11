//! Functions made of overloads, and which of them a call means.
//!
//! As ksqlDB does: first the overloads that fit as they are, then those that fit after implicit casts (numbers widen, STRING
//! to times and BYTES). Of several that fit, one without variable arguments wins, then the one with fewer types that may be
//! anything; if that leaves two, the call is ambiguous.

use std::{fmt, sync::Arc};

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::{
    Argument, Manual, Overload,
    column::{Body, function, volatile},
    kernel::Call,
    operators::arithmetic::as_decimal,
    registry::{Function, ResolveError, Resolved},
};

/// A function made of overloads: what every file under `scalar/` gives.
#[derive(Debug)]
pub struct Builtin {
    manual: Manual,
    /// As errors print it; ksqlDB writes some of its functions in lower case and some in upper.
    shown: String,
    variants: Vec<Variant>,
}

/// What an argument may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    Is(SqlType),
    /// DECIMAL of any precision and scale.
    AnyDecimal,
    /// `T`: any type, the same for all of an overload's arguments.
    Any,
    /// Any type, for each argument another.
    AnyOfItsOwn,
    /// `ARRAY<T>`.
    ArrayOfAny,
    /// `MAP<K, V>`.
    MapOfAny,
}

/// The result's type, from the types of the arguments.
type Returns = dyn Fn(&[SqlType]) -> SqlType + Send + Sync;

/// One overload.
pub struct Variant {
    parameters: Vec<(&'static str, Parameter)>,
    /// The last parameter may be there any number of times.
    is_variadic: bool,
    description: &'static str,
    returns: Arc<Returns>,
    /// As the manual prints it, where it depends on the arguments.
    returns_as: Option<&'static str>,
    body: Arc<Body>,
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
        Self {
            parameters: parameters.into(),
            is_variadic: false,
            description,
            returns: Arc::new(returns),
            returns_as: None,
            body,
        }
    }

    pub fn variadic(self) -> Self {
        Self {
            is_variadic: true,
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
        let overloads = variants.iter().map(Variant::overload).collect();
        Self {
            manual: Manual {
                name,
                category,
                description,
                overloads,
                takes_null: false,
            },
            shown: name.to_lowercase(),
            variants,
        }
    }

    /// A NULL argument gives something else than NULL.
    pub fn takes_null(mut self) -> Self {
        self.manual.takes_null = true;
        self
    }

    pub fn shown_as(self, shown: &str) -> Self {
        Self {
            shown: shown.to_owned(),
            ..self
        }
    }

    fn refused(&self, arguments: &[Option<SqlType>]) -> ResolveError {
        let alternatives: Vec<String> = self.manual.overloads.iter().map(signature).collect();
        let name = self.manual.name;
        let alternatives: String = alternatives
            .into_iter()
            .map(|parameters| format!("\n{name}({parameters})"))
            .collect();
        let (shown, given) = (&self.shown, given(arguments));
        ResolveError {
            message: format!(
                "Function '{shown}' does not accept parameters ({given}).\nValid alternatives are:{alternatives}"
            ),
        }
    }

    fn ambiguous(&self, arguments: &[Option<SqlType>]) -> ResolveError {
        let (shown, given) = (&self.shown, given(arguments));
        ResolveError {
            message: format!(
                "Function '{shown}' cannot be resolved due to ambiguous method parameters ({given})."
            ),
        }
    }

    fn resolved(&self, variant: &Variant, arguments: Vec<SqlType>) -> Resolved {
        let returns = (variant.returns)(&arguments);
        let body = Arc::clone(&variant.body);
        let udf = if variant.parameters.is_empty() {
            volatile(self.manual.name, &returns, body)
        } else {
            let types: Vec<String> = arguments.iter().map(SqlType::to_string).collect();
            function(self.manual.name, types.join(", "), &returns, body)
        };
        Resolved {
            udf,
            arguments,
            returns,
        }
    }
}

impl Function for Builtin {
    fn manual(&self) -> &Manual {
        &self.manual
    }

    fn resolve(&self, arguments: &[Option<SqlType>]) -> Result<Resolved, ResolveError> {
        for casts in [Casts::None, Casts::Implicit] {
            let fitting = self.variants.iter().filter_map(|variant| {
                let types = variant.fit(arguments, casts)?;
                Some((variant.generality(), types, variant))
            });
            let mut fitting: Vec<_> = fitting.collect();
            fitting.sort_by_key(|(generality, ..)| *generality);
            let mut fitting = fitting.into_iter();
            match (fitting.next(), fitting.next()) {
                (None, _) => {}
                (Some((first, ..)), Some((second, ..))) if first == second => {
                    return Err(self.ambiguous(arguments));
                }
                (Some((_, types, variant)), _) => return Ok(self.resolved(variant, types)),
            }
        }
        Err(self.refused(arguments))
    }
}

/// `STRING input, INTEGER length`.
fn signature(overload: &Overload) -> String {
    let parameters = overload.arguments.iter().map(|argument| {
        let dots = if argument.is_variadic { "..." } else { "" };
        format!("{}{dots} {}", argument.sql_type, argument.name)
    });
    parameters.collect::<Vec<_>>().join(", ")
}

fn given(arguments: &[Option<SqlType>]) -> String {
    let types = arguments.iter().map(|argument| match argument {
        Some(sql_type) => sql_type.to_string(),
        None => "null".to_owned(),
    });
    types.collect::<Vec<_>>().join(", ")
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Casts {
    None,
    Implicit,
}

impl Variant {
    fn overload(&self) -> Overload {
        let last = self.parameters.len().saturating_sub(1);
        let parameters = self.parameters.iter().enumerate();
        let arguments = parameters.map(|(index, (name, parameter))| Argument {
            name,
            sql_type: parameter.printed(),
            description: "",
            is_variadic: self.is_variadic && index == last,
        });
        let examples: Vec<SqlType> = self
            .parameters
            .iter()
            .map(|(_, one)| one.example())
            .collect();
        let returns = match self.returns_as {
            Some(printed) => printed.to_owned(),
            None => (self.returns)(&examples).to_string(),
        };
        Overload {
            arguments: arguments.collect(),
            returns,
            description: self.description,
        }
    }

    /// The least general overload wins.
    fn generality(&self) -> (bool, usize) {
        let generic = [
            Parameter::Any,
            Parameter::AnyOfItsOwn,
            Parameter::ArrayOfAny,
            Parameter::MapOfAny,
        ];
        let parameters = self.parameters.iter();
        let generics = parameters.filter(|(_, parameter)| generic.contains(parameter));
        (self.is_variadic, generics.count())
    }

    fn parameter(&self, index: usize) -> Option<&Parameter> {
        let index = match self.is_variadic {
            true => index.min(self.parameters.len().checked_sub(1)?),
            false => index,
        };
        self.parameters.get(index).map(|(_, parameter)| parameter)
    }

    /// The types that the arguments get, if they fit.
    fn fit(&self, arguments: &[Option<SqlType>], casts: Casts) -> Option<Vec<SqlType>> {
        let least = self.parameters.len() - usize::from(self.is_variadic);
        if arguments.len() < least {
            return None;
        }
        let any = self.any(arguments, casts)?;
        let wanted = arguments.iter().enumerate().map(|(index, given)| {
            let wanted = self
                .parameter(index)?
                .wanted(given.as_ref(), any.as_ref())?;
            let is_possible = match given {
                None => true,
                Some(given) if *given == wanted => true,
                Some(given) => casts == Casts::Implicit && is_implicit(given, &wanted),
            };
            is_possible.then_some(wanted)
        });
        wanted.collect()
    }

    /// What `T` is, `Some(None)` if nothing says it.
    fn any(&self, arguments: &[Option<SqlType>], casts: Casts) -> Option<Option<SqlType>> {
        let mut any: Option<SqlType> = None;
        for (index, given) in arguments.iter().enumerate() {
            let given = match (self.parameter(index)?, given) {
                (Parameter::Any, Some(given)) => given,
                (Parameter::ArrayOfAny, Some(SqlType::Array(element))) => element.as_ref(),
                _ => continue,
            };
            any = match any {
                None => Some(given.clone()),
                Some(known) if known == *given => Some(known),
                Some(known) if casts == Casts::Implicit => Some(wider(known, given)?),
                Some(_) => return None,
            };
        }
        Some(any)
    }
}

fn wider(known: SqlType, given: &SqlType) -> Option<SqlType> {
    if is_implicit(given, &known) {
        return Some(known);
    }
    is_implicit(&known, given).then(|| given.clone())
}

/// Whether a value of `from` may stand where `to` is asked for.
fn is_implicit(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::{BigInt, Bytes, Date, Decimal, Double, Integer, String, Time, Timestamp};
    matches!(
        (from, to),
        (Integer, BigInt | Decimal { .. } | Double)
            | (BigInt, Decimal { .. } | Double)
            | (Decimal { .. }, Double)
            | (String, Time | Date | Timestamp | Bytes)
    )
}

impl Parameter {
    pub const STRING: Self = Self::Is(SqlType::String);
    pub const BYTES: Self = Self::Is(SqlType::Bytes);
    pub const INTEGER: Self = Self::Is(SqlType::Integer);

    /// The type that an argument of type `given` gets; whether it can is not asked here.
    fn wanted(&self, given: Option<&SqlType>, any: Option<&SqlType>) -> Option<SqlType> {
        match (self, given) {
            (Self::Is(sql_type), _) => Some(sql_type.clone()),
            (Self::Any, _) => any.cloned(),
            // Of a NULL of no type any does.
            (Self::AnyOfItsOwn, given) => Some(given.unwrap_or(&SqlType::String).clone()),
            (Self::AnyDecimal, None) => Some(SqlType::Decimal {
                precision: 1,
                scale: 0,
            }),
            (Self::AnyDecimal, Some(given)) => {
                let (precision, scale) = as_decimal(given)?;
                Some(SqlType::Decimal { precision, scale })
            }
            (Self::ArrayOfAny, None) => any.cloned().map(SqlType::array),
            (Self::ArrayOfAny, Some(SqlType::Array(element))) => {
                let element = any.unwrap_or(element).clone();
                Some(SqlType::array(element))
            }
            (Self::MapOfAny, Some(map @ SqlType::Map(..))) => Some(map.clone()),
            _ => None,
        }
    }

    fn printed(&self) -> String {
        match self {
            Self::Is(sql_type) => sql_type.to_string(),
            Self::AnyDecimal => "DECIMAL".to_owned(),
            Self::Any | Self::AnyOfItsOwn => "T".to_owned(),
            Self::ArrayOfAny => "ARRAY<T>".to_owned(),
            Self::MapOfAny => "MAP<K, V>".to_owned(),
        }
    }

    fn example(&self) -> SqlType {
        match self {
            Self::Is(sql_type) => sql_type.clone(),
            Self::AnyDecimal => SqlType::Decimal {
                precision: 2,
                scale: 1,
            },
            Self::Any | Self::AnyOfItsOwn => SqlType::String,
            Self::ArrayOfAny => SqlType::array(SqlType::String),
            Self::MapOfAny => SqlType::map(SqlType::String, SqlType::String),
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
        check("IFNULL", &[BIGINT, INTEGER], Ok(SqlType::BigInt));
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
