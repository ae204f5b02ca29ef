//! [`Shutdown`]: word that it is time to stop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

#[derive(Debug, Default)]
struct Signal {
    requested: Mutex<bool>,
    changed: Condvar,
}

/// A flag that is raised once, and threads that wait for it. Clones are one flag.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    signal: Arc<Signal>,
}

impl Shutdown {
    /// A flag that is not raised.
    pub fn new() -> Shutdown {
        Shutdown::default()
    }

    /// Raises it, and wakes everybody who waits. Raising it again does nothing.
    pub fn request(&self) {
        *self.signal.requested.lock() = true;
        self.signal.changed.notify_all();
    }

    /// Is it raised?
    pub fn is_requested(&self) -> bool {
        *self.signal.requested.lock()
    }

    /// Waits until it is raised, at most `timeout`. Returns whether it is: the pause of a loop that should stop.
    pub fn wait(&self, timeout: Duration) -> bool {
        let mut requested = self.signal.requested.lock();
        let end = Instant::now().checked_add(timeout);
        while !*requested {
            match end {
                Some(end) => {
                    if self.signal.changed.wait_until(&mut requested, end).timed_out() {
                        break;
                    }
                }
                None => self.signal.changed.wait(&mut requested),
            }
        }
        *requested
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_wakes_everybody_who_waits() {
        let shutdown = Shutdown::new();
        assert!(!shutdown.wait(Duration::from_millis(1)));
        std::thread::scope(|scope| {
            let waiters: Vec<_> = (0..3).map(|_| scope.spawn(|| shutdown.wait(Duration::MAX))).collect();
            shutdown.clone().request();
            assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap()));
        });
        assert!(shutdown.is_requested());
    }
}
