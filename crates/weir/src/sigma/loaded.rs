//! Sigma rules made ready to hunt through events: as the SQL that `weir sigma convert` prints, planned and put into one rule
//! set, without a broker.

use std::{collections::BTreeSet, path::Path};

use weir_engine::{
    hunt::{Hunt, HuntProgram},
    parts::RuleOptions,
};
use weir_sigma::{Converted, Options, Rule, Rules, alerts_stream, convert, events_stream, print};

use crate::failure::Failure;

/// A rule that was taken in.
#[derive(Debug, Clone)]
pub struct Hunted {
    pub id: String,
    pub title: String,
    pub level: String,
}

/// A rule, or a part of one, that was not taken in.
#[derive(Debug, Clone, serde::Serialize)]
pub struct LeftOut {
    pub rule_id: String,
    pub reason: String,
}

/// Rules, converted.
pub struct Loaded {
    pub rules: Vec<(Hunted, Converted)>,
    pub left_out: Vec<LeftOut>,
    options: Options,
}

impl Loaded {
    /// Those of a file or folder.
    pub fn read(path: &Path, options: Options) -> Result<Self, Failure> {
        let read = Rules::load(path).map_err(Failure::new)?;
        Ok(Self::of_read(&read, options))
    }

    /// Those that were read, and what could not be read beside them.
    pub fn of_read(read: &Rules, options: Options) -> Self {
        let mut loaded = Self::of(&read.rules, options);
        loaded.left_out.extend(read.left_out.iter().map(unread));
        loaded
    }

    pub fn of(rules: &[Rule], options: Options) -> Self {
        let mut loaded = Self {
            rules: Vec::with_capacity(rules.len()),
            left_out: Vec::new(),
            options,
        };
        for rule in rules {
            let id = rule.key().to_owned();
            match convert(rule, &loaded.options) {
                Ok(converted) => {
                    let filters = converted.filters_left_out.iter().map(|error| LeftOut {
                        rule_id: id.clone(),
                        reason: format!("a filter over it is left out: {error}"),
                    });
                    loaded.left_out.extend(filters);
                    let hunted = Hunted {
                        id,
                        title: rule.title.clone(),
                        level: rule.level.clone().unwrap_or_default(),
                    };
                    loaded.rules.push((hunted, converted));
                }
                Err(error) => loaded.left_out.push(LeftOut {
                    rule_id: id,
                    reason: error.to_string(),
                }),
            }
        }
        loaded
    }

    /// Plans them; those that the engine refuses are left out.
    pub fn ready(mut self, how: RuleOptions) -> Result<Ready, Failure> {
        let fields: BTreeSet<_> = self
            .rules
            .iter()
            .flat_map(|(_, converted)| converted.fields.iter().cloned())
            .collect();
        let events = events_stream(&fields, &self.options).map_err(Failure::new)?;
        let mut hunt = Hunt::new();
        hunt.declare(&print(&events))?;
        hunt.declare(&print(&alerts_stream(&self.options, None)))?;
        let mut rules = Vec::with_capacity(self.rules.len());
        for (hunted, converted) in self.rules {
            match hunt.add(&converted.text) {
                Ok(_) => rules.push(hunted),
                Err(error) => self.left_out.push(LeftOut {
                    rule_id: hunted.id,
                    reason: error.to_string(),
                }),
            }
        }
        Ok(Ready {
            program: hunt.ready(how)?,
            rules,
            left_out: self.left_out,
        })
    }
}

/// A document goes by what it calls itself, and by its file if it does not say.
fn unread(document: &weir_sigma::LeftOut) -> LeftOut {
    let named = &document.named;
    let name = [&named.id, &named.title, &document.error.file]
        .into_iter()
        .find_map(Clone::clone);
    LeftOut {
        rule_id: name.unwrap_or_default(),
        reason: document.error.to_string(),
    }
}

/// Rules that can be run, numbered by their place.
pub struct Ready {
    pub program: HuntProgram,
    pub rules: Vec<Hunted>,
    pub left_out: Vec<LeftOut>,
}
