//! The contract over a real Apache Kafka: the one that `WEIR_TEST_KAFKA` names (`scripts/kafka.sh start`, then `env`).

use std::io::Write as _;
use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use krafka::{Kafka, Record};
use weir_kafka::{
    TopicPartition,
    cluster::{ClusterBroker, ClusterConfig, Compression},
};

use crate::{fixture::Fixture, transactions::TransactionalProducer};

async fn fixture() -> Option<Fixture> {
    fixture_with(Compression::None).await
}

async fn fixture_with(compression: Compression) -> Option<Fixture> {
    let Ok(servers) = std::env::var("WEIR_TEST_KAFKA") else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "WEIR_TEST_KAFKA is not set, and CI tests against a real Kafka"
        );
        // Past the test runner, which shows nothing of tests that pass.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: WEIR_TEST_KAFKA names no Kafka; see scripts/kafka.sh"
        );
        return None;
    };
    let properties = [
        ("bootstrap.servers", servers.as_str()),
        ("compression.type", compression.name()),
    ];
    let properties = properties.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = ClusterConfig::from_properties(&BTreeMap::from(properties)).unwrap();
    let broker = ClusterBroker::connect(config).await.unwrap();
    let producers =
        move || -> futures::future::BoxFuture<'static, Box<dyn TransactionalProducer>> {
            let servers = servers.clone();
            Box::pin(async move { Box::new(Producer::connect(&servers).await) as _ })
        };
    Some(Fixture::new(broker, ()).with_producers(Box::new(producers)))
}

/// krafka's. It wants `delivery_timeout` to be no shorter than `request_timeout` and `linger` together, and no longer than
/// `transaction_timeout`.
struct Producer(krafka::producer::TransactionalProducer);

impl Producer {
    async fn connect(servers: &str) -> Self {
        let kafka = Kafka::builder(servers).connect().await.unwrap();
        let builder = kafka
            .producer()
            .transaction_timeout(Duration::from_secs(300))
            .delivery_timeout(Duration::from_secs(120));
        let id = format!("contract-{}", rand::random::<u64>());
        Self(builder.build_transactional(id).await.unwrap())
    }
}

#[async_trait]
impl TransactionalProducer for Producer {
    async fn begin(&mut self) {
        self.0.begin().unwrap();
    }

    async fn write(&mut self, to: &TopicPartition, values: Vec<Bytes>) {
        let mut waiting = Vec::with_capacity(values.len());
        for value in values {
            let record = Record::new(&*to.topic, value).partition(to.partition);
            waiting.push(self.0.enqueue(record).await.unwrap());
        }
        self.0.flush().await.unwrap();
        for delivery in waiting {
            let _ = delivery.await.unwrap();
        }
    }

    async fn commit(&mut self) {
        self.0.commit().await.unwrap();
    }

    async fn abort(&mut self) {
        self.0.abort().await.unwrap();
    }
}

crate::contract!(super::super::cluster::fixture);

/// Records come back as they were in every compression.
macro_rules! packed {
    ($($name:ident $compression:ident)+) => {
        $(
            mod $name {
                async fn fixture() -> Option<crate::fixture::Fixture> {
                    super::fixture_with(weir_kafka::cluster::Compression::$compression).await
                }

                crate::contract! { @records super::super::$name::fixture }
            }
        )+
    };
}
packed! {
    gzip Gzip
    snappy Snappy
    lz4 Lz4
    zstd Zstd
}
