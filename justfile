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

# ksqlDB's own cases for its queries, which lie beside the repository: a table by tag, and a failure where one that passed
# before does not. `just conformance --add-passing` adds those that pass now.
conformance *arguments:
    cargo run --quiet --workspace --bin weir -- test --format qtt ../shared/qtt/*.json --only-failed --passing tests/conformance/qtt.txt {{ arguments }}

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

# Installs the clients of others that the tests run against the server, under target/.
clients-install:
    scripts/clients.sh install

@clients-env:
    scripts/clients.sh env

# Foreign bytes for so many seconds: `just fuzz sql statements 3600`, `just fuzz formats json 3600` (also `delimited`,
# `kafka`), `just fuzz functions texts 3600`, `just fuzz server http 3600`, `just fuzz sigma rules 3600 ../../rules/windows`. Folders
# behind it, as seen from the crate, are what it begins with: out of nothing it finds few rules. Needs cargo-fuzz and a nightly
# compiler. A finding stands under crates/CRATE/fuzz/artifacts/.
fuzz crate target seconds *folders:
    mkdir -p crates/{{ crate }}/fuzz/corpus/{{ target }}
    cd crates/{{ crate }} && cargo +nightly fuzz run --dev --sanitizer none {{ target }} fuzz/corpus/{{ target }} {{ folders }} -- -max_len=4096 -max_total_time={{ seconds }} -timeout=20 -dict=fuzz/{{ target }}.dict

# What bad clients do to the others, with figures: malformed bodies, half-open connections, readers that stall, a flood.
bad-clients *arguments: release
    WEIR_TEST_PROGRAM={{ justfile_directory() }}/target/release/weir cargo test --workspace --test program -- --ignored --nocapture bad_clients {{ arguments }}

release:
    cargo build --release --package weir

# All rules over all events beside the repository, in every way that rules are run: they find the same. A minute or two.
rules-oracle *arguments: release
    WEIR_TEST_PROGRAM={{ justfile_directory() }}/target/release/weir cargo test --workspace --test program -- --ignored --nocapture oracle_over_all_events {{ arguments }}

# The article's rule over a file of events, beside the peers: `just bench-filter events.ndjson.gz`.
bench-filter events *arguments: release
    target/release/weir bench filter --events {{ events }} {{ arguments }}

# From an event's way into Kafka to its alert with 1,000 rules: `just bench-latency RULES events.ndjson.gz localhost:9092`.
bench-latency rules events servers *arguments: release
    target/release/weir bench latency --rules {{ rules }} --events {{ events }} --bootstrap-servers {{ servers }} {{ arguments }}

# Sigma rules beside rsigma: `just bench-rsigma --rules DIR --events FILE --pipeline FILE`.
bench-rsigma *arguments: release
    benches/rules-beside-rsigma.py {{ arguments }}

# One rule, ten, a hundred and so on over a file of events: `just bench-rules rules events.ndjson.gz --vary 10000` makes ten thousand
# out of the pack.
bench-rules rules events *arguments: release
    target/release/weir bench rules --rules {{ rules }} --events {{ events }} {{ arguments }}

# A projection with ten function calls, and what each overload of each function costs a row.
bench-functions *arguments: release
    target/release/weir bench functions {{ arguments }}

# `weir run` beside Kafka Streams, through a Kafka of its own: `just bench-kafka events.ndjson.gz`.
bench-kafka events *arguments: release
    benches/through-kafka.sh --events {{ events }} {{ arguments }}

# Rows from a push query to a client over HTTP/2, and how long each takes: `just bench-push events.ndjson.gz`.
bench-push events *arguments: release
    benches/push-delivery.py target/release/weir {{ events }} {{ arguments }}

# From the start of a server with a hundred statements in its log to its first answer; `--bootstrap-servers` for a Kafka.
bench-start *arguments: release
    benches/start.py target/release/weir {{ arguments }}

# A folder of rules as a server's queries: how long deploying, one more, and a restart take, and the memory of a rule:
# `just bench-deploy --rules DIR --events events.ndjson.gz`.
bench-deploy *arguments: release
    benches/deploy-rules.py {{ arguments }}
