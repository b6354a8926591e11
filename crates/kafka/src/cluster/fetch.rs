//! One fetch of some partitions from the broker that leads them.

use std::sync::Arc;

use krafka::{
    __private::protocol::{
        ApiKey, FetchPartitionRequest, FetchPartitionResponse, FetchRequest, FetchResponse,
        FetchTopicRequest, VersionedEncode, versions,
    },
    error::ErrorCode,
};

use super::{
    config::ClusterConfig,
    link::{Lane, Leader, TopicId, ask, version},
};
use crate::{Offset, PartitionId};

/// From the first version that names topics by their id, a topic that was deleted and made again is another one to the broker.
const WITH_TOPIC_IDS: i16 = 13;

/// One partition to be asked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Which position of the reader it is for, and as of which seek.
    pub index: usize,
    pub generation: u64,
    pub topic: Arc<str>,
    /// All zeros where the broker is too old to have ids.
    pub topic_id: TopicId,
    pub partition: PartitionId,
    pub offset: Offset,
    pub leader_epoch: i32,
    pub last_epoch: i32,
}

/// What came of it.
pub(super) struct Fetched {
    pub wanted: Vec<Wanted>,
    pub answer: krafka::error::Result<Vec<(usize, FetchPartitionResponse)>>,
}

/// Asks for all of `wanted`, which `leader` leads. The answers name the index in `wanted` that they are for.
pub(super) async fn fetch(lane: Arc<Lane>, leader: Leader, wanted: Vec<Wanted>) -> Fetched {
    let answer = answer(&lane, &leader, &wanted).await;
    Fetched { wanted, answer }
}

async fn answer(
    lane: &Lane,
    leader: &Leader,
    wanted: &[Wanted],
) -> krafka::error::Result<Vec<(usize, FetchPartitionResponse)>> {
    let connection = lane.connection(leader).await?;
    let has_ids = wanted.iter().all(|it| it.topic_id != TopicId::default());
    let highest = if has_ids {
        versions::FETCH_MAX
    } else {
        WITH_TOPIC_IDS - 1
    };
    let version = version(&connection, ApiKey::Fetch, versions::FETCH_MIN, highest)?;
    let request = request(&lane.link.config, wanted);
    let body = |out: &mut bytes::BytesMut| request.encode_versioned(version, out);
    let response: FetchResponse = ask(&connection, ApiKey::Fetch, version, body).await?;
    connection.notify_throttle(response.throttle_time_ms);
    if !response.error_code.is_ok() {
        return Err(krafka::error::KrafkaError::broker(response.error_code, ""));
    }
    let mut answers = Vec::with_capacity(wanted.len());
    for topic in response.responses {
        for partition in topic.partitions {
            let place = wanted.iter().position(|it| {
                let is_topic = match topic.topic_id {
                    Some(id) => id == it.topic_id,
                    None => topic.topic == *it.topic,
                };
                is_topic && it.partition == partition.partition
            });
            // A broker that answers what was not asked is not believed.
            if let Some(place) = place {
                answers.push((place, partition));
            }
        }
    }
    Ok(answers)
}

fn request(config: &ClusterConfig, wanted: &[Wanted]) -> FetchRequest {
    let mut request = FetchRequest::default();
    request.max_wait_ms = config.fetch_max_wait.as_millis() as i32;
    request.min_bytes = config.fetch_min_bytes;
    request.max_bytes = config.fetch_max_bytes;
    request.isolation_level = 1;
    for it in wanted {
        let mut partition = FetchPartitionRequest::default();
        partition.partition = it.partition;
        partition.current_leader_epoch = it.leader_epoch;
        partition.fetch_offset = it.offset;
        partition.last_fetched_epoch = it.last_epoch;
        partition.partition_max_bytes = config.max_partition_fetch_bytes;
        let same = request
            .topics
            .iter_mut()
            .find(|topic| topic.topic == *it.topic);
        match same {
            Some(topic) => topic.partitions.push(partition),
            None => {
                let mut topic = FetchTopicRequest::default();
                topic.topic = it.topic.to_string();
                topic.topic_id = Some(it.topic_id);
                topic.partitions = vec![partition];
                request.topics.push(topic);
            }
        }
    }
    request
}

/// Answers that say: ask the cluster who leads it now.
pub(super) fn is_moved(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NotLeaderForPartition
            | ErrorCode::LeaderNotAvailable
            | ErrorCode::ReplicaNotAvailable
            | ErrorCode::FencedLeaderEpoch
            | ErrorCode::UnknownLeaderEpoch
            | ErrorCode::OffsetNotAvailable
            | ErrorCode::UnknownTopicOrPartition
            | ErrorCode::UnknownTopicId
            | ErrorCode::InconsistentTopicId
            | ErrorCode::KafkaStorageException
            | ErrorCode::BrokerNotAvailable
    )
}
