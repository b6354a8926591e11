//! The functions that there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use datafusion_expr::{Expr, HigherOrderUDF, ScalarUDF, Volatility};
use weir_catalog::SqlType;

use crate::{
    Manual, TableFunction, lambda,
    overload::{Given, Selected},
    scalar, table,
};

/// Built-in functions and those that a program registered.
///
/// Clones share what none of them changes: whoever plans keeps one.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    functions: Arc<BTreeMap<String, Arc<dyn Function>>>,
    tables: Arc<BTreeMap<String, Arc<TableFunction>>>,
}

/// What a function makes of a row: a value, or rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    Scalar,
    Table,
}

/// `SCALAR`, `TABLE`.
impl fmt::Display for FunctionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "SCALAR",
            Self::Table => "TABLE",
        })
    }
}

/// A function as the planner sees it. [`crate::Builtin`] is one made of overloads, for host programs too.
pub trait Function: std::fmt::Debug + Send + Sync {
    fn manual(&self) -> &Manual;

    /// Picks the overload for these arguments.
    fn select(&self, arguments: &[Given]) -> Result<Selected, ResolveError>;

    /// The call over values of these types (`None`: an untyped NULL).
    fn resolve(&self, arguments: &[Option<SqlType>]) -> Result<Resolved, ResolveError> {
        let arguments: Vec<_> = arguments.iter().cloned().map(Given::from).collect();
        self.select(&arguments)?.finish()
    }
}

/// A call that is known to fit: arguments must first be cast to `arguments`.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub udf: Udf,
    pub arguments: Vec<SqlType>,
    pub returns: SqlType,
}

/// What computes a call.
#[derive(Debug, Clone)]
pub enum Udf {
    Scalar(Arc<ScalarUDF>),
    /// Of values and lambdas.
    HigherOrder(Arc<HigherOrderUDF>),
}

impl Udf {
    pub fn volatility(&self) -> Volatility {
        match self {
            Self::Scalar(udf) => udf.signature().volatility,
            Self::HigherOrder(udf) => udf.signature().volatility,
        }
    }

    pub fn call(&self, arguments: Vec<Expr>) -> Expr {
        match self {
            Self::Scalar(udf) => udf.call(arguments),
            Self::HigherOrder(udf) => lambda::call(Arc::clone(udf), arguments),
        }
    }
}

/// Displays in ksqlDB's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ResolveError {
    pub message: String,
    /// What to do about it, if that is known.
    pub hint: Option<String>,
}

impl ResolveError {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }
}

impl Registry {
    /// The functions that come with Weir.
    pub fn builtin() -> Self {
        let mut registry = Self::default();
        for function in scalar::all() {
            registry.register(Arc::new(function));
        }
        for function in table::all() {
            let name = function.manual().name.to_uppercase();
            Arc::make_mut(&mut registry.tables).insert(name, Arc::new(function));
        }
        registry
    }

    /// Adds a function, or replaces the one of the same name.
    pub fn register(&mut self, function: Arc<dyn Function>) {
        Arc::make_mut(&mut self.functions).insert(function.manual().name.to_uppercase(), function);
    }

    /// `name` in any case.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Function>> {
        self.functions.get(&name.to_uppercase())
    }

    /// The table function `name`, in any case.
    pub fn table(&self, name: &str) -> Option<&Arc<TableFunction>> {
        self.tables.get(&name.to_uppercase())
    }

    /// What the manual says of `name`, in any case.
    pub fn manual(&self, name: &str) -> Option<(FunctionKind, &Manual)> {
        let scalar = self
            .get(name)
            .map(|function| (FunctionKind::Scalar, function.manual()));
        let table = || Some((FunctionKind::Table, self.table(name)?.manual()));
        scalar.or_else(table)
    }

    /// All entries of the manual, in the order of their names.
    pub fn manuals(&self) -> Vec<(FunctionKind, &Manual)> {
        let scalar = self.functions.keys();
        let table = self.tables.keys();
        let names: BTreeSet<&String> = scalar.chain(table).collect();
        names
            .into_iter()
            .filter_map(|name| self.manual(name))
            .collect()
    }

    /// Those of one value, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Function>> {
        self.functions.values()
    }
}

#[cfg(test)]
mod tests {
    use arrow::{
        array::{ArrayRef, AsArray},
        datatypes::Int64Type,
    };
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::{Builtin, Parameter, Variant, over_arrays, testing};

    #[test]
    fn names_are_found_in_any_case() {
        let registry = Registry::builtin();
        assert_eq!(registry.get("lCase").unwrap().manual().name, "LCASE");
        assert!(registry.get("NO_SUCH").is_none());
        let names: Vec<_> = registry
            .iter()
            .map(|function| function.manual().name)
            .collect();
        assert!(names.is_sorted());
        assert_eq!(names.len(), scalar::all().len(), "no name is there twice");
    }

    #[test]
    fn table_functions_are_in_the_manual_and_apart_from_the_others() {
        let registry = Registry::builtin();
        assert!(registry.get("EXPLODE").is_none());
        let (kind, manual) = registry.manual("explode").unwrap();
        assert_eq!((kind, manual.name), (FunctionKind::Table, "EXPLODE"));
        assert_eq!(registry.manual("LCASE").unwrap().0, FunctionKind::Scalar);
        let all = registry.manuals();
        assert!(all.is_sorted_by_key(|(_, manual)| manual.name));
        assert_eq!(all.len(), scalar::all().len() + table::all().len());
    }

    #[test]
    fn every_entry_of_the_manual_says_something() {
        for (_, manual) in Registry::builtin().manuals() {
            assert_eq!(manual.name, manual.name.to_uppercase());
            assert!(!manual.description.is_empty() && !manual.category.is_empty());
            assert!(!manual.overloads.is_empty(), "{}", manual.name);
            for overload in &manual.overloads {
                assert!(!overload.description.is_empty(), "{}", manual.name);
            }
        }
    }

    #[test]
    fn a_host_program_adds_a_function_over_arrays() {
        let twice = |arrays: &[ArrayRef]| -> datafusion_common::Result<ArrayRef> {
            let values = arrays[0].as_primitive::<Int64Type>();
            Ok(Arc::new(
                values.unary::<_, Int64Type>(|value| value.wrapping_mul(2)),
            ))
        };
        let variant = Variant::over(
            [("value", Parameter::Is(SqlType::BigInt))],
            "Twice the value.",
            |_| SqlType::BigInt,
            over_arrays(twice),
        );
        let mut registry = Registry::builtin();
        registry.register(Arc::new(Builtin::new(
            "TWICE",
            "HOST",
            "Doubles.",
            vec![variant],
        )));
        let call = registry
            .get("twice")
            .unwrap()
            .resolve(&[Some(SqlType::Integer)])
            .unwrap();
        assert_eq!(call.arguments, [SqlType::BigInt]);
        let make = |arguments| call.udf.call(arguments);
        testing::check(
            make,
            &[ScalarValue::from(21_i64)],
            &ScalarValue::from(42_i64),
        );
    }
}
