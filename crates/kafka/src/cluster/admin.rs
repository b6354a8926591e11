//! Topics, offsets and groups.
//!
//! What changes a topic returns when the change can be used: a created topic has leaders, a deleted one is gone.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, PoisonError},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use krafka::{
    __private::{
        metadata::TopicInfo,
        protocol::{
            ApiKey, ListOffsetsRequest, ListOffsetsRequestPartition, ListOffsetsRequestTopic,
            ListOffsetsResponse, VersionedEncode, versions,
        },
    },
    admin::{
        AlterConsumerGroupOffsetsOptions, ConfigResource, CreatePartitionsOptions,
        CreateTopicsOptions, DeleteTopicsOptions, DescribeConfigsOptions,
        DescribeConsumerGroupsOptions, ListConsumerGroupOffsetsOptions, ListConsumerGroupsOptions,
    },
    error::{ErrorCode, KrafkaError},
};
use tokio::time::Instant;

use super::{
    fetch::is_moved,
    link::{Backoff, Leader, Link, TopicId, ask, version},
};
use crate::{
    Error, ErrorKind, NewTopic, Offset, OffsetSpec, PartitionId, Result, Topic, TopicPartition,
    broker::ConsumerGroup,
};

const MAX_MESSAGE_BYTES: &str = "max.message.bytes";
/// A broker's default, for brokers that do not let us ask.
const DEFAULT_MAX_MESSAGE_BYTES: usize = 1_048_588;
/// While the cluster makes up its mind.
const POLL: Duration = Duration::from_millis(50);

pub(super) async fn topics(link: &Link) -> Result<Vec<Topic>> {
    let doing = "listing topics";
    link.metadata()
        .refresh()
        .await
        .map_err(|error| link.failed(doing, &error))?;
    let mut infos = link.metadata().topics_arc();
    infos.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    // Of a list, the limits that are known will do: who writes to a topic looks at it by itself.
    let known = {
        let mut known = link.limits.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|id, _| infos.iter().any(|info| info.topic_id == *id));
        known.clone()
    };
    let new = infos
        .iter()
        .filter(|info| !known.contains_key(&info.topic_id));
    let limits = limits(link, doing, new.map(|info| info.name.as_str())).await?;
    let topics = infos.iter().map(|info| {
        let limit = known.get(&info.topic_id);
        let limit = limit.or_else(|| limits.get(&info.name));
        remember(link, info, limit);
        describe(info, limit)
    });
    Ok(topics.collect())
}

fn remember(link: &Link, info: &TopicInfo, limit: Option<&usize>) {
    let mut known = link.limits.lock().unwrap_or_else(PoisonError::into_inner);
    known.extend(limit.map(|limit| (info.topic_id, *limit)));
}

pub(super) async fn topic(link: &Link, name: &str) -> Result<Option<Topic>> {
    if !is_name(name) {
        return Ok(None);
    }
    let look = look(link, name);
    link.looks.ask(name.to_owned(), look).await
}

async fn look(link: &Link, name: &str) -> Result<Option<Topic>> {
    let doing = format!("looking at topic `{name}`");
    let Some(info) = link.fresh_topic(&doing, name).await? else {
        return Ok(None);
    };
    match limits(link, &doing, [name].into_iter()).await {
        Ok(limits) => {
            let limit = limits.get(name);
            remember(link, &info, limit);
            Ok(Some(describe(&info, limit)))
        }
        // It went between the two questions.
        Err(error) if error.kind == ErrorKind::UnknownTopic => Ok(None),
        Err(error) => Err(error),
    }
}

/// What Kafka takes for a topic's name.
fn is_name(name: &str) -> bool {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty()
        && name.len() <= 249
        && name != "."
        && name != ".."
        && name.chars().all(is_legal)
}

fn describe(info: &TopicInfo, limit: Option<&usize>) -> Topic {
    let mut partitions: Vec<_> = info.partitions_iter().collect();
    partitions.sort_unstable_by_key(|partition| partition.partition);
    Topic {
        name: info.name.clone(),
        id: id_text(info.topic_id),
        partitions: partitions.len() as i32,
        replicas: partitions
            .iter()
            .map(|partition| partition.replicas.len() as i32)
            .collect(),
        is_internal: info.is_internal,
        max_message_bytes: limit.copied().unwrap_or(DEFAULT_MAX_MESSAGE_BYTES),
    }
}

/// As Kafka's own tools print it.
fn id_text(id: TopicId) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(id)
}

/// The largest batch of each topic, where the broker tells.
async fn limits(
    link: &Link,
    doing: &str,
    names: impl Iterator<Item = &str>,
) -> Result<HashMap<String, usize>> {
    let resources: Vec<_> = names.map(ConfigResource::topic).collect();
    if resources.is_empty() {
        return Ok(HashMap::new());
    }
    let options = DescribeConfigsOptions::default().config_names(vec![MAX_MESSAGE_BYTES.into()]);
    let answer = link.admin.describe_configs(resources, options).await;
    let answer = answer.map_err(|error| link.failed(doing, &error))?;
    let mut limits = HashMap::new();
    for (resource, entries) in answer {
        match entries {
            Ok(entries) => {
                let entry = entries.iter().find(|entry| entry.name == MAX_MESSAGE_BYTES);
                if let Some(limit) = entry.and_then(|entry| entry.config_value().parse().ok()) {
                    limits.insert(resource.name, limit);
                }
            }
            // To read and write a topic one need not be allowed to see its settings.
            Err(KrafkaError::Broker {
                code: ErrorCode::TopicAuthorizationFailed,
                ..
            }) => {}
            Err(KrafkaError::Broker {
                code: ErrorCode::UnknownTopicOrPartition,
                ..
            }) => {}
            Err(error) => return Err(link.failed(doing, &error)),
        }
    }
    Ok(limits)
}

pub(super) async fn create_topic(link: &Link, topic: &NewTopic) -> Result<Topic> {
    let name = &topic.name;
    let doing = format!("creating topic `{name}`");
    let failed = |error: &KrafkaError| match error {
        // krafka's own checks of what it is given.
        KrafkaError::Config { message } | KrafkaError::Protocol { message, .. } => {
            Error::new(ErrorKind::Invalid, format!("{doing}: {message}"))
        }
        error => link.failed(&doing, error),
    };
    let mut wanted = krafka::admin::NewTopic::new(name, topic.partitions, topic.replicas)
        .map_err(|error| failed(&error))?;
    wanted.configs = topic.config.clone().into_iter().collect();
    let options = CreateTopicsOptions::default();
    let answer = link
        .admin
        .create_topics([wanted], options)
        .await
        .map_err(|error| failed(&error))?;
    if let Some(Err(error)) = answer.get(name) {
        return Err(failed(error));
    }
    until_usable(link, &doing, name, 1).await
}

/// Waits until each partition, `least` of them or more, has a leader.
async fn until_usable(link: &Link, doing: &str, name: &str, least: i32) -> Result<Topic> {
    let deadline = Instant::now() + link.config.request_timeout;
    loop {
        let info = link.fresh_topic(doing, name).await?;
        if let Some(info) = info
            && info.partition_count() as i32 >= least
            && info
                .partitions_iter()
                .all(|partition| partition.is_routable())
            && let Some(topic) = topic(link, name).await?
        {
            return Ok(topic);
        }
        if Instant::now() >= deadline {
            let message = format!(
                "{doing}: it is there, but has no leaders yet; look at the brokers of {}",
                link.config.servers()
            );
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        tokio::time::sleep(POLL).await;
    }
}

pub(super) async fn delete_topic(link: &Link, name: &str) -> Result<()> {
    let doing = format!("deleting topic `{name}`");
    let Some(before) = link.fresh_topic(&doing, name).await? else {
        return Err(link.unknown_topic(&doing, name));
    };
    let answer = link
        .admin
        .delete_topics([name], DeleteTopicsOptions::default())
        .await;
    let answer = answer.map_err(|error| link.failed(&doing, &error))?;
    if let Some(Err(error)) = answer.get(name) {
        return Err(link.failed(&doing, error));
    }
    let deadline = Instant::now() + link.config.request_timeout;
    loop {
        match link.fresh_topic(&doing, name).await? {
            Some(now) if now.topic_id == before.topic_id => {}
            _ => return Ok(()),
        }
        if Instant::now() >= deadline {
            let message = format!("{doing}: the cluster took it, but the topic is still there");
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        tokio::time::sleep(POLL).await;
    }
}

pub(super) async fn add_partitions(link: &Link, name: &str, total: i32) -> Result<()> {
    let doing = format!("raising topic `{name}` to {total} partitions");
    if link.fresh_topic(&doing, name).await?.is_none() {
        return Err(link.unknown_topic(&doing, name));
    }
    let answer = link
        .admin
        .create_partitions([(name, total)], CreatePartitionsOptions::default())
        .await;
    let answer = answer.map_err(|error| link.failed(&doing, &error))?;
    if let Some(Err(error)) = answer.get(name) {
        return Err(link.failed(&doing, error));
    }
    until_usable(link, &doing, name, total).await.map(drop)
}

/// What ListOffsets takes for a time.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;

/// krafka's own call tries for its whole time limit when there is no record at or after a time; a broker says so at once.
pub(super) async fn offsets(
    link: &Arc<Link>,
    name: &str,
    partitions: &[PartitionId],
    spec: OffsetSpec,
) -> Result<Vec<Offset>> {
    let time = match spec {
        OffsetSpec::Earliest => EARLIEST,
        OffsetSpec::Latest => LATEST,
        // Below zero are Kafka's special values; and nothing is older than the oldest record.
        OffsetSpec::AtTime(time) if time < 0 => EARLIEST,
        OffsetSpec::AtTime(time) => time,
    };
    let found = list_offsets(link, name, partitions, time).await?;
    let missing: Vec<_> = partitions
        .iter()
        .copied()
        .filter(|it| found.get(it).is_none_or(|offset| *offset < 0))
        .collect();
    let ends = match missing.is_empty() {
        true => HashMap::new(),
        false => list_offsets(link, name, &missing, LATEST).await?,
    };
    let offset = |partition| {
        ends.get(partition)
            .or_else(|| found.get(partition))
            .copied()
    };
    let offsets: Option<Vec<_>> = partitions.iter().map(offset).collect();
    offsets.ok_or_else(|| {
        let doing = format!("asking for offsets of `{name}`");
        link.refused(&doing, ErrorCode::UnknownServerError)
    })
}

async fn list_offsets(
    link: &Arc<Link>,
    name: &str,
    partitions: &[PartitionId],
    time: i64,
) -> Result<HashMap<PartitionId, Offset>> {
    let question = (name.to_owned(), partitions.to_vec(), time);
    let ask = ask_leaders(link, name, partitions, time);
    link.offsets.ask(question, ask).await
}

async fn ask_leaders(
    link: &Link,
    name: &str,
    partitions: &[PartitionId],
    time: i64,
) -> Result<HashMap<PartitionId, Offset>> {
    let doing = format!("asking for offsets of `{name}`");
    let deadline = Instant::now() + link.config.request_timeout;
    let mut backoff = Backoff::new(&link.config);
    let mut found = HashMap::new();
    let mut info = link.topic(&doing, name).await?;
    loop {
        let mut groups: HashMap<Leader, Vec<PartitionId>> = HashMap::new();
        let mut error = None;
        // Each once: a broker answers a partition that it is asked for twice with an error.
        let wanted: BTreeSet<_> = partitions
            .iter()
            .filter(|it| !found.contains_key(*it))
            .collect();
        for partition in wanted {
            if info.partition(*partition).is_none() {
                return Err(link.unknown_topic(&doing, &format!("{name}-{partition}")));
            }
            match link.leader(name, *partition) {
                Some(leader) => groups.entry(leader).or_default().push(*partition),
                None => error = Some(link.refused(&doing, ErrorCode::LeaderNotAvailable)),
            }
        }
        for (leader, partitions) in groups {
            match ask_offsets(link, &leader, name, &partitions, time).await {
                Err(failure) => error = Some(link.failed(&doing, &failure)),
                Ok(answers) => {
                    for (partition, code, offset) in answers {
                        match code {
                            ErrorCode::None => drop(found.insert(partition, offset)),
                            code if is_moved(code) => error = Some(link.refused(&doing, code)),
                            code => return Err(link.refused(&doing, code)),
                        }
                    }
                }
            }
        }
        if partitions.iter().all(|it| found.contains_key(it)) {
            return Ok(found);
        }
        let error = error.unwrap_or_else(|| link.refused(&doing, ErrorCode::UnknownServerError));
        let is_moving = error.is_retriable() || error.kind == ErrorKind::UnknownTopic;
        backoff.failed();
        match backoff.until() {
            Some(until) if is_moving && until < deadline => tokio::time::sleep_until(until).await,
            _ => return Err(error),
        }
        let fresh = link.fresh_topic(&doing, name).await?;
        info = fresh.ok_or_else(|| link.unknown_topic(&doing, name))?;
    }
}

async fn ask_offsets(
    link: &Link,
    leader: &Leader,
    name: &str,
    partitions: &[PartitionId],
    time: i64,
) -> krafka::error::Result<Vec<(PartitionId, ErrorCode, Offset)>> {
    let connection = link.connection(leader).await?;
    let key = ApiKey::ListOffsets;
    let version = version(
        &connection,
        key,
        versions::LIST_OFFSETS_MIN,
        versions::LIST_OFFSETS_MAX,
    )?;
    let request = ListOffsetsRequest {
        replica_id: -1,
        isolation_level: 1,
        timeout_ms: None,
        topics: vec![ListOffsetsRequestTopic {
            name: name.to_owned(),
            partitions: partitions
                .iter()
                .map(|partition| ListOffsetsRequestPartition {
                    partition_index: *partition,
                    current_leader_epoch: link.leader_epoch(name, *partition),
                    timestamp: time,
                })
                .collect(),
        }],
    };
    let body = |out: &mut bytes::BytesMut| request.encode_versioned(version, out);
    let response: ListOffsetsResponse = ask(&connection, key, version, body).await?;
    let answers = response
        .topics
        .into_iter()
        .flat_map(|topic| topic.partitions);
    Ok(answers
        .map(|it| (it.partition_index, it.error_code, it.offset))
        .collect())
}

pub(super) async fn set_group_offsets(
    link: &Link,
    group: &str,
    positions: &[(TopicPartition, Offset)],
) -> Result<()> {
    let doing = format!("setting the offsets of group `{group}`");
    let offsets = positions.iter().map(|(at, offset)| {
        (
            krafka::admin::TopicPartition::new(&*at.topic, at.partition),
            *offset,
        )
    });
    let options = AlterConsumerGroupOffsetsOptions::default();
    let answer = link
        .admin
        .alter_consumer_group_offsets(group, offsets.collect::<HashMap<_, _>>(), options)
        .await;
    let answer = answer.map_err(|error| link.failed(&doing, &error))?;
    match answer.into_values().find_map(|result| result.err()) {
        Some(error) => Err(link.failed(&doing, &error)),
        None => Ok(()),
    }
}

pub(super) async fn consumer_groups(link: &Link) -> Result<Vec<ConsumerGroup>> {
    let doing = "listing consumer groups";
    let failed = |error: &KrafkaError| link.failed(doing, error);
    let listed = link
        .admin
        .list_consumer_groups(ListConsumerGroupsOptions::default())
        .await;
    let mut ids = Vec::new();
    for groups in listed.map_err(|error| failed(&error))?.into_values() {
        let groups = groups.map_err(|error| failed(&error))?;
        // Other protocols have groups of their own kinds: Connect's workers, share groups.
        let is_consumer = |protocol: &str| matches!(protocol, "consumer" | "");
        ids.extend(
            groups
                .into_iter()
                .filter(|it| is_consumer(&it.protocol_type))
                .map(|it| it.group_id),
        );
    }
    ids.sort_unstable();
    ids.dedup();
    let options = DescribeConsumerGroupsOptions::default();
    let described = link
        .admin
        .describe_consumer_groups(&ids, options)
        .await
        .map_err(|error| failed(&error))?;
    let mut groups = Vec::with_capacity(ids.len());
    for id in ids {
        // A group may go while it is looked at.
        let Some(Ok(group)) = described.get(&id) else {
            continue;
        };
        let assigned = group
            .members
            .iter()
            .filter_map(|member| member.assignment.as_ref())
            .flatten();
        let mut topics: Vec<String> = assigned
            .map(|it| it.topic_name.clone())
            .filter(|name| !name.is_empty())
            .collect();
        let options = ListConsumerGroupOffsetsOptions::default();
        if let Ok(offsets) = link.admin.list_consumer_group_offsets(&id, options).await {
            topics.extend(offsets.into_keys().map(|at| at.topic));
        }
        topics.sort_unstable();
        topics.dedup();
        groups.push(ConsumerGroup {
            members: group.members.len(),
            id,
            topics,
        });
    }
    Ok(groups)
}
