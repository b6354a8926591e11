//! `weir bench functions`: a projection with ten calls, and what each overload of each function costs.
//!
//! Both go the way of a query: a statement from SQL text, planned, its operators over batches of columns in memory. What
//! there is to measure is what the registry holds: a new function is in the table without being named here. Only where its
//! arguments are of a kind that no type tells (a pattern, a URL) does it need an example; a test says which one is missing.

mod examples;
mod values;

use std::time::{Duration, Instant};

use arrow::record_batch::RecordBatch;
use serde::Serialize;
use weir_engine::{
    filter::Filter,
    parts::{Function, Registry},
};

use super::measure::{Run, Stopwatch, Work};
use crate::{
    cli::{BenchOutput, FunctionsArguments},
    failure::Failure,
    sql::{say, table},
};

use examples::{Arguments, declaration};

/// Rows of a batch: so many records are decoded at once from a topic that is read from its beginning.
const BATCH: usize = 2048;

/// No call should take longer for a row of ordinary values, in nanoseconds.
const LIMIT: f64 = 2000.0;

/// How long a call is measured: as often as fits, at least [`ROUNDS`] times. The fastest round counts, which on a machine
/// that does other things too is the one that says most.
const PATIENCE: Duration = Duration::from_millis(60);

const ROUNDS: usize = 5;

/// How many of the slowest are named.
const NAMED: usize = 3;

/// Ten calls as detections have them.
const PROJECTION: &str =
    "SELECT UCASE(NAME) AS A, LEN(TEXT) AS B, SUBSTRING(TEXT, 1, 24) AS C, TRIM(PADDED) AS D,
    REPLACE(TEXT, '\\', '/') AS E, INSTR(TEXT, '.exe') AS F, CONCAT(NAME, '@', ADDRESS) AS G,
    COALESCE(MISSING, NAME) AS H, ROUND(AMOUNT, 1) AS I, SPLIT(TEXT, ' ')[1] AS J FROM BENCH";

const PROJECTION_COLUMNS: &[(&str, &str)] = &[
    ("NAME", "STRING"),
    ("TEXT", "STRING"),
    ("PADDED", "STRING"),
    ("ADDRESS", "STRING"),
    ("MISSING", "STRING"),
    ("AMOUNT", "DOUBLE"),
];

#[derive(Debug, Serialize)]
struct Report {
    projection: Run,
    functions: Vec<Line>,
    slowest: Vec<String>,
    limit_ns: f64,
}

/// An overload's line.
#[derive(Debug, Serialize)]
struct Line {
    function: &'static str,
    /// As it was called, over columns of the names that say what they hold.
    call: String,
    ns_per_row: f64,
    is_over_limit: bool,
}

/// A call of an overload, and the columns that it reads.
#[derive(Debug)]
struct Call {
    function: &'static str,
    /// `STRING, INTEGER`, as the manual prints them.
    parameters: String,
    sql: String,
    columns: Vec<(String, String)>,
}

pub async fn run(arguments: FunctionsArguments) -> Result<(), Failure> {
    let rows = arguments.rows as usize;
    let report = tokio::task::spawn_blocking(move || report(rows));
    let report = report.await.map_err(Failure::new)??;
    match arguments.output {
        BenchOutput::Json => {
            let json = serde_json::to_string(&report).map_err(Failure::new)?;
            say(&format!("{json}\n"))
        }
        BenchOutput::Text => say(&text(&report)),
    }
}

fn report(rows: usize) -> Result<Report, Failure> {
    let projection = projection(rows)?;
    let mut functions = Vec::new();
    for call in calls() {
        let ns_per_row = call.measure()?;
        functions.push(Line {
            function: call.function,
            call: call.sql,
            ns_per_row,
            is_over_limit: ns_per_row > LIMIT,
        });
    }
    functions.sort_by(|left, right| right.ns_per_row.total_cmp(&left.ns_per_row));
    let mut slowest: Vec<String> = Vec::new();
    for line in &functions {
        if slowest.len() < NAMED && !slowest.iter().any(|name| name == line.function) {
            slowest.push(line.function.to_owned());
        }
    }
    Ok(Report {
        projection,
        functions,
        slowest,
        limit_ns: LIMIT,
    })
}

fn projection(rows: usize) -> Result<Run, Failure> {
    let declaration = declaration(PROJECTION_COLUMNS);
    let mut filter = Filter::try_new(&declaration, PROJECTION)?;
    let schema = filter.schema();
    let starts = (0..rows).step_by(BATCH);
    let batches = starts.map(|start| values::batch(&schema, start, BATCH.min(rows - start)));
    let batches = batches
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::new)?;
    if let Some(first) = batches.first() {
        filter.rows(first.clone())?;
    }
    let watch = Stopwatch::start();
    let mut work = Work::default();
    for batch in batches {
        work.events += batch.num_rows() as u64;
        work.bytes += batch.get_array_memory_size() as u64;
        work.matches += filter.count_rows(batch)? as u64;
    }
    Ok(watch.stop("projection of ten calls", work))
}

/// A call for each overload of each function that there is.
fn calls() -> Vec<Call> {
    let registry = Registry::builtin();
    let functions = registry.iter();
    functions
        .flat_map(|function| calls_of(function.as_ref()))
        .collect()
}

fn calls_of(function: &dyn Function) -> Vec<Call> {
    let manual = function.manual();
    let overloads = manual.overloads.iter();
    let calls = overloads.map(|overload| {
        let parameters = overload.arguments.iter();
        let parameters = parameters
            .map(|one| (one.name, one.sql_type.as_str(), one.is_variadic))
            .collect::<Vec<_>>();
        let Arguments { texts, columns } = examples::arguments(manual.name, &parameters);
        let types: Vec<&str> = parameters
            .iter()
            .map(|(_, sql_type, _)| *sql_type)
            .collect();
        Call {
            function: manual.name,
            parameters: types.join(", "),
            sql: format!("{}({})", manual.name, texts.join(", ")),
            columns,
        }
    });
    calls.collect()
}

impl Call {
    fn filter(&self) -> Result<Filter, Failure> {
        let columns = self.columns.iter();
        let columns: Vec<(&str, &str)> = columns
            .map(|(name, sql_type)| (name.as_str(), sql_type.as_str()))
            .collect();
        let select = format!("SELECT {} AS R FROM BENCH", self.sql);
        Filter::try_new(&declaration(&columns), &select).map_err(|error| {
            Failure::new(format!(
                "{}({}) cannot be called as {}: {error}",
                self.function, self.parameters, self.sql
            ))
        })
    }

    /// Nanoseconds a row.
    fn measure(&self) -> Result<f64, Failure> {
        let mut filter = self.filter()?;
        let batch = values::batch(&filter.schema(), 0, BATCH).map_err(Failure::new)?;
        // Once without a clock, for caches and buffers.
        filter.rows(batch.clone())?;
        let mut fastest = Duration::MAX;
        let begin = Instant::now();
        let mut rounds = 0;
        while rounds < ROUNDS || begin.elapsed() < PATIENCE {
            fastest = fastest.min(time(&mut filter, batch.clone())?);
            rounds += 1;
        }
        Ok(fastest.as_nanos() as f64 / BATCH as f64)
    }
}

fn time(filter: &mut Filter, batch: RecordBatch) -> Result<Duration, Failure> {
    let started = Instant::now();
    filter.rows(batch)?;
    Ok(started.elapsed())
}

fn text(report: &Report) -> String {
    let run = &report.projection;
    let rows = report.functions.iter().map(|line| {
        vec![
            line.function.to_owned(),
            format!("{:.1}", line.ns_per_row),
            if line.is_over_limit { "over" } else { "" }.to_owned(),
            line.call.clone(),
        ]
    });
    let functions = table(&["function", "ns/row", "limit", "call"], rows);
    format!(
        "{}: {} rows in {:.3} s, {:.0} rows/s, {:.3} CPU s for a million, peak {:.0} MB\n\n{functions}\nslowest: {}\nlimit: {} ns\n",
        run.name,
        run.events,
        run.wall_s,
        run.events_per_s,
        run.cpu_s_per_million,
        run.peak_rss_mb,
        report.slowest.join(", "),
        report.limit_ns,
    )
}

#[cfg(test)]
mod tests {
    use arrow::array::Array;

    use super::{PROJECTION, PROJECTION_COLUMNS, calls, declaration, values};
    use weir_engine::filter::Filter;

    /// Rows enough that every kind of value is among them.
    const ROWS: usize = 64;

    #[test]
    fn every_overload_is_called_with_values_that_it_has_a_result_for() {
        let mut missing = Vec::new();
        let calls = calls();
        for call in &calls {
            let ordinary = call.filter().map_err(|failure| failure.to_string());
            let ordinary = ordinary.and_then(|mut filter| {
                let batch = values::batch(&filter.schema(), 0, ROWS).unwrap();
                let rows = filter.rows(batch).unwrap();
                let rows = rows.first().ok_or("there are no rows")?;
                let result = rows.column(0).clone();
                if result.logical_null_count() > ROWS / 2 {
                    return Err("most results are NULL".to_owned());
                }
                Ok(())
            });
            if let Err(why) = ordinary {
                missing.push(format!(
                    "{}({}): {why}; one of its arguments needs another example than it gets: {}",
                    call.function, call.parameters, call.sql
                ));
            }
        }
        assert!(
            missing.is_empty(),
            "examples are missing in bench/functions/examples.rs:\n{}",
            missing.join("\n")
        );
        assert!(calls.len() > 50);
    }

    #[test]
    fn the_projection_has_a_value_for_every_call() {
        let mut filter = Filter::try_new(&declaration(PROJECTION_COLUMNS), PROJECTION).unwrap();
        let batch = values::batch(&filter.schema(), 0, ROWS).unwrap();
        let rows = filter.rows(batch).unwrap().remove(0);
        assert_eq!(rows.num_rows(), ROWS);
        assert_eq!(rows.num_columns(), 10);
        assert!(rows.columns().iter().all(|column| column.null_count() == 0));
    }
}
