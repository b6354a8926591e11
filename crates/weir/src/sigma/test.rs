//! `weir sigma test`: regression cases, which are events that a rule must match, in each layout.
//!
//! A case is a file: `{"rule_id", "must_match_at_least", "events": [{"winlogbeat": {…}, "flat": {…}}, …]}`.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt, fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_engine::{hunt::HuntPipeline, parts::RuleOptions};
use weir_sigma::Rules;

use super::{
    loaded::{LeftOut, Loaded},
    site,
};
use crate::{
    cli::{SigmaOutput, SigmaTestArguments},
    failure::Failure,
    sql::{printable, say},
};

pub async fn run(arguments: SigmaTestArguments) -> Result<(), Failure> {
    let tested = tokio::task::spawn_blocking(move || test(&arguments));
    tested.await.map_err(Failure::new)?
}

/// A case's file: of each event its forms, by layout, as they are written.
#[derive(Deserialize)]
struct Case {
    rule_id: String,
    must_match_at_least: u64,
    events: Vec<BTreeMap<String, Box<RawValue>>>,
}

/// What was made of a file that should be a case. One that is none still has an outcome.
struct Tried {
    /// The file's name, if it does not say.
    rule_id: String,
    case: Result<Case, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Pass,
    Fail,
    Error,
}

#[derive(Serialize)]
struct Outcome<'a> {
    rule_id: &'a str,
    layout: &'a str,
    status: Status,
    reason: String,
}

fn test(arguments: &SigmaTestArguments) -> Result<(), Failure> {
    let tried = files(&arguments.cases)?
        .iter()
        .map(|file| Tried::read(file))
        .collect::<Vec<_>>();
    let rules = rules(&arguments.rules, &tried)?;
    let layouts = arguments
        .layout
        .iter()
        .map(|layout| Bench::try_new(arguments, layout, &rules));
    let mut layouts = layouts.collect::<Result<Vec<_>, _>>()?;
    let mut counts = [0_usize; 3];
    for one in &tried {
        for bench in &mut layouts {
            let (status, reason) = bench.outcome(one);
            counts[status as usize] += 1;
            let outcome = Outcome {
                rule_id: &one.rule_id,
                layout: &bench.layout,
                status,
                reason,
            };
            say(&line(&outcome, arguments.output)?)?;
        }
    }
    let [passed, failed, errors] = counts;
    eprintln!("{passed} passed, {failed} failed, {errors} errors");
    match failed + errors {
        0 => Ok(()),
        _ => Err(Failure::said(1)),
    }
}

/// The files that are named, and the `.json` files of folders.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let cannot_read =
            |error| Failure::new(format!("cannot read `{}`: {error}", path.display()));
        let mut found = Vec::new();
        for entry in fs::read_dir(path).map_err(cannot_read)? {
            let file = entry.map_err(cannot_read)?.path();
            if file.extension().is_some_and(|kind| kind == "json") {
                found.push(file);
            }
        }
        found.sort();
        files.extend(found);
    }
    match files.is_empty() {
        true => Err(Failure::new("there are no cases: no file ends in `.json`")),
        false => Ok(files),
    }
}

/// The rules that the cases are about, and all that could not be read.
fn rules(path: &Path, tried: &[Tried]) -> Result<Rules, Failure> {
    let mut rules = Rules::load(path).map_err(Failure::new)?;
    let wanted: HashSet<&str> = tried.iter().map(|one| one.rule_id.as_str()).collect();
    rules.rules.retain(|rule| wanted.contains(rule.key()));
    Ok(rules)
}

impl Tried {
    fn read(file: &Path) -> Self {
        let name = file.display();
        let text =
            fs::read_to_string(file).map_err(|error| format!("cannot read `{name}`: {error}"));
        let case = text.and_then(|text| {
            serde_json::from_str::<Case>(&text)
                .map_err(|error| format!("`{name}` is no case: {error}"))
        });
        let of_file = || file.file_stem().unwrap_or_default().to_string_lossy();
        let rule_id = match &case {
            Ok(case) => case.rule_id.clone(),
            Err(_) => of_file().into_owned(),
        };
        Self { rule_id, case }
    }
}

/// The rules in one layout, ready for cases.
struct Bench {
    layout: String,
    numbers: HashMap<String, usize>,
    left_out: Vec<LeftOut>,
    /// `None` if no rule is there.
    pipeline: Option<HuntPipeline>,
}

impl Bench {
    fn try_new(
        arguments: &SigmaTestArguments,
        layout: &str,
        rules: &Rules,
    ) -> Result<Self, Failure> {
        let options = site::hunting(&arguments.site, layout)?;
        let ready = Loaded::of_read(rules, options).ready(RuleOptions::default())?;
        let pipeline = match ready.rules.is_empty() {
            true => None,
            false => Some(ready.program.pipeline()?),
        };
        let numbers = ready.rules.into_iter().enumerate();
        Ok(Self {
            layout: layout.to_owned(),
            numbers: numbers.map(|(number, rule)| (rule.id, number)).collect(),
            left_out: ready.left_out,
            pipeline,
        })
    }

    fn outcome(&mut self, tried: &Tried) -> (Status, String) {
        match self.matching(tried) {
            Ok((matching, wanted, reason)) if matching >= wanted => (Status::Pass, reason),
            Ok((_, wanted, reason)) => (
                Status::Fail,
                format!("{reason}, and at least {wanted} must"),
            ),
            Err(reason) => (Status::Error, reason),
        }
    }

    /// How many events match, how many must, and a sentence of it.
    fn matching(&mut self, tried: &Tried) -> Result<(u64, u64, String), String> {
        let case = tried.case.as_ref().map_err(Clone::clone)?;
        let number = self.number(&case.rule_id)?;
        let values: Vec<Option<Bytes>> = case
            .events
            .iter()
            .filter_map(|forms| forms.get(&self.layout))
            .filter(|event| event.get() != "null")
            .map(|event| Some(Bytes::copy_from_slice(event.get().as_bytes())))
            .collect();
        if values.is_empty() {
            return Err(format!(
                "the case has no event in the layout `{}`",
                self.layout
            ));
        }
        let mut matching = 0;
        if let Some(pipeline) = &mut self.pipeline {
            let each = |rule, places: &[u32]| {
                if rule == number {
                    matching += places.len() as u64;
                }
            };
            pipeline
                .process(&values, each)
                .map_err(|error| error.to_string())?;
        }
        let events = values.len();
        let verb = if matching == 1 { "matches" } else { "match" };
        let reason = format!("{matching} of {events} events {verb}");
        Ok((matching, case.must_match_at_least, reason))
    }

    /// The rule's number in the pipeline, or why it has none.
    fn number(&self, rule_id: &str) -> Result<usize, String> {
        if let Some(number) = self.numbers.get(rule_id) {
            return Ok(*number);
        }
        let left_out = self.left_out.iter().find(|rule| rule.rule_id == rule_id);
        Err(match left_out {
            Some(rule) => rule.reason.clone(),
            None => "there is no rule with this id".to_owned(),
        })
    }
}

fn line(outcome: &Outcome<'_>, output: SigmaOutput) -> Result<String, Failure> {
    match output {
        SigmaOutput::Json => {
            let json = serde_json::to_string(outcome).map_err(Failure::new)?;
            Ok(format!("{json}\n"))
        }
        SigmaOutput::Text => {
            let Outcome {
                rule_id,
                layout,
                status,
                reason,
            } = outcome;
            let [layout, rule_id, reason] =
                [*layout, *rule_id, reason].map(|field| printable(field).replace('\n', " "));
            Ok(format!("{status}\t{layout}\t{rule_id}\t{reason}\n"))
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
        })
    }
}
