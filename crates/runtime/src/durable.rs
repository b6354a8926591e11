//! Waits until what was read is durable, for queries that have written nothing since they last asked: most rules, mostly.
//!
//! Those who ask while an answer is on its way are answered together, by the next one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{mpsc, oneshot};
use weir_kafka::{Broker, Offset, TopicPartition, Writer};

use crate::Error;

/// How many may wait to be taken up.
const WAITING: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Durable {
    broker: Arc<dyn Broker>,
    questions: Mutex<Option<mpsc::Sender<Question>>>,
}

/// Is all durable that stands before this position?
#[derive(Debug)]
struct Question {
    read: (TopicPartition, Offset),
    answer: oneshot::Sender<Result<(), Error>>,
}

impl Durable {
    pub fn new(broker: Arc<dyn Broker>) -> Self {
        Self {
            broker,
            questions: Mutex::default(),
        }
    }

    /// Returns when what stands before `position` is durable by the broker's rule.
    pub async fn until(&self, read: &TopicPartition, position: Offset) -> Result<(), Error> {
        let (answer, is_durable) = oneshot::channel();
        let question = Question {
            read: (read.clone(), position),
            answer,
        };
        let ended = || Error::internal("nobody sees to it that what was read is durable");
        let sent = self.questions().send(question).await;
        sent.map_err(|_| ended())?;
        is_durable.await.map_err(|_| ended())?
    }

    /// To whoever answers: somebody does from the first question on, for as long as the runtime is there.
    fn questions(&self) -> mpsc::Sender<Question> {
        let mut questions = self
            .questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = questions.as_ref().filter(|there| !there.is_closed()) {
            return there.clone();
        }
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(answer(self.broker.clone(), receiver));
        questions.insert(sender).clone()
    }
}

async fn answer(broker: Arc<dyn Broker>, mut questions: mpsc::Receiver<Question>) {
    let mut writer = None;
    while let Some(first) = questions.recv().await {
        let mut round = vec![first];
        while let Ok(next) = questions.try_recv() {
            round.push(next);
        }
        let mut read: BTreeMap<&TopicPartition, Offset> = BTreeMap::new();
        for question in &round {
            let (partition, position) = &question.read;
            let highest = read.entry(partition).or_insert(*position);
            *highest = (*highest).max(*position);
        }
        let read: Vec<_> = read
            .into_iter()
            .map(|(partition, position)| (partition.clone(), position))
            .collect();
        let mut outcomes = BTreeMap::new();
        if commit(&broker, &mut writer, &read).await.is_err() {
            // Each by itself: what is wrong with one partition is no other's trouble.
            for one in read {
                let outcome = commit(&broker, &mut writer, std::slice::from_ref(&one)).await;
                outcomes.insert(one.0, outcome);
            }
        }
        for question in round {
            let outcome = outcomes.get(&question.read.0).cloned();
            let _ = question.answer.send(outcome.unwrap_or(Ok(())));
        }
    }
}

async fn commit(
    broker: &Arc<dyn Broker>,
    writer: &mut Option<Box<dyn Writer>>,
    read: &[(TopicPartition, Offset)],
) -> Result<(), Error> {
    // A writer that has failed is not used again.
    let mut used = match writer.take() {
        Some(writer) => writer,
        None => broker.writer("weir-reads").await?,
    };
    used.commit(read).await?;
    *writer = Some(used);
    Ok(())
}
