//! ASSERT VALUES, NULL VALUES, STREAM, TABLE and COUNT.

use serde_json::Value;
use weir_catalog::{Column, SqlType};
use weir_kafka::{Offset, PartitionId, Record};
use weir_plan::assert::AssertPlan;
use weir_runtime::Inspector;
use weir_sql::{
    Ident,
    statement::{AssertValues, CreateSource},
};

use super::{Difference, Failure, Row, Scenario};
use crate::{Error, engine::World as Topics, rows};

/// How many records are shown beside the one that was compared.
const NEIGHBOURS: usize = 5;

/// How many records of a topic are shown that has too many or too few.
const SHOWN: usize = 10;

/// The columns that are looked at, and how.
struct Look {
    topic: String,
    columns: Vec<Column>,
    /// By column: whether it is the record's own time.
    row_times: Vec<bool>,
    inspector: Inspector,
}

/// One record.
struct Seen {
    row: Row,
    is_tombstone: bool,
    /// It cannot be read, or is gone.
    is_bad: bool,
}

impl Scenario {
    /// The next record of the source's topic that was not read must be this one.
    pub(super) async fn assert_values(
        &mut self,
        assert: &AssertValues,
        is_null: bool,
    ) -> Result<(), Failure> {
        let plan = self.planned(|context| weir_plan::assert::values(assert, is_null, context));
        let plan = plan.map_err(Failure::of_statement)?;
        let compared = self.compare(&plan, is_null).await;
        compared.map_err(Failure::of_statement)?
    }

    /// Plans against what exists now.
    fn planned<T>(
        &self,
        plan: impl FnOnce(&weir_plan::Context<'_>) -> Result<T, weir_plan::Error>,
    ) -> Result<T, Error> {
        let settings = self.engine.settings(&self.session);
        let state = self.engine.state();
        let topics = Topics::default();
        let context = self.engine.context(&state.catalog, &topics, &settings);
        Ok(plan(&context)?)
    }

    /// The outer error says that it cannot be compared.
    async fn compare(
        &mut self,
        plan: &AssertPlan,
        is_null: bool,
    ) -> Result<Result<(), Failure>, Error> {
        let mut look = Look::try_new(plan)?;
        let values = plan.columns.iter().map(|column| &column.expected);
        let values = weir_runtime::evaluate(values)?;
        let values = look.columns.iter().zip(&values);
        let wanted = values.map(|(column, array)| rows::value(array, 0, &column.sql_type));
        let mut wanted = Row::new("EXPECTED", wanted.collect());
        if is_null {
            wanted.note = Some("a tombstone".to_owned());
        }
        let topic = look.topic.clone();
        let arrivals = self.arrivals.entry(topic).or_default();
        let at = arrivals.records.get(arrivals.read).copied();
        arrivals.read += usize::from(at.is_some());
        let (read, unread) = arrivals.records.split_at(arrivals.read);
        let more = unread.len().saturating_sub(NEIGHBOURS);
        let next = unread[..unread.len() - more].to_vec();
        let before = read[read.len().saturating_sub(NEIGHBOURS)..].to_vec();
        let Some(at) = at else {
            let mut difference = look.difference(vec![wanted]);
            let shown = self.rows(&mut look, &before, "already read");
            difference.rows.extend(shown.await?);
            let why = "Expected another record, but all records have already been read:";
            return Ok(Err(Failure::of_records(Error::user(why), difference)));
        };
        let seen = self.look(&mut look, at, "ACTUAL").await?;
        let mut actual = seen.row;
        let cells = wanted.cells.iter().zip(&actual.cells).enumerate();
        let differing = cells.filter(|(_, (wanted, actual))| wanted != actual);
        actual.differing = differing.map(|(index, _)| index).collect();
        if actual.differing.is_empty() && seen.is_tombstone == is_null && !seen.is_bad {
            return Ok(Ok(()));
        }
        let mut difference = look.difference(vec![wanted, actual]);
        difference.more = more;
        let shown = self.rows(&mut look, &next, "next").await?;
        difference.rows.extend(shown);
        let why = "Expected record does not match actual.";
        Ok(Err(Failure::of_records(Error::user(why), difference)))
    }

    pub(super) fn assert_source(&mut self, assert: &CreateSource) -> Result<(), Failure> {
        let compared = self.planned(|context| weir_plan::assert::source(assert, context));
        compared.map_err(Failure::of_source)
    }

    /// All records that are in the source's topic are counted, read or not.
    pub(super) async fn assert_count(&mut self, count: u64, name: &Ident) -> Result<(), Failure> {
        let counted = self.count(count, name).await;
        counted.map_err(Failure::of_statement)?
    }

    async fn count(&mut self, count: u64, name: &Ident) -> Result<Result<(), Failure>, Error> {
        let source = self.planned(|context| weir_plan::assert::counted(name, context).cloned())?;
        let arrivals = self.arrivals.get(&source.topic);
        let records = arrivals.map_or(&[][..], |arrivals| &arrivals.records);
        if records.len() as u64 == count {
            return Ok(Ok(()));
        }
        let columns: Vec<Column> = source.schema.keys_first().cloned().collect();
        let mut look = Look {
            topic: source.topic.clone(),
            row_times: vec![false; columns.len()],
            inspector: Inspector::try_new(&source, &columns)?,
            columns,
        };
        let mut difference = look.difference(Vec::new());
        let shown = &records[..records.len().min(SHOWN)];
        difference.more = records.len() - shown.len();
        difference.rows = self.rows(&mut look, shown, "ACTUAL").await?;
        let found = records.len();
        let why = format!(
            "Expected a count of {count} in {}, but was {found}.",
            source.name
        );
        Ok(Err(Failure::of_records(Error::user(why), difference)))
    }

    async fn rows(
        &self,
        look: &mut Look,
        records: &[(PartitionId, Offset)],
        label: &str,
    ) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::with_capacity(records.len());
        for at in records {
            rows.push(self.look(look, *at, label).await?.row);
        }
        Ok(rows)
    }

    async fn look(
        &self,
        look: &mut Look,
        (partition, offset): (PartitionId, Offset),
        label: &str,
    ) -> Result<Seen, Error> {
        let records = self.read(&look.topic, partition, offset, offset + 1);
        let Some(record) = records.await?.pop() else {
            let mut row = Row::new(label, vec![Value::Null; look.columns.len()]);
            row.note = Some("no record stands at this offset any more".to_owned());
            return Ok(Seen {
                row,
                is_tombstone: false,
                is_bad: true,
            });
        };
        Ok(look.see(&record, label))
    }
}

impl Look {
    fn try_new(plan: &AssertPlan) -> Result<Self, Error> {
        let listed = plan.columns.iter();
        let columns: Vec<Column> = listed.clone().map(|listed| listed.column.clone()).collect();
        let row_times: Vec<bool> = listed.map(|listed| listed.is_row_time).collect();
        let of_source = columns.iter().zip(&row_times);
        let of_source = of_source.filter(|(_, is_row_time)| !**is_row_time);
        let of_source: Vec<Column> = of_source.map(|(column, _)| column.clone()).collect();
        Ok(Self {
            topic: plan.source.topic.clone(),
            inspector: Inspector::try_new(&plan.source, &of_source)?,
            columns,
            row_times,
        })
    }

    fn difference(&self, rows: Vec<Row>) -> Difference {
        Difference {
            columns: self
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect(),
            rows,
            more: 0,
        }
    }

    fn see(&mut self, record: &Record, label: &str) -> Seen {
        let inspected = self.inspector.inspect(record);
        let mut arrays = inspected.columns.iter();
        let columns = self.columns.iter().zip(&self.row_times);
        let cells = columns.map(|(column, is_row_time)| match is_row_time {
            true => Value::from(record.timestamp),
            false => arrays.next().map_or(Value::Null, |array| {
                let sql_type: &SqlType = &column.sql_type;
                rows::value(array, 0, sql_type)
            }),
        });
        let mut row = Row::new(label, cells.collect());
        row.note = match (inspected.is_tombstone, &inspected.misfit) {
            (_, Some(why)) => Some(format!("cannot be read: {why}")),
            (true, None) => Some("a tombstone".to_owned()),
            (false, None) => None,
        };
        Seen {
            row,
            is_tombstone: inspected.is_tombstone,
            is_bad: inspected.misfit.is_some(),
        }
    }
}
