//! The arrows between the crates, and the doors by which heavy dependencies come in, as `docs/architecture.md` draws
//! them. A crate that reaches where it must not fails here with the sentence that it broke.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What each crate may use of ours. Tests may use more.
const ARROWS: &[(&str, &[&str])] = &[
    ("weir-sql", &[]),
    ("weir-catalog", &[]),
    ("weir-kafka", &[]),
    ("weir-functions", &["weir-catalog"]),
    ("weir-formats", &["weir-catalog"]),
    ("weir-sigma", &["weir-sql"]),
    ("weir-plan", &["weir-sql", "weir-catalog", "weir-functions"]),
    ("weir-rules", &["weir-functions"]),
    (
        "weir-runtime",
        &[
            "weir-plan",
            "weir-rules",
            "weir-formats",
            "weir-kafka",
            "weir-catalog",
            "weir-functions",
        ],
    ),
    (
        "weir-engine",
        &[
            "weir-sql",
            "weir-catalog",
            "weir-functions",
            "weir-formats",
            "weir-plan",
            "weir-runtime",
            "weir-kafka",
        ],
    ),
    ("weir-server", &["weir-engine"]),
    (
        "weir",
        &[
            "weir-server",
            "weir-engine",
            "weir-sigma",
            "weir-formats",
            "weir-runtime",
        ],
    ),
    // The programs of examples/embedding: what a stranger's program may use.
    ("weir-examples", &["weir-engine"]),
];

/// Which crates may name a heavy dependency directly.
const DOORS: &[(&str, &[&str])] = &[
    ("krafka", &["weir-kafka"]),
    ("aho-corasick", &["weir-rules"]),
    ("axum", &["weir-server", "weir-examples"]),
    ("clap", &["weir"]),
    ("fancy-regex", &["weir-functions"]),
    ("jiff", &["weir-functions"]),
    ("rustyline", &["weir"]),
    ("saphyr-parser", &["weir-sigma"]),
    (
        "datafusion-common",
        &["weir-functions", "weir-plan", "weir-rules", "weir-runtime"],
    ),
    (
        "datafusion-expr",
        &["weir-functions", "weir-plan", "weir-rules", "weir-runtime"],
    ),
    ("datafusion-physical-expr", &["weir-runtime"]),
    ("datafusion", &[]),
];

/// Arrow is everywhere but here.
const NO_ARROW: &[&str] = &["weir-sql", "weir-kafka", "weir-sigma"];

#[test]
fn every_arrow_is_one_that_the_architecture_draws() {
    let used = direct_dependencies();
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut broken = Vec::new();
    for (name, dependencies) in &used {
        let Some(allowed) = allowed.get(name.as_str()) else {
            broken.push(format!(
                "`{name}` is a crate that docs/architecture.md does not know"
            ));
            continue;
        };
        for dependency in dependencies {
            let is_ours = dependency == "weir" || dependency.starts_with("weir-");
            if is_ours && !allowed.contains(&dependency.as_str()) {
                broken.push(format!("`{name}` must not use `{dependency}`"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert_eq!(used.len(), ARROWS.len(), "a crate is missing from the list");
}

#[test]
fn heavy_dependencies_come_in_by_their_doors_only() {
    let mut broken = Vec::new();
    for (name, dependencies) in direct_dependencies() {
        for (heavy, doors) in DOORS {
            if dependencies.contains(*heavy) && !doors.contains(&name.as_str()) {
                broken.push(format!(
                    "`{name}` must not use `{heavy}`: its doors are {doors:?}"
                ));
            }
        }
        let uses_arrow = dependencies
            .iter()
            .any(|dependency| dependency == "arrow" || dependency.starts_with("arrow-"));
        if uses_arrow && NO_ARROW.contains(&name.as_str()) {
            broken.push(format!("`{name}` knows no Arrow"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// By package: what its code, not its tests, names in its manifest.
fn direct_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo metadata reads the workspace");
    metadata
        .packages
        .iter()
        .map(|package| {
            let dependencies = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development)
                .map(|dependency| dependency.name.clone())
                .collect();
            (package.name.to_string(), dependencies)
        })
        .collect()
}
