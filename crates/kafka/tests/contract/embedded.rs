//! The contract over the broker in a folder; small files, so that there are many.

use weir_kafka::{EmbeddedBroker, EmbeddedOptions};

use crate::fixture::Fixture;

async fn fixture() -> Option<Fixture> {
    let dir = tempfile::tempdir().unwrap();
    let options = EmbeddedOptions {
        segment_bytes: 4096,
        ..EmbeddedOptions::default()
    };
    let broker = EmbeddedBroker::open(dir.path(), options).unwrap();
    Some(Fixture::new(broker, dir))
}

crate::contract!(super::super::embedded::fixture);
