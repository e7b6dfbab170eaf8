//! The queue between the async side and the worker threads.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// A queue with many senders and many receivers that can be closed.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
    limit: usize,
}

struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    /// A queue that refuses more than `limit` waiting items: past that, waiting longer only makes
    /// every citizen's request fail later.
    pub(crate) fn new(limit: usize) -> Self {
        Self { state: Mutex::new(State { items: VecDeque::new(), closed: false }), ready: Condvar::new(), limit }
    }

    /// Adds an item; gives it back when the queue is closed or full.
    pub(crate) fn push(&self, item: T) -> Result<(), T> {
        let mut state = self.state.lock();
        if state.closed || state.items.len() >= self.limit {
            return Err(item);
        }
        state.items.push_back(item);
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for an item; `None` once closed and empty.
    pub(crate) fn pop(&self) -> Option<T> {
        let mut state = self.state.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                return Some(item);
            }
            if state.closed {
                return None;
            }
            // The timeout only guards against a lost wake-up.
            self.ready.wait_for(&mut state, Duration::from_secs(60));
        }
    }

    /// An item if one is waiting.
    pub(crate) fn try_pop(&self) -> Option<T> {
        self.state.lock().items.pop_front()
    }

    /// Refuses new items; receivers drain what is left.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.ready.notify_all();
    }
}
