//! A plan as text: what EXPLAIN shows. The same plan gives the same bytes.
//!
//! ```text
//!  > [ PROJECT ] | Schema: `HOST` STRING | Logger: processing.CSAS_X_1.Project
//!          > [ FILTER ] | Condition: … | Logger: processing.CSAS_X_1.WhereFilter
//!                  > [ STREAM SOURCE ] W | Columns: … | Logger: processing.CSAS_X_1.KsqlTopic.Source
//! ```

use std::fmt::Write;

use crate::{QueryPlan, Step};

/// The longest condition that is shown whole, in characters.
const SHOWN_CONDITION: usize = 4000;

/// The steps by which loggers are named: `processing.<query id>.<step>`.
pub const SOURCE_STEP: &str = "KsqlTopic.Source.deserializer";
pub const FILTER_STEP: &str = "WhereFilter";
pub const PROJECT_STEP: &str = "Project";
pub const SINK_STEP: &str = "KsqlTopic.Sink.serializer";

/// The plan, last step first, as ksqlDB prints its execution plans.
pub fn explain(plan: &QueryPlan) -> String {
    let mut text = String::new();
    let mut indent = String::new();
    // Writing to a String cannot fail.
    for step in plan.steps.iter().rev() {
        let _ = match step {
            Step::Project(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| {
                        format!(
                            "{} := {}",
                            item.column,
                            shorten(&item.expression.to_string())
                        )
                    })
                    .collect();
                writeln!(text, "{indent} > [ PROJECT ] | {}", items.join(", "))
            }
            Step::Filter(condition) => writeln!(
                text,
                "{indent} > [ FILTER ] | {}",
                shorten(&condition.to_string())
            ),
        };
        indent.push('\t');
    }
    let columns: Vec<_> = plan
        .scan
        .iter()
        .map(|column| format!("{} {}", column.name, column.sql_type))
        .collect();
    let _ = writeln!(
        text,
        "{indent} > [ STREAM ] {} | topic: {} | key: {} | value: {} | columns: {}",
        plan.source.name,
        plan.source.topic,
        plan.source.key_format.format,
        plan.source.value_format.format,
        columns.join(", ")
    );
    text
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CONDITION) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
        None => text.to_owned(),
    }
}
