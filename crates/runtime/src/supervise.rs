//! Keeps a query running: a worker for each partition, also for those that appear later, until all have ended.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use tokio::{
    sync::watch,
    task::{Id, JoinSet},
};
use weir_kafka::{PartitionId, Topic};

use crate::{
    QueryState,
    control::Wish,
    topics::Look,
    worker::{Ended, Shared, Worker},
};

pub(crate) struct Supervisor {
    shared: Arc<Shared>,
    wishes: watch::Receiver<Wish>,
    looks: watch::Receiver<Look>,
    workers: JoinSet<(PartitionId, Ended)>,
    /// Partitions that have a worker, or had one that completed.
    known: BTreeSet<PartitionId>,
    running: HashMap<Id, PartitionId>,
}

impl Supervisor {
    pub fn new(shared: Arc<Shared>) -> Self {
        let looks = shared
            .topics
            .watch(&shared.options, &shared.spec.plan.source.topic);
        Self {
            wishes: shared.control.wishes(),
            looks,
            shared,
            workers: JoinSet::new(),
            known: BTreeSet::new(),
            running: HashMap::new(),
        }
    }

    pub async fn run(mut self: Box<Self>) {
        let control = self.shared.control.clone();
        let end = tokio::select! {
            end = self.supervise() => end,
            () = control.abort.cancelled() => QueryState::Stopped,
        };
        // What is cut off here goes on from its last checkpoint one day.
        self.workers.shutdown().await;
        self.shared.reports.say_everything();
        control.end(end);
    }

    async fn supervise(&mut self) -> QueryState {
        loop {
            let look = self.looks.borrow_and_update().clone();
            if self.start_workers(&look) {
                return QueryState::Completed;
            }
            tokio::select! {
                changed = self.looks.changed() => if changed.is_err() {
                    return QueryState::Failed;
                },
                Some(ended) = self.workers.join_next_with_id() => self.note(ended),
                state = told_to_stop(&mut self.wishes) => {
                    while self.workers.join_next().await.is_some() {}
                    return state;
                }
            }
        }
    }

    /// Starts what is missing; true if there is nothing left to do.
    fn start_workers(&mut self, look: &Look) -> bool {
        let name = &self.shared.spec.plan.source.topic;
        match look {
            Look::NotYet => return false,
            Look::Found(topic) => {
                self.shared.control.recovered(None);
                for partition in self.wanted(topic) {
                    self.start_worker(partition);
                }
            }
            Look::Missing | Look::Failed(_) => {
                if let Err(error) = look.topic(name) {
                    self.shared.control.trouble(None, &error.message);
                }
                return false;
            }
        }
        self.running.is_empty() && self.shared.spec.until.is_some()
    }

    fn wanted(&self, topic: &Topic) -> Vec<PartitionId> {
        let until = self.shared.spec.until.as_ref();
        let is_wanted = |partition: &PartitionId| {
            !self.known.contains(partition)
                && until.is_none_or(|until| until.contains_key(partition))
        };
        (0..topic.partitions).filter(is_wanted).collect()
    }

    fn start_worker(&mut self, partition: PartitionId) {
        let worker = Worker::new(self.shared.clone(), partition, self.looks.clone());
        self.known.insert(partition);
        let task = self.workers.spawn(Box::new(worker).run());
        self.running.insert(task.id(), partition);
    }

    fn note(&mut self, ended: Result<(Id, (PartitionId, Ended)), tokio::task::JoinError>) {
        match ended {
            Ok((id, (partition, ended))) => {
                self.running.remove(&id);
                if ended == Ended::Gone {
                    self.known.remove(&partition);
                }
            }
            Err(error) => {
                // Workers catch their panics; this is one outside of any task. Its partition gets another worker.
                let partition = self.running.remove(&error.id());
                self.shared
                    .control
                    .trouble(partition, &format!("a worker ended: {error}"));
                if let Some(partition) = partition {
                    self.known.remove(&partition);
                }
            }
        }
    }
}

async fn told_to_stop(wishes: &mut watch::Receiver<Wish>) -> QueryState {
    match wishes
        .wait_for(|wish| matches!(wish, Wish::Stop(_)))
        .await
        .as_deref()
    {
        Ok(Wish::Stop(state)) => *state,
        _ => QueryState::Stopped,
    }
}
