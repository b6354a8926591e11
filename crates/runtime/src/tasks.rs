//! The tasks of a reader: those that want every batch, and the rules, which want those that concern them.

use std::{collections::HashMap, sync::Arc};

use crate::{readers::Subscriber, rules::QueryRule};

#[derive(Debug, Default)]
pub(crate) struct Tasks {
    /// They are handed every batch.
    pub plain: Vec<Subscriber>,
    rules: Vec<Subscriber>,
    by_number: HashMap<u32, usize>,
    /// Since somebody asked.
    changes: Changes,
    /// A task that comes back has another number: the one before stays that of a rule that is gone.
    next_number: u32,
}

/// The rules that came and those that went.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub come: Vec<(u32, Arc<QueryRule>)>,
    pub gone: Vec<u32>,
}

impl Tasks {
    pub fn push(&mut self, mut task: Subscriber) {
        let Some(rule) = task.rule.clone() else {
            return self.plain.push(task);
        };
        task.number = self.next_number;
        task.link.is_known_as(task.number);
        self.next_number = self.next_number.wrapping_add(1);
        self.changes.come.push((task.number, rule));
        self.put_back(task);
    }

    /// One that was taken out, and that the others know.
    pub fn put_back(&mut self, task: Subscriber) {
        if task.rule.is_none() {
            return self.plain.push(task);
        }
        self.by_number.insert(task.number, self.rules.len());
        self.rules.push(task);
    }

    /// The task of a rule, if it is still here.
    pub fn rule(&mut self, number: u32) -> Option<&mut Subscriber> {
        self.rules.get_mut(*self.by_number.get(&number)?)
    }

    /// Takes the task of a rule out; its rule stays until `leaves`.
    pub fn take_rule(&mut self, number: u32) -> Option<Subscriber> {
        let index = self.by_number.remove(&number)?;
        let task = self.rules.swap_remove(index);
        if let Some(moved) = self.rules.get(index) {
            self.by_number.insert(moved.number, index);
        }
        Some(task)
    }

    /// A rule that was taken out does not come back.
    pub fn leaves(&mut self, task: &Subscriber) {
        if task.rule.is_some() {
            self.changes.gone.push(task.number);
        }
    }

    /// Forgets those that take nothing any more.
    pub fn forget_closed(&mut self) {
        self.plain.retain(|task| !task.queue.is_closed());
        let closed = self.rules.iter().filter(|task| task.queue.is_closed());
        let closed: Vec<u32> = closed.map(|task| task.number).collect();
        for number in closed {
            if let Some(task) = self.take_rule(number) {
                self.leaves(&task);
            }
        }
    }

    /// What changed since this was last asked; `None` if nothing did.
    pub fn changes(&mut self) -> Option<Changes> {
        if self.changes.come.is_empty() && self.changes.gone.is_empty() {
            return None;
        }
        Some(std::mem::take(&mut self.changes))
    }

    pub fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.rules.is_empty()
    }

    pub fn len(&self) -> usize {
        self.plain.len() + self.rules.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Subscriber> {
        self.plain.iter().chain(&self.rules)
    }

    pub fn rules(&self) -> &[Subscriber] {
        &self.rules
    }

    pub fn drain(&mut self) -> Vec<Subscriber> {
        self.by_number.clear();
        let mut all = std::mem::take(&mut self.plain);
        all.append(&mut self.rules);
        all
    }
}
