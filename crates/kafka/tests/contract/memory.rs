//! The contract over the broker in memory.

use async_trait::async_trait;
use bytes::Bytes;
use weir_kafka::{MemoryBroker, NewRecord, TopicPartition, memory::Transaction};

use crate::{
    fixture::{Fixture, now},
    transactions::TransactionalProducer,
};

async fn fixture() -> Option<Fixture> {
    let broker = MemoryBroker::new(7);
    let producers = {
        let broker = broker.clone();
        move || -> futures::future::BoxFuture<'static, Box<dyn TransactionalProducer>> {
            let producer = Producer {
                broker: broker.clone(),
                transaction: None,
            };
            Box::pin(async { Box::new(producer) as _ })
        }
    };
    Some(Fixture::new(broker, ()).with_producers(Box::new(producers)))
}

struct Producer {
    broker: MemoryBroker,
    transaction: Option<Transaction>,
}

#[async_trait]
impl TransactionalProducer for Producer {
    async fn begin(&mut self) {
        self.transaction = Some(self.broker.begin_transaction());
    }

    async fn write(&mut self, to: &TopicPartition, values: Vec<Bytes>) {
        let records = values.into_iter().map(|value| NewRecord {
            timestamp: now(),
            key: None,
            value: Some(value),
            headers: Vec::new(),
        });
        let transaction = self.transaction.as_mut().unwrap();
        transaction.write(to, records.collect()).unwrap();
    }

    async fn commit(&mut self) {
        self.transaction.take().unwrap().commit();
    }

    async fn abort(&mut self) {
        self.transaction.take().unwrap().abort();
    }
}

crate::contract!(super::super::memory::fixture);
