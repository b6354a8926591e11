//! A plan as text: what EXPLAIN shows. The same plan gives the same bytes.
//!
//! ```text
//!  > [ PROJECT ] | `K` STRING KEY := K, `D` STRING := C->D
//!          > [ FILTER ] | B LIKE '%x%' AND NOT (C->D = 'y')
//!                  > [ STREAM ] S | topic: t | key: KAFKA | value: JSON | columns: B STRING, C->D STRING, K STRING
//! ```

mod expression;

use std::fmt::{self, Write};

pub use expression::whole as expression_text;

use crate::{Error, NewKey, ProjectedColumn, QueryPlan, Step, TableCall};

/// As much of a condition as is shown, in bytes; of a projection's expression likewise.
const SHOWN: usize = 4000;

/// As many columns as are shown of a projection or a scan.
const SHOWN_COLUMNS: usize = 1000;

/// The steps by which loggers are named: `processing.<query id>.<step>`.
pub const SOURCE_STEP: &str = "KsqlTopic.Source.deserializer";
pub const FILTER_STEP: &str = "WhereFilter";
pub const PARTITION_BY_STEP: &str = "PartitionBy";
pub const EXPLODE_STEP: &str = "FlatMap";
pub const PROJECT_STEP: &str = "Project";
pub const SINK_STEP: &str = "KsqlTopic.Sink.serializer";

/// The plan, last step first, as ksqlDB prints its execution plans.
pub fn explain(plan: &QueryPlan) -> Result<String, Error> {
    render(plan, None)
}

/// The same with the names of the loggers to which the steps of the query `id` report.
pub fn explain_query(plan: &QueryPlan, id: &str) -> Result<String, Error> {
    render(plan, Some(id))
}

fn render(plan: &QueryPlan, id: Option<&str>) -> Result<String, Error> {
    let dataflow = plan.dataflow()?;
    let mut text = String::new();
    let logger = |step: &str| match id {
        Some(id) => format!(" | Logger: processing.{id}.{step}"),
        None => String::new(),
    };
    let mut indent = String::new();
    for step in dataflow.steps.iter().rev() {
        let (name, what, step) = match step {
            Step::Project(items) => ("PROJECT", listed(items, &projected), PROJECT_STEP),
            Step::Explode(explode) => ("FLATMAP", listed(&explode.calls, &called), EXPLODE_STEP),
            Step::PartitionBy(keys) if keys.is_empty() => {
                ("REKEY", " | NULL".to_owned(), PARTITION_BY_STEP)
            }
            Step::PartitionBy(keys) => ("REKEY", listed(keys, &rekeyed), PARTITION_BY_STEP),
            Step::Filter(condition) => {
                let condition = expression::bounded(condition, SHOWN);
                ("FILTER", format!(" | {condition}"), FILTER_STEP)
            }
        };
        write_line(&mut text, &indent, name, &what, &logger(step))
            .expect("a String takes all that is written to it");
        indent.push('\t');
    }
    let columns = listed(&dataflow.scan, &|column| {
        format!("{} {}", column.name, column.sql_type)
    });
    let source = &plan.source;
    let scan = format!(
        " {} | topic: {} | key: {} | value: {} | columns:{}",
        source.name,
        source.topic,
        source.key_format.format,
        source.value_format.format,
        columns.trim_start_matches(" |")
    );
    write_line(&mut text, &indent, "STREAM", &scan, &logger(SOURCE_STEP))
        .expect("a String takes all that is written to it");
    Ok(text)
}

fn write_line(
    text: &mut String,
    indent: &str,
    step: &str,
    what: &str,
    logger: &str,
) -> fmt::Result {
    writeln!(text, "{indent} > [ {step} ]{what}{logger}")
}

fn rekeyed(key: &NewKey) -> String {
    let expression = expression::bounded(&key.expression, SHOWN);
    format!("{} {} := {expression}", key.name, key.sql_type)
}

fn called(call: &TableCall) -> String {
    let arguments = call.arguments.iter();
    let arguments: Vec<_> = arguments
        .map(|argument| expression::bounded(argument, SHOWN))
        .collect();
    let function = call.function.manual().name;
    let arguments = arguments.join(", ");
    format!("{} {} := {function}({arguments})", call.name, call.sql_type)
}

fn projected(item: &ProjectedColumn) -> String {
    let expression = expression::bounded(&item.expression, SHOWN);
    format!("{} := {expression}", item.column)
}

/// ` | a, b, c`, cut after [`SHOWN_COLUMNS`].
fn listed<T>(items: &[T], show: &dyn Fn(&T) -> String) -> String {
    let shown: Vec<String> = items.iter().take(SHOWN_COLUMNS).map(show).collect();
    let rest = items.len() - shown.len();
    let more = match rest {
        0 => String::new(),
        rest => format!(", … and {rest} more"),
    };
    format!(" | {}{more}", shown.join(", "))
}
