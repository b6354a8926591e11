# Every command that CI runs, and the others that are worth a name. `just` alone lists them.

default:
    @just --list --unsorted

# What CI runs.
check:
    .ci/run

# The demo: real Windows events, four detection rules, no Kafka.
demo *arguments:
    cargo run --quiet --package weir -- demo {{ arguments }}

# The tests. Those against a real Kafka run when `WEIR_TEST_KAFKA` names one (see kafka-start, kafka-env).
test *arguments:
    cargo test --workspace {{ arguments }}

# The repository's scenarios, straight and stopped and resumed after every statement.
scenarios *arguments:
    cargo run --quiet --workspace --bin weir -- test tests/scenarios --resume {{ arguments }}

# Twenty kills while 200,000 events flow, on the embedded broker and on a Kafka of its own that is killed too. Minutes.
kills:
    cargo test --package weir --test program -- --ignored --nocapture --test-threads 1 twenty_kills

format:
    cargo fmt --all --check

lint:
    cargo clippy --workspace --all-targets -- --deny warnings

# What is public in the library, beside what `crates/engine/public-api.txt` says. `WEIR_UPDATE_API=1` writes it anew.
api:
    RUSTDOC={{ justfile_directory() }}/scripts/rustdoc-json cargo doc --workspace --no-deps --quiet
    cargo test --workspace --test public_api -- --ignored

# What comes in from others: bans, licences, sources.
deny:
    cargo deny --log-level error check bans licenses sources

# Installs an Apache Kafka under target/ and starts it on loopback.
kafka-start:
    scripts/kafka.sh install
    scripts/kafka.sh start

kafka-stop:
    scripts/kafka.sh stop

# Shell lines that tell the tests where it is: `eval "$(just kafka-env)"`.
@kafka-env:
    scripts/kafka.sh env

release:
    cargo build --release --package weir

# The article's rule over a file of events, beside the peers: `just bench-filter events.ndjson.gz`.
bench-filter events *arguments: release
    target/release/weir bench filter --events {{ events }} {{ arguments }}

# `weir run` beside Kafka Streams, through a Kafka of its own: `just bench-kafka events.ndjson.gz`.
bench-kafka events *arguments: release
    benches/through-kafka.sh --events {{ events }} {{ arguments }}
