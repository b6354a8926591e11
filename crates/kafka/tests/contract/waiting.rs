//! Readers that wait, share, or read what goes away.

use std::{collections::BTreeMap, time::Duration};

use weir_kafka::{ErrorKind, OffsetSpec, Subscription, TopicPartition};

use crate::fixture::{
    Fixture, PATIENCE, first_error, next_records, numbers, read_to, value, values,
};

pub async fn a_reader_that_waits_is_woken(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    let mut reader = fixture.reader(&partition, 0).await;
    for number in 0..5 {
        let text = number.to_string();
        let (came, _) = tokio::join!(next_records(&mut *reader, PATIENCE), async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            fixture.write(&partition, vec![value(&text)]).await
        });
        let (from, records, next) = came.expect("the write wakes the reader");
        assert_eq!(from, partition);
        assert_eq!(values(&records), [text]);
        assert_eq!(next, number + 1);
    }
}

pub async fn a_wait_may_be_endless(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    fixture.write_numbers(&partition, 0..1).await;
    let mut reader = fixture.reader(&partition, 0).await;
    let came = next_records(&mut *reader, Duration::MAX).await;
    assert_eq!(came.expect("there is one").2, 1);
}

pub async fn a_partition_is_not_assigned_twice(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    let assigned = vec![(partition.clone(), 0), (partition.clone(), 5)];
    let reader = fixture.broker.reader(Subscription::Assign(assigned)).await;
    let refused = reader.err().expect("it cannot stand at two offsets");
    assert_eq!(refused.kind, ErrorKind::Invalid);
    assert_eq!(
        refused.message,
        format!("partition {partition} is assigned twice")
    );
}

pub async fn nothing_comes_of_an_empty_wait(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    let mut reader = fixture.reader(&partition, 0).await;
    for wait in [Duration::ZERO, Duration::from_millis(50)] {
        assert!(next_records(&mut *reader, wait).await.is_none());
    }
    fixture.write_numbers(&partition, 0..2).await;
    assert_eq!(values(&read_to(&mut *reader, 2).await), ["0", "1"]);
}

pub async fn a_wait_that_is_dropped_loses_nothing(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    let mut reader = fixture.reader(&partition, 0).await;
    let mut came = Vec::new();
    let write = async {
        for number in 0..200 {
            fixture.write_numbers(&partition, number..number + 1).await;
        }
    };
    let read = async {
        let until = std::time::Instant::now() + PATIENCE;
        let mut round: u64 = 0;
        while came.len() < 200 {
            assert!(std::time::Instant::now() < until, "{} came", came.len());
            round += 1;
            let patience = Duration::from_micros(round * 37 % 3000);
            let next = next_records(&mut *reader, PATIENCE);
            if let Ok(Some((_, records, _))) = tokio::time::timeout(patience, next).await {
                came.extend(values(&records));
            }
        }
    };
    tokio::join!(write, read);
    assert_eq!(came, numbers(0..200));
}

pub async fn many_partitions_in_one_reader(fixture: &Fixture) {
    let topic = fixture.topic("many", 8).await;
    let other = fixture.partition("other").await;
    let mut partitions: Vec<_> = (0..8)
        .map(|partition| TopicPartition::new(topic.name.as_str(), partition))
        .collect();
    partitions.push(other);
    let assigned = partitions.iter().map(|partition| (partition.clone(), 1));
    let assigned = Subscription::Assign(assigned.collect());
    for partition in &partitions {
        fixture.write(partition, vec![value("skipped")]).await;
    }
    let mut reader = fixture.broker.reader(assigned).await.unwrap();
    let write = async {
        for round in 0..10 {
            for partition in &partitions {
                let text = format!("{partition}/{round}");
                fixture.write(partition, vec![value(&text)]).await;
            }
        }
    };
    let read = async {
        let mut came: BTreeMap<TopicPartition, Vec<String>> = BTreeMap::new();
        while came.values().map(Vec::len).sum::<usize>() < 90 {
            let next = next_records(&mut *reader, PATIENCE).await;
            let (partition, records, next) = next.expect("90 records come");
            let mine = came.entry(partition).or_default();
            mine.extend(values(&records));
            assert_eq!(next, mine.len() as i64 + 1);
        }
        came
    };
    let ((), came) = tokio::join!(write, read);
    for partition in &partitions {
        let expected: Vec<_> = (0..10)
            .map(|round| format!("{partition}/{round}"))
            .collect();
        assert_eq!(came[partition], expected);
    }
}

pub async fn two_readers_see_the_same(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    fixture.write_numbers(&partition, 0..40).await;
    let mut first = fixture.reader(&partition, 0).await;
    let mut second = fixture.reader(&partition, 0).await;
    let (left, right) = tokio::join!(read_to(&mut *first, 60), async {
        fixture.write_numbers(&partition, 40..60).await;
        read_to(&mut *second, 60).await
    });
    assert_eq!(values(&left), numbers(0..60));
    assert_eq!(left, right);
}

pub async fn a_partition_added_later_is_read_from_its_start(fixture: &Fixture) {
    let topic = fixture.topic("t", 1).await;
    let added = TopicPartition::new(topic.name.as_str(), 1);
    fixture.broker.add_partitions(&topic.name, 2).await.unwrap();
    assert_eq!(fixture.offset(&added, OffsetSpec::Earliest).await, 0);
    fixture.write(&added, vec![value("first")]).await;
    let mut reader = fixture.reader(&added, 0).await;
    assert_eq!(values(&read_to(&mut *reader, 1).await), ["first"]);
}

pub async fn a_reader_of_a_deleted_topic_is_told(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    fixture.write_numbers(&partition, 0..3).await;
    let mut reader = fixture.reader(&partition, 0).await;
    assert_eq!(read_to(&mut *reader, 3).await.len(), 3);
    let waited = tokio::spawn(async move { first_error(&mut *reader).await });
    fixture.broker.delete_topic(&partition.topic).await.unwrap();
    assert_eq!(waited.await.unwrap().kind, ErrorKind::UnknownTopic);
    let mut writer = fixture.broker.writer("w").await.unwrap();
    let refused = writer.write(&partition, vec![value("v")]).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::UnknownTopic);
}

/// A broker may say so at once or at the first read.
pub async fn a_reader_of_no_topic_is_told(fixture: &Fixture) {
    let topic = fixture.topic("t", 1).await;
    let nowhere = [
        TopicPartition::new(fixture.name("none"), 0),
        TopicPartition::new(topic.name.as_str(), 1),
    ];
    for partition in nowhere {
        let assigned = Subscription::Assign(vec![(partition.clone(), 0)]);
        let error = match fixture.broker.reader(assigned).await {
            Ok(mut reader) => first_error(&mut *reader).await,
            Err(error) => error,
        };
        assert_eq!(error.kind, ErrorKind::UnknownTopic, "{partition}");
    }
}

pub async fn a_bad_position_does_not_starve_the_other_partitions(fixture: &Fixture) {
    let topic = fixture.topic("t", 2).await;
    let bad = TopicPartition::new(topic.name.as_str(), 0);
    let good = TopicPartition::new(topic.name.as_str(), 1);
    fixture.write_numbers(&good, 0..5).await;
    let assigned = vec![(bad.clone(), 99), (good.clone(), 0)];
    let assigned = Subscription::Assign(assigned);
    let mut reader = fixture.broker.reader(assigned).await.unwrap();
    let until = std::time::Instant::now() + PATIENCE;
    let (mut came, mut errors) = (0, 0);
    while came < 5 || errors == 0 {
        assert!(
            std::time::Instant::now() < until,
            "{came} came, {errors} errors"
        );
        match reader.next(Duration::from_millis(200)).await {
            Ok(Some(weir_kafka::ReaderEvent::Records {
                partition, batches, ..
            })) => {
                assert_eq!(partition, good);
                came += batches
                    .iter()
                    .map(|batch| batch.records.len())
                    .sum::<usize>();
            }
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::OffsetOutOfRange);
                assert_eq!(error.partition.as_ref(), Some(&bad));
                errors += 1;
            }
        }
    }
    assert_eq!(came, 5);
}
