//! What a plan is, as a short text: kept in checkpoints, the same for the same plan in every process.

use crate::{Error, QueryPlan, Sink, Step, explain::expression_text};

/// Sixteen hexadecimal digits over all that the query reads, does and writes (FNV-1a, 64 bits).
///
/// Every pattern and literal counts, whole: two rules that differ in the last of a hundred thousand alternatives differ here.
pub fn fingerprint(query: &QueryPlan, sink: &Sink) -> Result<String, Error> {
    let dataflow = query.dataflow()?;
    let mut hash = Fnv1a::new();
    let source = &query.source;
    hash.part(&source.name);
    hash.part(&source.topic);
    hash.part(&format!("{:?}", (&source.key_format, &source.value_format)));
    hash.part(&format!("{:?}", source.timestamp));
    for column in &dataflow.scan {
        hash.part(&column.name);
        hash.part(&format!("{:?}", column.from));
        hash.part(&column.sql_type.to_string());
    }
    for step in &dataflow.steps {
        match step {
            Step::Filter(condition) => {
                hash.part("FILTER");
                hash.part(&expression_text(condition));
            }
            Step::PartitionBy(keys) => {
                hash.part("PARTITION BY");
                for key in keys {
                    hash.part(&key.sql_type.to_string());
                    hash.part(&expression_text(&key.expression));
                }
            }
            Step::Explode(explode) => {
                hash.part("EXPLODE");
                for call in &explode.calls {
                    hash.part(call.function.manual().name);
                    for argument in &call.arguments {
                        hash.part(&expression_text(argument));
                    }
                }
            }
            Step::Project(items) => {
                hash.part("PROJECT");
                for item in items {
                    hash.part(&item.column.to_string());
                    hash.part(&expression_text(&item.expression));
                }
            }
        }
    }
    hash.part(&format!("{sink:?}"));
    Ok(format!("{:016x}", hash.state))
}

/// The same over a text.
pub fn fingerprint_of_text(text: &str) -> String {
    let mut hash = Fnv1a::new();
    hash.part(text);
    format!("{:016x}", hash.state)
}

struct Fnv1a {
    state: u64,
}

impl Fnv1a {
    fn new() -> Self {
        Self {
            state: 0xcbf2_9ce4_8422_2325,
        }
    }

    /// A text and its length, so that parts do not run into one another.
    fn part(&mut self, text: &str) {
        let length = (text.len() as u64).to_le_bytes();
        for byte in length.into_iter().chain(text.bytes()) {
            self.state = (self.state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
