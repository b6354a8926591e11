//! The library's face: what is public in `weir-engine` is what `public-api.txt` says, and no client of Kafka and no HTTP
//! library is in it.
//!
//! `just api` lets rustdoc write what this test reads. Where a change is meant, `WEIR_UPDATE_API=1 just api` keeps it.

use std::{collections::BTreeSet, path::Path};

/// The engine, and the crates whose types it gives on (`weir_engine::parts`).
const CRATES: [&str; 5] = [
    "weir_engine",
    "weir_catalog",
    "weir_functions",
    "weir_kafka",
    "weir_runtime",
];

/// What may change without anybody noticing.
const NOT_OURS: [&str; 3] = ["krafka::", "rskafka::", "axum::"];

#[test]
#[ignore = "reads what rustdoc writes: just api"]
fn the_public_api_is_the_one_that_is_written_down() {
    let listing = listing(CRATES[0]);
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("public-api.txt");
    if std::env::var_os("WEIR_UPDATE_API").is_some() {
        std::fs::write(&kept, listing.join("\n") + "\n").unwrap();
    }
    let kept = std::fs::read_to_string(&kept).unwrap();
    let before: BTreeSet<&str> = kept.lines().collect();
    let now: BTreeSet<&str> = listing.iter().map(String::as_str).collect();
    let gone = before.difference(&now).map(|line| format!("- {line}"));
    let new = now.difference(&before).map(|line| format!("+ {line}"));
    let changes: Vec<String> = gone.chain(new).collect();
    assert!(
        changes.is_empty(),
        "the public API has changed; if that is meant: WEIR_UPDATE_API=1 just api\n{}",
        changes.join("\n")
    );
}

#[test]
#[ignore = "reads what rustdoc writes: just api"]
fn no_client_of_kafka_and_no_http_library_is_in_it() {
    for name in CRATES {
        for line in listing(name) {
            for other in NOT_OURS {
                assert!(!line.contains(other), "{name}: {line}");
            }
        }
    }
}

/// Every public item of a crate, in order, without what follows from others: blanket, automatic and derived
/// implementations.
fn listing(name: &str) -> Vec<String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
    let json = target.join(format!("doc/{name}.json"));
    assert!(
        json.exists(),
        "{} is not there: run `just api`",
        json.display()
    );
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .expect("the `public-api` of this workspace reads what this toolchain's rustdoc writes");
    api.items().map(ToString::to_string).collect()
}
