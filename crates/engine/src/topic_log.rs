//! Topics of the engine's own: one partition, read from end to end when a process starts.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use weir_kafka::{
    Broker, ErrorKind, NewTopic, Offset, OffsetSpec, ReaderEvent, Record, Subscription,
    TopicPartition,
};

use crate::Error;

/// How long a broker may take to hand over what it says it has.
const PATIENCE: Duration = Duration::from_secs(30);

/// The one partition of a topic, which is made if it is not there.
pub async fn open(
    broker: &Arc<dyn Broker>,
    name: &str,
    config: &[(&str, &str)],
) -> weir_kafka::Result<TopicPartition> {
    if broker.topic(name).await?.is_none() {
        let config = config
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let topic = NewTopic {
            name: name.to_owned(),
            partitions: 1,
            replicas: -1,
            config: config.collect::<BTreeMap<_, _>>(),
        };
        match broker.create_topic(&topic).await {
            Err(error) if error.kind != ErrorKind::TopicExists => return Err(error),
            _ => {}
        }
    }
    Ok(TopicPartition::new(name, 0))
}

/// Hands over, in order, every record that is there now; gives the offset after the last.
pub async fn read_all(
    broker: &Arc<dyn Broker>,
    partition: &TopicPartition,
    take: impl FnMut(Record),
) -> Result<Offset, Error> {
    let start = offset(broker, partition, OffsetSpec::Earliest).await?;
    let end = end(broker, partition).await?;
    read(broker, partition, start, end, take).await?;
    Ok(end)
}

/// The offset that the next record will have.
pub async fn end(broker: &Arc<dyn Broker>, partition: &TopicPartition) -> Result<Offset, Error> {
    offset(broker, partition, OffsetSpec::Latest).await
}

/// Hands over the records from `start` on that lie before `end`.
pub async fn read(
    broker: &Arc<dyn Broker>,
    partition: &TopicPartition,
    start: Offset,
    end: Offset,
    mut take: impl FnMut(Record),
) -> Result<(), Error> {
    if start >= end {
        return Ok(());
    }
    let assigned = Subscription::Assign(vec![(partition.clone(), start)]);
    let mut reader = broker.reader(assigned).await?;
    let mut at = start;
    while at < end {
        let Some(event) = reader.next(PATIENCE).await? else {
            return Err(Error::external(format!(
                "topic `{}` ends at {end}, and nothing came from {at} on within {PATIENCE:?}",
                partition.topic
            )));
        };
        let ReaderEvent::Records {
            batches,
            next_offset,
            ..
        } = event
        else {
            continue;
        };
        batches
            .into_iter()
            .flat_map(|batch| batch.records)
            .filter(|record| record.offset < end)
            .for_each(&mut take);
        at = next_offset;
    }
    Ok(())
}

async fn offset(
    broker: &Arc<dyn Broker>,
    partition: &TopicPartition,
    spec: OffsetSpec,
) -> Result<Offset, Error> {
    let offsets = broker.offsets(&partition.topic, &[0], spec).await?;
    Ok(offsets.first().copied().unwrap_or(0))
}
