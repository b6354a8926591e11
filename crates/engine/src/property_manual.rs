//! What the manual says of the properties of the engine: `docs/reference/properties.md` comes from here.

/// Name and what it is for, in Markdown.
pub const MEANINGS: &[(&str, &str)] = &[
    (
        "auto.offset.reset",
        "where a new query starts in its topics: `earliest` or `latest`",
    ),
    (
        "bootstrap.servers",
        "the brokers of a Kafka cluster; [Kafka](../kafka.md) has the properties of the connection",
    ),
    (
        "buffered.records.per.partition",
        "how many records of a partition wait in memory",
    ),
    (
        "cache.max.bytes.buffering",
        "how much of a table's changes is held back to be merged",
    ),
    (
        "commit.interval.ms",
        "how often positions are kept; after a crash what came since the last time is processed again",
    ),
    (
        "ksql.assert.topic.default.timeout.ms",
        "how long ASSERT TOPIC waits where it does not say so itself",
    ),
    (
        "ksql.cast.strings.preserve.nulls",
        "whether a NULL that is cast to VARCHAR stays NULL: it does",
    ),
    (
        "ksql.create.or.replace.enabled",
        "whether OR REPLACE is allowed",
    ),
    (
        "ksql.create.topic.inherit.source.replicas.enabled",
        "whether the topic of a query's result has as many replicas as the one that is read, and not the broker's default",
    ),
    (
        "ksql.fail.on.deserialization.error",
        "whether a bad record ends a query: it never does",
    ),
    (
        "ksql.headers.columns.enabled",
        "whether streams may declare HEADERS and HEADER columns",
    ),
    (
        "ksql.insert.into.values.enabled",
        "whether INSERT INTO … VALUES is allowed, over HTTP too",
    ),
    ("ksql.lambdas.enabled", "whether there are lambdas"),
    (
        "ksql.logging.processing.rows.include",
        "whether entries of the processing log hold the record that they are about",
    ),
    (
        "ksql.logging.processing.stream.auto.create",
        "whether the stream `KSQL_PROCESSING_LOG` is declared",
    ),
    (
        "ksql.logging.processing.topic.auto.create",
        "whether the topic of the processing log is made",
    ),
    (
        "ksql.max.push.queries",
        "how many push queries the server runs at a time",
    ),
    (
        "ksql.nested.error.set.null",
        "whether an error inside an expression makes only its own part NULL: it does",
    ),
    (
        "ksql.new.query.planner.enabled",
        "whether statements go through ksqlDB's other planner: there is one here",
    ),
    (
        "ksql.output.topic.name.prefix",
        "what stands before the name of a topic that a CREATE … AS SELECT makes and does not name",
    ),
    (
        "ksql.persistence.default.format.key",
        "KEY_FORMAT where it is left out",
    ),
    (
        "ksql.persistence.default.format.value",
        "VALUE_FORMAT where it is left out; with none it must be said",
    ),
    (
        "ksql.persistence.wrap.single.values",
        "WRAP_SINGLE_VALUE where it is left out; with none it is as the format has it",
    ),
    (
        "ksql.query.persistent.active.limit",
        "how many persistent queries there may be",
    ),
    (
        "ksql.query.pull.limit.clause.enabled",
        "whether a pull query may have a LIMIT",
    ),
    (
        "ksql.query.pull.max.allowed.offset.lag",
        "how far behind a node may be that answers a pull query",
    ),
    (
        "ksql.query.pull.range.scan.enabled",
        "whether a pull query may look up a range of keys",
    ),
    (
        "ksql.query.pull.stream.enabled",
        "whether there are pull queries over streams",
    ),
    (
        "ksql.query.pull.table.scan.enabled",
        "whether a pull query may read all of a table",
    ),
    (
        "ksql.query.push.v2.enabled",
        "whether a push query that ksqlDB would run as a scalable one has an id of that kind; here all of them share their reading",
    ),
    (
        "ksql.query.retry.backoff.initial.ms",
        "how long a query that failed waits before its first new start; the wait doubles",
    ),
    ("ksql.query.retry.backoff.max.ms", "and at most"),
    (
        "ksql.readonly.topics",
        "the topics that no statement writes to: regular expressions of whole names, with commas between them",
    ),
    (
        "ksql.server.command.response.timeout.ms",
        "how long a request waits for the statements before it",
    ),
    (
        "ksql.service.id",
        "whose topics, positions and statements these are; the prefix of what Weir makes for itself",
    ),
    (
        "ksql.timestamp.throw.on.invalid",
        "whether a persistent query stops at a record that it cannot date, and tries it again; else the record is set aside",
    ),
    (
        "ksql.variable.substitution.enable",
        "whether `${name}` is replaced by what DEFINE gave it",
    ),
    (
        "max.task.idle.ms",
        "how long the faster side of a join waits for the slower",
    ),
    (
        "processing.guarantee",
        "what happens after a crash; there is only this one",
    ),
    (
        "task.timeout.ms",
        "how long a task tries again before it fails",
    ),
    (
        "weir.metrics.partitions.max",
        "how many partitions have [metrics](../operations.md#metrics) of their own",
    ),
    (
        "weir.metrics.queries.max",
        "how many queries have metrics of their own",
    ),
    (
        "weir.rules.index.enable",
        "whether the conditions of queries are asked together, and not each of each record; the rows are the same",
    ),
    (
        "weir.rules.raw.filter",
        "whether records that no query can match, as their bytes tell, are left unparsed while more than a mebibyte waits; the rows are the same, but what is left unparsed is not reported if it is bad",
    ),
    (
        "weir.sink.origin.headers",
        "whether each record that is written says in headers which record it came from: `weir.origin.topic`, `weir.origin.partition`, `weir.origin.offset`",
    ),
];

#[test]
fn every_property_has_a_meaning_and_nothing_else_has() {
    use std::collections::BTreeSet;
    let known = crate::properties::KNOWN.iter().map(|(name, ..)| *name);
    let known: BTreeSet<_> = known.collect();
    let explained: BTreeSet<_> = MEANINGS.iter().map(|(name, _)| *name).collect();
    assert_eq!(known, explained);
    assert!(MEANINGS.is_sorted_by_key(|(name, _)| name));
}
