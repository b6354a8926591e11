//! SELECT and PRINT: rows for the caller.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::mpsc;
use weir_kafka::{Offset, OffsetSpec, PartitionId};
use weir_plan::{Plan, QueryPlan, ScanSource};
use weir_runtime::{Output, Query, QuerySpec, Rows, RuleOptions};
use weir_sql::{Statement, statement::Print};

use super::{Response, Starts};
use crate::{Engine, Error, PrintStream, RowStream, Session, engine::World};

/// How many batches of rows wait for a slow caller.
const ROWS_WAITING: usize = 2;

/// Makes ids of queries of one millisecond differ.
static COUNTER: AtomicU64 = AtomicU64::new(0);

impl Engine {
    pub(crate) async fn select(
        &self,
        session: &Session,
        statement: &Statement,
        text: &str,
    ) -> Result<Response, Error> {
        let settings = self.settings(session);
        let state = self.state();
        let plan = weir_plan::plan(
            statement,
            &text.into(),
            &self.context(&state.catalog, &World::default(), &settings),
        )?;
        let Plan::Select(plan) = plan else {
            return Err(Error::user("the statement is no SELECT"));
        };
        let topic = plan.source.topic.clone();
        if self.inner.parts.broker.topic(&topic).await?.is_none() {
            return Err(Error::user(format!("Topic '{topic}' does not exist.")));
        }
        let is_push = plan.is_continuous;
        let (start, until) = if is_push {
            (
                self.start_offsets(&plan, &settings, &mut Starts::new())
                    .await?,
                None,
            )
        } else {
            (
                self.offsets(&topic, OffsetSpec::Earliest).await?,
                Some(self.offsets(&topic, OffsetSpec::Latest).await?),
            )
        };
        let id = self.read_id(&plan, &settings)?;
        let (sender, receiver) = mpsc::channel(ROWS_WAITING);
        let schema = weir_catalog::Schema::clone(&plan.schema);
        let spec = read_spec(id.clone(), plan, start, until, sender, &settings);
        let query = self.inner.parts.runtime.start(spec).await?;
        if is_push {
            self.remember_push(id, text, &query);
        }
        let source = (self.inner.parts.broker.clone(), topic.into());
        Ok(Response::Rows(RowStream::new(
            query, schema, receiver, source,
        )))
    }

    /// As ksqlDB names them: clients tell the sorts apart by it.
    fn read_id(
        &self,
        plan: &QueryPlan,
        settings: &BTreeMap<String, String>,
    ) -> Result<String, Error> {
        let unique = COUNTER.fetch_add(1, Ordering::Relaxed);
        let now = self.inner.parts.clock.now();
        if !plan.is_continuous {
            return Ok(format!("query_{now}{unique}"));
        }
        if self.is_scalable(plan, settings)? {
            let unique = uuid::Uuid::new_v4();
            return Ok(format!("SCALABLE_PUSH_QUERY_{}", unique.simple()));
        }
        let unique = now.wrapping_mul(1000) + unique as i64;
        Ok(format!("transient_{}_{unique}", plan.source.name))
    }

    /// Whether ksqlDB would tap the one query that writes the source (reference 2.9). Here every push query shares the
    /// source's reader with all others, so that only the id differs.
    fn is_scalable(
        &self,
        plan: &QueryPlan,
        settings: &BTreeMap<String, String>,
    ) -> Result<bool, Error> {
        let dataflow = plan.dataflow()?;
        let setting = |name: &str, value: &str| {
            settings
                .get(name)
                .is_some_and(|found| found.eq_ignore_ascii_case(value))
        };
        let state = self.state();
        let writers = state
            .queries
            .values()
            .filter(|query| query.target == plan.source.name);
        let names_places = dataflow.scan.iter().any(|column| {
            matches!(
                column.from,
                ScanSource::RowPartition | ScanSource::RowOffset
            )
        });
        Ok(setting("ksql.query.push.v2.enabled", "true")
            && setting("auto.offset.reset", "latest")
            && writers.count() == 1
            && !names_places)
    }

    /// Ends a push query; false if there is none of this id.
    pub async fn close_query(&self, id: &str) -> bool {
        let Some((_, query)) = self.push_query(id) else {
            return false;
        };
        // It keeps no positions: there is nothing to wait for.
        let _ = query.stop(std::time::Duration::from_secs(1)).await;
        true
    }

    fn remember_push(&self, id: String, text: &str, query: &Query) {
        let mut pushes = self
            .inner
            .pushes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        pushes.insert(id.clone(), (text.to_owned(), query.clone()));
        drop(pushes);
        let (weak, query) = (Arc::downgrade(&self.inner), query.clone());
        tokio::spawn(async move {
            query.finished().await;
            if let Some(inner) = weak.upgrade() {
                inner
                    .pushes
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&id);
            }
        });
    }

    pub(crate) fn push_query(&self, id: &str) -> Option<(String, Query)> {
        let pushes = self
            .inner
            .pushes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        pushes
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(id))
            .map(|(_, found)| found.clone())
    }

    pub(crate) fn push_queries(&self) -> BTreeMap<String, (String, Query)> {
        self.inner
            .pushes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) async fn print(&self, session: &Session, print: &Print) -> Result<Response, Error> {
        // PRINT begins at the end unless the session itself says otherwise.
        let reset = session.properties.get("auto.offset.reset");
        let from_beginning = print.from_beginning
            || reset.is_some_and(|reset| reset.eq_ignore_ascii_case("earliest"));
        let stream = PrintStream::open(
            &self.inner.parts.broker,
            &print.topic.value,
            from_beginning,
            print.interval,
            print.limit,
        )
        .await?;
        Ok(Response::Print(stream))
    }
}

/// How a push or pull query runs.
pub(super) fn read_spec(
    id: String,
    plan: QueryPlan,
    start: BTreeMap<PartitionId, Offset>,
    until: Option<BTreeMap<PartitionId, Offset>>,
    rows: mpsc::Sender<Rows>,
    settings: &BTreeMap<String, String>,
) -> QuerySpec {
    let is_on = |name: &str| {
        let value = settings.get(name);
        value.is_none_or(|value| !value.eq_ignore_ascii_case("false"))
    };
    QuerySpec {
        id,
        plan: Arc::new(plan),
        fingerprint: String::new(),
        start,
        until,
        output: Output::Rows(rows),
        is_persistent: false,
        has_origin_headers: false,
        // Whoever waits for rows would wait for ever.
        is_paused: false,
        fails_on_bad_time: false,
        rules: RuleOptions {
            has_index: is_on("weir.rules.index.enable"),
            has_raw_filter: is_on("weir.rules.raw.filter"),
        },
    }
}
