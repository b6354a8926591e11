//! The functions that there are, and which overload a call means.

use std::{collections::BTreeMap, sync::Arc};

use datafusion_expr::ScalarUDF;
use weir_catalog::SqlType;

use crate::Manual;

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
    pub fn builtin() -> Self {
        Self::default()
    }

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
