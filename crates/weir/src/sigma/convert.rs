//! `weir sigma convert`: rules to SQL, on standard output or beside each rule.
//!
//! What cannot be converted is said on standard error, and the rest is; it fails only if nothing could be.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use weir_sigma::{Converted, Error, Options, Rules, alerts_stream, convert, events_stream, print};

use super::site;
use crate::{cli::SigmaConvertArguments, failure::Failure, sql::harmless, stdout::Stdout};

pub fn run(arguments: &SigmaConvertArguments) -> Result<(), Failure> {
    let options = options(arguments)?;
    let rules = Rules::load(&arguments.path).map_err(failure)?;
    let mut left_out = 0;
    for document in &rules.left_out {
        leave_out(&document.error);
        left_out += 1;
    }
    let mut converted: Vec<(Option<&str>, Converted)> = Vec::new();
    for rule in &rules.rules {
        match convert(rule, &options) {
            Ok(one) => {
                one.filters_left_out.iter().for_each(leave_out);
                converted.push((rule.file.as_deref(), one));
            }
            Err(error) => {
                leave_out(&error);
                left_out += 1;
            }
        }
    }
    if converted.is_empty() {
        let path = arguments.path.display();
        return Err(Failure::new(format!(
            "`{path}` has no rule that can be converted"
        )));
    }
    let streams = streams(&converted, &options)?;
    let text = match arguments.out {
        true => {
            write_beside(&converted)?;
            streams
        }
        false => {
            let rules = converted.iter().map(|(_, one)| ended(&one.text));
            std::iter::once(streams)
                .chain(rules)
                .collect::<Vec<_>>()
                .join("\n")
        }
    };
    if left_out > 0 {
        eprintln!("{} converted, {left_out} left out", converted.len());
    }
    Stdout::write(text.as_bytes()).map(|_| ())
}

fn options(arguments: &SigmaConvertArguments) -> Result<Options, Failure> {
    site::alerting(
        &arguments.site,
        &arguments.layout,
        (&arguments.topic, arguments.stream.as_deref()),
        &arguments.sink,
        !arguments.no_event,
    )
}

/// The declarations of the streams that the rules read and write.
fn streams(converted: &[(Option<&str>, Converted)], options: &Options) -> Result<String, Failure> {
    let fields: BTreeSet<_> = converted
        .iter()
        .flat_map(|(_, one)| one.fields.iter().cloned())
        .collect();
    let events = events_stream(&fields, options).map_err(failure)?;
    let alerts = alerts_stream(options, Some(1));
    Ok([print(&events), print(&alerts)]
        .map(|text| ended(&text))
        .join("\n"))
}

fn ended(statement: &str) -> String {
    format!("{statement};\n")
}

/// `rule.sql` beside `rule.yml`, with all the rules that are in it.
fn write_beside(converted: &[(Option<&str>, Converted)]) -> Result<(), Failure> {
    let mut files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (file, one) in converted {
        files
            .entry(file.unwrap_or_default())
            .or_default()
            .push(ended(&one.text));
    }
    for (file, statements) in files {
        let path = Path::new(file).with_extension("sql");
        fs::write(&path, statements.join("\n")).map_err(|error| {
            Failure::new(format!("`{}` cannot be written: {error}", path.display()))
        })?;
    }
    Ok(())
}

/// Rules may come from anywhere: what is said of them is made harmless.
fn leave_out(error: &Error) {
    eprintln!("{}", harmless(&format!("left out: {error}")));
}

fn failure(error: Error) -> Failure {
    Failure::new(error)
}
