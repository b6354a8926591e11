//! What one query sees of a batch: its columns, without the records that are bad for it.
//!
//! **Invariant:** a query's rows are the same alone and beside any other. Whether a record is bad is decided here, by the
//! columns that this query names; only a record that is not in the format at all is bad for all.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BooleanArray, BooleanBufferBuilder, UInt32Array},
    compute::take,
    datatypes::{Schema, SchemaRef},
    record_batch::{RecordBatch, RecordBatchOptions},
};
use weir_kafka::Offset;
use weir_plan::ScanColumn;

use crate::{
    Error,
    batch::{Batch, Run, Times},
    layout::{Layout, Need, Needs, Part},
    report::Reports,
};

#[derive(Debug)]
pub(crate) struct View {
    needs: Arc<Needs>,
    schema: SchemaRef,
    /// Where things are in the batches of one layout.
    places: Option<Places>,
}

#[derive(Debug)]
struct Places {
    layout: Arc<Layout>,
    /// Group and column, for the scan columns that are decoded.
    columns: Vec<Option<(usize, usize)>>,
    /// The groups that concern this query, and which of their columns do.
    groups: Vec<(usize, Part, Vec<bool>)>,
    /// Which of the batch's times are this query's.
    times: usize,
    value: usize,
    /// The key's group, if a column of it is named.
    key: Option<usize>,
}

impl View {
    pub fn new(needs: Arc<Needs>, scan: &[ScanColumn]) -> Self {
        let fields = scan.iter();
        let fields = fields.map(|column| column.sql_type.to_arrow_field(&column.name));
        Self {
            needs,
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            places: None,
        }
    }

    /// The columns of the scan.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The rows before offset `until`, and what dates them.
    pub fn of<'a>(
        &mut self,
        batch: &'a Batch,
        until: Option<Offset>,
        reports: &Reports,
    ) -> Result<(Run, &'a Times), Error> {
        let places = self.places(&batch.layout)?;
        let times = &batch.times[places.times];
        let bad = places.bad_rows(batch, times, until, reports);
        let run = self.run(batch, times)?;
        match bad {
            None => Ok((run, times)),
            Some(bad) => Ok((run.keep(&arrow::compute::not(&bad)?)?, times)),
        }
    }

    /// Those of some rows, in order, that are there and not bad: what a filter would let through that keeps these rows. Bad
    /// records are reported wherever they are. `None` if no row is left.
    pub fn select<'a>(
        &mut self,
        batch: &'a Batch,
        rows: &[u32],
        reports: &Reports,
    ) -> Result<(Option<Run>, &'a Times), Error> {
        let places = self.places(&batch.layout)?;
        let times = &batch.times[places.times];
        let bad = places.bad_rows(batch, times, None, reports);
        let is_null = &batch.parts[places.value].is_null;
        let is_taken = |row: &u32| {
            let row = *row as usize;
            !is_null.value(row) && bad.as_ref().is_none_or(|bad| !bad.value(row))
        };
        let origins: Arc<[u32]> = rows.iter().copied().filter(is_taken).collect();
        if origins.is_empty() {
            return Ok((None, times));
        }
        let run = self.run_of(batch, times, origins)?;
        Ok((Some(run), times))
    }

    fn run_of(&self, batch: &Batch, times: &Times, origins: Arc<[u32]>) -> Result<Run, Error> {
        let Some(places) = &self.places else {
            return Err(Error::internal("a batch without a layout"));
        };
        let indices = UInt32Array::from(origins.to_vec());
        let columns = self.needs.columns.iter().zip(&places.columns);
        let columns = columns.map(|(need, place)| {
            Ok(match (need, place) {
                (_, Some((group, column))) => {
                    take(&batch.parts[*group].columns[*column], &indices, None)?
                }
                (Need::RawValue, _) => batch.raw_values_of(&origins),
                (Need::RowTime | Need::Decoded(..), None) => take(&*times.times, &indices, None)?,
                (need, _) => take(&self.system(batch, times, need), &indices, None)?,
            })
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>, Error>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(origins.len()));
        let rows = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        let has_no_key = places.key.map(|group| &batch.parts[group].is_null);
        let has_no_key = has_no_key.filter(|is_null| is_null.true_count() > 0);
        let has_no_key = has_no_key.map(|is_null| {
            let of_rows = origins.iter().map(|row| Some(is_null.value(*row as usize)));
            of_rows.collect::<BooleanArray>()
        });
        Ok(Run {
            rows,
            origins: Some(origins),
            is_null: None,
            has_no_key: has_no_key.filter(|has_no_key| has_no_key.true_count() > 0),
        })
    }

    /// The first record before offset `until` that cannot be dated, and why.
    pub fn first_undated(
        &mut self,
        batch: &Batch,
        until: Option<Offset>,
    ) -> Result<Option<(Offset, String)>, Error> {
        let places = self.places(&batch.layout)?;
        let times = &batch.times[places.times];
        if !times.has_bad {
            return Ok(None);
        }
        let is_taken = |offset: Offset| until.is_none_or(|until| offset < until);
        let mut records = batch.records.iter().enumerate();
        Ok(records.find_map(|(row, record)| {
            let (_, why) = times.problem(row)?;
            // A value that is not in the format at all is set aside for that.
            (is_taken(record.offset) && !places.is_misfit(batch, row))
                .then_some((record.offset, why))
        }))
    }

    fn run(&self, batch: &Batch, times: &Times) -> Result<Run, Error> {
        let Some(places) = &self.places else {
            return Err(Error::internal("a batch without a layout"));
        };
        let columns = self.needs.columns.iter().zip(&places.columns);
        let columns: Vec<ArrayRef> = columns
            .map(|(need, place)| match (need, place) {
                (_, Some((group, column))) => batch.parts[*group].columns[*column].clone(),
                (need, None) => self.system(batch, times, need),
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.records.len()));
        let rows = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        let nulls = |group: usize| {
            let is_null = &batch.parts[group].is_null;
            (is_null.true_count() > 0).then(|| is_null.clone())
        };
        Ok(Run {
            rows,
            origins: None,
            is_null: nulls(places.value),
            has_no_key: places.key.and_then(nulls),
        })
    }

    /// What is no column of key or value.
    fn system(&self, batch: &Batch, times: &Times, need: &Need) -> ArrayRef {
        match need {
            Need::Headers => batch.headers(),
            Need::Header(key) => batch.header(key),
            Need::RowPartition => batch.partitions(),
            Need::RowOffset => batch.offsets(),
            Need::WindowStart(window) => batch.windows(*window, |(start, _)| start),
            Need::WindowEnd(window) => batch.windows(*window, |(_, end)| end),
            Need::RawValue => batch.raw_values(),
            Need::RowTime | Need::Decoded(..) => times.times.clone() as ArrayRef,
        }
    }

    fn places(&mut self, layout: &Arc<Layout>) -> Result<&Places, Error> {
        let is_known = self
            .places
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(&known.layout, layout));
        let places = match self.places.take() {
            Some(places) if is_known => places,
            _ => Places::try_new(&self.needs, layout)
                .ok_or_else(|| Error::internal("a batch without the columns that a query needs"))?,
        };
        Ok(self.places.insert(places))
    }
}

impl Places {
    fn try_new(needs: &Needs, layout: &Arc<Layout>) -> Option<Self> {
        let mut columns = Vec::with_capacity(needs.columns.len());
        for need in &needs.columns {
            columns.push(match need {
                Need::Decoded(part, place) => {
                    let (_, requests) = needs.of_part(*part)?;
                    Some(layout.place(needs, *part, requests.get(*place)?)?)
                }
                _ => None,
            });
        }
        let mut groups = Vec::new();
        for (declared, requests) in &needs.parts {
            let group = layout.group(declared)?;
            let of_layout = layout.groups[group].requests.iter();
            let concerned =
                of_layout.map(|known| requests.iter().any(|request| **request == *known));
            groups.push((group, declared.part, concerned.collect()));
        }
        let times = match &needs.date {
            None => 0,
            Some(_) => {
                let date = layout.date(needs)?;
                1 + layout.dates.iter().position(|known| *known == date)?
            }
        };
        let group = |wanted: Part| {
            let group = groups.iter().find(|(_, part, _)| *part == wanted);
            group.map(|(group, ..)| *group)
        };
        let (value, key) = (group(Part::Value)?, group(Part::Key));
        Some(Self {
            layout: layout.clone(),
            columns,
            groups,
            times,
            value,
            key,
        })
    }

    /// Whether something that the query needs of a record is not what was declared.
    fn is_misfit(&self, batch: &Batch, row: usize) -> bool {
        self.groups.iter().any(|(group, _, concerned)| {
            let mut misfits = batch.parts[*group].misfits.iter();
            misfits.any(|misfit| {
                misfit.row == row && misfit.column.is_none_or(|column| concerned[column])
            })
        })
    }

    /// Whether a record may be bad for this query.
    fn has_bad(&self, batch: &Batch, times: &Times) -> bool {
        let is_ours = |concerned: &[bool], column: Option<usize>| {
            column.is_none_or(|column| concerned[column])
        };
        let has_misfit = |(group, _, concerned): &(usize, Part, Vec<bool>)| {
            let mut misfits = batch.parts[*group].misfits.iter();
            misfits.any(|misfit| is_ours(concerned, misfit.column))
        };
        times.has_bad || self.groups.iter().any(has_misfit)
    }

    /// The rows that this query does not take, reported; `None` if it takes all.
    fn bad_rows(
        &self,
        batch: &Batch,
        times: &Times,
        until: Option<Offset>,
        reports: &Reports,
    ) -> Option<BooleanArray> {
        let rows = batch.records.len();
        let end = match until {
            Some(until) if until < batch.next => batch
                .records
                .partition_point(|record| record.offset < until),
            _ => rows,
        };
        if !self.has_bad(batch, times) && end == rows {
            return None;
        }
        let mut bad = BooleanBufferBuilder::new(rows);
        bad.append_n(end, false);
        bad.append_n(rows - end, true);
        for (group, part, concerned) in &self.groups {
            for misfit in &batch.parts[*group].misfits {
                let is_ours = misfit.column.is_none_or(|column| concerned[column]);
                // A record is set aside once, for the first thing that is wrong with it.
                if is_ours && !bad.get_bit(misfit.row) {
                    bad.set_bit(misfit.row, true);
                    reports.misfit(
                        batch.partition,
                        &batch.records[misfit.row],
                        *part,
                        &misfit.reason,
                    );
                }
            }
        }
        if times.has_bad {
            for row in 0..end {
                if !bad.get_bit(row)
                    && let Some((kind, why)) = times.problem(row)
                {
                    bad.set_bit(row, true);
                    reports.not_dated(batch.partition, &batch.records[row], kind, why);
                }
            }
        }
        Some(BooleanArray::new(bad.finish(), None)).filter(|bad| bad.true_count() > 0)
    }
}
