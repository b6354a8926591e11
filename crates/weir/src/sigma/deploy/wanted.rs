//! What is to be done: rules beside what runs, compared.

use std::collections::BTreeSet;

use weir_sigma::{
    Converted, Deployed, Events, Options, Rules, Statement, alerts_stream, check_alerts, convert,
    is_same, print, replacing,
};

use super::{
    found::{Found, Running, columns},
    report::{Action, GOES_ON, Line},
};
use crate::failure::Failure;

/// A statement that is to be run, and the line that says what it did.
pub struct Work {
    /// Where its line is.
    pub line: usize,
    pub query_id: String,
    pub statement: String,
}

impl Work {
    /// Whether a statement that is repeated is this one.
    pub fn is_in(&self, statement: &str) -> bool {
        let id = &self.query_id;
        let quoted = [format!("'{id}'"), format!("`{id}`")];
        quoted.iter().any(|id| statement.contains(id))
    }
}

pub struct Wanted {
    /// One for each rule and each query without one, as it will be if all goes well.
    pub lines: Vec<Line>,
    /// What declares the streams, or lets them grow.
    pub streams: Vec<String>,
    /// The same streams as a whole: for who plans without a server.
    pub declarations: [String; 2],
    pub begin: Vec<Work>,
    pub end: Vec<Work>,
    /// What an operator should know besides.
    pub notes: Vec<String>,
}

/// What the command line decides.
pub struct Choices {
    pub prunes: bool,
    /// How many partitions the events' topic gets if it is not there.
    pub partitions: Option<i32>,
}

impl Wanted {
    pub fn new(
        rules: &Rules,
        found: &Found,
        options: &Options,
        choices: &Choices,
    ) -> Result<Self, Failure> {
        let mut events = events(found, options, choices)?;
        let alerts = alerts(found, options)?;
        let mut wanted = Self {
            lines: Vec::new(),
            streams: Vec::new(),
            declarations: Default::default(),
            begin: Vec::new(),
            end: Vec::new(),
            notes: notes(found),
        };
        let mut named = BTreeSet::new();
        for rule in &rules.rules {
            named.insert(rule.query_id());
            let line = Line::new(Action::LeftOut, rule.query_id()).of_rule(rule.key(), &rule.title);
            let converted = match convert(rule, options) {
                Ok(converted) => converted,
                Err(error) => {
                    wanted.leave_out(line, error.to_string(), found);
                    continue;
                }
            };
            if let Err(error) = events.add(&converted.fields) {
                wanted.leave_out(line, error.to_string(), found);
                continue;
            }
            wanted.compare(line, &converted, found);
        }
        let mut is_unknown = false;
        for document in &rules.left_out {
            let query_id = document.named.query_id();
            is_unknown |= query_id.is_none();
            let query_id = query_id.unwrap_or_default();
            // A second rule of one id: the first has a line, and its query.
            let is_known = named.contains(&query_id);
            let named_document = &document.named;
            let key = named_document.id.as_ref().or(named_document.title.as_ref());
            let key = key.or(document.error.file.as_ref()).cloned();
            let title = named_document.title.clone().unwrap_or_default();
            let line = Line::new(Action::LeftOut, query_id.clone())
                .of_rule(&key.unwrap_or_default(), &title);
            match is_known {
                true => wanted.lines.push(line.because(document.error.to_string())),
                false => wanted.leave_out(line, document.error.to_string(), found),
            }
            named.insert(query_id);
        }
        for (id, running) in &found.queries {
            if running.is_ours && !named.contains(id) {
                wanted.end(id, running, choices.prunes, is_unknown);
            }
        }
        if let Some(statement) = events.statement() {
            wanted.streams.push(print(&statement));
        }
        if found.alerts.is_none() {
            wanted.streams.push(print(&alerts));
        }
        if wanted.begin.is_empty() {
            // Nobody needs them.
            wanted.streams.clear();
        }
        wanted.declarations = [print(&events.whole()), print(&alerts)];
        Ok(wanted)
    }

    fn leave_out(&mut self, line: Line, reason: String, found: &Found) {
        let reason = match found.queries.get(&line.query_id) {
            Some(running) if running.is_ours => {
                format!("{reason}; {GOES_ON}")
            }
            _ => reason,
        };
        self.lines.push(line.because(reason));
    }

    fn compare(&mut self, mut line: Line, converted: &Converted, found: &Found) {
        let filters = converted.filters_left_out.iter();
        let filters: Vec<String> = filters
            .map(|error| format!("a filter over it is left out: {error}"))
            .collect();
        if !filters.is_empty() {
            line = line.because(filters.join("; "));
        }
        let (action, statement) = match found.queries.get(&converted.query_id) {
            None => (Action::Created, converted.statement.clone()),
            Some(running) if !running.is_ours => {
                let reason = format!("its query runs already, {}", running.way);
                return self.lines.push(line.because(reason));
            }
            Some(running) if is_same(&converted.statement, &running.statement) => {
                let line = match running.state.as_str() {
                    "RUNNING" => line,
                    state => line.because(format!("the query is {state}")),
                };
                return self.lines.push(line.with_action(Action::Unchanged));
            }
            Some(running) => {
                if running.state == "PAUSED" {
                    line = line.because("the query stays PAUSED".to_owned());
                }
                (Action::Replaced, replacing(&converted.statement))
            }
        };
        self.begin(line, action, converted, &statement);
    }

    fn begin(&mut self, line: Line, action: Action, converted: &Converted, statement: &Statement) {
        self.begin.push(Work {
            line: self.lines.len(),
            query_id: converted.query_id.clone(),
            statement: print(statement),
        });
        self.lines.push(line.with_action(action));
    }

    fn end(&mut self, id: &str, running: &Running, prunes: bool, is_unknown: bool) {
        let deployed = Deployed::read(&running.statement);
        let (rule_id, title) = deployed.map_or_else(Default::default, |deployed| {
            (deployed.rule_id, deployed.title.unwrap_or_default())
        });
        let rule_id = rule_id.unwrap_or_else(|| title.clone());
        let line = Line::new(Action::Gone, id.to_owned()).of_rule(&rule_id, &title);
        if !prunes {
            self.lines.push(line);
            return;
        }
        if is_unknown {
            // It may be the rule in a file that nobody can read.
            let reason = "it is not dropped while there is a file that cannot be read";
            self.lines.push(line.because(reason.to_owned()));
            return;
        }
        self.end.push(Work {
            line: self.lines.len(),
            query_id: id.to_owned(),
            statement: format!("TERMINATE `{id}`"),
        });
        self.lines.push(line.with_action(Action::Dropped));
    }
}

fn events(found: &Found, options: &Options, choices: &Choices) -> Result<Events, Failure> {
    if let Some(source) = &found.events {
        let events = Events::declared(&source.statement, &columns(source), options);
        return events.map_err(|error| {
            let failure = Failure::new(&error);
            match error.hint {
                Some(_) => failure,
                None => {
                    failure.hint("name a stream of the rules' own over the topic with --stream")
                }
            }
        });
    }
    let partitions = match (found.topics.contains(&options.topic), choices.partitions) {
        (true, _) => None,
        (false, Some(partitions)) => Some(partitions),
        (false, None) => {
            let message = format!("there is no topic `{}`", options.topic);
            return Err(Failure::new(message).hint(
                "events come from it: is its name right? --partitions N makes it, for events that are yet to come",
            ));
        }
    };
    Events::new(options, partitions).map_err(Failure::new)
}

fn alerts(found: &Found, options: &Options) -> Result<Statement, Failure> {
    if let Some(source) = &found.alerts {
        check_alerts(&columns(source), options).map_err(Failure::new)?;
    }
    let is_new = !found.topics.contains(&options.sink);
    Ok(alerts_stream(options, is_new.then_some(1)))
}

fn notes(found: &Found) -> Vec<String> {
    let timestamp = found.events.as_ref().map(|source| &source.timestamp);
    let timestamp = timestamp.filter(|column| !column.is_empty());
    let note = |column: &String| {
        format!(
            "the stream dates events by its column `{column}`: one that has no time there matches no rule"
        )
    };
    timestamp.map(note).into_iter().collect()
}
