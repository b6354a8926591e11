//! The contract over the broker in memory.

use weir_kafka::MemoryBroker;

use crate::fixture::Fixture;

async fn fixture() -> Option<Fixture> {
    Some(Fixture::new(MemoryBroker::new(7), ()))
}

crate::contract!(super::super::memory::fixture);
