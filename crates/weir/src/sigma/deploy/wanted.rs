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
use crate::{cli::Prune, failure::Failure};

/// A statement that is to be run, and the line that says what it did.
pub struct Work {
    /// Where its line is.
    pub line: usize,
    pub query_id: String,
    pub statement: String,
}

impl Work {
    /// Whether a query that runs has this statement; without one, whether it has ended.
    pub fn is_logged(&self, running: Option<&Running>, action: Action) -> bool {
        match (action, running) {
            (Action::Dropped, running) => running.is_none(),
            (_, None) => false,
            (_, Some(running)) => is_same_text(&running.statement, &self.statement),
        }
    }

    /// Which of these a statement is that is repeated. What it says inside, such as a title with the id of another, is not asked.
    pub fn find(works: &[Self], statement: &str) -> Option<usize> {
        let is_sent = |work: &Self| is_same_text(statement, &work.statement);
        works.iter().position(is_sent).or_else(|| {
            // It may be repeated in another layout.
            let id = Deployed::read(statement)?.query_id?;
            works.iter().position(|work| work.query_id == id)
        })
    }
}

pub struct Wanted {
    /// One for each rule and each query without one, as it will be if all goes well.
    pub lines: Vec<Line>,
    /// What declares the streams, or lets them grow.
    pub streams: Vec<String>,
    /// The same streams as a whole: for who plans without a server.
    pub declarations: [String; 2],
    /// What begins queries, or puts others in their places.
    pub beginning: Vec<Work>,
    /// What ends those whose rules are gone.
    pub ending: Vec<Work>,
    /// How many of this deployment's queries are to go on.
    pub staying: usize,
    /// What an operator should know besides.
    pub notes: Vec<String>,
}

/// What the command line decides.
pub struct Choices {
    /// Which queries end whose rules are gone; none without.
    pub prune: Option<Prune>,
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
            beginning: Vec::new(),
            ending: Vec::new(),
            staying: 0,
            notes: notes(found),
        };
        let mut named = BTreeSet::new();
        let mut is_unknown = false;
        for rule in &rules.rules {
            named.insert(rule.query_id());
            let line = Line::new(Action::LeftOut, rule.query_id()).of_rule(rule.key(), &rule.title);
            let converted = match convert(rule, options) {
                Ok(converted) => converted,
                Err(error) => {
                    is_unknown |= !is_whole(rule.id.as_deref());
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
        for document in &rules.left_out {
            // What is damaged may have lost its id, or a part of it.
            is_unknown |= !is_whole(document.named.id.as_deref());
            let query_id = document.named.query_id().unwrap_or_default();
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
                wanted.end(id, running, choices.prune, is_unknown);
            }
        }
        let ours = found.queries.values().filter(|running| running.is_ours);
        wanted.staying = ours.count() - wanted.ending.len();
        if let Some(statement) = events.statement() {
            wanted.streams.push(print(&statement));
        }
        if found.alerts.is_none() {
            wanted.streams.push(print(&alerts));
        }
        if wanted.beginning.is_empty() {
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
        let statement = &converted.statement;
        let (action, statement) = match found.queries.get(&converted.query_id) {
            None => (Action::Created, statement.clone()),
            Some(running) if !running.is_ours => {
                let reason = format!("its query runs already, {}", running.way);
                return self.lines.push(line.because(reason));
            }
            Some(running) if is_same(statement, &running.statement) => {
                let line = match running.state.as_str() {
                    "RUNNING" => line,
                    state => line.because(format!("the query is {state}")),
                };
                if running.state != "ERROR" {
                    return self.lines.push(line.with_action(Action::Unchanged));
                }
                // One that could not be started is not tried again by itself: this begins it anew, where it stands.
                let line = line.because("it is begun again".to_owned());
                return self.begin(line, Action::Replaced, converted, &replacing(statement));
            }
            Some(running) => {
                if running.state == "PAUSED" {
                    line = line.because("the query stays PAUSED".to_owned());
                }
                (Action::Replaced, replacing(statement))
            }
        };
        self.begin(line, action, converted, &statement);
    }

    fn begin(&mut self, line: Line, action: Action, converted: &Converted, statement: &Statement) {
        self.beginning.push(Work {
            line: self.lines.len(),
            query_id: converted.query_id.clone(),
            statement: print(statement),
        });
        self.lines.push(line.with_action(action).still_to_do());
    }

    fn end(&mut self, id: &str, running: &Running, prune: Option<Prune>, is_unknown: bool) {
        let deployed = Deployed::read(&running.statement);
        let (rule_id, title) = deployed.map_or_else(Default::default, |deployed| {
            (deployed.rule_id, deployed.title.unwrap_or_default())
        });
        let rule_id = rule_id.unwrap_or_else(|| title.clone());
        let line = Line::new(Action::Gone, id.to_owned()).of_rule(&rule_id, &title);
        if prune.is_none() {
            self.lines.push(line);
            return;
        }
        if is_unknown {
            // It may be the rule in a file that nobody can read, or that has lost its id.
            let reason = "it is not dropped while something is left out that has no whole id: it may be that";
            self.lines.push(line.because(reason.to_owned()));
            return;
        }
        self.ending.push(Work {
            line: self.lines.len(),
            query_id: id.to_owned(),
            statement: format!("TERMINATE `{id}`"),
        });
        self.lines
            .push(line.with_action(Action::Dropped).still_to_do());
    }
}

/// But for what ends them.
fn is_same_text(one: &str, other: &str) -> bool {
    let bare = |text: &str| text.trim().trim_end_matches(';').trim_end().to_owned();
    bare(one) == bare(other)
}

/// Whether this is an id as rules have them, a UUID, from its beginning to its end.
fn is_whole(id: Option<&str>) -> bool {
    id.is_some_and(|id| {
        let is_right = |(at, byte): (usize, u8)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        };
        id.len() == 36 && id.bytes().enumerate().all(is_right)
    })
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use weir_sigma::{Mapping, Options, Rules, convert, print};

    use super::{Action, Choices, Found, Running, Wanted, Work};
    use crate::cli::Prune;

    fn id(number: usize) -> String {
        format!("5a1c0a4e-0000-4000-8000-{number:012}")
    }

    fn query_id(number: usize) -> String {
        format!("SIGMA_{}", id(number).to_uppercase().replace('-', "_"))
    }

    fn rule(number: usize, title: &str) -> String {
        format!(
            "title: \"{title}\"\nid: {}\nlogsource: {{product: windows, category: process_creation}}\ndetection:\n  a: {{Image: x}}\n  condition: a\n",
            id(number)
        )
    }

    fn options() -> Options {
        Options::new(Mapping::built_in("winlogbeat").unwrap(), "events", "alerts")
    }

    fn statement(number: usize, title: &str) -> String {
        let rules = Rules::parse(&rule(number, title), None);
        print(&convert(&rules.rules[0], &options()).unwrap().statement)
    }

    /// Rules of these numbers run, in a state.
    fn found(numbers: &[usize], state: &str) -> Found {
        let running = |number: &usize| {
            let running = Running {
                statement: statement(*number, "A rule"),
                state: state.to_owned(),
                is_ours: true,
                way: String::new(),
            };
            (query_id(*number), running)
        };
        Found {
            topics: ["events", "alerts"].map(str::to_owned).into(),
            events: None,
            alerts: None,
            queries: numbers.iter().map(running).collect::<BTreeMap<_, _>>(),
        }
    }

    fn wanted(text: &str, found: &Found) -> Wanted {
        let choices = Choices {
            prune: Some(Prune::Gone),
            partitions: None,
        };
        Wanted::new(&Rules::parse(text, None), found, &options(), &choices).unwrap()
    }

    #[test]
    fn a_query_that_is_in_error_is_begun_again_and_no_other() {
        let one = rule(1, "A rule");
        for state in ["RUNNING", "PAUSED"] {
            let wanted = wanted(&one, &found(&[1], state));
            assert!(wanted.beginning.is_empty(), "{state}");
            assert_eq!(wanted.lines[0].action, Action::Unchanged);
        }
        let wanted = wanted(&one, &found(&[1], "ERROR"));
        assert_eq!(wanted.lines[0].action, Action::Replaced);
        let reason = wanted.lines[0].reason.as_deref();
        assert_eq!(reason, Some("the query is ERROR; it is begun again"));
        let statement = &wanted.beginning[0].statement;
        assert!(statement.contains("OR_REPLACE = TRUE"), "{statement}");
    }

    #[test]
    fn nothing_ends_while_what_is_gone_may_be_in_something_damaged() {
        let ended = |more: &str| {
            let text = format!("{}---\n{more}", rule(1, "A rule"));
            let wanted = wanted(&text, &found(&[1, 2], "RUNNING"));
            assert_eq!(wanted.staying, 2 - wanted.ending.len());
            wanted.ending.len()
        };
        assert_eq!(ended(""), 1);
        // Left out, and known by its id: the others go.
        assert_eq!(ended(&format!("title: Other\nid: {}\n", id(3))), 1);
        let unmapped = "logsource: {product: linux}\ndetection: {a: {b: c}, condition: a}\n";
        assert_eq!(
            ended(&format!("title: Other\nid: {}\n{unmapped}", id(3))),
            1
        );
        // It may be this one.
        assert_eq!(ended("title: Other\nid: 5a1c0a4e-0000\n"), 0);
        assert_eq!(ended("title: Other\nid: [x]\n"), 0);
        assert_eq!(ended("title: Other\n"), 0);
        assert_eq!(ended(&format!("title: Other\n{unmapped}")), 0);
        assert_eq!(ended("titl"), 0);
    }

    #[test]
    fn a_refused_statement_is_the_one_that_was_sent() {
        let work = |number: usize, title: &str| Work {
            line: 0,
            query_id: query_id(number),
            statement: statement(number, title),
        };
        let works = [
            work(1, "A rule"),
            work(2, &format!("'{}' `{}`", query_id(1), query_id(1))),
        ];
        let hostile = &works[1];
        assert!(hostile.statement.contains(&query_id(1)));
        for repeated in [
            hostile.statement.clone(),
            format!(" {};\n", hostile.statement),
            hostile.statement.replace('\n', " "),
        ] {
            assert_eq!(Work::find(&works, &repeated), Some(1), "{repeated}");
        }
        let ends = [2, 1].map(|number| Work {
            statement: format!("TERMINATE `{}`", query_id(number)),
            ..work(number, "A rule")
        });
        let repeated = format!("TERMINATE `{}`;", query_id(1));
        assert_eq!(Work::find(&ends, &repeated), Some(1));
        assert_eq!(Work::find(&ends, "TERMINATE ALL;"), None);
    }
}
