//! Who has a folder, and what is in it.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use weir_kafka::{Broker, EmbeddedBroker, EmbeddedOptions, ErrorKind, OffsetSpec};

use crate::world::{log_files, make_topic, open, write_committed};

const DIR: &str = "WEIR_TEST_LOCK_DIR";

#[test]
fn a_second_broker_on_the_folder_is_refused_with_the_first_ones_pid() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let error = EmbeddedBroker::open(dir.path(), EmbeddedOptions::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InUse);
    let (shown, pid) = (dir.path().display(), std::process::id());
    let expected = format!("{shown} is in use by process {pid}");
    assert_eq!(error.message, expected);
    assert_eq!(open_in_child(dir.path()), expected);
    drop(first);
    assert_eq!(open_in_child(dir.path()), "opened");
    open(dir.path());
}

#[tokio::test]
async fn folders_above_it_are_made_too() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b/c");
    for _ in 0..2 {
        let broker = open(&deep);
        broker.close().await.unwrap();
    }
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    for in_the_way in [file.clone(), file.join("below")] {
        let refused = EmbeddedBroker::open(&in_the_way, EmbeddedOptions::default()).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Storage);
        let shown = in_the_way.display().to_string();
        assert!(refused.message.contains(&shown), "{refused}");
    }
}

#[tokio::test]
async fn a_closed_broker_gives_the_folder_back_and_does_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    make_topic(&first, "t", &[]).await;
    let mut writer = crate::world::write(&first, "t", &["a"]).await;
    first.close().await.unwrap();
    first.close().await.unwrap();
    let second = open(dir.path());
    let late = vec![crate::world::record("b")];
    let late = writer.write(&crate::world::partition("t"), late).await;
    assert_eq!(late.unwrap_err().message, "the broker is closed");
    assert!(first.topics().await.is_err());
    assert!(first.offsets("t", &[0], OffsetSpec::Latest).await.is_err());
    let read = crate::world::read_from(&second, "t", 0).await;
    assert_eq!(read.unwrap(), ["a"]);
}

#[tokio::test]
async fn no_path_is_made_of_a_topics_name() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(dir.path());
    for name in [
        "...",
        "CON",
        "lock",
        "meta.json",
        "a.new",
        "b.gone",
        "T",
        "t",
    ] {
        make_topic(&broker, name, &[]).await;
        write_committed(&broker, name, &[name]).await;
    }
    for path in log_files(dir.path()) {
        let topic = path.parent().and_then(Path::parent).unwrap();
        let id = topic.file_name().unwrap().to_str().unwrap();
        assert!(
            id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{id}"
        );
    }
    broker.close().await.unwrap();
    let broker = open(dir.path());
    let names: Vec<_> = broker.topics().await.unwrap();
    let names: Vec<_> = names.into_iter().map(|topic| topic.name).collect();
    assert_eq!(
        names,
        [
            "...",
            "CON",
            "T",
            "a.new",
            "b.gone",
            "lock",
            "meta.json",
            "t"
        ]
    );
    assert_eq!(
        crate::world::read_from(&broker, "T", 0).await.unwrap(),
        ["T"]
    );
}

fn open_in_child(dir: &Path) -> String {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "folder::child_opens", "--nocapture"])
        .env(DIR, dir)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let output = String::from_utf8(child.stdout).unwrap();
    let line = output.lines().find_map(|line| line.split_once("outcome: "));
    line.expect("the child prints its outcome").1.to_owned()
}

/// Not a test of its own: what the second process does.
#[test]
fn child_opens() {
    let Ok(dir) = std::env::var(DIR) else {
        return;
    };
    match EmbeddedBroker::open(dir, EmbeddedOptions::default()) {
        Ok(_) => println!("outcome: opened"),
        Err(error) => println!("outcome: {error}"),
    }
}
