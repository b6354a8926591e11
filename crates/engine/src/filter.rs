//! A query over values in memory, in one thread and without a broker: what a record costs.

use std::sync::Arc;

use arrow::{datatypes::Schema, record_batch::RecordBatch};
use weir_catalog::Catalog;
use weir_functions::Registry;
use weir_plan::{Context, Dataflow, Plan, ScanSource, TopicFacts};
use weir_runtime::Pipeline;
use weir_sql::{Statement, Variables};

use crate::Error;

/// A SELECT over one stream.
pub struct Filter {
    dataflow: Arc<Dataflow>,
    pipeline: Pipeline,
}

/// The topics of a declaration are taken as there.
struct AnyTopic;

impl weir_plan::Topics for AnyTopic {
    fn topic(&self, _name: &str) -> Option<TopicFacts> {
        Some(TopicFacts {
            partitions: 1,
            replicas: 1,
        })
    }
}

impl Filter {
    /// `declaration` is a CREATE STREAM; `select` reads from it.
    pub fn try_new(declaration: &str, select: &str) -> Result<Self, Error> {
        let mut catalog = Catalog::default();
        let functions = Registry::builtin();
        match plan(declaration, &catalog, &functions)? {
            Plan::CreateSource(declared) => catalog.add(declared.source)?,
            _ => {
                return Err(Error::user(
                    "a filter is over a stream that CREATE STREAM declares",
                ));
            }
        }
        let Plan::Select(plan) = plan(select, &catalog, &functions)? else {
            return Err(Error::user("a filter is a SELECT"));
        };
        let pipeline = Pipeline::try_new(&plan)?;
        let dataflow = plan.dataflow()?;
        Ok(Self { dataflow, pipeline })
    }

    /// What the SELECT reads of a value, as a path of names each; `None` where it reads anything else (ROWTIME, a key).
    pub fn paths(&self) -> Option<Vec<Vec<String>>> {
        let paths = self.dataflow.scan.iter().map(|column| match &column.from {
            ScanSource::Value(path) => Some(path.clone()),
            _ => None,
        });
        paths.collect()
    }

    /// The columns that the paths lead to.
    pub fn schema(&self) -> Schema {
        let fields = self.dataflow.scan.iter();
        let fields = fields.map(|column| column.sql_type.to_arrow_field(&column.name));
        Schema::new(fields.collect::<Vec<_>>())
    }

    /// Decodes values; how many rows leave.
    pub fn count(&mut self, values: &[Option<&[u8]>]) -> Result<usize, Error> {
        Ok(self.pipeline.process(values)?)
    }

    /// The rows that leave for columns that were decoded elsewhere, in pieces, as they leave.
    pub fn rows(&mut self, columns: RecordBatch) -> Result<Vec<RecordBatch>, Error> {
        Ok(self.pipeline.rows(columns)?)
    }

    /// How many rows leave for columns that were decoded elsewhere.
    pub fn count_rows(&mut self, columns: RecordBatch) -> Result<usize, Error> {
        Ok(self.pipeline.process_rows(columns)?)
    }

    /// Values that could not be decoded, so far.
    pub fn bad_records(&self) -> u64 {
        self.pipeline.bad_records()
    }
}

/// Over the topics that declarations name, whatever they are.
pub(crate) fn plan(text: &str, catalog: &Catalog, functions: &Registry) -> Result<Plan, Error> {
    let parsed = weir_sql::parse_statement(text, &Variables::default())
        .map_err(|error| Error::from(error).within(text))?;
    if !matches!(
        parsed.statement,
        Statement::CreateSource(_)
            | Statement::CreateAsSelect(_)
            | Statement::InsertSelect(_)
            | Statement::Select(_)
    ) {
        return Err(Error::user("expected CREATE STREAM or a query"));
    }
    let settings = crate::properties::with_defaults(&Default::default());
    let context = Context {
        catalog,
        functions,
        topics: &AnyTopic,
        properties: &settings,
    };
    weir_plan::plan(&parsed.statement, &parsed.text.into(), &context)
        .map_err(|error| Error::from(error).within(text))
}
