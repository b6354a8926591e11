//! Many rules over values in one thread, without a broker: a hunt through a file, and what it costs.
//!
//! It is the way of a reader and its tasks, with the same parts: decoders, rule set, views and operators.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use tokio::sync::mpsc;
use weir_kafka::Record;
use weir_plan::{Dataflow, QueryPlan};

use crate::{
    Error, SystemClock,
    batch::Batch,
    control::{Activity, Control},
    date,
    decode::Decoders,
    layout::{Layout, Needs, Part},
    operators::Operators,
    report::Reports,
    rules::{QueryRule, RuleOptions, RuleSet, Selection, Skipper, Vocabulary},
    view::View,
};

/// Rules made ready once, for as many threads as like.
pub struct RuleProgram {
    rules: Vec<Arc<Compiled>>,
    set: RuleSet,
    layout: Layout,
    options: RuleOptions,
}

struct Compiled {
    plan: Arc<QueryPlan>,
    needs: Arc<Needs>,
    is_indexed: bool,
}

/// One thread's way from values to matches.
pub struct RulePipeline {
    rules: Vec<Arc<Compiled>>,
    set: RuleSet,
    skipper: Option<Skipper>,
    decoders: Decoders,
    /// Made when a rule is first asked more than its index knows.
    plain: HashMap<u32, Plain>,
    reports: Reports,
    control: Arc<Control>,
    stats: RuleStats,
}

/// A query as its task runs it.
struct Plain {
    view: View,
    operators: Operators,
    /// What the operators have in common with those of other threads.
    _dataflow: Arc<Dataflow>,
}

/// What a pipeline has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleStats {
    pub records: u64,
    /// Of them, those that were not parsed, since no rule can match them.
    pub skipped: u64,
    pub matches: u64,
    /// Records that were bad for a rule: once for each.
    pub bad: u64,
}

impl RuleProgram {
    /// Rules are numbered by their place in `plans`. A plan that does not begin with a filter matches each record.
    pub fn try_new(plans: &[Arc<QueryPlan>], options: RuleOptions) -> Result<Self, Error> {
        let vocabulary = Arc::new(Vocabulary::default());
        let mut set = RuleSet::new(vocabulary.clone());
        let (mut rules, mut indexed) = (Vec::with_capacity(plans.len()), Vec::new());
        for (number, plan) in plans.iter().enumerate() {
            let dataflow = plan.dataflow()?;
            let needs = Arc::new(Needs::new(&plan.source, &dataflow.scan)?);
            let rule = QueryRule::new(&dataflow, &needs, &vocabulary, options);
            rules.push(Arc::new(Compiled {
                plan: plan.clone(),
                needs,
                is_indexed: rule.is_some(),
            }));
            if let Some(rule) = rule {
                indexed.push((number as u32, Arc::new(rule)));
            }
            plan.rest();
        }
        set.change(indexed, &[]);
        let layout = Layout::union(rules.iter().map(|rule| &*rule.needs));
        Ok(Self {
            rules,
            set,
            layout,
            options,
        })
    }

    pub fn pipeline(&self) -> Result<RulePipeline, Error> {
        let mut decoders = Decoders::default();
        decoders.change_to(self.layout.clone())?;
        let set = self.set.twin();
        let all_indexed = self.rules.iter().all(|rule| rule.is_indexed);
        let may_skip = all_indexed && self.options.has_raw_filter;
        let clock = Arc::new(SystemClock);
        let control = Control::new("rules", clock.clone(), None, None, Activity::default());
        let control = Arc::new(control);
        let (log, _) = mpsc::channel(1);
        Ok(RulePipeline {
            skipper: may_skip.then(|| set.skipper()).flatten(),
            set,
            rules: self.rules.clone(),
            decoders,
            plain: HashMap::new(),
            reports: Reports::new(control.clone(), clock, "", log, false),
            control,
            stats: RuleStats::default(),
        })
    }
}

impl RulePipeline {
    /// Calls `each` with the number of every rule that matches, and the places of the values that it matches, in order.
    pub fn process(
        &mut self,
        values: &[Option<Bytes>],
        mut each: impl FnMut(usize, &[u32]),
    ) -> Result<(), Error> {
        self.stats.records += values.len() as u64;
        let mut kept: Vec<u32> = Vec::with_capacity(values.len());
        match &mut self.skipper {
            None => kept.extend(0..values.len() as u32),
            Some(skipper) => {
                let places = values.iter().enumerate();
                let places = places.filter(|(_, value)| skipper.keeps(value.as_deref()));
                kept.extend(places.map(|(place, _)| place as u32));
            }
        }
        self.stats.skipped += (values.len() - kept.len()) as u64;
        if kept.is_empty() {
            return Ok(());
        }
        let batch = self.decode(values, &kept)?;
        let mut found: Vec<(u32, Selection)> = Vec::new();
        self.set
            .run(&batch, |rule, selection| found.push((rule, selection)));
        let all = |number: usize| {
            let selection = Selection {
                rows: (0..kept.len() as u32).collect(),
                is_open: true,
            };
            (number as u32, selection)
        };
        let unindexed = self.rules.iter().enumerate();
        let unindexed = unindexed.filter(|(_, rule)| !rule.is_indexed);
        found.extend(unindexed.map(|(number, _)| all(number)));
        let has_nulls = batch.parts.iter().any(|part| part.is_null.has_true());
        let is_clean = !batch.has_bad() && !has_nulls;
        for (rule, selection) in found {
            let rows = match selection.is_open || !is_clean {
                false => selection.rows,
                true => self.ask(rule, &batch, selection)?,
            };
            if rows.is_empty() {
                continue;
            }
            let places: Vec<u32> = rows.iter().map(|row| kept[*row as usize]).collect();
            self.stats.matches += places.len() as u64;
            each(rule as usize, &places);
        }
        Ok(())
    }

    pub fn stats(&self) -> RuleStats {
        RuleStats {
            bad: self.control.status().bad_records.values().sum(),
            ..self.stats
        }
    }

    fn decode(&mut self, values: &[Option<Bytes>], kept: &[u32]) -> Result<Batch, Error> {
        let parts = self.decoders.decode(|part| match part {
            Part::Key => vec![None; kept.len()],
            Part::Value => kept
                .iter()
                .map(|place| values[*place as usize].as_deref())
                .collect(),
        });
        let record = |place: &u32| Record {
            offset: i64::from(*place),
            timestamp: 0,
            key: None,
            value: values[*place as usize].clone(),
            headers: Vec::new(),
        };
        let records: Vec<Record> = kept.iter().map(record).collect();
        let layout = self.decoders.layout.clone();
        let times = date::all(&layout, &parts, &records)?;
        let next = values.len() as i64;
        Ok(Batch::new(0, (0, next), records, layout, parts, times))
    }

    /// The rows that are left of a selection when bad records are set aside, and the predicate is evaluated if it is open.
    fn ask(&mut self, rule: u32, batch: &Batch, selection: Selection) -> Result<Vec<u32>, Error> {
        let compiled = &self.rules[rule as usize];
        let plain = match self.plain.entry(rule) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                let dataflow = compiled.plan.dataflow()?;
                let view = View::new(compiled.needs.clone(), &dataflow.scan);
                let filter = &dataflow.steps[..dataflow.steps.len().min(1)];
                let operators = Operators::try_new(filter, &view.schema())?;
                new.insert(Plain {
                    view,
                    operators,
                    _dataflow: dataflow,
                })
            }
        };
        let (run, _) = plain.view.select(batch, &selection.rows, &self.reports)?;
        let Some(run) = run else {
            return Ok(Vec::new());
        };
        let left = match selection.is_open {
            true => plain.operators.process(run)?,
            false => Some(run),
        };
        let origins = left.and_then(|run| run.origins);
        Ok(origins.map_or_else(Vec::new, |origins| origins.to_vec()))
    }
}
