//! Decode and match in one thread, without a broker: what a record costs, for `weir bench`.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use tokio::sync::mpsc;
use weir_kafka::Record;
use weir_plan::QueryPlan;

use crate::{
    Error, SystemClock,
    batch::{Batch, Run},
    control::{Activity, Control},
    date,
    decode::Decoders,
    layout::{Layout, Needs, Part},
    operators::Operators,
    report::Reports,
    view::View,
};

/// A query's way from values to rows, as its task runs it.
pub struct Pipeline {
    decoders: Decoders,
    view: View,
    operators: Operators,
    reports: Reports,
    control: Arc<Control>,
}

impl Pipeline {
    pub fn try_new(plan: &QueryPlan) -> Result<Self, Error> {
        let dataflow = plan.dataflow()?;
        let needs = Arc::new(Needs::new(&plan.source, &dataflow.scan)?);
        let mut decoders = Decoders::default();
        decoders.change_to(Layout::union([&*needs]))?;
        let view = View::new(needs, &dataflow.scan);
        let operators = Operators::try_new(&dataflow.steps, &view.schema())?;
        let clock = Arc::new(SystemClock);
        let activity = Activity::default();
        let control = Control::new("pipeline", clock.clone(), None, None, activity);
        let control = Arc::new(control);
        let (log, _) = mpsc::channel(1);
        let reports = Reports::new(control.clone(), clock, &plan.source.topic, log, false);
        Ok(Self {
            decoders,
            view,
            operators,
            reports,
            control,
        })
    }

    /// How many rows leave for these values.
    pub fn process(&mut self, values: &[Option<&[u8]>]) -> Result<usize, Error> {
        let parts = self.decoders.decode(|part| match part {
            Part::Key => vec![None; values.len()],
            Part::Value => values.to_vec(),
        });
        let record = |offset| Record {
            offset,
            timestamp: 0,
            key: None,
            value: None,
            headers: Vec::new(),
        };
        let records: Vec<Record> = (0..values.len() as i64).map(record).collect();
        let layout = self.decoders.layout.clone();
        let times = date::all(&layout, &parts, &records)?;
        let next = records.len() as i64;
        let batch = Batch::new(0, (0, next), records, layout, parts, times);
        let (run, _) = self.view.of(&batch, None, &self.reports)?;
        self.count(run)
    }

    /// The rows that leave for these columns of the scan, decoded elsewhere; in pieces, as they leave.
    pub fn rows(&mut self, rows: RecordBatch) -> Result<Vec<RecordBatch>, Error> {
        let mut pieces = Vec::new();
        self.pieces(undated(rows), |run| pieces.push(run.rows))?;
        Ok(pieces)
    }

    /// How many of them.
    pub fn process_rows(&mut self, rows: RecordBatch) -> Result<usize, Error> {
        self.count(undated(rows))
    }

    fn count(&mut self, run: Run) -> Result<usize, Error> {
        let mut rows = 0;
        self.pieces(run, |run| rows += run.len())?;
        Ok(rows)
    }

    fn pieces(&mut self, run: Run, mut each: impl FnMut(Run)) -> Result<(), Error> {
        let mut piece = self.operators.process(run)?;
        while let Some(run) = piece {
            each(run);
            piece = self.operators.rest()?;
        }
        Ok(())
    }

    /// How many records were set aside so far.
    pub fn bad_records(&self) -> u64 {
        self.control.status().bad_records.values().sum()
    }
}

/// Rows that are there, each with a key, and come from no record.
fn undated(rows: RecordBatch) -> Run {
    Run {
        rows,
        origins: None,
        is_null: None,
        has_no_key: None,
    }
}
