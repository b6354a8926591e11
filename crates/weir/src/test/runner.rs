//! Runs one test: straight, and if that is wanted again with the engine stopped and started after every statement that
//! changed anything. Both must give the same.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use weir_engine::{
    Error,
    parts::Record,
    testing::{Effect, Failure, Scenario, directives},
};

use super::{
    events,
    outcome::{Fault, Status},
    script::{Action, Source, Step, Test},
};

/// How deep scripts may run scripts: one that runs itself comes to an end.
const DEEPEST: usize = 16;

/// All records of all topics, by topic and partition.
type Contents = BTreeMap<String, Vec<Vec<Record>>>;

pub async fn run(test: &Test, is_resumed: bool) -> Result<(), Box<Fault>> {
    let straight = Run::new(test, false).await?.run().await?;
    if !is_resumed {
        return Ok(());
    }
    let how = "stopped and resumed after each statement: ";
    let resumed = async { Run::new(test, true).await?.run().await };
    let resumed = resumed.await.map_err(|mut fault| {
        fault.message = format!("{how}{}", fault.message);
        fault
    })?;
    match disagreement(&straight, &resumed) {
        None => Ok(()),
        Some(why) => {
            let message = format!("{how}{why}");
            Err(Fault::new(Status::Fail, message, &test.source, test.start))
        }
    }
}

/// A test on its way.
struct Run<'a> {
    test: &'a Test,
    scenario: Scenario,
    /// Stops and starts the engine after each step that changes anything.
    is_resumed: bool,
    class: Option<&'a str>,
    message: Option<&'a str>,
}

/// How a statement ended that did not succeed.
enum End {
    /// As the test expects.
    Expected,
    Fault(Box<Fault>),
}

impl<'a> Run<'a> {
    async fn new(test: &'a Test, is_resumed: bool) -> Result<Self, Box<Fault>> {
        let scenario = Scenario::start().await;
        Ok(Self {
            test,
            scenario: scenario.map_err(|error| trouble(&error, &test.source, test.start))?,
            is_resumed,
            class: None,
            message: None,
        })
    }

    /// What is in the topics at the end.
    async fn run(mut self) -> Result<Contents, Box<Fault>> {
        let test = self.test;
        for step in &test.steps {
            match self.step(step).await {
                Ok(()) => {}
                Err(End::Expected) => return self.end().await,
                Err(End::Fault(fault)) => {
                    // It failed anyway: how its engine stops adds nothing.
                    let _ = self.scenario.stop().await;
                    return Err(fault);
                }
            }
        }
        if self.class.is_none() && self.message.is_none() {
            return self.end().await;
        }
        let expected = [self.class, self.message];
        let expected: Vec<&str> = expected.into_iter().flatten().collect();
        let message = format!(
            "Expected an error, but no statement failed: {}",
            expected.join(": ")
        );
        let fault = Fault::new(Status::Fail, message, &test.source, test.start);
        let _ = self.scenario.stop().await;
        Err(fault)
    }

    async fn end(self) -> Result<Contents, Box<Fault>> {
        let wrong = |error: Error| trouble(&error, &self.test.source, self.test.start);
        let contents = self.scenario.contents().await.map_err(wrong)?;
        self.scenario.stop().await.map_err(wrong)?;
        Ok(contents)
    }

    async fn step(&mut self, step: &'a Step) -> Result<(), End> {
        let test = self.test;
        match &step.action {
            Action::ExpectClass(class) => self.class = Some(class),
            Action::ExpectMessage(message) => self.message = Some(message),
            Action::Statement(text) => {
                self.statement(&test.source, step.start, text, 0).await?;
            }
            Action::Unreadable(error) => {
                let failure = Failure::unparsed((**error).clone().within(test.text()));
                return Err(self.judge(failure, &test.source, test.start));
            }
            Action::Events { file, topic } => {
                let lines = read_events(file).await;
                let lines = lines
                    .map_err(|why| Fault::new(Status::Error, why, &test.source, step.start))?;
                let partitions = weir_engine::declared_partitions(test.text(), topic);
                let fed = self.scenario.feed(topic, partitions.unwrap_or(1), lines);
                let fed = fed.await;
                fed.map_err(|error| trouble(&error, &test.source, step.start))?;
                self.resume(&test.source, step.start).await?;
            }
        }
        Ok(())
    }

    /// `start`: where the statement stands in `source`.
    async fn statement(
        &mut self,
        source: &Arc<Source>,
        start: usize,
        text: &str,
        depth: usize,
    ) -> Result<(), End> {
        match self.scenario.run(text).await {
            Ok(Effect::None) => Ok(()),
            Ok(Effect::Changed) => self.resume(source, start).await,
            Ok(Effect::Script(path)) => {
                Box::pin(self.script(source, start, &path, depth + 1)).await
            }
            Err(failure) => Err(self.judge(failure, source, start)),
        }
    }

    /// RUN SCRIPT: the path is one from the folder of the file in which it stands.
    async fn script(
        &mut self,
        source: &Arc<Source>,
        start: usize,
        path: &str,
        depth: usize,
    ) -> Result<(), End> {
        let wrong = |why: String| Fault::new(Status::Error, why, source, start);
        if depth > DEEPEST {
            let why = format!("scripts run scripts more than {DEEPEST} deep");
            return Err(wrong(why).into());
        }
        let folder = source.path.parent().unwrap_or(Path::new(""));
        let script = Source::read(&folder.join(path));
        let script = script.map_err(|failure| {
            let text = failure.to_string();
            wrong(text.trim_start_matches("error: ").to_owned())
        })?;
        if let Some(directive) = directives(&script.text).first() {
            let why = format!(
                "`--@{}` has no effect in a script: directives belong to the file of the test",
                directive.name
            );
            let start = directive.span.start;
            return Err(Fault::new(Status::Error, why, &script, start).into());
        }
        let script = Arc::new(script);
        let statements = weir_engine::statements(&script.text);
        let statements =
            statements.map_err(|error| self.judge(Failure::unparsed(error), &script, 0))?;
        for statement in statements {
            let ran = self.statement(&script, statement.start, &statement.text, depth);
            ran.await?;
        }
        Ok(())
    }

    async fn resume(&mut self, source: &Source, start: usize) -> Result<(), End> {
        if !self.is_resumed {
            return Ok(());
        }
        let restarted = self.scenario.restart().await;
        restarted.map_err(|error| trouble(&error, source, start).into())
    }

    /// Whether a failure is the one that the test expects.
    fn judge(&self, failure: Failure, source: &Source, start: usize) -> End {
        let found = &failure.error.message;
        let has_class = self.class.is_none_or(|class| failure.is_a(class));
        let has_message = self.message.is_none_or(|wanted| found.contains(wanted));
        let is_expected = self.class.is_some() || self.message.is_some();
        if is_expected && has_class && has_message && !failure.is_trouble() {
            return End::Expected;
        }
        let class = failure.class();
        let difference = failure.difference;
        let mut fault = trouble(&failure.error, source, start);
        fault.status = match (is_expected, &difference) {
            (false, None) => Status::Error,
            _ => Status::Fail,
        };
        if is_expected {
            let wanted = match (has_class, self.class, self.message) {
                (false, Some(wanted), _) => format!("{wanted}, but was {class}"),
                (_, _, Some(wanted)) => format!("a message with `{wanted}`, but was"),
                _ => class.to_owned(),
            };
            fault.message = format!("Expected {wanted}: {}", fault.message);
        }
        fault.difference = difference;
        End::Fault(fault)
    }
}

impl From<Box<Fault>> for End {
    fn from(fault: Box<Fault>) -> Self {
        Self::Fault(fault)
    }
}

/// An error of the statement that stands there.
fn trouble(error: &Error, source: &Source, start: usize) -> Box<Fault> {
    let placed = error.clone().placed(&source.text, start);
    let at = placed.span.map_or(start, |span| span.start);
    let rendered = placed.render();
    let first = format!("error: {}\n", placed.message);
    let details = rendered.strip_prefix(&first).unwrap_or(&rendered);
    let details = details.to_owned();
    let mut fault = Fault::new(Status::Error, placed.message, source, at);
    fault.details = details;
    fault
}

/// Off the threads that run the queries.
async fn read_events(file: &Path) -> Result<Vec<bytes::Bytes>, String> {
    let file = file.to_owned();
    let read = tokio::task::spawn_blocking(move || events::read(&file));
    read.await.map_err(|error| error.to_string())?
}

/// The first topic in which the two runs did not leave the same records. Where records came together their order may
/// differ.
fn disagreement(straight: &Contents, resumed: &Contents) -> Option<String> {
    let topics = straight.keys().chain(resumed.keys());
    for topic in topics {
        let (Some(one), Some(other)) = (straight.get(topic), resumed.get(topic)) else {
            return Some(format!(
                "topic `{topic}` is there in one of the two runs only"
            ));
        };
        for (partition, one) in one.iter().enumerate() {
            let other = other.get(partition).map_or(&[][..], Vec::as_slice);
            let (one, other) = (sorted(one), sorted(other));
            if one != other {
                return Some(format!(
                    "partition {partition} of topic `{topic}` has {} records, and {} when the test runs straight, or they are not the same",
                    other.len(),
                    one.len()
                ));
            }
        }
    }
    None
}

/// What counts of records, in an order of its own.
fn sorted(records: &[Record]) -> Vec<String> {
    let shown = records.iter().map(|record| {
        format!(
            "{} {:?} {:?} {:?}",
            record.timestamp, record.key, record.value, record.headers
        )
    });
    let mut shown: Vec<String> = shown.collect();
    shown.sort();
    shown
}

#[cfg(test)]
mod tests {
    use weir_engine::parts::Record;

    use super::{Contents, disagreement};

    fn record(offset: i64, value: &'static str) -> Record {
        Record {
            offset,
            timestamp: 1,
            key: None,
            value: Some(value.as_bytes().into()),
            headers: Vec::new(),
        }
    }

    #[test]
    fn two_runs_agree_when_they_leave_the_same_records() {
        let contents = |records: Vec<Record>| Contents::from([("t".to_owned(), vec![records])]);
        let one = contents(vec![record(0, "a"), record(1, "b")]);
        let turned = contents(vec![record(0, "b"), record(1, "a")]);
        assert_eq!(disagreement(&one, &turned), None);
        let twice = contents(vec![record(0, "a"), record(1, "b"), record(2, "b")]);
        let said = disagreement(&one, &twice).unwrap();
        assert!(said.contains("has 3 records, and 2 when"), "{said}");
        let other = contents(vec![record(0, "a"), record(1, "c")]);
        assert!(disagreement(&one, &other).is_some());
        let said = disagreement(&one, &Contents::new()).unwrap();
        assert!(said.contains("one of the two runs only"), "{said}");
    }
}
