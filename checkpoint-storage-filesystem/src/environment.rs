//! What a storage takes from the world around it: the time and random numbers.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The clock and the source of random numbers of a storage.
#[derive(Clone)]
pub struct Environment {
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    random: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Environment {
    /// The system's clock and a generator that is seeded by the system.
    pub fn system() -> Self {
        Self::new(SystemTime::now, || fastrand::u64(..))
    }

    /// A clock and a source of evenly distributed numbers of the caller's.
    pub fn new(
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
        random: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        Self { clock: Arc::new(clock), random: Arc::new(random) }
    }

    /// The time.
    pub fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// The time in milliseconds since 1970; 0 if the clock shows an earlier one.
    pub fn now_ms(&self) -> u64 {
        let since_1970 = self.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
    }

    /// A number that makes a name its writer's own.
    pub fn token(&self) -> u64 {
        (self.random)()
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_time_is_in_milliseconds_since_1970() {
        let at = |time: SystemTime| Environment::new(move || time, || 0).now_ms();
        assert_eq!(
            at(UNIX_EPOCH + Duration::from_micros(1_795_474_038_044_999)),
            1_795_474_038_044
        );
        assert_eq!(at(UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
