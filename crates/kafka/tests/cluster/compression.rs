//! All compressions, written and read by us, and ours read by Kafka itself.

use weir_kafka::{Broker, Header, NewRecord, OffsetSpec, cluster::Compression};

use crate::fixture::{broker, connect, read_to, reader, text, topic, topic_with, value, variable};

#[tokio::test]
async fn all_compressions_are_written_and_read() {
    let Some(servers) = variable("WEIR_TEST_KAFKA") else {
        return;
    };
    for compression in Compression::ALL {
        let name = compression.name();
        let broker = connect(&servers, &[("compression.type", name)])
            .await
            .unwrap();
        let partition = topic(&broker, name).await;
        let mut writer = broker.writer("test").await.unwrap();
        let mut expected = Vec::new();
        for batch in 0..5 {
            let values =
                (0..200).map(|number| format!("{batch} {number} {}", "the same again ".repeat(20)));
            let values: Vec<String> = values.collect();
            let records = values.iter().map(|text| value(text)).collect();
            writer.write(&partition, records).await.unwrap();
            expected.extend(values);
        }
        let records = read_to(&mut *reader(&broker, &partition, 0).await, 1000).await;
        assert_eq!(
            records.iter().map(text).collect::<Vec<_>>(),
            expected,
            "{name}"
        );
    }
}

/// With a compression of its own a topic makes the broker unpack and pack again: so Kafka's own code reads what we wrote, and we
/// read what it writes.
#[tokio::test]
async fn what_the_broker_packs_itself_is_read() {
    let Some(servers) = variable("WEIR_TEST_KAFKA") else {
        return;
    };
    for ours in Compression::ALL {
        let broker = connect(&servers, &[("compression.type", ours.name())])
            .await
            .unwrap();
        for theirs in ["gzip", "snappy", "lz4", "zstd", "uncompressed"] {
            let config = [("compression.type", theirs)];
            let partition = topic_with(&broker, theirs, &config).await;
            let mut writer = broker.writer("test").await.unwrap();
            let values: Vec<String> = (0..50)
                .map(|number| format!("{number} {}", "x".repeat(3000)))
                .collect();
            let records = values.iter().map(|text| value(text)).collect();
            writer.write(&partition, records).await.unwrap();
            let records = read_to(&mut *reader(&broker, &partition, 0).await, 50).await;
            let found: Vec<String> = records.iter().map(text).collect();
            assert_eq!(found, values, "{} to {theirs}", ours.name());
        }
    }
}

#[tokio::test]
async fn headers_and_old_times_survive_every_compression() {
    let Some(servers) = variable("WEIR_TEST_KAFKA") else {
        return;
    };
    let header = |key: &str, value: Option<&'static [u8]>| Header {
        key: key.to_owned(),
        value: value.map(Into::into),
    };
    let record = NewRecord {
        timestamp: -86_400_000,
        key: Some("".into()),
        value: None,
        headers: vec![
            header("b", Some(b"1")),
            header("a", None),
            header("b", Some(b"")),
            header("", Some(b"\xff")),
        ],
    };
    for compression in Compression::ALL {
        let broker = connect(&servers, &[("compression.type", compression.name())])
            .await
            .unwrap();
        let partition = topic(&broker, "headers").await;
        broker
            .writer("test")
            .await
            .unwrap()
            .write(&partition, vec![record.clone()])
            .await
            .unwrap();
        let records = read_to(&mut *reader(&broker, &partition, 0).await, 1).await;
        assert_eq!(records[0].headers, record.headers);
        assert_eq!(
            (&records[0].key, &records[0].value),
            (&record.key, &record.value)
        );
        assert_eq!(records[0].timestamp, record.timestamp);
    }
}

#[tokio::test]
async fn a_batch_is_larger_than_what_a_fetch_may_hold() {
    let Some(servers) = variable("WEIR_TEST_KAFKA") else {
        return;
    };
    let small = [
        ("max.partition.fetch.bytes", "1000"),
        ("fetch.max.bytes", "1000"),
    ];
    let broker = connect(&servers, &small).await.unwrap();
    let partition = topic(&broker, "large").await;
    let mut writer = broker.writer("test").await.unwrap();
    for number in 0..3 {
        let record = value(&number.to_string().repeat(500_000));
        writer.write(&partition, vec![record]).await.unwrap();
    }
    let records = read_to(&mut *reader(&broker, &partition, 0).await, 3).await;
    assert_eq!(records.len(), 3);
}

#[tokio::test]
async fn offsets_by_time_skip_what_is_older() {
    let Some(broker) = broker().await else {
        return;
    };
    let partition = topic(&broker, "times").await;
    let mut writer = broker.writer("test").await.unwrap();
    for timestamp in [1000, 2000, 3000] {
        let record = NewRecord {
            timestamp,
            ..value("v")
        };
        writer.write(&partition, vec![record]).await.unwrap();
    }
    for (time, expected) in [(-5, 0), (0, 0), (1000, 0), (1001, 1), (3000, 2), (3001, 3)] {
        let offsets = broker
            .offsets(&partition.topic, &[0], OffsetSpec::AtTime(time))
            .await
            .unwrap();
        assert_eq!(offsets, [expected], "{time}");
    }
}
