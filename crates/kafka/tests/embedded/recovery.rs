//! What a folder is after its process ended anywhere, and after somebody damaged it.

use std::fs;

use weir_kafka::{Broker, EmbeddedBroker, EmbeddedOptions, ErrorKind};

use crate::world::{
    end, log_files, make_topic, open, partition, read_from, record, write, write_committed,
};

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let options = EmbeddedOptions {
        segment_bytes: 300,
        ..EmbeddedOptions::default()
    };
    let first = EmbeddedBroker::open(dir.path(), options).unwrap();
    make_topic(&first, "t", &[("max.message.bytes", "5000")]).await;
    make_topic(&first, "gone", &[]).await;
    let values: Vec<_> = (0..50).map(|number| number.to_string()).collect();
    let values: Vec<_> = values.iter().map(String::as_str).collect();
    write(&first, "t", &values).await.commit(&[]).await.unwrap();
    let positions = [(partition("t"), 7)];
    first.set_group_offsets("g", &positions).await.unwrap();
    first.add_partitions("t", 3).await.unwrap();
    first.delete_topic("gone").await.unwrap();
    let (id, topics) = (
        first.cluster_id().await.unwrap(),
        first.topics().await.unwrap(),
    );
    let groups = first.consumer_groups().await.unwrap();
    assert!(log_files(dir.path()).len() > 5, "the log has many segments");
    first.close().await.unwrap();

    let second = open(dir.path());
    assert_eq!(second.cluster_id().await.unwrap(), id);
    assert_eq!(second.topics().await.unwrap(), topics);
    assert_eq!((topics.len(), topics[0].partitions), (1, 3));
    assert_eq!(second.consumer_groups().await.unwrap(), groups);
    assert_eq!(second.group_offset("g", &partition("t")), Some(7));
    for offset in [0, 1, 25, 49, 50] {
        let read = read_from(&second, "t", offset as i64).await.unwrap();
        assert_eq!(read, values[offset..]);
    }
    write_committed(&second, "t", &["more"]).await;
    assert_eq!(read_from(&second, "t", 50).await.unwrap(), ["more"]);
}

#[tokio::test]
async fn a_tail_torn_at_any_byte_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(dir.path());
    make_topic(&broker, "t", &[]).await;
    write_committed(&broker, "t", &["a", "b"]).await;
    let [log] = &log_files(dir.path())[..] else {
        panic!("one log")
    };
    let before = fs::metadata(log).unwrap().len() as usize;
    write_committed(&broker, "t", &["the last one"]).await;
    broker.close().await.unwrap();
    let whole = fs::read(log).unwrap();
    for cut in before..whole.len() {
        // Cut short, or as a file system leaves it that made the file long before it wrote what is in it.
        for fill in [None, Some(0), Some(0xff)] {
            let mut torn = whole[..cut].to_vec();
            torn.resize(fill.map_or(cut, |_| whole.len() + 5000), fill.unwrap_or(0));
            if torn.starts_with(&whole) {
                // What was torn off was the same as what stands there now.
                continue;
            }
            fs::write(log, &torn).unwrap();
            let broker = open(dir.path());
            assert_eq!(
                end(&broker, "t").await.unwrap(),
                2,
                "cut at {cut}, {fill:?}"
            );
            assert_eq!(fs::metadata(log).unwrap().len() as usize, before);
            write_committed(&broker, "t", &["c"]).await;
            let read = read_from(&broker, "t", 0).await.unwrap();
            assert_eq!(read, ["a", "b", "c"]);
            broker.close().await.unwrap();
        }
    }
}

/// The end of a log does not say that somebody relied on it, so a flipped bit there is a torn tail.
#[tokio::test]
async fn a_bit_flipped_in_the_last_batch_cuts_it_off() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(dir.path());
    make_topic(&broker, "t", &[]).await;
    write_committed(&broker, "t", &["a"]).await;
    let log = &log_files(dir.path())[0];
    let before = fs::metadata(log).unwrap().len() as usize;
    write_committed(&broker, "t", &["b"]).await;
    broker.close().await.unwrap();
    let whole = fs::read(log).unwrap();
    for bit in before * 8..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(log, &flipped).unwrap();
        let broker = open(dir.path());
        assert_eq!(
            read_from(&broker, "t", 0).await.unwrap(),
            ["a"],
            "bit {bit}"
        );
        broker.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_bit_flipped_in_what_was_committed_is_told_and_stays_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(dir.path());
    make_topic(&broker, "t", &[]).await;
    make_topic(&broker, "other", &[]).await;
    write_committed(&broker, "other", &["fine"]).await;
    write_committed(&broker, "t", &["a"]).await;
    let mut logs = log_files(dir.path()).into_iter();
    let is_ours = |log: &std::path::PathBuf| {
        let bytes = fs::read(log).unwrap();
        !bytes.windows(4).any(|window| window == b"fine")
    };
    let log = logs.find(is_ours).unwrap();
    let start = fs::metadata(&log).unwrap().len() as usize;
    write_committed(&broker, "t", &["b"]).await;
    let stop = fs::metadata(&log).unwrap().len() as usize;
    write_committed(&broker, "t", &["c", "d"]).await;
    broker.close().await.unwrap();
    let whole = fs::read(&log).unwrap();
    for (round, bit) in (start * 8..stop * 8).step_by(3).enumerate() {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&log, &flipped).unwrap();
        let broker = open(dir.path());
        let error = read_from(&broker, "t", 0).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Corrupt, "bit {bit}");
        let place = format!(
            "offset 1 of t-0: {} is damaged at byte {start}: ",
            log.display()
        );
        assert!(error.message.starts_with(&place), "{}", error.message);
        assert_eq!(error.partition, Some(partition("t")));
        let mut writer = broker.writer("w").await.unwrap();
        let refused = writer.write(&partition("t"), vec![record("e")]).await;
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Corrupt);
        assert_eq!(
            end(&broker, "t").await.unwrap_err().kind,
            ErrorKind::Corrupt
        );
        // Nothing was cut off, and nobody else notices.
        assert_eq!(fs::read(&log).unwrap(), flipped);
        let others = read_from(&broker, "other", 0).await.unwrap();
        assert_eq!((&*others[0], others.len()), ("fine", 1 + round));
        write_committed(&broker, "other", &["x"]).await;
        broker.close().await.unwrap();
    }
    // The bytes come back from a copy, and so does the log.
    fs::write(&log, &whole).unwrap();
    let broker = open(dir.path());
    assert_eq!(
        read_from(&broker, "t", 0).await.unwrap(),
        ["a", "b", "c", "d"]
    );
}

#[tokio::test]
async fn damage_in_a_closed_segment_is_told_to_who_reads_there() {
    let dir = tempfile::tempdir().unwrap();
    let options = EmbeddedOptions {
        segment_bytes: 200,
        ..EmbeddedOptions::default()
    };
    let broker = EmbeddedBroker::open(dir.path(), options).unwrap();
    make_topic(&broker, "t", &[]).await;
    let values = ["a", "b", "c", "d", "e", "f", "g", "h"];
    write_committed(&broker, "t", &values).await;
    broker.close().await.unwrap();
    let logs = log_files(dir.path());
    assert!(logs.len() >= 3, "{logs:?}");
    let whole = fs::read(&logs[1]).unwrap();
    let base: i64 = logs[1]
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let next: i64 = logs[2]
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    type Damage<'a> = &'a dyn Fn(&mut Vec<u8>);
    let damages: [Damage<'_>; 4] = [
        &|bytes| bytes[61] ^= 1,
        &|bytes| bytes[10] ^= 1,
        &|bytes| bytes.truncate(30),
        &|bytes| bytes.clear(),
    ];
    for (index, damage) in damages.iter().enumerate() {
        let mut damaged = whole.clone();
        damage(&mut damaged);
        fs::write(&logs[1], damaged).unwrap();
        let broker = open(dir.path());
        let error = read_from(&broker, "t", 0).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Corrupt, "{index}");
        let place = format!("offset {base} of t-0: {} is damaged", logs[1].display());
        assert!(
            error.message.starts_with(&place),
            "{index}: {}",
            error.message
        );
        // Before and behind it, the log is what it was; who wants to skip what is lost must say so.
        let rest = read_from(&broker, "t", next).await.unwrap();
        let untouched = &values[next as usize..];
        assert_eq!(rest[..untouched.len()], *untouched);
        assert_eq!(rest.len(), untouched.len() + index, "one more each time");
        write_committed(&broker, "t", &["x"]).await;
        broker.close().await.unwrap();
        fs::write(&logs[1], &whole).unwrap();
    }
}

/// Somebody's value looks like a batch that says: all before me was synced.
#[tokio::test]
async fn a_value_that_looks_like_a_batch_does_not_make_a_torn_tail_damage() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(dir.path());
    make_topic(&broker, "forged", &[]).await;
    write_committed(&broker, "forged", &["a", "b"]).await;
    let forged = fs::read(&log_files(dir.path())[0]).unwrap();
    broker.delete_topic("forged").await.unwrap();

    make_topic(&broker, "t", &[]).await;
    write_committed(&broker, "t", &["a"]).await;
    let log = &log_files(dir.path())[0];
    let before = fs::metadata(log).unwrap().len() as usize;
    let mut value = record("");
    value.value = Some(forged.repeat(3).into());
    let mut writer = broker.writer("w").await.unwrap();
    writer.write(&partition("t"), vec![value]).await.unwrap();
    broker.close().await.unwrap();
    let mut bytes = fs::read(log).unwrap();
    bytes[before] ^= 1;
    fs::write(log, &bytes).unwrap();
    let broker = open(dir.path());
    assert_eq!(read_from(&broker, "t", 0).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn topics_that_were_half_made_or_half_deleted_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(dir.path());
    make_topic(&broker, "t", &[]).await;
    broker.close().await.unwrap();
    let topics = dir.path().join("topics");
    fs::create_dir_all(topics.join("0123.new/0")).unwrap();
    fs::create_dir_all(topics.join("4567.gone/0")).unwrap();
    fs::write(topics.join("4567.gone/meta.json"), "{").unwrap();
    let broker = open(dir.path());
    assert_eq!(broker.topics().await.unwrap().len(), 1);
    assert_eq!(fs::read_dir(&topics).unwrap().count(), 1);
}

#[tokio::test]
async fn files_that_are_not_ours_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(dir.path());
    make_topic(&broker, "t", &[]).await;
    broker
        .set_group_offsets("g", &[(partition("t"), 1)])
        .await
        .unwrap();
    broker.close().await.unwrap();
    drop(broker);
    let refused = |path: &std::path::Path, content: &str| {
        let kept = fs::read(path).unwrap();
        fs::write(path, content).unwrap();
        let error = EmbeddedBroker::open(dir.path(), EmbeddedOptions::default());
        fs::write(path, kept).unwrap();
        let error = error.unwrap_err();
        assert!(
            error.message.starts_with(&path.display().to_string()),
            "{error}"
        );
        error.kind
    };
    let cluster = dir.path().join("cluster.json");
    assert_eq!(refused(&cluster, "{"), ErrorKind::Corrupt);
    let newer = r#"{"version":2,"cluster_id":"x"}"#;
    assert_eq!(refused(&cluster, newer), ErrorKind::Unsupported);
    let topic = fs::read_dir(dir.path().join("topics")).unwrap().next();
    let meta = topic.unwrap().unwrap().path().join("meta.json");
    assert_eq!(refused(&meta, ""), ErrorKind::Corrupt);
    let hostile = r#"{"version":1,"name":"../x","partitions":1,"config":{}}"#;
    assert_eq!(refused(&meta, hostile), ErrorKind::Corrupt);

    // Offsets of groups are for people only: they stop nobody.
    let groups = dir.path().join("groups.json");
    fs::write(&groups, "[").unwrap();
    let broker = open(dir.path());
    assert_eq!(broker.consumer_groups().await.unwrap(), []);
    let aside = fs::read(dir.path().join("groups.json.damaged"));
    assert_eq!(aside.unwrap(), b"[");
}
