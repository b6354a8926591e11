//! Where answers go and how they look.

use std::{
    fs::File,
    io::{IsTerminal, Write},
    path::Path,
    time::{Duration, Instant},
};

use super::{
    pager::Pager,
    rows::{RowLayout, clip},
};
use crate::{cli::OutputFormat, failure::Failure, stdout::Stdout};

/// What rows are laid out for where there is no screen (ksqlDB's CLI).
const WIDTH: usize = 80;

/// Cells that are narrower are hard to read: records are set vertically then.
const NARROW: usize = 8;

/// So are rows that take more lines than this.
const TALL: usize = 8;

/// Whether records are set vertically.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expanded {
    On,
    Off,
    /// On a screen, where they do not fit.
    Auto,
}

/// Whether somebody still wants what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    More,
    /// The pager was left.
    Enough,
}

/// What a table must fit.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// `None`: there is no screen.
    pub columns: Option<usize>,
    pub expanded: Expanded,
}

pub struct Screen {
    pub format: OutputFormat,
    /// Whether long values go on in the next line, or are cut.
    pub wraps: bool,
    /// Of a cell of a row; 0: the screen is shared among the columns.
    pub column_width: usize,
    pub expanded: Expanded,
    /// Whether it is said how long each statement took.
    pub has_timing: bool,
    /// Whether long results are shown page by page, at a prompt.
    pub has_pager: bool,
    /// A streaming query ends after so many rows.
    pub row_limit: Option<u64>,
    /// And after so long.
    pub query_timeout: Option<Duration>,
    /// What is shown goes to this file as well.
    spool: Option<(File, String)>,
    /// Results go to this file and not to the screen.
    target: Option<(File, String)>,
    pager: Option<Pager>,
    is_status_shown: bool,
}

impl Screen {
    pub fn new(format: OutputFormat) -> Self {
        Self {
            format,
            wraps: true,
            column_width: 0,
            expanded: Expanded::Auto,
            has_timing: false,
            has_pager: false,
            row_limit: None,
            query_timeout: None,
            spool: None,
            target: None,
            pager: None,
            is_status_shown: false,
        }
    }

    /// The terminal's columns at this moment, as it may be made larger; `None` where there is no terminal.
    pub fn columns() -> Option<usize> {
        size().map(|(columns, _)| columns)
    }

    /// Whether a line of the terminal can be written anew.
    pub fn is_live() -> bool {
        std::io::stdout().is_terminal() && std::env::var("TERM").as_deref() != Ok("dumb")
    }

    /// Whether colours are wanted.
    pub fn has_colours() -> bool {
        let is_empty = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
        Self::is_live() && is_empty("NO_COLOR")
    }

    pub fn look(&self) -> Look {
        Look {
            columns: Self::columns().filter(|_| self.target.is_none()),
            expanded: self.expanded,
        }
    }

    pub fn row_layout(&self, columns: usize) -> RowLayout {
        let layout = RowLayout::new(columns, self.look().columns.unwrap_or(WIDTH));
        let layout = match self.column_width {
            0 => layout,
            width => layout.cells_of(width),
        };
        if self.wraps { layout } else { layout.cut() }
    }

    /// Whether records of so many columns are set vertically from the first on.
    pub fn is_vertical(&self, layout: &RowLayout) -> bool {
        match self.expanded {
            Expanded::On => true,
            Expanded::Off => false,
            Expanded::Auto => self.can_turn() && layout.cell_width() < NARROW,
        }
    }

    /// Whether a row is one that is to be set vertically after all.
    pub fn is_too_tall(&self, layout: &RowLayout, cells: &[String]) -> bool {
        self.expanded == Expanded::Auto && self.can_turn() && layout.height(cells) > TALL
    }

    fn can_turn(&self) -> bool {
        self.look().columns.is_some() && self.column_width == 0
    }

    /// Writes what the program says to its user; a reader that has gone ends the program quietly.
    pub fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.erase_status();
        self.copy(text);
        say(text)
    }

    /// Whether a line stands below the results.
    pub fn has_status(&self) -> bool {
        self.is_status_shown
    }

    /// Writes a part of a result: to the screen or its pager, or to the file that results go to.
    pub fn result(&mut self, text: &str) -> Result<Wanted, Failure> {
        self.erase_status();
        self.copy(text);
        if let Some((file, name)) = &mut self.target {
            let written = file.write_all(text.as_bytes());
            return match written {
                Ok(()) => Ok(Wanted::More),
                Err(error) => {
                    let failure = Failure::new(format!("cannot write `{name}`: {error}"));
                    self.target = None;
                    Err(failure.hint("results go to the screen again"))
                }
            };
        }
        if let Some(pager) = &mut self.pager {
            return pager.write(text);
        }
        say(text)?;
        Ok(Wanted::More)
    }

    /// From here on a result may be shown page by page.
    pub fn begin_pages(&mut self) {
        let rows = size().map(|(_, rows)| rows);
        if let (true, true, None, Some(rows)) =
            (self.has_pager, Self::is_live(), &self.target, rows)
        {
            self.pager = Some(Pager::new(rows));
        }
    }

    /// Shows what was not shown yet, and waits until the pager is left.
    pub fn end_pages(&mut self) -> Result<(), Failure> {
        match self.pager.take() {
            Some(pager) => pager.finish(),
            None => Ok(()),
        }
    }

    /// Whether the terminal is another program's at the moment.
    pub fn is_paging(&self) -> bool {
        self.pager.as_ref().is_some_and(Pager::is_running)
    }

    /// Shows a line below the results that the next result takes the place of.
    pub fn show_status(&mut self, text: &str) -> Result<(), Failure> {
        let Some(columns) = Self::columns() else {
            return Ok(());
        };
        let text = clip(text, columns.saturating_sub(1), "…");
        let shown = match Self::has_colours() {
            true => format!("\r\u{1b}[2K\u{1b}[2m{text}\u{1b}[0m"),
            false => format!("\r\u{1b}[2K{text}"),
        };
        self.is_status_shown = true;
        say(&shown)
    }

    pub fn erase_status(&mut self) {
        if std::mem::take(&mut self.is_status_shown) {
            // A terminal that cannot be written is found out by what is written next.
            let _ = say("\r\u{1b}[2K");
        }
    }

    /// Copies what was typed into the spool's file.
    pub fn copy(&mut self, text: &str) {
        let Some((file, name)) = &mut self.spool else {
            return;
        };
        if let Err(error) = file.write_all(text.as_bytes()) {
            eprintln!("warning: cannot write `{name}`: {error}; nothing is copied to it any more");
            self.spool = None;
        }
    }

    /// Whether what is typed is copied.
    pub fn is_spooling(&self) -> bool {
        self.spool.is_some()
    }

    pub fn spool_to(&mut self, path: &str) -> Result<(), Failure> {
        if let Some((_, name)) = &self.spool {
            return Err(
                Failure::new(format!("the session is spooled to `{name}` already"))
                    .hint("SPOOL OFF ends that"),
            );
        }
        let file = create(path)?;
        self.say(&format!(
            "Session will be spooled to {path}\nEnter SPOOL OFF to disable\n"
        ))?;
        self.spool = Some((file, path.to_owned()));
        Ok(())
    }

    pub fn spool_off(&mut self) -> Result<(), Failure> {
        match self.spool.take() {
            Some((_, name)) => self.say(&format!("Spool written to {name}\n")),
            None => self.say("Spooling is not enabled\n"),
        }
    }

    /// Results go to a file, or with `None` to the screen again.
    pub fn write_to(&mut self, path: Option<&str>) -> Result<(), Failure> {
        self.target = match path {
            Some(path) => Some((create(path)?, path.to_owned())),
            None => None,
        };
        Ok(())
    }

    /// Says how long a statement took, if that is wanted.
    pub fn say_time(&mut self, since: Instant) -> Result<(), Failure> {
        if !self.has_timing {
            return Ok(());
        }
        let took = since.elapsed();
        self.say(&format!("Time: {:.3} ms\n", took.as_secs_f64() * 1000.0))
    }
}

/// Columns and rows of the terminal; `None` where there is none.
fn size() -> Option<(usize, usize)> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let (columns, rows) = crossterm::terminal::size().ok()?;
    Some((usize::from(columns).max(20), usize::from(rows).max(5)))
}

/// Writes to standard output; a reader that has gone ends the program quietly.
pub fn say(text: &str) -> Result<(), Failure> {
    match Stdout::write(text.as_bytes())? {
        Stdout::Read => Ok(()),
        Stdout::Gone => Err(Failure::nobody_reads()),
    }
}

/// Records may be secret: the file is its user's alone.
fn create(path: &str) -> Result<File, Failure> {
    use std::os::unix::fs::OpenOptionsExt;

    let path = expand(path);
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path);
    file.map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))
}

/// `~/x` is in the user's home, as shells have it.
pub fn expand(path: &str) -> std::path::PathBuf {
    match (path.strip_prefix("~/"), dirs::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => Path::new(path).to_owned(),
    }
}
