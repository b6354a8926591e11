//! The functions that there are, and which overload a call means.

use std::{collections::BTreeMap, sync::Arc};

use datafusion_expr::ScalarUDF;
use weir_catalog::SqlType;

use crate::{
    Argument, Manual, Overload,
    column::{Body, function, volatile},
    scalar,
};

/// Built-in functions and those that a program registered.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    functions: BTreeMap<String, Arc<dyn Function>>,
}

/// A function as the planner sees it.
pub trait Function: std::fmt::Debug + Send + Sync {
    fn manual(&self) -> &Manual;

    /// Picks the overload for these argument types (`None`: an untyped NULL).
    fn resolve(&self, arguments: &[Option<SqlType>]) -> Result<Resolved, ResolveError>;
}

/// A call that is known to fit: arguments must first be cast to `arguments`.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub udf: Arc<ScalarUDF>,
    pub arguments: Vec<SqlType>,
    pub returns: SqlType,
}

/// Displays in ksqlDB's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ResolveError {
    pub message: String,
}

impl Registry {
    /// The functions that come with Weir.
    pub fn builtin() -> Self {
        let mut registry = Self::default();
        for function in scalar::all() {
            registry.register(Arc::new(function));
        }
        registry
    }

    /// Adds a function, or replaces the one of the same name.
    pub fn register(&mut self, function: Arc<dyn Function>) {
        self.functions
            .insert(function.manual().name.to_uppercase(), function);
    }

    /// `name` in any case.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Function>> {
        self.functions.get(&name.to_uppercase())
    }

    /// In the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Function>> {
        self.functions.values()
    }
}

/// A function made of overloads: what every file under `scalar/` gives.
#[derive(Debug)]
pub struct Builtin {
    manual: Manual,
    variants: Vec<Variant>,
}

/// What an argument may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    Is(SqlType),
    /// DECIMAL of any precision and scale.
    AnyDecimal,
    /// Any type; all arguments of an overload that are `Any` have the same one.
    Any,
    /// An ARRAY of the type that `Any` is.
    ArrayOfAny,
}

/// One overload.
pub struct Variant {
    pub parameters: Vec<(&'static str, Parameter)>,
    /// The last parameter may be there any number of times, at least once.
    pub is_variadic: bool,
    pub description: &'static str,
    /// The result's type, from the types of the arguments.
    pub returns: fn(&[SqlType]) -> SqlType,
    pub body: fn(&[SqlType]) -> Arc<Body>,
}

impl std::fmt::Debug for Variant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Variant")
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}

impl Builtin {
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
            },
            variants,
        }
    }

    fn refuse(&self, arguments: &[Option<SqlType>]) -> ResolveError {
        let given = list(arguments.iter().map(|argument| {
            argument
                .as_ref()
                .map_or("null".to_owned(), SqlType::to_string)
        }));
        let alternatives: String = self
            .manual
            .overloads
            .iter()
            .map(|overload| {
                let types = overload.arguments.iter().map(|argument| {
                    let dots = if argument.is_variadic { "..." } else { "" };
                    format!("{} {}{dots}", argument.sql_type, argument.name)
                });
                format!("\n{}({})", self.manual.name, list(types))
            })
            .collect();
        ResolveError {
            message: format!(
                "Function '{}' does not accept parameters ({given}).\nValid alternatives are:{alternatives}",
                self.manual.name.to_lowercase()
            ),
        }
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

impl Function for Builtin {
    fn manual(&self) -> &Manual {
        &self.manual
    }

    fn resolve(&self, arguments: &[Option<SqlType>]) -> Result<Resolved, ResolveError> {
        let fitting = self.variants.iter().filter_map(|variant| {
            let (cost, types) = variant.fit(arguments)?;
            Some((cost, types, variant))
        });
        let mut fitting: Vec<_> = fitting.collect();
        fitting.sort_by_key(|(cost, ..)| *cost);
        match fitting.as_slice() {
            [] => Err(self.refuse(arguments)),
            [(first, ..), (second, ..), ..] if first == second => {
                let given = list(arguments.iter().map(|argument| {
                    argument
                        .as_ref()
                        .map_or("null".to_owned(), SqlType::to_string)
                }));
                Err(ResolveError {
                    message: format!(
                        "Function '{}' cannot be resolved due to ambiguous method parameters ({given})",
                        self.manual.name.to_lowercase()
                    ),
                })
            }
            [(_, types, variant), ..] => {
                let returns = (variant.returns)(types);
                let body = (variant.body)(types);
                let udf = if variant.parameters.is_empty() {
                    volatile(self.manual.name, &returns, body)
                } else {
                    let constants = list(types.iter().map(SqlType::to_string));
                    function(self.manual.name, constants, &returns, body)
                };
                Ok(Resolved {
                    udf,
                    arguments: types.clone(),
                    returns,
                })
            }
        }
    }
}

impl Variant {
    fn overload(&self) -> Overload {
        let last = self.parameters.len().saturating_sub(1);
        let mut example = Vec::new();
        let arguments = self
            .parameters
            .iter()
            .enumerate()
            .map(|(index, (name, parameter))| {
                example.push(parameter.example());
                Argument {
                    name,
                    sql_type: parameter.printed(),
                    description: "",
                    is_variadic: self.is_variadic && index == last,
                }
            })
            .collect();
        let is_generic = self
            .parameters
            .iter()
            .any(|(_, parameter)| *parameter == Parameter::Any);
        let returns = (self.returns)(&example);
        let returns = match &returns {
            SqlType::Decimal { .. } => "DECIMAL".to_owned(),
            // The example's type stands for T where a parameter is any type.
            SqlType::String
                if is_generic && self.parameters.iter().all(|(_, p)| *p == Parameter::Any) =>
            {
                "T".to_owned()
            }
            other => other.to_string(),
        };
        Overload {
            arguments,
            returns,
            description: self.description,
        }
    }

    /// How far the arguments must be widened, and the types that they get.
    fn fit(&self, arguments: &[Option<SqlType>]) -> Option<(u32, Vec<SqlType>)> {
        let fixed = self.parameters.len();
        let is_count_right = if self.is_variadic {
            arguments.len() >= fixed
        } else {
            arguments.len() == fixed
        };
        if !is_count_right {
            return None;
        }
        let parameter = |index: usize| &self.parameters[index.min(fixed.saturating_sub(1))].1;
        let any = self.any_type(arguments, &parameter)?;
        let mut cost = u32::from(self.is_variadic);
        let mut types = Vec::with_capacity(arguments.len());
        for (index, argument) in arguments.iter().enumerate() {
            let wanted = match parameter(index) {
                Parameter::Is(wanted) => wanted.clone(),
                Parameter::AnyDecimal => match argument {
                    Some(SqlType::Decimal { .. }) | None => {
                        argument.clone().unwrap_or(SqlType::Decimal {
                            precision: 1,
                            scale: 0,
                        })
                    }
                    Some(other) => {
                        let (precision, scale) = crate::operators::arithmetic::as_decimal(other)?;
                        SqlType::Decimal { precision, scale }
                    }
                },
                Parameter::Any => any.clone()?,
                Parameter::ArrayOfAny => match argument {
                    Some(array @ SqlType::Array(_)) => array.clone(),
                    _ => return None,
                },
            };
            cost += match argument {
                Some(given) => widening(given, &wanted)?,
                None => 0,
            };
            types.push(wanted);
        }
        Some((cost, types))
    }

    /// The type that `Any` stands for; `Some(None)` if no parameter asks for it.
    fn any_type<'a>(
        &self,
        arguments: &[Option<SqlType>],
        parameter: &impl Fn(usize) -> &'a Parameter,
    ) -> Option<Option<SqlType>> {
        let mut found: Option<SqlType> = None;
        for (index, argument) in arguments.iter().enumerate() {
            let given = match (parameter(index), argument) {
                (Parameter::Any, Some(given)) => given.clone(),
                (Parameter::ArrayOfAny, Some(SqlType::Array(element))) => element.as_ref().clone(),
                _ => continue,
            };
            found = Some(match found {
                None => given,
                Some(known) if widening(&given, &known).is_some() => known,
                Some(known) if widening(&known, &given).is_some() => given,
                Some(_) => return None,
            });
        }
        let asks = self
            .parameters
            .iter()
            .any(|(_, parameter)| *parameter == Parameter::Any);
        if asks && found.is_none() {
            None
        } else {
            Some(found)
        }
    }
}

/// How many steps an implicit cast takes; `None` if there is none.
pub fn widening(from: &SqlType, to: &SqlType) -> Option<u32> {
    use SqlType::{BigInt, Date, Decimal, Double, Integer, String, Time, Timestamp};
    match (from, to) {
        (from, to) if from == to => Some(0),
        (Integer, BigInt) => Some(1),
        (Integer, Decimal { .. }) => Some(2),
        (Integer, Double) => Some(3),
        (BigInt, Decimal { .. }) => Some(1),
        (BigInt, Double) => Some(2),
        (Decimal { .. }, Decimal { .. }) => None,
        (Decimal { .. }, Double) => Some(1),
        (String, Time | Date | Timestamp) => Some(1),
        _ => None,
    }
}

impl Parameter {
    fn printed(&self) -> String {
        match self {
            Self::Is(sql_type) => sql_type.to_string(),
            Self::AnyDecimal => "DECIMAL".to_owned(),
            Self::Any => "T".to_owned(),
            Self::ArrayOfAny => "ARRAY<T>".to_owned(),
        }
    }

    fn example(&self) -> SqlType {
        match self {
            Self::Is(sql_type) => sql_type.clone(),
            Self::AnyDecimal => SqlType::Decimal {
                precision: 2,
                scale: 1,
            },
            Self::Any => SqlType::String,
            Self::ArrayOfAny => SqlType::array(SqlType::String),
        }
    }
}
