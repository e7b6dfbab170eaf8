//! Time as an argument.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: microseconds since 1970-01-01T00:00:00Z. Stored as `BIGINT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From whole seconds since the epoch (a JWT `NumericDate`).
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Whole seconds since the epoch, rounded down (a JWT `NumericDate`).
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This time moved forward by `d`.
    pub const fn plus(self, d: Duration) -> Self {
        Self(self.0.saturating_add(d.as_micros() as i64))
    }

    /// This time moved back by `d`.
    pub const fn minus(self, d: Duration) -> Self {
        Self(self.0.saturating_sub(d.as_micros() as i64))
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    pub const fn since(self, earlier: Self) -> Duration {
        let d = self.0.saturating_sub(earlier.0);
        Duration::from_micros(if d < 0 { 0 } else { d as u64 })
    }

    /// From RFC 3339, with its offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_microsecond()))
    }

    /// RFC 3339 in UTC with whole seconds, for JSON meant for people and APIs.
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_second(self.secs()).map_or_else(|_| self.secs().to_string(), |t| t.to_string())
    }
}

/// Where the time comes from. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Ahead(Duration),
    Fake(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// The machine's clock, put forward: a demonstration shows what happens on a planned day.
    pub const fn ahead(by: Duration) -> Self {
        Self(Source::Ahead(by))
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => machine(),
            Source::Ahead(by) => machine().plus(*by),
            Source::Fake(t) => Timestamp(t.load(Ordering::SeqCst)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn machine() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.map_or(0, |d| d.as_micros() as i64))
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now().rfc3339())
    }
}

/// A clock that a test moves by hand; the [`Clock`]s made from it follow.
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<AtomicI64>);

impl FakeClock {
    /// A clock standing still at `start`.
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.0)))
    }

    /// The clock to hand out.
    pub fn clock(&self) -> Clock {
        Clock(Source::Fake(self.0.clone()))
    }

    /// Moves the clock forward.
    pub fn advance(&self, d: Duration) {
        self.0.fetch_add(d.as_micros() as i64, Ordering::SeqCst);
    }

    /// Sets the clock, also backwards (a clock that jumps).
    pub fn set(&self, t: Timestamp) {
        self.0.store(t.0, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fake_clock_moves_only_by_hand() {
        let fake = FakeClock::at(Timestamp::from_secs(1_000));
        let clock = fake.clock();
        assert_eq!(clock.now().secs(), 1_000);
        fake.advance(Duration::from_secs(5));
        assert_eq!(clock.now(), Timestamp::from_secs(1_005));
        assert_eq!(clock.now().rfc3339(), "1970-01-01T00:16:45Z");
    }

    #[test]
    fn a_clock_is_put_forward() {
        let by = Duration::from_secs(86_400);
        let (now, then) = (Clock::system().now(), Clock::ahead(by).now());
        assert!(then.since(now) >= by && then.since(now) < by + Duration::from_secs(60));
    }

    #[test]
    fn seconds_round_down_before_the_epoch_too() {
        assert_eq!(Timestamp(-1).secs(), -1);
        assert_eq!(Timestamp(1_999_999).secs(), 1);
        assert_eq!(Timestamp::parse_rfc3339("1970-01-01T09:00:01+09:00"), Some(Timestamp::from_secs(1)));
        assert_eq!(Timestamp::parse_rfc3339("1970-01-01T09:00:01"), None);
    }
}
