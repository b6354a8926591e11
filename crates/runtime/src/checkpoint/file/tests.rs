#![allow(
    clippy::await_holding_lock,
    reason = "what happens while it is held is what is tested"
)]

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write,
};

use super::{super::VERSION as OF_CHECKPOINT, log::NAME, *};

fn checkpoint(position: i64) -> Checkpoint {
    Checkpoint {
        version: OF_CHECKPOINT,
        fingerprint: "f".to_owned(),
        topic_id: "t".to_owned(),
        positions: BTreeMap::from([("events-0".to_owned(), position)]),
        stream_time: BTreeMap::from([("events".to_owned(), -5)]),
    }
}

async fn position(store: &FileCheckpoints, query: &str) -> Option<i64> {
    let loaded = store.load(query, 0).await.unwrap();
    loaded.map(|checkpoint| checkpoint.positions["events-0"])
}

fn lines(folder: &Path) -> usize {
    let text = fs::read_to_string(folder.join(NAME)).unwrap();
    text.lines().count() - 1
}

/// As an earlier version kept it.
fn old(query: &str, partition: i32, checkpoint: &Checkpoint) -> String {
    let json = checkpoint.to_json().unwrap();
    let check = old::hash(json.as_bytes());
    format!(
        r#"{{"query":"{query}","partition":{partition},"check":"{check}","checkpoint":{json}}}"#
    )
}

#[tokio::test]
async fn what_was_saved_last_is_loaded_also_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    assert_eq!(store.load("Q", 0).await.unwrap(), None);
    store.save("Q", 0, &checkpoint(1)).await.unwrap();
    store.save("Q", 0, &checkpoint(2)).await.unwrap();
    store.save("Q", 1, &checkpoint(3)).await.unwrap();
    store.save_plan("Q", "{\"a\": \"ä\\n\"}").await.unwrap();
    store.save("R", 0, &checkpoint(4)).await.unwrap();
    store.remove("R").await.unwrap();
    for store in [store, FileCheckpoints::open(folder.path()).unwrap()] {
        assert_eq!(store.load("Q", 0).await.unwrap(), Some(checkpoint(2)));
        assert_eq!(store.load("Q", 1).await.unwrap(), Some(checkpoint(3)));
        assert_eq!(store.load("R", 0).await.unwrap(), None);
        let plan = store.load_plan("Q").await.unwrap();
        assert_eq!(plan.as_deref(), Some("{\"a\": \"ä\\n\"}"));
        assert_eq!(store.load_plan("R").await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_falls_together_is_written_and_synced_together() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    let held = lock(&store.shared.log);
    let ids: Vec<String> = (0..200).map(|index| format!("Q{index}")).collect();
    let mut saves: Vec<_> = ids
        .iter()
        .map(|id| {
            let (store, id) = (store.clone(), id.clone());
            Box::pin(async move { store.save(&id, 0, &checkpoint(7)).await })
        })
        .collect();
    // Each is on its way; what is written first waits for the log.
    for save in &mut saves {
        assert!(futures::poll!(save).is_pending());
    }
    drop(held);
    for saved in futures::future::join_all(saves).await {
        saved.unwrap();
    }
    assert!(lines(folder.path()) <= 2, "{}", lines(folder.path()));
    let store = FileCheckpoints::open(folder.path()).unwrap();
    for id in &ids {
        assert_eq!(position(&store, id).await, Some(7));
    }
}

#[tokio::test]
async fn hostile_ids_stay_apart_and_inside_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("checkpoints");
    let store = FileCheckpoints::open(&inner).unwrap();
    let long = "Ä".repeat(500);
    let longer = "Ä".repeat(501);
    let ids = [
        "../x",
        "a",
        "A",
        "A.0",
        "",
        "/etc/passwd",
        "A/B",
        "A\0B",
        "%41",
        "a\"b\n",
        &long,
        &longer,
    ];
    for (index, id) in ids.iter().enumerate() {
        store.save(id, 0, &checkpoint(index as i64)).await.unwrap();
    }
    store.remove("A").await.unwrap();
    // Of one that is not known nothing is written.
    let before = lines(&inner);
    store.remove("unknown").await.unwrap();
    assert_eq!(lines(&inner), before);
    let store = FileCheckpoints::open(&inner).unwrap();
    for (index, id) in ids.iter().enumerate() {
        let expected = (*id != "A").then_some(index as i64);
        assert_eq!(position(&store, id).await, expected, "{id}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_torn_end_is_cut_off_and_what_was_acknowledged_before_holds() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    store.save("Q", 0, &checkpoint(16)).await.unwrap();
    let path = folder.path().join(NAME);
    let before = fs::read(&path).unwrap();
    store.save("Q", 0, &checkpoint(17)).await.unwrap();
    let whole = fs::read(&path).unwrap();
    for length in before.len()..whole.len() {
        // What a crash leaves of a line: its beginning, or its length with nothing in it.
        let mut zeros = whole[..length].to_vec();
        zeros.resize(whole.len(), 0);
        for left in [&whole[..length], &zeros] {
            fs::write(&path, left).unwrap();
            let store = FileCheckpoints::open(folder.path()).unwrap();
            assert_eq!(position(&store, "Q").await, Some(16), "{length}");
            // It goes on behind what is whole.
            store.save("Q", 0, &checkpoint(18)).await.unwrap();
            let store = FileCheckpoints::open(folder.path()).unwrap();
            assert_eq!(position(&store, "Q").await, Some(18), "{length}");
        }
    }
}

#[tokio::test]
async fn a_file_changed_anywhere_is_an_error_never_another_position() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    store.save("Q", 0, &checkpoint(17)).await.unwrap();
    store.save("R", 0, &checkpoint(18)).await.unwrap();
    let path = folder.path().join(NAME);
    let whole = fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        fs::write(&path, &flipped).unwrap();
        match FileCheckpoints::open(folder.path()) {
            Err(error) => {
                assert!(at <= last || at == whole.len() - 1, "byte {at}");
                assert!(error.message.contains(NAME), "{error}");
            }
            Ok(store) => {
                // The last line alone cannot be told from one that was torn.
                assert!(at > last || at < 20, "byte {at}");
                let expected = (at < last).then_some(18);
                assert_eq!(position(&store, "R").await, expected, "byte {at}");
                assert_eq!(position(&store, "Q").await, Some(17), "byte {at}");
            }
        }
    }
    let head = whole.iter().position(|byte| *byte == b'\n').unwrap();
    for length in 0..=head {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(FileCheckpoints::open(folder.path()).is_err(), "{length}");
    }
}

#[tokio::test]
async fn after_a_write_that_failed_everything_that_holds_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    store.save("Q", 0, &checkpoint(1)).await.unwrap();
    store.save("R", 0, &checkpoint(2)).await.unwrap();
    {
        let mut log = lock(&store.shared.log);
        log.file = File::open(log.path()).unwrap();
    }
    let error = store.save("Q", 0, &checkpoint(3)).await.unwrap_err();
    assert!(error.message.contains(NAME), "{error}");
    assert_eq!(position(&store, "Q").await, Some(1));
    // The part of a line that got there must not stand before what comes next.
    let mut half = OpenOptions::new()
        .append(true)
        .open(folder.path().join(NAME))
        .unwrap();
    half.write_all(b"0123456789abcdef [{").unwrap();
    store.save("Q", 0, &checkpoint(4)).await.unwrap();
    for store in [store, FileCheckpoints::open(folder.path()).unwrap()] {
        assert_eq!(position(&store, "Q").await, Some(4));
        assert_eq!(position(&store, "R").await, Some(2));
    }
}

#[tokio::test]
async fn the_log_stays_as_long_as_what_holds_some_times_over() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    lock(&store.shared.log).patience = 4_000;
    store.save_plan("Q9", "a plan").await.unwrap();
    for round in 0..100 {
        for query in 0..10 {
            let id = format!("Q{query}");
            store.save(&id, 0, &checkpoint(round)).await.unwrap();
            let mut log = lock(&store.shared.log);
            log.patience = log.patience.min(4_000);
        }
    }
    let length = fs::metadata(folder.path().join(NAME)).unwrap().len();
    assert!(length < 16_000, "{length}");
    let store = FileCheckpoints::open(folder.path()).unwrap();
    for query in 0..10 {
        assert_eq!(position(&store, &format!("Q{query}")).await, Some(99));
    }
    let plan = store.load_plan("Q9").await.unwrap();
    assert_eq!(plan.as_deref(), Some("a plan"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    let newer = Checkpoint {
        version: OF_CHECKPOINT + 1,
        ..checkpoint(1)
    };
    store.save("Q", 0, &newer).await.unwrap();
    let error = store.load("Q", 0).await.unwrap_err();
    assert!(error.message.contains("a newer one wrote it"), "{error}");
    fs::write(folder.path().join(NAME), "{\"checkpoints\":3}\n").unwrap();
    let error = FileCheckpoints::open(folder.path()).unwrap_err();
    assert!(error.message.contains("a newer one wrote it"), "{error}");
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    store.save("Q", 0, &checkpoint(1)).await.unwrap();
    fs::write(folder.path().join("checkpoints.new"), "{").unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    assert_eq!(position(&store, "Q").await, Some(1));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_log_whose_name_may_not_be_durable_is_written_anew_before_anything_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    for round in 0..20 {
        store.save("Q", 0, &checkpoint(round)).await.unwrap();
    }
    {
        let mut log = lock(&store.shared.log);
        log.patience = 0;
        log.folder = cannot_be_synced();
    }
    // It is durable; that the log is shortened behind it fails when the new one has taken its place already.
    store.save("Q", 0, &checkpoint(20)).await.unwrap();
    let error = store.save("Q", 0, &checkpoint(21)).await.unwrap_err();
    assert!(error.message.contains(NAME), "{error}");
    assert_eq!(position(&store, "Q").await, Some(20));
    lock(&store.shared.log).folder = File::open(folder.path()).unwrap();
    store.save("Q", 0, &checkpoint(22)).await.unwrap();
    for store in [store, FileCheckpoints::open(folder.path()).unwrap()] {
        assert_eq!(position(&store, "Q").await, Some(22));
    }
}

#[tokio::test]
async fn after_a_sync_that_failed_everything_that_holds_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    store.save("Q", 0, &checkpoint(1)).await.unwrap();
    lock(&store.shared.log).file = cannot_be_synced();
    store.save("Q", 0, &checkpoint(2)).await.unwrap_err();
    // Also when nothing stands behind the end.
    let path = folder.path().join(NAME);
    lock(&store.shared.log).file = OpenOptions::new().write(true).open(&path).unwrap();
    let before = fs::read(&path).unwrap();
    fs::rename(&path, folder.path().join("before")).unwrap();
    store.save("Q", 0, &checkpoint(3)).await.unwrap();
    assert_eq!(fs::read(folder.path().join("before")).unwrap(), before);
    for store in [store, FileCheckpoints::open(folder.path()).unwrap()] {
        assert_eq!(position(&store, "Q").await, Some(3));
    }
}

#[tokio::test]
async fn a_full_disk_costs_the_line_that_did_not_fit_and_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    store.save("Q", 0, &checkpoint(1)).await.unwrap();
    let path = folder.path().join(NAME);
    let beside = path.with_extension("new");
    // There is no room for a second log.
    fs::create_dir(&beside).unwrap();
    lock(&store.shared.log).file = File::open(&path).unwrap();
    store.save("Q", 0, &checkpoint(2)).await.unwrap_err();
    let log = OpenOptions::new().read(true).write(true).open(&path);
    lock(&store.shared.log).file = log.unwrap();
    let mut half = OpenOptions::new().append(true).open(&path).unwrap();
    half.write_all(b"0123456789abcdef [{").unwrap();
    store.save("Q", 0, &checkpoint(3)).await.unwrap();
    fs::remove_dir(&beside).unwrap();
    for store in [store, FileCheckpoints::open(folder.path()).unwrap()] {
        assert_eq!(position(&store, "Q").await, Some(3));
    }
}

#[tokio::test]
async fn a_log_that_does_not_take_its_place_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    store.save("Q", 0, &checkpoint(1)).await.unwrap();
    let path = folder.path().join(NAME);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    for round in 2..10 {
        lock(&store.shared.log).patience = 0;
        store.save("Q", 0, &checkpoint(round)).await.unwrap();
    }
    {
        let mut log = lock(&store.shared.log);
        log.patience = 0;
        log.shorten();
        assert!(!path.with_extension("new").exists());
    }
    assert_eq!(position(&store, "Q").await, Some(9));
}

#[tokio::test]
async fn what_has_rotten_on_the_disk_is_neither_loaded_nor_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    store.save("Q", 0, &checkpoint(4_711)).await.unwrap();
    let path = folder.path().join(NAME);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("4711", "4712")).unwrap();
    lock(&store.shared.log).patience = 0;
    for round in 0..20 {
        store.save("R", 0, &checkpoint(round)).await.unwrap();
    }
    for store in [
        store.load("Q", 0).await.map(drop),
        FileCheckpoints::open(folder.path()).map(drop),
    ] {
        let error = store.unwrap_err();
        assert!(
            error.message.contains("what was written there")
                || error.message.contains("not as it was written"),
            "{error}"
        );
    }
    // What is said anew is written anew.
    store.save("Q", 0, &checkpoint(4_713)).await.unwrap();
    lock(&store.shared.log).patience = 0;
    store.save("R", 0, &checkpoint(20)).await.unwrap();
    for store in [store, FileCheckpoints::open(folder.path()).unwrap()] {
        assert_eq!(position(&store, "Q").await, Some(4_713));
        assert_eq!(position(&store, "R").await, Some(20));
    }
}

#[tokio::test]
async fn a_damaged_line_stops_nobody_when_all_of_it_is_said_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    for (query, offset) in [("Q", 1), ("R", 2), ("Q", 3), ("R", 4)] {
        store.save(query, 0, &checkpoint(offset)).await.unwrap();
    }
    let path = folder.path().join(NAME);
    let whole = fs::read_to_string(&path).unwrap();
    let damaged_at = |number: usize| {
        let lines = whole.lines().enumerate();
        let damaged = lines.map(|(index, line)| match index + 1 == number {
            true => line.replace("query", "qvery") + "\n",
            false => line.to_owned() + "\n",
        });
        damaged.collect::<String>()
    };
    // What Q said first it has said again, and a later line shows it.
    fs::write(&path, damaged_at(2)).unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    assert_eq!(position(&store, "Q").await, Some(3));
    store.save("S", 0, &checkpoint(5)).await.unwrap();
    assert!(!fs::read_to_string(&path).unwrap().contains("qvery"));
    let store = FileCheckpoints::open(folder.path()).unwrap();
    for (query, offset) in [("Q", 3), ("R", 4), ("S", 5)] {
        assert_eq!(position(&store, query).await, Some(offset));
    }
    // What holds is not to be done without.
    fs::write(&path, damaged_at(4)).unwrap();
    FileCheckpoints::open(folder.path()).unwrap_err();
}

#[tokio::test]
async fn an_error_about_a_damaged_line_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    for (query, offset) in [("Q", 1), ("R", 2), ("Q", 3), ("R", 4)] {
        store.save(query, 0, &checkpoint(offset)).await.unwrap();
    }
    let path = folder.path().join(NAME);
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let damaged = lines[3].replace("query", "qvery");
    fs::write(&path, whole.replace(lines[3], &damaged)).unwrap();
    let error = FileCheckpoints::open(folder.path()).unwrap_err();
    let at = whole.find(lines[3]).unwrap();
    assert_eq!(
        error.message,
        format!(
            "checkpoints in `{path}` cannot be used: line 4, from byte {at} on, is not as it was written, and not all that stood \
             there is said again later; 2 whole lines before and 1 behind it name `Q`, `R`; restore the file, or take out what is \
             damaged with `sed -i '4d' '{path}'`: queries that are named go on from an earlier position and repeat some rows, \
             those that are not begin anew; on a cluster remove the file, and the copy there takes its place",
            path = path.display()
        )
    );
    // Done as it says.
    let left = [lines[0], lines[1], lines[2], lines[4], ""].join("\n");
    fs::write(&path, left).unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    assert_eq!(position(&store, "Q").await, Some(1));
    assert_eq!(position(&store, "R").await, Some(4));
}

#[cfg(unix)]
#[tokio::test]
async fn a_log_that_cannot_be_looked_at_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    // A way that never ends.
    std::os::unix::fs::symlink(&path, &path).unwrap();
    let error = FileCheckpoints::open(folder.path()).unwrap_err();
    assert!(error.message.contains(NAME), "{error}");
    assert!(path.is_symlink());
}

#[tokio::test]
async fn who_reads_does_not_wait_for_a_disk_that_writes() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    store.save("Q", 0, &checkpoint(1)).await.unwrap();
    let held = lock(&store.shared.log);
    let second = checkpoint(2);
    let mut saving = Box::pin(store.save("R", 0, &second));
    assert!(futures::poll!(&mut saving).is_pending());
    assert_eq!(position(&store, "Q").await, Some(1));
    // What is on its way is known already: it must not land after it was forgotten.
    let mut forgetting = Box::pin(store.remove("R"));
    let patience = std::time::Duration::from_millis(200);
    let forgotten = tokio::time::timeout(patience, &mut forgetting).await;
    assert!(forgotten.is_err());
    drop(held);
    saving.await.unwrap();
    forgetting.await.unwrap();
    assert_eq!(position(&store, "R").await, None);
}

#[tokio::test]
async fn files_of_an_earlier_version_are_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let long = "Ä".repeat(100);
    fs::write(at("Q.0.json"), old("Q", 0, &checkpoint(5))).unwrap();
    fs::write(at("Q.1.json"), old("Q", 1, &checkpoint(6))).unwrap();
    fs::write(at("Q.plan"), "an old plan").unwrap();
    fs::write(at("%61.plan"), "a plan").unwrap();
    let of_long = old::checkpoint_name(&long, 0);
    fs::write(at(&of_long), old(&long, 0, &checkpoint(7))).unwrap();
    fs::write(at(&old::plan_name(&long)), "a long plan").unwrap();
    for _ in 0..2 {
        let store = FileCheckpoints::open(folder.path()).unwrap();
        assert_eq!(position(&store, "Q").await, Some(5));
        assert_eq!(store.load("Q", 1).await.unwrap(), Some(checkpoint(6)));
        assert_eq!(position(&store, &long).await, Some(7));
        for (query, expected) in [
            ("Q", "an old plan"),
            ("a", "a plan"),
            (&long, "a long plan"),
        ] {
            let plan = store.load_plan(query).await.unwrap();
            assert_eq!(plan.as_deref(), Some(expected));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    // What is forgotten has no file that could come back.
    let store = FileCheckpoints::open(folder.path()).unwrap();
    store.remove("Q").await.unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    assert_eq!(position(&store, "Q").await, None);
    assert_eq!(store.load_plan("Q").await.unwrap(), None);
}

#[tokio::test]
async fn who_goes_back_to_an_earlier_version_and_comes_again_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let store = FileCheckpoints::open(folder.path()).unwrap();
    store.save("Q", 0, &checkpoint(9)).await.unwrap();
    store.save("R", 0, &checkpoint(9)).await.unwrap();
    store.remove("R").await.unwrap();
    drop(store);
    // The earlier version does not see the log, and keeps its own.
    fs::write(at("Q.0.json"), old("Q", 0, &checkpoint(20))).unwrap();
    fs::write(at("R.0.json"), old("R", 0, &checkpoint(21))).unwrap();
    for _ in 0..2 {
        let store = FileCheckpoints::open(folder.path()).unwrap();
        assert_eq!(position(&store, "Q").await, Some(20));
        assert_eq!(position(&store, "R").await, Some(21));
    }
}

#[tokio::test]
async fn a_damaged_file_of_an_earlier_version_is_its_own_querys_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let cut = old("S", 0, &checkpoint(8));
    fs::write(at("S.0.json"), &cut[..cut.len() - 1]).unwrap();
    fs::write(at("T.0.json"), old("another", 0, &checkpoint(8))).unwrap();
    fs::write(at("U.0.json"), "").unwrap();
    fs::write(at("U.plan"), b"\xff").unwrap();
    fs::write(at("Q.0.json"), old("Q", 0, &checkpoint(5))).unwrap();
    let store = FileCheckpoints::open(folder.path()).unwrap();
    assert_eq!(position(&store, "Q").await, Some(5));
    for (query, file) in [("S", "S.0.json"), ("T", "T.0.json"), ("U", "U.0.json")] {
        let error = store.load(query, 0).await.unwrap_err();
        assert!(error.message.contains(file), "{error}");
        assert!(error.message.contains("remove it"), "{error}");
    }
    store.load_plan("U").await.unwrap_err();
    // Done as it says.
    fs::remove_file(at("S.0.json")).unwrap();
    assert_eq!(position(&store, "S").await, None);
    store.remove("U").await.unwrap();
    assert!(!at("U.0.json").exists() && !at("U.plan").exists());
    assert_eq!(position(&store, "U").await, None);
    assert_eq!(store.load_plan("U").await.unwrap(), None);
}

/// It takes what is written, and does not keep it.
fn cannot_be_synced() -> File {
    OpenOptions::new().write(true).open("/dev/null").unwrap()
}
