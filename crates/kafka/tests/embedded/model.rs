//! The log against a `Vec`: whatever is written, committed, read and opened again, in any order.

use proptest::prelude::*;
use weir_kafka::{
    Broker, EmbeddedBroker, EmbeddedOptions, Header, NewRecord, OffsetSpec, Record, Timestamp,
};

use crate::world::{end, make_topic, partition, records_from};

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<NewRecord>),
    Commit,
    ReadFrom(prop::sample::Index),
    OffsetAt(Timestamp),
    /// As after `kill -9`, or in peace.
    Reopen {
        is_closed: bool,
    },
}

fn bytes() -> impl Strategy<Value = Option<bytes::Bytes>> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..300);
    proptest::option::of(bytes.prop_map(bytes::Bytes::from))
}

fn record() -> impl Strategy<Value = NewRecord> {
    let header = (".{0,5}", bytes()).prop_map(|(key, value)| Header { key, value });
    let headers = proptest::collection::vec(header, 0..3);
    // Few times, so that those asked for are met.
    (-5i64..20, bytes(), bytes(), headers).prop_map(|(timestamp, key, value, headers)| NewRecord {
        timestamp,
        key,
        value,
        headers,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => proptest::collection::vec(record(), 1..12).prop_map(Step::Write),
        2 => Just(Step::Commit),
        4 => any::<prop::sample::Index>().prop_map(Step::ReadFrom),
        3 => (-6i64..22).prop_map(Step::OffsetAt),
        1 => any::<bool>().prop_map(|is_closed| Step::Reopen { is_closed }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_log_is_a_vec(
        steps in proptest::collection::vec(step(), 1..60),
        segment_bytes in 100u64..20_000,
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(run(steps, segment_bytes));
    }
}

async fn run(steps: Vec<Step>, segment_bytes: u64) {
    let dir = tempfile::tempdir().unwrap();
    let options = EmbeddedOptions {
        segment_bytes,
        ..EmbeddedOptions::default()
    };
    let mut broker = EmbeddedBroker::open(dir.path(), options.clone()).unwrap();
    make_topic(&broker, "t", &[("retention.ms", "-1")]).await;
    let mut writer = broker.writer("w").await.unwrap();
    let mut model: Vec<Record> = Vec::new();
    for step in steps {
        match step {
            Step::Write(records) => {
                let expected = model.len() as i64;
                let added = records
                    .iter()
                    .cloned()
                    .zip(expected..)
                    .map(|(record, offset)| Record {
                        offset,
                        timestamp: record.timestamp,
                        key: record.key,
                        value: record.value,
                        headers: record.headers,
                    });
                model.extend(added);
                let offset = writer.write(&partition("t"), records).await.unwrap();
                assert_eq!(offset, expected);
            }
            Step::Commit => writer.commit(&[]).await.unwrap(),
            Step::ReadFrom(index) => {
                let start = index.index(model.len() + 1);
                let read = records_from(&broker, "t", start as i64).await.unwrap();
                assert_eq!(read, model[start..]);
            }
            Step::OffsetAt(time) => {
                let offset = broker.offsets("t", &[0], OffsetSpec::AtTime(time)).await;
                let expected = model.iter().position(|record| record.timestamp >= time);
                let expected = expected.unwrap_or(model.len());
                assert_eq!(offset.unwrap(), [expected as i64]);
            }
            Step::Reopen { is_closed } => {
                if is_closed {
                    broker.close().await.unwrap();
                }
                drop((writer, broker));
                broker = EmbeddedBroker::open(dir.path(), options.clone()).unwrap();
                writer = broker.writer("w").await.unwrap();
                assert_eq!(end(&broker, "t").await.unwrap(), model.len() as i64);
            }
        }
    }
    assert_eq!(records_from(&broker, "t", 0).await.unwrap(), model);
}
