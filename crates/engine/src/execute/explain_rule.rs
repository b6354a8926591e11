//! What EXPLAIN says of a query as a rule: a part of the topology's text, so that every client shows it.

use std::fmt::Write;

use weir_plan::QueryPlan;
use weir_runtime::{Explanation, Listed, RuleFacts};

/// What runs for a query, and how what concerns it is found.
pub(super) fn topology(plan: &QueryPlan, explanation: &Explanation) -> String {
    let topic = &plan.source.topic;
    match explanation {
        Explanation::NoRule(why) => format!(
            "reader {topic} -> filter, project -> sink\n\
             rule: no, every record is handed to it: {why}\n"
        ),
        Explanation::Rule(facts) => {
            format!("reader {topic} -> rule set -> project -> sink\n") + &rule(topic, facts)
        }
    }
}

fn rule(topic: &str, facts: &RuleFacts) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "rule: yes, {} over topic {topic}", others(facts));
    let _ = match &facts.witness {
        Ok(witness) if witness.is_empty() => writeln!(text, "witness: none, it never holds"),
        Ok(witness) => write!(text, "witness: {}", lines(witness, "atoms")),
        Err(why) => writeln!(
            text,
            "witness: none, it is asked of every record, because {why}"
        ),
    };
    let _ = match (facts.atoms, facts.shared.len()) {
        (0, _) => writeln!(text, "atoms: none"),
        (atoms, 0) => writeln!(text, "atoms: {atoms}, none of them in other rules"),
        (atoms, shared) => writeln!(text, "atoms: {atoms}, {shared} of them in other rules too"),
    };
    for shared in &facts.shared.shown {
        let rules = shared.rules.len();
        let names = shared.rules.shown.join(", ");
        let more = if shared.rules.left_out > 0 {
            ", …"
        } else {
            ""
        };
        let _ = writeln!(text, "  {}: in {rules}, {names}{more}", shared.text);
    }
    left_out(&mut text, &facts.shared);
    let _ = match &facts.sought {
        Ok(sought) if sought.is_empty() => writeln!(text, "raw filter: none, it never holds"),
        Ok(sought) => write!(text, "raw filter: {}", lines(sought, "texts")),
        Err(why) => writeln!(text, "raw filter: none, because {why}"),
    };
    let _ = match &facts.sought_for_all {
        Ok(1) => writeln!(text, "raw filter of the topic: 1 text for all its rules"),
        Ok(count) => writeln!(
            text,
            "raw filter of the topic: {count} texts for all its rules"
        ),
        Err(why) => writeln!(text, "raw filter of the topic: none, because {why}"),
    };
    text
}

fn others(facts: &RuleFacts) -> String {
    match facts.others {
        0 => "the only one".to_owned(),
        1 => "beside 1 other".to_owned(),
        others => format!("beside {others} others"),
    }
}

/// One on the line, several below it.
fn lines(listed: &Listed<String>, what: &str) -> String {
    if let ([only], 0) = (&listed.shown[..], listed.left_out) {
        return format!("{only}\n");
    }
    let mut text = format!("one of {} {what}\n", listed.len());
    for item in &listed.shown {
        let _ = writeln!(text, "  {item}");
    }
    left_out(&mut text, listed);
    text
}

fn left_out<T>(text: &mut String, listed: &Listed<T>) {
    if listed.left_out > 0 {
        let _ = writeln!(text, "  … and {} more", listed.left_out);
    }
}
