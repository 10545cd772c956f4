//! This machine's clock and the server's.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};

/// AWS refuses what was signed a quarter of an hour off.
const LIMIT: Duration = Duration::from_secs(15 * 60);
/// From here on a difference is worth a word.
const NOTE: Duration = Duration::from_secs(60);

/// The server's time when it answered, by the second; `None` if it did not say.
pub(crate) fn time_of(response: &HttpResponse) -> Option<SystemTime> {
    let date = response.headers().get("date")?;
    DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?.try_into().ok()
}

/// How far this machine's clock is from the server's; as text, such as `2 hours behind the
/// server's`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Difference {
    by: Duration,
    is_ahead: bool,
}

impl Difference {
    pub(crate) fn between(ours: SystemTime, theirs: SystemTime) -> Self {
        match ours.duration_since(theirs) {
            Ok(by) => Self { by, is_ahead: true },
            Err(error) => Self { by: error.duration(), is_ahead: false },
        }
    }

    /// Whether it is worth telling.
    pub(crate) fn is_notable(self) -> bool {
        self.by >= NOTE
    }

    /// Whether the server refuses requests for it.
    pub(crate) fn is_refused(self) -> bool {
        self.by >= LIMIT
    }
}

impl fmt::Display for Difference {
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
    use aws_sdk_s3::primitives::SdkBody;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn clocks_are_compared() {
        for (ours, words, is_notable, is_refused) in [
            (100_000, "0 seconds ahead of the server's", false, false),
            (100_059, "59 seconds ahead of the server's", false, false),
            (100_060, "60 seconds ahead of the server's", true, false),
            (99_101, "14 minutes behind the server's", true, false),
            (99_100, "15 minutes behind the server's", true, true),
            (90_000, "2 hours behind the server's", true, true),
            (400_000, "3 days ahead of the server's", true, true),
        ] {
            let difference = Difference::between(at(ours), at(100_000));
            assert_eq!(difference.to_string(), words);
            assert_eq!(difference.is_notable(), is_notable, "{words}");
            assert_eq!(difference.is_refused(), is_refused, "{words}");
        }
    }

    #[test]
    fn the_server_says_what_time_it_is_there() {
        let answered = |date: Option<&'static str>| {
            let status = 200_u16.try_into().expect("a status");
            let mut response = HttpResponse::new(status, SdkBody::empty());
            if let Some(date) = date {
                response.headers_mut().insert("date", date);
            }
            time_of(&response)
        };
        assert_eq!(answered(Some("Fri, 02 Jan 1970 03:46:40 GMT")), Some(at(100_000)));
        assert_eq!(answered(Some("yesterday")), None);
        assert_eq!(answered(None), None);
    }
}
