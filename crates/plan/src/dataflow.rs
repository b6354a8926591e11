//! What a query does to records, which may be at rest.
//!
//! Thousands of queries wait for a record that concerns them, most of them for ever. What they would do with it is the largest
//! part of a plan, and all of it follows from the statement: once a query runs, its dataflow is let go of, and it is made again
//! out of the statement when it is wanted.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use weir_catalog::{Catalog, Source, SqlType};
use weir_functions::Registry;
use weir_sql::{Statement, Variables};

use crate::{Context, Error, ErrorKind, ScanColumn, Step, TopicFacts, Topics, query};

/// The columns that are read, and what becomes of them.
#[derive(Debug, Clone)]
pub struct Dataflow {
    /// The columns that the steps name, and no others.
    pub scan: Vec<ScanColumn>,
    pub steps: Vec<Step>,
}

/// A dataflow that is there, or can be made. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Resting(Arc<Cell>);

#[derive(Debug)]
struct Cell {
    made: Mutex<Option<Arc<Dataflow>>>,
    /// `None`: it stays as it is.
    recipe: Option<Recipe>,
}

/// All that the dataflow of a persistent query follows from.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// The statement, variables put in.
    pub text: Arc<str>,
    pub source: Arc<Source>,
    /// The stream that INSERT INTO writes to.
    pub target: Option<Arc<Source>>,
    types: BTreeMap<String, SqlType>,
    functions: Registry,
    properties: Box<[(&'static str, String)]>,
}

impl Resting {
    pub fn new(dataflow: Dataflow) -> Self {
        Self(Arc::new(Cell {
            made: Mutex::new(Some(Arc::new(dataflow))),
            recipe: None,
        }))
    }

    /// The same, which may rest from now on.
    pub fn with(&self, recipe: Recipe) -> Self {
        Self(Arc::new(Cell {
            made: Mutex::new(self.made().clone()),
            recipe: Some(recipe),
        }))
    }

    pub fn get(&self) -> Result<Arc<Dataflow>, Error> {
        if let Some(made) = &*self.made() {
            return Ok(made.clone());
        }
        match &self.0.recipe {
            Some(recipe) => recipe.make(),
            None => Err(Error::new(
                ErrorKind::Invalid,
                "the steps of the query are not there",
            )),
        }
    }

    /// Lets go of it, if it can be made again.
    pub fn rest(&self) {
        if self.0.recipe.is_some() {
            *self.made() = None;
        }
    }

    fn made(&self) -> MutexGuard<'_, Option<Arc<Dataflow>>> {
        self.0.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recipe {
    pub fn new(
        text: &Arc<str>,
        source: &Arc<Source>,
        target: Option<&Arc<Source>>,
        context: &Context<'_>,
    ) -> Self {
        let types = context.catalog.custom_types();
        let types = types.map(|(name, sql_type)| (name.to_owned(), sql_type.clone()));
        let properties = query::PROPERTIES.iter().filter_map(|name| {
            let value = context.properties.get(*name)?;
            Some((*name, value.clone()))
        });
        Self {
            text: text.clone(),
            source: source.clone(),
            target: target.cloned(),
            types: types.collect(),
            functions: context.functions.clone(),
            properties: properties.collect(),
        }
    }

    fn make(&self) -> Result<Arc<Dataflow>, Error> {
        let parsed = weir_sql::parse_statement(&self.text, &Variables::default());
        let parsed = parsed.map_err(|error| Error::new(ErrorKind::Invalid, error.to_string()))?;
        let (query, sink) = match &parsed.statement {
            Statement::InsertSelect(insert) => (&insert.query, &insert.target),
            Statement::CreateAsSelect(create) => (&create.query, &create.name),
            _ => return Err(Error::new(ErrorKind::Invalid, "the statement has no query")),
        };
        let mut catalog = Catalog::default();
        catalog.share(self.source.clone());
        for (name, sql_type) in &self.types {
            catalog.add_type(name, sql_type.clone());
        }
        let properties = self.properties.iter();
        let properties = properties.map(|(name, value)| ((*name).to_owned(), value.clone()));
        let properties = properties.collect();
        let context = Context {
            catalog: &catalog,
            functions: &self.functions,
            topics: &NoTopics,
            properties: &properties,
        };
        let target = self.target.as_ref().map(|target| &target.schema);
        let (plan, _) = query::persistent(query, &context, &sink.value, target)?;
        plan.dataflow()
    }
}

/// A query asks nothing of topics.
struct NoTopics;

impl Topics for NoTopics {
    fn topic(&self, _: &str) -> Option<TopicFacts> {
        None
    }
}
