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
    /// How many items have to be there before a receiver is woken; 1 unless one gathers.
    wanted: usize,
}

impl<T> Queue<T> {
    /// A queue that refuses more than `limit` waiting items: past that, waiting longer only makes
    /// every citizen's request fail later.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::new(State { items: VecDeque::new(), closed: false, wanted: 1 }),
            ready: Condvar::new(),
            limit,
        }
    }

    /// Adds an item; gives it back when the queue is closed or full.
    pub(crate) fn push(&self, item: T) -> Result<(), T> {
        let mut state = self.state.lock();
        if state.closed || state.items.len() >= self.limit {
            return Err(item);
        }
        state.items.push_back(item);
        let enough = state.items.len() >= state.wanted;
        drop(state);
        if enough {
            self.ready.notify_one();
        }
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

    /// Waits until `wanted` items are there, at most for `patience`; whether they came. For the only
    /// receiver of a queue.
    pub(crate) fn gather(&self, wanted: usize, patience: Duration) -> bool {
        let mut state = self.state.lock();
        if state.items.len() >= wanted || state.closed {
            return true;
        }
        state.wanted = wanted;
        let deadline = std::time::Instant::now() + patience;
        while state.items.len() < wanted && !state.closed {
            if self.ready.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        state.wanted = 1;
        state.items.len() >= wanted
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn gathers_until_enough_are_there() {
        let queue = Arc::new(Queue::new(10));
        let other = queue.clone();
        let receiver = std::thread::spawn(move || {
            let first = other.pop();
            let came = other.gather(2, Duration::from_secs(60));
            (first, came, other.try_pop(), other.try_pop(), other.try_pop())
        });
        for n in 1..=3 {
            queue.push(n).unwrap();
        }
        assert_eq!(receiver.join().unwrap(), (Some(1), true, Some(2), Some(3), None));
    }

    #[test]
    fn gives_up_gathering_and_wakes_for_one_again() {
        let queue = Arc::new(Queue::new(10));
        queue.push(1).unwrap();
        assert!(!queue.gather(2, Duration::from_millis(1)), "one is not two");
        assert_eq!(queue.pop(), Some(1));
        let other = queue.clone();
        let receiver = std::thread::spawn(move || other.pop());
        queue.push(2).unwrap();
        assert_eq!(receiver.join().unwrap(), Some(2));
        queue.close();
        assert!(queue.gather(1, Duration::from_secs(60)), "a closed queue gathers no more");
        assert_eq!(queue.push(3), Err(3));
    }
}
