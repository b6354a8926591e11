//! Keeps one partition of a query running: a task at a time, from where the last one was acknowledged, with longer and
//! longer waits after failures.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use tokio::sync::watch;
use weir_kafka::{Offset, PartitionId, Topic, TopicPartition};
use weir_plan::Dataflow;

use crate::{
    Error, Options, QuerySpec,
    control::{Control, Wish},
    encode::RowEncoder,
    layout::Needs,
    operators::Operators,
    position::{Beyond, Progress, within_bounds},
    query,
    readers::Readers,
    report::Reports,
    retry::Backoff,
    rules::QueryRule,
    sink::Sinks,
    task::{End, Output, Task},
    topics::{Look, Topics, known},
    view::View,
};

/// What all partitions of a query share.
pub(crate) struct Shared {
    pub options: Arc<Options>,
    pub readers: Readers,
    pub topics: Arc<Topics>,
    pub sinks: Arc<Sinks>,
    pub spec: QuerySpec,
    pub needs: Arc<Needs>,
    /// Its condition, if what that does not concern may pass it by.
    pub rule: Option<Arc<QueryRule>>,
    pub control: Arc<Control>,
    pub reports: Arc<Reports>,
}

pub(crate) struct Worker {
    shared: Arc<Shared>,
    at: TopicPartition,
    wishes: watch::Receiver<Wish>,
    looks: watch::Receiver<Look>,
    backoff: Backoff,
    /// Up to where all output is acknowledged; `None` before the checkpoint was looked for.
    acknowledged: Option<Progress>,
    /// What the checkpoint store has.
    saved: Option<Progress>,
    beyond: Option<Beyond>,
}

/// How a partition ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Stopped,
    Completed,
    /// The topic has no such partition any more.
    Gone,
}

impl Worker {
    pub fn new(shared: Arc<Shared>, partition: PartitionId, looks: watch::Receiver<Look>) -> Self {
        Self {
            at: TopicPartition::new(shared.spec.plan.source.topic.as_str(), partition),
            wishes: shared.control.wishes(),
            looks,
            backoff: Backoff::new(&shared.options),
            acknowledged: None,
            saved: None,
            beyond: None,
            shared,
        }
    }

    /// Says which partition it was. Boxed, since a future keeps what it is called with beside what it makes of it.
    pub async fn run(mut self: Box<Self>) -> (PartitionId, Ended) {
        (self.at.partition, self.work().await)
    }

    async fn work(&mut self) -> Ended {
        let control = self.shared.control.clone();
        let part = Some(self.at.partition);
        loop {
            let wish = *self.wishes.borrow_and_update();
            match wish {
                Wish::Stop(_) => return Ended::Stopped,
                Wish::Pause => {
                    // The sender lives as long as the query.
                    let _ = self.wishes.changed().await;
                    continue;
                }
                Wish::Run => {}
            }
            // A panic is a defect of ours, and stays within its partition of its query.
            let attempt = AssertUnwindSafe(self.attempt()).catch_unwind().await;
            match attempt.unwrap_or_else(|panic| Err(panicked(&*panic))) {
                Ok(Some(End::Completed)) => return Ended::Completed,
                Ok(Some(End::Told | End::Moved)) => {}
                Ok(None) => {
                    control.forget(self.at.partition);
                    return Ended::Gone;
                }
                Err(error) => {
                    control.trouble(part, &error.message);
                    Box::pin(self.wait()).await;
                    if *self.wishes.borrow() == Wish::Run {
                        control.restarted();
                    }
                }
            }
        }
    }

    /// Waits after a failure, or until something else is wanted.
    async fn wait(&mut self) {
        let wait = self.backoff.next();
        tokio::select! {
            () = self.shared.options.clock.sleep(wait) => {}
            _ = self.wishes.wait_for(|wish| *wish != Wish::Run) => {}
            // The topic may be there again.
            _ = self.looks.changed() => {}
        }
    }

    /// One task, from start to end; `None` if the topic has no such partition.
    async fn attempt(&mut self) -> Result<Option<End>, Error> {
        let shared = self.shared.clone();
        let topic = Box::pin(known(&mut self.looks, &self.at.topic)).await?;
        if self.at.partition >= topic.partitions {
            return Ok(None);
        }
        // What comes before the task is over when it runs.
        let mut progress = Box::pin(self.go_on(&topic)).await?;
        let output = Box::pin(self.output()).await?;
        let bounds = within_bounds(
            &shared.options,
            &self.at,
            progress.position,
            &mut self.beyond,
        );
        let (position, missed) = Box::pin(bounds).await?;
        let misses = &shared.control.records_missed;
        misses.fetch_add(missed, std::sync::atomic::Ordering::Relaxed);
        progress.position = position;
        let control = &shared.control;
        control.goes_on_from(self.at.partition, position);
        let until = self.until();
        if until.is_some_and(|until| position >= until) {
            return Ok(Some(End::Completed));
        }
        let input = shared.readers.subscribe(
            &self.at,
            position,
            control,
            &shared.needs,
            shared.rule.as_ref(),
        );
        control.follows(self.at.partition, input.link());
        control.recovered(Some(self.at.partition));
        control.started();
        let mut task = Task {
            options: &shared.options,
            query: &shared.spec.id,
            fingerprint: &shared.spec.fingerprint,
            at: &self.at,
            control,
            reports: &shared.reports,
            wishes: self.wishes.clone(),
            looks: self.looks.clone(),
            input,
            steps: Steps::new(shared.clone()),
            output,
            until,
            is_persistent: shared.spec.is_persistent,
            is_rule: shared.rule.is_some(),
            fails_on_bad_time: shared.spec.fails_on_bad_time,
            acknowledged: self.acknowledged.insert(progress.clone()),
            progress,
            saved: &mut self.saved,
            backoff: &mut self.backoff,
            last_checkpoint: shared.options.clock.now(),
            checkpointing: None,
        };
        let end = task.run().await;
        drop(task);
        control.unfollows(self.at.partition);
        Ok(Some(end?))
    }

    fn until(&self) -> Option<Offset> {
        let until = self.shared.spec.until.as_ref()?;
        until.get(&self.at.partition).copied()
    }

    /// Where to go on; kept before anything is read.
    async fn go_on(&mut self, topic: &Topic) -> Result<Progress, Error> {
        let spec = &self.shared.spec;
        let store = &self.shared.options.checkpoints;
        if self.acknowledged.is_none() && spec.is_persistent {
            let checkpoint = store.load(&spec.id, self.at.partition).await?;
            self.saved = checkpoint.and_then(|kept| Progress::from_checkpoint(&kept, &self.at));
            self.acknowledged = self.saved.clone();
        }
        let start = || Progress {
            topic_id: topic.id.as_str().into(),
            position: spec.start.get(&self.at.partition).copied().unwrap_or(0),
            stream_time: None,
        };
        let progress = self
            .acknowledged
            .clone()
            .unwrap_or_else(start)
            .in_topic(topic);
        self.acknowledged = Some(progress.clone());
        if spec.is_persistent && self.saved.as_ref() != Some(&progress) {
            let checkpoint = progress.to_checkpoint(&self.at, &spec.fingerprint);
            store.save(&spec.id, self.at.partition, &checkpoint).await?;
            self.saved = Some(progress.clone());
        }
        Ok(progress)
    }

    async fn output(&self) -> Result<Output, Error> {
        let shared = &self.shared;
        let sink = match &shared.spec.output {
            query::Output::Rows(rows) => return Ok(Output::Rows(rows.clone())),
            query::Output::Sink(sink) => sink,
        };
        let mut looks = shared.topics.watch(&shared.options, &sink.topic);
        let topic = known(&mut looks, &sink.topic).await?;
        let sink = shared.sinks.sink(
            topic.name.as_str().into(),
            looks,
            self.at.partition,
            shared.reports.clone(),
            shared.control.clone(),
        );
        Ok(Output::Sink(sink, Encoding::new(self.shared.clone())))
    }
}

/// What a task does to rows, made with the first batch: most rules never have one.
pub(crate) struct Steps {
    shared: Arc<Shared>,
    made: Option<Box<Made>>,
}

pub(crate) struct Made {
    pub view: View,
    pub operators: Operators,
    /// What the operators have in common with those of other partitions.
    _dataflow: Arc<Dataflow>,
}

impl Steps {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared, made: None }
    }

    pub fn made(&mut self) -> Result<&mut Made, Error> {
        let made = match self.made.take() {
            Some(made) => made,
            None => {
                let dataflow = self.shared.spec.plan.dataflow()?;
                let view = View::new(self.shared.needs.clone(), &dataflow.scan);
                let operators = Operators::try_new(&dataflow.steps, &view.schema())?;
                Box::new(Made {
                    view,
                    operators,
                    _dataflow: dataflow,
                })
            }
        };
        Ok(self.made.insert(made))
    }
}

/// The encoder of a query's rows, made with the first of them: most rules never have one.
pub(crate) struct Encoding {
    shared: Arc<Shared>,
    encoder: Option<Box<RowEncoder>>,
}

impl Encoding {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            encoder: None,
        }
    }

    pub fn encoder(&mut self) -> Result<&mut RowEncoder, Error> {
        if self.encoder.is_none() {
            let query::Output::Sink(sink) = &self.shared.spec.output else {
                return Err(Error::internal("a query without a sink encodes nothing"));
            };
            self.encoder = Some(Box::new(encoder(&self.shared.spec, sink)?));
        }
        let made = self.encoder.as_deref_mut();
        made.ok_or_else(|| Error::internal("the encoder is not there"))
    }
}

/// How the rows of a query become records.
pub(crate) fn encoder(spec: &QuerySpec, sink: &weir_plan::Sink) -> Result<RowEncoder, Error> {
    let topic = || spec.plan.source.topic.as_str().into();
    let origin = spec.has_origin_headers.then(topic);
    RowEncoder::try_new(sink, &spec.plan.schema, origin)
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Error::internal(format!("panic: {}", text.unwrap_or("without a message")))
}
