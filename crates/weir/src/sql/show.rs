//! Answers on the screen, to their end.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use weir_engine::{entity::Body, rows::java_text};

use super::{
    Outcome, answer,
    backend::{Answer, End, Lines, Rows},
    rows::{RowLayout, printable},
    screen::{Screen, Wanted},
    status::Status,
    vertical::Records,
};
use crate::{cli::OutputFormat, failure::Failure, signals::Signals};

/// How often the line below the rows is written anew.
const REFRESH: Duration = Duration::from_millis(250);

/// How an answer is shown that has an end, and one that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// It may be shown page by page.
    Finite,
    /// Rows are shown as they come.
    Endless,
}

/// Shows answers, one after the other; Ctrl-C ends them.
pub async fn show_all(
    answers: Vec<Answer>,
    length: Length,
    screen: &mut Screen,
    signals: &mut Signals,
) -> Result<Outcome, Failure> {
    if length == Length::Finite {
        screen.begin_pages();
    }
    let mut outcome = Ok(Outcome::Finished);
    for answer in answers {
        outcome = show(answer, length, screen, signals).await;
        if !matches!(outcome, Ok(Outcome::Finished)) {
            break;
        }
    }
    screen.erase_status();
    screen.end_pages()?;
    outcome
}

/// Shows an answer, to the end of the stream if it is one; Ctrl-C ends the stream.
async fn show(
    answer: Answer,
    length: Length,
    screen: &mut Screen,
    signals: &mut Signals,
) -> Result<Outcome, Failure> {
    match answer {
        Answer::Entity(entity) => {
            let text = answer::render(&entity, screen)?;
            screen.result(&text)?;
            if let Body::CurrentStatus { command_status, .. } = &entity.body
                && command_status.status == "ERROR"
            {
                let first = command_status.message.lines().next().unwrap_or_default();
                return Err(Failure::new(printable(first)));
            }
        }
        // What is read by a program is JSON to the end.
        Answer::Note(note) if screen.format == OutputFormat::Json => eprintln!("{note}"),
        Answer::Note(note) => screen.say(&format!("{}\n", printable(&note)))?,
        Answer::Done => {}
        Answer::Rows(rows) => return show_rows(*rows, length, screen, signals).await,
        Answer::Print(lines) => return show_lines(*lines, screen, signals).await,
        Answer::Failed(error) => return Err((*error).into()),
    }
    Ok(Outcome::Finished)
}

/// How the rows of one query look.
enum Layout {
    Table(RowLayout),
    Records(Records),
    Json,
}

impl Layout {
    fn new(rows: &Rows, screen: &Screen) -> (Self, String) {
        if screen.format == OutputFormat::Json {
            let header = json!({"header": {"queryId": rows.query_id, "schema": rows.schema}});
            return (Self::Json, pretty(&header));
        }
        let layout = screen.row_layout(rows.names.len());
        match screen.is_vertical(&layout) {
            true => (Self::records(rows, screen), String::new()),
            false => {
                let header = layout.header(&rows.names);
                (Self::Table(layout), header)
            }
        }
    }

    fn records(rows: &Rows, screen: &Screen) -> Self {
        Self::Records(Records::new(
            &rows.names,
            screen.look().columns,
            screen.wraps,
        ))
    }

    /// A row's text; a row that is too tall turns the layout.
    fn row(&mut self, row: Vec<Value>, rows: &Rows, screen: &Screen) -> String {
        if let Self::Json = self {
            return pretty(&json!({"row": {"columns": row}}));
        }
        let cells: Vec<String> = row.iter().map(java_text).collect();
        if let Self::Table(layout) = self
            && screen.is_too_tall(layout, &cells)
        {
            *self = Self::records(rows, screen);
        }
        match self {
            Self::Table(layout) => layout.row(&cells),
            Self::Records(records) => records.record(&cells),
            Self::Json => String::new(),
        }
    }
}

async fn show_rows(
    mut rows: Rows,
    length: Length,
    screen: &mut Screen,
    signals: &mut Signals,
) -> Result<Outcome, Failure> {
    let (mut layout, header) = Layout::new(&rows, screen);
    screen.result(&header)?;
    let is_live = Screen::is_live();
    let mut status = Status::new(rows.lag().filter(|_| is_live && length == Length::Endless));
    let mut left = screen.row_limit.unwrap_or(u64::MAX);
    let mut ticks = tokio::time::interval_at((Instant::now() + REFRESH).into(), REFRESH);
    let mut timeout = pin!(limit_of(screen.query_timeout));
    let end = loop {
        if left == 0 {
            rows.terminate().await;
            break End::Message("Limit Reached".to_owned());
        }
        tokio::select! {
            batch = rows.next() => match batch? {
                Some(batch) => {
                    let batch = batch.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX));
                    let texts: Vec<String> = batch
                        .map(|row| layout.row(row, &rows, screen))
                        .collect();
                    left -= texts.len() as u64;
                    status.count(texts.len());
                    let had_status = screen.has_status();
                    if screen.result(&texts.concat())? == Wanted::Enough {
                        rows.terminate().await;
                        return Ok(Outcome::Finished);
                    }
                    if had_status && !screen.is_paging() {
                        screen.show_status(&status.line())?;
                    }
                }
                None => break rows.end().await?,
            },
            _ = ticks.tick(), if is_live && !screen.is_paging() => {
                screen.show_status(&status.line())?;
            }
            () = &mut timeout => {
                rows.terminate().await;
                break End::Terminated;
            }
            () = signals.interrupted() => {
                screen.erase_status();
                rows.terminate().await;
                say_end(&End::Terminated, screen)?;
                return Ok(Outcome::Interrupted);
            }
        }
    };
    say_end(&end, screen)?;
    match &end {
        // The server ended, and the query with it.
        End::Message(why) if !GOOD_ENDS.contains(&why.as_str()) => Err(Failure::new(format!(
            "the query came to an early end: {}",
            printable(why)
        ))),
        _ => Ok(Outcome::Finished),
    }
}

/// The final messages of queries that have done what was asked, and of those that somebody has ended.
const GOOD_ENDS: &[&str] = &[
    "Limit Reached",
    "Query Completed",
    "Query Terminated",
    "Query terminated",
];

/// Never, without a limit.
async fn limit_of(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

fn say_end(end: &End, screen: &mut Screen) -> Result<(), Failure> {
    let text = match (screen.format, end) {
        (OutputFormat::Tabular, End::Message(why)) => {
            format!("{}\nQuery terminated\n", printable(why))
        }
        (OutputFormat::Tabular, End::Terminated) => "Query terminated\n".to_owned(),
        // As the rows before it, so that a program can read all of it.
        (OutputFormat::Json, End::Message(why)) => pretty(&json!({"finalMessage": why})),
        (OutputFormat::Json, End::Terminated) => return Ok(()),
    };
    screen.result(&text)?;
    Ok(())
}

/// Indented JSON and a line end. A terminal gets no control character that a text holds.
pub fn pretty(value: &Value) -> String {
    let text = format!("{value:#}\n");
    match Screen::columns() {
        Some(_) => printable(&text),
        None => text,
    }
}

async fn show_lines(
    mut lines: Lines,
    screen: &mut Screen,
    signals: &mut Signals,
) -> Result<Outcome, Failure> {
    let mut timeout = pin!(limit_of(screen.query_timeout));
    let outcome = loop {
        let found = tokio::select! {
            found = lines.next() => found?,
            () = &mut timeout => break Outcome::Finished,
            () = signals.interrupted() => break Outcome::Interrupted,
        };
        let Some(found) = found else {
            break Outcome::Finished;
        };
        let text: String = found
            .iter()
            .map(|line| format!("{}\n", printable(line)))
            .collect();
        if screen.result(&text)? == Wanted::Enough {
            break Outcome::Finished;
        }
    };
    screen.result("Topic printing ceased\n")?;
    Ok(outcome)
}
