//! A task: one query on one partition, from a reader's batches to records that are acknowledged.

use std::{
    pin::pin,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use tokio::sync::{mpsc, watch};
use weir_kafka::{Offset, Record, TopicPartition};

use crate::{
    Error, Options, Rows,
    batch::{Batch, Run, Times, size},
    clock::milliseconds,
    control::{Control, Wish},
    encode::{EncodedRows, Outgoing},
    position::Progress,
    readers::{Handed, Subscription},
    report::Reports,
    retry::Backoff,
    rules::Selection,
    sink::Sink,
    stream_time::StreamTime,
    topics::Look,
    worker::{Encoding, Made, Steps},
};

pub(crate) struct Task<'a> {
    pub options: &'a Options,
    pub query: &'a str,
    pub fingerprint: &'a str,
    pub at: &'a TopicPartition,
    pub control: &'a Control,
    pub reports: &'a Reports,
    pub wishes: watch::Receiver<Wish>,
    /// The topic as it is now.
    pub looks: watch::Receiver<Look>,
    pub input: Subscription,
    pub steps: Steps,
    pub output: Output,
    /// Reads up to here.
    pub until: Option<Offset>,
    pub is_persistent: bool,
    /// What its condition does not concern passes it by.
    pub is_rule: bool,
    /// A record that cannot be dated ends it, until it is tried again.
    pub fails_on_bad_time: bool,
    /// How far it has come.
    pub progress: Progress,
    /// How far all output is acknowledged.
    pub acknowledged: &'a mut Progress,
    /// How far the checkpoint store knows.
    pub saved: &'a mut Option<Progress>,
    pub backoff: &'a mut Backoff,
    pub last_checkpoint: i64,
    pub checkpointing: Option<Checkpointing<'a>>,
}

/// A checkpoint on its way. What comes meanwhile does not wait for it: a disk may take as long as all else together.
pub(crate) struct Checkpointing<'a> {
    /// How far the task had come when it began.
    progress: Progress,
    /// All output up to there is, and the store is told.
    is_acknowledged: bool,
    step: BoxFuture<'a, Result<(), Error>>,
    /// What came of the step, if nobody has looked at it yet.
    done: Option<Result<(), Error>>,
}

/// Where a task's rows go.
pub(crate) enum Output {
    Sink(Sink, Encoding),
    Rows(mpsc::Sender<Rows>),
}

/// What leaves.
enum Leaving {
    Nothing,
    Records(EncodedRows),
    Rows(Rows),
}

impl Leaving {
    /// The first row that the sink cannot date, where the query must not go on past it.
    fn failure(&self) -> Option<(Offset, String)> {
        match self {
            Self::Records(rows) => rows.failure.clone(),
            _ => None,
        }
    }
}

/// Why a task ended without a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was told to pause or stop.
    Told,
    /// It reached its end offset.
    Completed,
    /// The topic moved on.
    Moved,
}

/// What a task waits for.
enum Arrival {
    Batch(Handed),
    CheckpointDue,
    /// A step of the checkpoint on its way is done.
    Stepped(Result<(), Error>),
    End(End),
}

impl<'a> Task<'a> {
    /// Runs until the end offset, or until it is told to stop; either way at a checkpoint.
    pub async fn run(&mut self) -> Result<End, Error> {
        let end = self.take_in().await;
        if end.is_err() {
            // Before what is on its way to the sink counts as landed, with the sink's end.
            self.control.falls_back(self.at.partition);
        }
        end
    }

    async fn take_in(&mut self) -> Result<End, Error> {
        let end = loop {
            if self.is_at_end() {
                break End::Completed;
            }
            match self.arrival().await? {
                // Of a thousand tasks few have a batch: what taking one needs is theirs alone.
                Arrival::Batch(handed) => {
                    if let Some(end) = Box::pin(self.take(handed)).await? {
                        return Ok(end);
                    }
                }
                Arrival::CheckpointDue => {}
                Arrival::Stepped(done) => {
                    self.next_step(done)?;
                    if self.checkpointing.is_none() {
                        self.backoff.succeeded();
                    }
                }
                Arrival::End(end) => break end,
            }
            self.checkpoint_if_due();
        };
        self.catch_up();
        Box::pin(self.save()).await?;
        self.backoff.succeeded();
        Ok(end)
    }

    /// Does a batch; the task's end, if it ends within it.
    async fn take(&mut self, handed: Handed) -> Result<Option<End>, Error> {
        let Handed { batch, selection } = handed;
        // A measurement, not a decision: no test turns this clock.
        let since = Instant::now();
        let mut waited = Duration::ZERO;
        let mut failure = self.undated(&batch)?;
        self.stop_before(&failure);
        let (mut run, times, mut stream_time) = self.process(&batch, selection)?;
        while let Some(rows) = run {
            let leaving = self.encode(&batch, rows, times, &mut stream_time)?;
            let earlier = leaving.failure();
            let encoded = Instant::now();
            self.produce(leaving).await?;
            waited += encoded.elapsed();
            // Whoever has enough rows, or fails at one, needs no more of them made.
            let is_over = self.control.has_enough_rows() || earlier.is_some();
            run = if is_over {
                None
            } else {
                self.steps.made()?.operators.rest()?
            };
            if earlier.is_some() {
                self.stop_before(&earlier);
                failure = earlier;
            }
            if run.is_some() && self.is_told() {
                // A million rows of one record must not keep a query from stopping: the batch is read again.
                self.save().await?;
                return Ok(Some(End::Told));
            }
        }
        let took = since.elapsed();
        self.control.epochs.observe(took);
        self.control.busy.add(took.saturating_sub(waited));
        // In this order: the reader may be further on already, and only what moves past a batch is counted as activity. One that
        // fails within the batch is not through with it.
        if failure.is_none() {
            self.input.done();
        }
        self.move_past(&batch, &mut stream_time);
        self.reports.wait_for_room().await;
        if let Some((offset, why)) = failure {
            // What fails again and again is tried ever more rarely.
            self.save().await?;
            return Err(Error::user(format!("{}@{offset}: {why}", self.at)));
        }
        Ok(None)
    }

    async fn arrival(&mut self) -> Result<Arrival, Error> {
        let (clock, topic) = (&self.options.clock, &self.progress.topic_id);
        // What passes a rule by wakes nobody.
        let has_news = self.progress != *self.acknowledged || self.is_rule;
        let due = self.next_checkpoint() - clock.now();
        let due = std::time::Duration::from_millis(u64::try_from(due).unwrap_or(0));
        let is_under_way = self.checkpointing.is_some();
        tokio::select! {
            biased;
            _ = self.wishes.wait_for(|wish| *wish != Wish::Run) => Ok(Arrival::End(End::Told)),
            _ = self.looks.wait_for(|look| look.is_other_than(topic)) => Ok(Arrival::End(End::Moved)),
            error = self.output.failed(self.control) => Err(error),
            done = step(&mut self.checkpointing), if is_under_way => Ok(Arrival::Stepped(done)),
            batch = self.input.next() => Ok(Arrival::Batch(batch?)),
            () = clock.sleep(due), if has_news && !is_under_way => Ok(Arrival::CheckpointDue),
        }
    }

    /// The first record that cannot be dated, if the query must not go on past it.
    fn undated(&mut self, batch: &Batch) -> Result<Option<(Offset, String)>, Error> {
        match self.fails_on_bad_time {
            false => Ok(None),
            true => {
                let view = &mut self.steps.made()?.view;
                view.first_undated(batch, self.until)
            }
        }
    }

    /// What is before a record that the query fails at is done first, as if records came one by one.
    fn stop_before(&mut self, failure: &Option<(Offset, String)>) {
        if let Some((offset, _)) = failure {
            self.until = Some(self.until.map_or(*offset, |until| until.min(*offset)));
        }
    }

    /// Step 4, as far as rows leave in one piece.
    fn process<'b>(
        &mut self,
        batch: &'b Batch,
        selection: Option<Selection>,
    ) -> Result<(Option<Run>, &'b Times, StreamTime<'b>), Error> {
        let is_next = match self.is_rule {
            // What lies between has passed it by.
            true => batch.start >= self.progress.position,
            false => batch.start == self.progress.position,
        };
        if !is_next {
            return Err(Error::internal(format!(
                "{} was handed out from {}, not from {}",
                self.at, batch.start, self.progress.position
            )));
        }
        let taken = self.taken(batch);
        let bytes = match taken.len() == batch.records.len() {
            true => batch.bytes,
            false => taken.iter().map(size).sum(),
        };
        let control = self.control;
        control
            .records_in
            .fetch_add(taken.len() as u64, Ordering::Relaxed);
        control.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
        let before = self.progress.stream_time;
        let Made {
            view, operators, ..
        } = self.steps.made()?;
        let Some(Selection { rows, is_open }) = selection else {
            let (run, times) = view.of(batch, self.until, self.reports)?;
            let stream_time = StreamTime::new(before, times, run.origins.clone());
            let run = operators.process(run)?;
            let passed = operators.passed();
            self.count(taken.len(), passed);
            return Ok((run, times, stream_time));
        };
        // Nothing is asked of stream time where records pass by: those that are looked at move it on.
        let (run, times) = view.select(batch, &rows, self.reports)?;
        let origins = run.as_ref().and_then(|run| run.origins.clone());
        let stream_time = StreamTime::new(before, times, Some(origins.unwrap_or_default()));
        let Some(run) = run else {
            self.count(rows.len(), 0);
            return Ok((None, times, stream_time));
        };
        let run = match is_open {
            true => operators.process(run)?,
            false => operators.process_filtered(run)?,
        };
        let passed = operators.passed();
        self.count(rows.len(), passed);
        Ok((run, times, stream_time))
    }

    fn count(&self, looked_at: usize, matched: usize) {
        let control = self.control;
        let add = Ordering::Relaxed;
        control.looked_at.fetch_add(looked_at as u64, add);
        control.matched.fetch_add(matched as u64, add);
    }

    /// As far as its reader has come, where nothing waits: that much has passed it by.
    fn catch_up(&mut self) {
        if !self.is_rule {
            return;
        }
        let passed = self.input.passed();
        if let Some(passed) = passed.filter(|passed| passed.position > self.progress.position) {
            self.progress.position = passed.position;
            let (partition, time) = (self.at.partition, passed.last_time);
            self.control.passed(partition, passed.position, time);
        }
    }

    /// The rows that leave, without those that nobody wants any more.
    fn wanted(&self, run: Run) -> Result<Option<Run>, Error> {
        let run = match &self.output {
            Output::Rows(_) => run.without_null_values()?,
            Output::Sink(..) => Some(run),
        };
        let wanted = run.map(|run| {
            let rows = self.control.take_rows(run.len());
            run.truncate(rows)
        });
        Ok(wanted.filter(|run| run.len() > 0))
    }

    /// The records of a batch that are before the end.
    fn taken<'b>(&self, batch: &'b Batch) -> &'b [Record] {
        let before = |until| {
            batch
                .records
                .partition_point(|record| record.offset < until)
        };
        &batch.records[..self.until.map_or(batch.records.len(), before)]
    }

    /// Step 5.
    fn encode(
        &mut self,
        batch: &Batch,
        run: Run,
        times: &Times,
        stream_time: &mut StreamTime<'_>,
    ) -> Result<Leaving, Error> {
        let Some(run) = self.wanted(run)? else {
            return Ok(Leaving::Nothing);
        };
        Ok(match &mut self.output {
            Output::Rows(_) => Leaving::Rows(Rows { batch: run.rows }),
            Output::Sink(_, encoding) => {
                let encoder = encoding.encoder()?;
                let (reports, fails) = (self.reports, self.fails_on_bad_time);
                Leaving::Records(encoder.encode(batch, &run, times, stream_time, reports, fails))
            }
        })
    }

    /// Step 6.
    async fn produce(&mut self, leaving: Leaving) -> Result<(), Error> {
        let rows = match (leaving, &self.output) {
            (Leaving::Records(EncodedRows { records, .. }), Output::Sink(sink, _)) => {
                let rows = records.len();
                let bytes: usize = records.iter().map(Outgoing::bytes).sum();
                beside(&mut self.checkpointing, sink.produce(records)).await?;
                self.control
                    .bytes_out
                    .fetch_add(bytes as u64, Ordering::Relaxed);
                rows
            }
            (Leaving::Rows(rows), Output::Rows(receiver)) => {
                let count = rows.batch.num_rows();
                let mut wishes = self.wishes.clone();
                tokio::select! {
                    sent = receiver.send(rows) => match sent {
                        Ok(()) => count,
                        Err(_) => 0,
                    },
                    // Whoever takes no rows any more must not keep the query from stopping.
                    _ = wishes.wait_for(|wish| matches!(wish, Wish::Stop(_))) => 0,
                }
            }
            _ => 0,
        };
        self.control
            .rows_out
            .fetch_add(rows as u64, Ordering::Relaxed);
        if self.control.has_enough_rows() {
            self.control.wish(Wish::Stop(crate::QueryState::Completed));
        }
        Ok(())
    }

    /// Position and stream time move on together: a batch that is read again has neither behind it.
    fn move_past(&mut self, batch: &Batch, stream_time: &mut StreamTime<'_>) {
        let next = batch.next;
        self.progress.position = self.until.map_or(next, |until| next.min(until));
        if let Some(last) = self.taken(batch).len().checked_sub(1) {
            self.progress.stream_time = stream_time.at(last);
        }
        let last_time = self.taken(batch).last().map(|record| record.timestamp);
        self.control
            .passed(self.at.partition, self.progress.position, last_time);
        if matches!(self.output, Output::Rows(_)) {
            // Rows that were taken are not given again.
            *self.acknowledged = self.progress.clone();
        }
    }

    fn is_at_end(&self) -> bool {
        self.until
            .is_some_and(|until| self.progress.position >= until)
    }

    /// All tasks keep their positions at the same moments. What passes rules by is then kept at the same offsets: after a crash
    /// they read on together, and not each from an offset of its own.
    fn next_checkpoint(&self) -> i64 {
        let interval = milliseconds(self.options.commit_interval).max(1);
        (self.last_checkpoint.div_euclid(interval) + 1) * interval
    }

    fn checkpoint_if_due(&mut self) {
        let now = self.options.clock.now();
        if now < self.next_checkpoint() || self.checkpointing.is_some() {
            return;
        }
        self.reports.say_what_is_due();
        self.catch_up();
        let interval = milliseconds(self.options.commit_interval);
        let has_lasted = now - self.last_checkpoint >= interval;
        self.begin_checkpoint();
        // The first moment may come right after the start.
        if self.checkpointing.is_none() && has_lasted {
            self.backoff.succeeded();
        }
    }

    /// Whether nobody waits for more rows.
    fn is_told(&self) -> bool {
        if let Output::Rows(receiver) = &self.output
            && receiver.is_closed()
        {
            self.control.wish(Wish::Stop(crate::QueryState::Stopped));
        }
        *self.wishes.borrow() != Wish::Run
    }

    /// Step 7, begun, unless all is saved.
    fn begin_checkpoint(&mut self) {
        self.last_checkpoint = self.options.clock.now();
        let is_acknowledged = self.progress == *self.acknowledged;
        if is_acknowledged && !self.is_unsaved() {
            return;
        }
        let step = match &self.output {
            Output::Sink(sink, _) if !is_acknowledged => {
                sink.flush(self.at, self.progress.position).boxed()
            }
            _ => std::future::ready(Ok(())).boxed(),
        };
        self.checkpointing = Some(Checkpointing {
            progress: self.progress.clone(),
            is_acknowledged: false,
            step,
            done: None,
        });
    }

    fn is_unsaved(&self) -> bool {
        self.is_persistent && self.saved.as_ref() != Some(&*self.acknowledged)
    }

    /// Goes on with the checkpoint that is on its way: first its output is acknowledged, then the store knows.
    fn next_step(&mut self, done: Result<(), Error>) -> Result<(), Error> {
        let checkpointing = self.checkpointing.take();
        done?;
        let Some(mut checkpointing) = checkpointing else {
            return Ok(());
        };
        if checkpointing.is_acknowledged {
            *self.saved = Some(checkpointing.progress);
            return Ok(());
        }
        *self.acknowledged = checkpointing.progress.clone();
        if self.is_unsaved() {
            let (at, query): (&'a TopicPartition, &'a str) = (self.at, self.query);
            let store = &self.options.checkpoints;
            let checkpoint = self.acknowledged.to_checkpoint(at, self.fingerprint);
            checkpointing.step =
                async move { store.save(query, at.partition, &checkpoint).await }.boxed();
            checkpointing.is_acknowledged = true;
            self.checkpointing = Some(checkpointing);
        }
        Ok(())
    }

    /// Returns when all is saved.
    async fn save(&mut self) -> Result<(), Error> {
        self.finish_checkpoint().await?;
        self.begin_checkpoint();
        self.finish_checkpoint().await
    }

    async fn finish_checkpoint(&mut self) -> Result<(), Error> {
        while self.checkpointing.is_some() {
            let done = step(&mut self.checkpointing).await;
            self.next_step(done)?;
        }
        Ok(())
    }
}

/// Waits for ever if no checkpoint is on its way.
async fn step(checkpointing: &mut Option<Checkpointing<'_>>) -> Result<(), Error> {
    match checkpointing {
        Some(checkpointing) => match checkpointing.done.take() {
            Some(done) => done,
            None => checkpointing.step.as_mut().await,
        },
        None => std::future::pending().await,
    }
}

/// Waits for `work`, and lets a checkpoint that is on its way go on meanwhile: it may have been given a place in the sink's queue, and
/// must take it, or all who write to the sink would wait behind it.
async fn beside<T>(
    checkpointing: &mut Option<Checkpointing<'_>>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    let Some(checkpointing) = checkpointing.as_mut().filter(|one| one.done.is_none()) else {
        return work.await;
    };
    tokio::select! {
        biased;
        done = checkpointing.step.as_mut() => {
            checkpointing.done = Some(done);
            work.await
        }
        result = &mut work => result,
    }
}

impl Output {
    /// Returns when there is no way out any more: the sink failed, or nobody takes rows, which ends the query.
    async fn failed(&self, control: &Control) -> Error {
        match self {
            Self::Sink(sink, _) => sink.failed().await,
            Self::Rows(receiver) => {
                receiver.closed().await;
                control.wish(Wish::Stop(crate::QueryState::Stopped));
                std::future::pending().await
            }
        }
    }
}

impl Run {
    /// Rows whose value is NULL as a whole are no result rows; `None` if no row is left.
    fn without_null_values(self) -> Result<Option<Self>, Error> {
        let Some(is_null) = &self.is_null else {
            return Ok(Some(self));
        };
        let is_row = arrow::compute::not(is_null)?;
        let kept = self.keep(&is_row)?;
        Ok((kept.len() > 0).then_some(kept))
    }
}
