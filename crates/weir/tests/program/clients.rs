//! Clients of others against the server, unchanged: PyPI's `ksqldb`, npm's `ksqldb-client`, and curl.

use std::process::Command;

use crate::{
    http::Server,
    support::{Place, Target, root, skipped},
};

/// Where `scripts/clients.sh` has installed them; without it a test is skipped with a line, and fails in CI.
fn installed(what: &str) -> Option<String> {
    let found = std::env::var("WEIR_TEST_CLIENTS").ok();
    if found.is_none() {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "WEIR_TEST_CLIENTS must name the clients in CI"
        );
        skipped(&format!(
            "{what} needs the clients that WEIR_TEST_CLIENTS names: scripts/clients.sh install"
        ));
    }
    found
}

/// Runs a client to its end; it says `done` when all was as it should be.
fn check(mut client: Command) {
    let output = client
        .current_dir(root().join("crates/weir/tests/clients"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.trim_end().ends_with("done"),
        "{output:#?}"
    );
}

#[test]
fn the_python_client_works_unchanged() {
    let Some(clients) = installed("the Python client") else {
        return;
    };
    let place = Place::new();
    let server = Server::start(&place, &Target::embedded(&place), &[]);
    let mut client = Command::new(format!("{clients}/python/bin/python"));
    client.args(["client.py", &server.url]);
    check(client);
    server.stop();
}

#[test]
fn the_node_client_works_unchanged() {
    let Some(clients) = installed("the Node client") else {
        return;
    };
    let place = Place::new();
    let server = Server::start(&place, &Target::embedded(&place), &[]);
    let (host, port) = server.address().rsplit_once(':').unwrap();
    let mut client = Command::new("node");
    client
        .args(["client.js", host, port])
        .env("NODE_PATH", format!("{clients}/node/node_modules"));
    check(client);
    server.stop();
}

#[test]
fn curl_works_over_both_versions_of_http() {
    let place = Place::new();
    let server = Server::start(&place, &Target::embedded(&place), &[]);
    let mut client = Command::new("bash");
    client.args(["client.sh", &server.url]);
    check(client);
    server.stop();
}
