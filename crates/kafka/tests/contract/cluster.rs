//! The contract over a real Apache Kafka: the one that `WEIR_TEST_KAFKA` names (`scripts/kafka.sh start`, then `env`).

use weir_kafka::cluster::{ClusterBroker, ClusterConfig};

use crate::fixture::Fixture;

async fn fixture() -> Option<Fixture> {
    let Ok(servers) = std::env::var("WEIR_TEST_KAFKA") else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "WEIR_TEST_KAFKA is not set, and CI tests against a real Kafka"
        );
        println!("skipped: WEIR_TEST_KAFKA names no Kafka; see scripts/kafka.sh");
        return None;
    };
    let config = ClusterConfig::new(&servers).unwrap();
    let broker = ClusterBroker::connect(config).await.unwrap();
    Some(Fixture::new(broker, ()))
}

crate::contract!(super::super::cluster::fixture);
