//! How many of the cases of each tag pass.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};

use crate::test::outcome::{Outcome, Status};

/// Counts by tag, of cases that count.
#[derive(Default)]
pub struct Tags {
    all: Count,
    by_tag: BTreeMap<String, Count>,
}

#[derive(Default, Clone, Copy)]
struct Count {
    passed: usize,
    all: usize,
}

impl Count {
    fn add(&mut self, has_passed: bool) {
        self.all += 1;
        self.passed += usize::from(has_passed);
    }
}

impl Tags {
    pub fn count(&mut self, outcome: &Outcome) {
        if outcome.tags.is_empty() || !outcome.is_scored {
            return;
        }
        let has_passed = outcome.status == Status::Pass;
        self.all.add(has_passed);
        for tag in &outcome.tags {
            self.by_tag.entry(tag.clone()).or_default().add(has_passed);
        }
    }

    /// Empty if nothing has a tag.
    pub fn table(&self) -> String {
        if self.by_tag.is_empty() {
            return String::new();
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let tags = self
            .by_tag
            .iter()
            .map(|(tag, count)| (tag.as_str(), *count));
        for (tag, Count { passed, all }) in tags.chain([("all that count", self.all)]) {
            let share = 100.0 * passed as f64 / all as f64;
            table.add_row([
                tag.to_owned(),
                passed.to_string(),
                all.to_string(),
                format!("{share:.1} %"),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        format!("\n{table}\n")
    }
}
