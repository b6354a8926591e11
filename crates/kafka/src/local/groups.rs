//! The offsets of groups, as they were last set.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Offset, PartitionId, TopicPartition, broker::ConsumerGroup};

/// By group, topic and partition. A group is there as long as it has an offset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Groups {
    offsets: BTreeMap<String, BTreeMap<String, BTreeMap<PartitionId, Offset>>>,
}

impl Groups {
    pub(crate) fn set(&mut self, group: &str, positions: &[(TopicPartition, Offset)]) {
        for (partition, offset) in positions {
            let topics = self.offsets.entry(group.to_owned()).or_default();
            let partitions = topics.entry(partition.topic.to_string()).or_default();
            partitions.insert(partition.partition, *offset);
        }
    }

    /// A topic that goes takes its offsets along, as in Kafka. Whether there were any.
    pub(crate) fn forget_topic(&mut self, topic: &str) -> bool {
        let mut had = false;
        self.offsets.retain(|_, topics| {
            had |= topics.remove(topic).is_some();
            !topics.is_empty()
        });
        had
    }

    pub(crate) fn offset(&self, group: &str, partition: &TopicPartition) -> Option<Offset> {
        let topics = self.offsets.get(group)?;
        let partitions = topics.get(&*partition.topic)?;
        partitions.get(&partition.partition).copied()
    }

    pub(crate) fn list(&self) -> Vec<ConsumerGroup> {
        let groups = self.offsets.iter().map(|(id, topics)| ConsumerGroup {
            id: id.clone(),
            members: 0,
            topics: topics.keys().cloned().collect(),
        });
        groups.collect()
    }
}
