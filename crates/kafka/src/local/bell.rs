//! Wakes the readers that wait for a partition.
//!
//! A reader has one cord (a [`Notify`]) and hangs it in every partition that it reads. Ringing stores a permit, so that
//! a record which arrives between a look and the wait is not missed.

use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::lock;

/// The cords that hang in one partition.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    cords: Mutex<Vec<Arc<Notify>>>,
}

impl Bell {
    pub(crate) fn ring(&self) {
        for cord in lock(&self.cords).iter() {
            cord.notify_one();
        }
    }

    pub(crate) fn hang(&self, cord: &Arc<Notify>) {
        lock(&self.cords).push(Arc::clone(cord));
    }

    pub(crate) fn take_down(&self, cord: &Arc<Notify>) {
        lock(&self.cords).retain(|hanging| !Arc::ptr_eq(hanging, cord));
    }
}
