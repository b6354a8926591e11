//! The page that Prometheus reads: every metric with its name and its help. `docs/operations.md` lists them.

use std::{fmt, sync::Arc, time::Duration};

use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, EncodeMetric,
        NoLabelSet,
    },
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};
use weir_runtime::{Durations, QueryMeasures, ReaderStats};

use super::{QueryFigures, Snapshot};

#[derive(Debug)]
pub(super) struct Page(pub Arc<Snapshot>);

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut lines = Lines(encoder);
        self.query_counters(&mut lines)?;
        self.query_states(&mut lines)?;
        self.partitions(&mut lines)?;
        self.process(&mut lines)
    }
}

impl Page {
    fn query_counters(&self, lines: &mut Lines) -> fmt::Result {
        let mut counted = |name: &str, help: &str, figure: fn(&QueryMeasures) -> u64| {
            let samples = self.measured();
            lines.counters(
                name,
                help,
                samples.map(|(query, measures)| ([("query", query.id.as_str())], figure(measures))),
            )
        };
        counted(
            "weir_query_input_records",
            "Records that the query read",
            |query| query.status.records_in,
        )?;
        counted(
            "weir_query_input_bytes",
            "Keys and values of the records that the query read",
            |query| query.bytes_in,
        )?;
        counted(
            "weir_query_looked_at_records",
            "Of them, those that the query looked at itself: of a rule, those that the index handed it",
            |query| query.looked_at,
        )?;
        counted(
            "weir_query_matched_records",
            "Of them, those that its condition let through",
            |query| query.matched,
        )?;
        counted(
            "weir_query_output_records",
            "Records that the query wrote",
            |query| query.status.rows_out,
        )?;
        counted(
            "weir_query_output_bytes",
            "Keys and values of the records that the query wrote",
            |query| query.bytes_out,
        )?;
        counted(
            "weir_query_missed_records",
            "Offsets that were gone before the query read them",
            |query| query.status.records_missed,
        )?;
        counted(
            "weir_query_restarts",
            "Starts of a partition of the query after a failure",
            |query| query.restarts,
        )?;
        counted(
            "weir_query_dropped_log_entries",
            "Entries for the processing log that it had no room for",
            |query| query.status.log_entries_dropped,
        )?;
        lines.counters(
            "weir_query_bad_records",
            "Records that the query set aside, by reason",
            self.measured().flat_map(|(query, measures)| {
                let bad = measures.status.bad_records.iter();
                bad.map(|(reason, count)| {
                    ([("query", query.id.as_str()), ("reason", *reason)], *count)
                })
            }),
        )?;
        lines.counters(
            "weir_query_busy_seconds",
            "Time that the query worked on records, without waiting for the sink",
            self.measured().map(|(query, measures)| {
                ([("query", query.id.as_str())], measures.busy.as_secs_f64())
            }),
        )?;
        lines.histograms(
            "weir_query_epoch_seconds",
            "Time from a batch in hand to its rows handed over to the sink",
            self.measured()
                .map(|(query, measures)| ([("query", query.id.as_str())], &measures.epochs)),
        )
    }

    fn query_states(&self, lines: &mut Lines) -> fmt::Result {
        let lags = || {
            let queries = self.0.queries.iter();
            queries.filter_map(|query| Some(([("query", query.id.as_str())], query.lag?)))
        };
        lines.gauges(
            "weir_query_lag_records",
            "Records between the query's positions and the ends of its topic",
            lags().map(|(labels, lag)| (labels, lag.records)),
        )?;
        lines.gauges(
            "weir_query_lag_seconds",
            "Age of the last record that the query processed, if there are more; else 0",
            lags().map(|(labels, lag)| (labels, lag.time.as_secs_f64())),
        )?;
        lines.gauges(
            "weir_query_state",
            "1 for the state that the query is in",
            self.0.queries.iter().map(|query| {
                let labels = [("query", query.id.as_str()), ("state", query.state)];
                (labels, 1_u64)
            }),
        )?;
        lines.gauges(
            "weir_queries",
            "Persistent queries, by state",
            self.0
                .states
                .iter()
                .map(|(state, count)| ([("state", *state)], *count)),
        )?;
        lines.gauge(
            "weir_push_queries",
            "Push queries that run",
            Some(self.0.push_queries),
        )?;
        lines.gauge(
            "weir_metrics_omitted_queries",
            "Persistent queries that have no series of their own (weir.metrics.queries.max)",
            Some(self.0.omitted_queries),
        )
    }

    fn partitions(&self, lines: &mut Lines) -> fmt::Result {
        let labels = || {
            self.0.partitions.iter().map(|at| {
                let labels = ([("topic", at.topic.clone())], [("partition", at.partition)]);
                (at, labels)
            })
        };
        let mut counted = |name: &str, help: &str, figure: fn(&ReaderStats) -> u64| {
            lines.counters(
                name,
                help,
                labels().map(|(at, labels)| (labels, figure(&at.stats))),
            )
        };
        counted(
            "weir_partition_fetched_records",
            "Records fetched from the partition",
            |stats| stats.records_fetched,
        )?;
        counted(
            "weir_partition_fetched_bytes",
            "Keys and values of the records fetched from the partition",
            |stats| stats.bytes_fetched,
        )?;
        counted(
            "weir_partition_decoded_records",
            "Records of the partition decoded, once for each way in which streams declare the topic",
            |stats| stats.records_decoded,
        )?;
        counted(
            "weir_partition_skipped_records",
            "Records of the partition that were not decoded, as their bytes tell that no rule matches",
            |stats| stats.records_skipped,
        )?;
        lines.counters(
            "weir_partition_rules_seconds",
            "Time that it took to find the records that concern rules, for all rules together",
            labels().map(|(at, labels)| (labels, at.stats.rules_time.as_secs_f64())),
        )?;
        lines.gauges(
            "weir_partition_readers",
            "Readers of the partition: one, unless queries stand at different offsets",
            labels().map(|(at, labels)| (labels, at.stats.readers)),
        )?;
        lines.gauges(
            "weir_partition_lag_records",
            "Records between the reader that is furthest behind and the end of the partition",
            labels().filter_map(|(at, labels)| Some((labels, at.lag?))),
        )?;
        lines.gauge(
            "weir_metrics_omitted_partitions",
            "Partitions that are read and have no series of their own (weir.metrics.partitions.max)",
            Some(self.0.omitted_partitions),
        )
    }

    fn process(&self, lines: &mut Lines) -> fmt::Result {
        let process = &self.0.process;
        lines.gauges(
            "weir_build_info",
            "1, with the version",
            [([("version", env!("CARGO_PKG_VERSION"))], 1_u64)],
        )?;
        lines.gauge(
            "weir_uptime_seconds",
            "Time since the engine was started",
            Some(self.0.uptime.as_secs_f64()),
        )?;
        lines.gauge(
            "process_resident_memory_bytes",
            "Memory that the process has now",
            process.resident_bytes,
        )?;
        lines.gauge(
            "process_peak_resident_memory_bytes",
            "Memory that the process has had at most",
            process.peak_resident_bytes,
        )?;
        lines.counters(
            "process_cpu_seconds",
            "CPU time of the process, user and system",
            process.cpu.iter().map(|cpu| ([NONE; 0], cpu.as_secs_f64())),
        )
    }

    fn measured(&self) -> impl Iterator<Item = (&QueryFigures, &QueryMeasures)> {
        let queries = self.0.queries.iter();
        queries.filter_map(|query| Some((query, query.measures.as_ref()?)))
    }
}

/// The type of a label that is not there.
const NONE: (&str, &str) = ("", "");

/// Writes metrics one after the other; a metric without a sample is still named.
struct Lines<'a>(DescriptorEncoder<'a>);

impl Lines<'_> {
    fn counters<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let kind = MetricType::Counter;
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in samples {
            ConstCounter::new(value).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let kind = MetricType::Gauge;
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in samples {
            ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn gauge(
        &mut self,
        name: &str,
        help: &str,
        value: Option<impl EncodeGaugeValue>,
    ) -> fmt::Result {
        self.gauges(name, help, value.map(|value| ([NONE; 0], value)))
    }

    fn histograms<'h, L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, &'h Durations)>,
    ) -> fmt::Result {
        let kind = MetricType::Histogram;
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        let seconds = |bound: Duration| bound.as_secs_f64();
        for (labels, durations) in samples {
            let buckets = durations.buckets.iter();
            let mut buckets: Vec<(f64, u64)> = buckets
                .map(|(bound, count)| (seconds(*bound), *count))
                .collect();
            let within: u64 = buckets.iter().map(|(_, count)| count).sum();
            buckets.push((f64::INFINITY, durations.count - within));
            family
                .encode_family(&labels)?
                .encode_histogram::<NoLabelSet>(
                    durations.sum.as_secs_f64(),
                    durations.count,
                    &buckets,
                    None,
                )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Metrics, QueryFigures, Snapshot};

    #[test]
    fn labels_are_escaped() {
        let query = QueryFigures {
            id: "a\"b\\c\nd".to_owned(),
            state: "running",
            measures: None,
            lag: None,
        };
        let snapshot = Arc::new(Snapshot {
            queries: vec![query],
            ..Snapshot::default()
        });
        let text = Metrics { snapshot }.encode();
        let line = r#"weir_query_state{query="a\"b\\c\nd",state="running"} 1"#;
        assert!(text.lines().any(|written| written == line), "{text}");
    }
}
