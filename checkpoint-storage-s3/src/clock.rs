//! This machine's clock and the server's.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use checkpoint_storage_filesystem::ClockDifference;

/// AWS refuses what was signed a quarter of an hour off.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// The server's time when it answered, by the second; `None` if it did not say.
pub(crate) fn time_of(response: &HttpResponse) -> Option<SystemTime> {
    let date = response.headers().get("date")?;
    DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?.try_into().ok()
}

/// Whether the server refuses requests for it.
pub(crate) fn is_refused(difference: ClockDifference) -> bool {
    difference.by() >= LIMIT
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::primitives::SdkBody;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_quarter_of_an_hour_is_refused() {
        for (ours, refused) in [(99_101, false), (99_100, true), (100_899, false), (100_900, true)]
        {
            assert_eq!(is_refused(ClockDifference::between(at(ours), at(100_000))), refused);
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
