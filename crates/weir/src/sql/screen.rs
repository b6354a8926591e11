//! Where answers go and how they look.

use std::io::IsTerminal;

use super::rows::RowLayout;
use crate::cli::OutputFormat;

/// What rows are laid out for where there is no screen (ksqlDB's CLI).
const WIDTH: usize = 80;

#[derive(Debug)]
pub struct Screen {
    pub format: OutputFormat,
    /// Whether long values go on in the next line, or are cut.
    pub wraps: bool,
    /// Of a cell of a row; 0: the screen is shared among the columns.
    pub column_width: usize,
}

impl Screen {
    pub fn new(format: OutputFormat) -> Self {
        Self {
            format,
            wraps: true,
            column_width: 0,
        }
    }

    /// The terminal's columns at this moment, as it may be made larger; `None` where there is no terminal.
    pub fn columns() -> Option<usize> {
        if !std::io::stdout().is_terminal() {
            return None;
        }
        let (columns, _) = crossterm::terminal::size().ok()?;
        Some(usize::from(columns).max(20))
    }

    pub fn row_layout(&self, columns: usize) -> RowLayout {
        let layout = RowLayout::new(columns, Self::columns().unwrap_or(WIDTH));
        let layout = match self.column_width {
            0 => layout,
            width => layout.cells_of(width),
        };
        if self.wraps { layout } else { layout.cut() }
    }
}
