//! This machine's clock and a server's.

use std::fmt;
use std::time::{Duration, SystemTime};

/// From here on a difference is worth a word.
const NOTABLE: Duration = Duration::from_secs(60);

/// How far this machine's clock is from a server's; as text, such as `2 hours behind the server's`.
#[derive(Debug, Clone, Copy)]
pub struct ClockDifference {
    by: Duration,
    is_ahead: bool,
}

impl ClockDifference {
    /// What both clocks showed at about the same moment.
    pub fn between(ours: SystemTime, theirs: SystemTime) -> Self {
        match ours.duration_since(theirs) {
            Ok(by) => Self { by, is_ahead: true },
            Err(error) => Self { by: error.duration(), is_ahead: false },
        }
    }

    /// How large it is, whichever is ahead.
    pub fn by(self) -> Duration {
        self.by
    }

    /// Whether it is worth telling.
    pub fn is_notable(self) -> bool {
        self.by >= NOTABLE
    }
}

impl fmt::Display for ClockDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.is_ahead { "ahead of" } else { "behind" };
        write!(f, "{} {way} the server's", rough(self.by))
    }
}

/// A duration in its largest unit.
fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("days", 86_400), ("hours", 3600), ("minutes", 60)];
    match units.iter().find(|(_, length)| seconds >= 2 * length) {
        Some((unit, length)) => format!("{} {unit}", seconds / length),
        None => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_compared() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (ours, words, is_notable) in [
            (100_000, "0 seconds ahead of the server's", false),
            (100_059, "59 seconds ahead of the server's", false),
            (100_060, "60 seconds ahead of the server's", true),
            (99_101, "14 minutes behind the server's", true),
            (90_000, "2 hours behind the server's", true),
            (400_000, "3 days ahead of the server's", true),
        ] {
            let difference = ClockDifference::between(at(ours), at(100_000));
            assert_eq!(difference.to_string(), words);
            assert_eq!(difference.is_notable(), is_notable, "{words}");
        }
    }
}
