//! The same question, asked by many at a time: one answer for all who asked before the cluster was asked.
//!
//! Hundreds of queries that start look at the same topic and want the same offsets. Whoever waits for its turn takes the answer
//! to a question that went out after it came: never one that is older than its own.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// By question: the last answer and when it was asked for.
pub(super) struct Together<K, V> {
    /// Numbers who asks and what goes out, in one order.
    next: AtomicU64,
    turns: Mutex<BTreeMap<K, Turn<V>>>,
}

type Turn<V> = Arc<tokio::sync::Mutex<Option<(u64, V)>>>;

impl<K, V> Default for Together<K, V> {
    fn default() -> Self {
        Self {
            next: AtomicU64::new(0),
            turns: Mutex::default(),
        }
    }
}

impl<K: Ord, V: Clone> Together<K, V> {
    /// The answer to `question`: by `ask`, unless somebody else asked it meanwhile.
    pub async fn ask(&self, question: K, ask: impl Future<Output = V>) -> V {
        let came = self.next.fetch_add(1, Ordering::AcqRel);
        let turn = self.turn(question);
        let mut last = turn.lock().await;
        if let Some((went_out, answer)) = &*last
            && *went_out > came
        {
            return answer.clone();
        }
        let went_out = self.next.fetch_add(1, Ordering::AcqRel);
        let answer = ask.await;
        *last = Some((went_out, answer.clone()));
        answer
    }

    fn turn(&self, question: K) -> Turn<V> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody waits for those that only we have.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(question).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::{executor::block_on, future::join_all, pin_mut, poll};

    use super::Together;

    #[test]
    fn who_asks_while_an_answer_is_on_its_way_takes_the_next_one() {
        let together = Together::default();
        let asked = Cell::new(0);
        let gate = tokio::sync::Semaphore::new(0);
        let ask = || {
            together.ask("topic", async {
                asked.set(asked.get() + 1);
                let number = asked.get();
                gate.acquire().await.unwrap().forget();
                number
            })
        };
        block_on(async {
            let first = ask();
            pin_mut!(first);
            assert!(poll!(&mut first).is_pending());
            // These came after the first question went out: its answer may be older than they are.
            let later = join_all((0..100).map(|_| ask()));
            pin_mut!(later);
            assert!(poll!(&mut later).is_pending());
            gate.add_permits(2);
            assert_eq!(first.await, 1);
            assert_eq!(later.await, vec![2; 100]);
            assert_eq!(asked.get(), 2);
            let other = together.ask("another", async { 7 });
            assert_eq!(other.await, 7);
        });
    }

    #[test]
    fn an_asker_that_is_cut_off_leaves_its_turn_to_the_next() {
        let together = Together::default();
        block_on(async {
            {
                let stuck = together.ask("topic", std::future::pending());
                pin_mut!(stuck);
                assert!(poll!(&mut stuck).is_pending());
            }
            assert_eq!(together.ask("topic", async { 3 }).await, 3);
        });
    }
}
