//! What a query does to records, which may be at rest.
//!
//! Thousands of queries wait for a record that concerns them, most of them for ever. What they would do with it is the largest
//! part of a plan, and all of it follows from the statement: once the query is checked, its dataflow is let go of, and it is made
//! again out of the statement when it is wanted. Whoever has it shares it with all who want it meanwhile.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use weir_catalog::{Catalog, Source};
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
    made: Mutex<Made>,
    /// `None`: it stays as it is.
    recipe: Option<Recipe>,
}

#[derive(Debug, Clone)]
struct Made {
    /// `None` while it rests.
    here: Option<Arc<Dataflow>>,
    /// The last one, which others may still have.
    elsewhere: Weak<Dataflow>,
}

/// All that the dataflow of a persistent query follows from.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// The statement, variables put in.
    text: Arc<str>,
    source: Arc<Source>,
    /// The stream that INSERT INTO writes to.
    target: Option<Arc<Source>>,
    /// Without sources.
    types: Catalog,
    functions: Registry,
    properties: Box<[(&'static str, String)]>,
}

impl Resting {
    pub fn new(dataflow: Dataflow) -> Self {
        let dataflow = Arc::new(dataflow);
        Self(Arc::new(Cell {
            made: Mutex::new(Made {
                elsewhere: Arc::downgrade(&dataflow),
                here: Some(dataflow),
            }),
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
        let mut made = self.made();
        let known = made.here.clone().or_else(|| made.elsewhere.upgrade());
        match (known, &self.0.recipe) {
            (Some(known), _) => Ok(known),
            (None, Some(recipe)) => {
                // With the lock: those who want it meanwhile would make the same.
                let dataflow = recipe.make()?;
                made.elsewhere = Arc::downgrade(&dataflow);
                Ok(dataflow)
            }
            (None, None) => Err(Error::new(
                ErrorKind::Invalid,
                "the steps of the query are not there",
            )),
        }
    }

    /// Lets go of it, if it can be made again.
    pub fn rest(&self) {
        if self.0.recipe.is_some() {
            self.made().here = None;
        }
    }

    fn made(&self) -> MutexGuard<'_, Made> {
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
        let properties = query::PROPERTIES.iter().filter_map(|name| {
            let value = context.properties.get(*name)?;
            Some((*name, value.clone()))
        });
        Self {
            text: text.clone(),
            source: source.clone(),
            target: target.cloned(),
            types: context.catalog.types_alone(),
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
        let mut catalog = self.types.clone();
        catalog.share(self.source.clone());
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
