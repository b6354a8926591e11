//! Topics come, are described, grow and go.

use weir_kafka::{ErrorKind, OffsetSpec, Topic, TopicPartition};

use crate::fixture::{Fixture, PATIENCE, new_topic, value};

pub async fn a_topic_is_created_described_and_listed(fixture: &Fixture) {
    let config = [("max.message.bytes", "2000"), ("retention.ms", "-1")];
    let created = fixture.topic_with("b", 3, &config).await;
    assert_eq!(created.name, fixture.name("b"));
    assert_eq!(created.partitions, 3);
    assert_eq!(created.replicas, [1, 1, 1]);
    assert_eq!(created.max_message_bytes, 2000);
    assert!(!created.is_internal && !created.id.is_empty());
    let described = fixture.broker.topic(&created.name).await.unwrap();
    assert_eq!(described, Some(created.clone()));

    let other = fixture.topic("a", 1).await;
    assert_eq!(other.max_message_bytes, 1_048_588);
    assert_ne!(other.id, created.id);
    let topics = fixture.broker.topics().await.unwrap();
    assert!(topics.is_sorted_by(|left, right| left.name < right.name));
    let mine: Vec<Topic> = topics
        .into_iter()
        .filter(|topic| topic.name == created.name || topic.name == other.name)
        .collect();
    assert_eq!(mine, [other, created]);
}

pub async fn a_topic_that_exists_is_not_created_again(fixture: &Fixture) {
    let topic = fixture.topic("t", 2).await;
    let again = new_topic(&topic.name, 4, &[]);
    let again = fixture.broker.create_topic(&again).await;
    assert_eq!(again.unwrap_err().kind, ErrorKind::TopicExists);
    let described = fixture.broker.topic(&topic.name).await.unwrap();
    assert_eq!(described, Some(topic));
}

pub async fn a_topic_that_does_not_exist_is_unknown(fixture: &Fixture) {
    let (broker, name) = (&fixture.broker, fixture.name("none"));
    assert_eq!(broker.topic(&name).await.unwrap(), None);
    let deleted = broker.delete_topic(&name).await;
    assert_eq!(deleted.unwrap_err().kind, ErrorKind::UnknownTopic);
    let raised = broker.add_partitions(&name, 2).await;
    assert_eq!(raised.unwrap_err().kind, ErrorKind::UnknownTopic);
    let offsets = broker.offsets(&name, &[0], OffsetSpec::Latest).await;
    assert_eq!(offsets.unwrap_err().kind, ErrorKind::UnknownTopic);
    // Asking does not make it.
    assert_eq!(broker.topic(&name).await.unwrap(), None);
}

pub async fn a_topic_made_again_has_another_id_and_no_records(fixture: &Fixture) {
    let first = fixture.topic("t", 1).await;
    let partition = TopicPartition::new(first.name.as_str(), 0);
    fixture.write(&partition, vec![value("old")]).await;
    fixture.broker.delete_topic(&first.name).await.unwrap();
    let again = new_topic(&first.name, 2, &[]);
    let until = std::time::Instant::now() + PATIENCE;
    // A cluster deletes in the background: the name may be taken for a while.
    let second = loop {
        match fixture.broker.create_topic(&again).await {
            Ok(topic) => break topic,
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::TopicExists);
                assert!(std::time::Instant::now() < until, "the name stays taken");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    };
    assert_ne!(first.id, second.id);
    assert_eq!(second.partitions, 2);
    assert_eq!(fixture.offset(&partition, OffsetSpec::Latest).await, 0);
    fixture.write(&partition, vec![value("new")]).await;
    let records = fixture.read_all(&partition).await;
    assert_eq!(crate::fixture::values(&records), ["new"]);
}

pub async fn names_and_settings_that_kafka_refuses_are_refused(fixture: &Fixture) {
    let long = "a".repeat(250);
    for name in ["", ".", "..", "a b", "a/b", "../a", "ä", &long] {
        let refused = fixture.broker.create_topic(&new_topic(name, 1, &[])).await;
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Invalid, "{name}");
    }
    let settings = [
        ("no.such.setting", "1"),
        ("retention.ms", "soon"),
        ("cleanup.policy", "keep"),
        ("message.timestamp.type", "Never"),
    ];
    for setting in settings {
        let topic = new_topic(&fixture.name("t"), 1, &[setting]);
        let refused = fixture.broker.create_topic(&topic).await;
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Invalid, "{setting:?}");
    }
    for (partitions, replicas) in [(0, 1), (-2, 1), (1, 0), (1, 30_000)] {
        let mut topic = new_topic(&fixture.name("t"), partitions, &[]);
        topic.replicas = replicas;
        let refused = fixture.broker.create_topic(&topic).await;
        assert_eq!(
            refused.unwrap_err().kind,
            ErrorKind::Invalid,
            "{partitions} {replicas}"
        );
    }
    assert_eq!(
        fixture.broker.topic(&fixture.name("t")).await.unwrap(),
        None
    );
}

pub async fn partitions_are_added_and_never_taken_away(fixture: &Fixture) {
    let topic = fixture.topic("t", 2).await;
    let kept = TopicPartition::new(topic.name.as_str(), 1);
    fixture.write(&kept, vec![value("kept")]).await;
    fixture.broker.add_partitions(&topic.name, 5).await.unwrap();
    for total in [5, 4, 0, -1] {
        let refused = fixture.broker.add_partitions(&topic.name, total).await;
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Invalid, "{total}");
    }
    let described = fixture.broker.topic(&topic.name).await.unwrap().unwrap();
    assert_eq!((described.partitions, described.id), (5, topic.id));
    let added = TopicPartition::new(topic.name.as_str(), 4);
    fixture.write(&added, vec![value("added")]).await;
    for (partition, expected) in [(&kept, "kept"), (&added, "added")] {
        let records = fixture.read_all(partition).await;
        assert_eq!(crate::fixture::values(&records), [expected]);
    }
}

pub async fn the_cluster_keeps_its_id(fixture: &Fixture) {
    let id = fixture.broker.cluster_id().await.unwrap();
    fixture.topic("t", 1).await;
    assert!(!id.is_empty());
    assert_eq!(fixture.broker.cluster_id().await.unwrap(), id);
}
