//! [`Clock`]: what time it is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point in time: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// The moment `duration` later; the end of time when that is beyond it.
    pub fn after(self, duration: Duration) -> Moment {
        Moment(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this is; nothing when it is before.
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// A source of time. It never runs backwards.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment.
    fn now(&self) -> Moment;
}

/// The system's clock. It is read once, and goes on at the pace of the monotonic clock from there, so that setting the
/// system's time while the process runs neither expires leases nor keeps them.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
    moment: Moment,
}

impl SystemClock {
    /// The clock, set to the system's time now.
    pub fn new() -> SystemClock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        SystemClock { started: Instant::now(), moment: Moment::default().after(since) }
    }
}

impl Default for SystemClock {
    fn default() -> SystemClock {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        self.moment.after(self.started.elapsed())
    }
}

/// A clock that stands still until it is turned. Clones are one clock.
#[derive(Clone, Debug, Default)]
pub struct ManualClock {
    now: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock that stands at `moment`.
    pub fn at(moment: Moment) -> ManualClock {
        ManualClock { now: Arc::new(AtomicU64::new(moment.0)) }
    }

    /// Turns it forward.
    pub fn advance(&self, duration: Duration) {
        let step = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        // The closure always returns a value, so this cannot fail.
        let _ = self.now.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now.saturating_add(step)));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment(self.now.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_it_is_turned_and_its_clones_with_it() {
        let clock = ManualClock::at(Moment(5));
        let other = clock.clone();
        assert_eq!(other.now(), Moment(5));
        clock.advance(Duration::from_secs(2));
        assert_eq!(other.now(), Moment(2005));
        assert_eq!(other.now().since(Moment(5)), Duration::from_secs(2));
        assert_eq!(Moment(5).since(other.now()), Duration::ZERO);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Moment(u64::MAX));
    }

    #[test]
    fn the_system_clock_does_not_run_backwards() {
        let clock = SystemClock::new();
        let first = clock.now();
        assert!(first > Moment(1_600_000_000_000) && clock.now() >= first);
    }
}
