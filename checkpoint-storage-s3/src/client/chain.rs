//! Several sources of credentials, asked in order.

use std::error::Error as StdError;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result, SharedCredentialsProvider, future,
};
use tracing::debug;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use crate::config::Source;
use crate::failure::{innermost, one_line};

/// What the SDK puts before the words of a program that failed.
const PROGRAM_WORDS: &str = "Stderr:";

/// Takes the credentials of the first source that gives any. As in Hadoop, one that fails is passed
/// over like one that has none.
#[derive(Debug)]
pub(super) struct Chain {
    sources: Vec<(Source, SharedCredentialsProvider)>,
    time_limit: Duration,
}

impl Chain {
    /// No source is waited for longer than `time_limit`.
    pub(super) fn new(time_limit: Duration) -> Self {
        Self { sources: Vec::new(), time_limit }
    }

    /// Adds a source, to be asked after those that are there.
    pub(super) fn push(&mut self, source: Source, provider: impl ProvideCredentials + 'static) {
        self.sources.push((source, SharedCredentialsProvider::new(provider)));
    }

    async fn ask(&self) -> Result {
        let mut reasons = Vec::new();
        for (source, provider) in &self.sources {
            let asked = tokio::time::timeout(self.time_limit, provider.provide_credentials());
            let timed_out = |_| {
                let reason = format!("no answer within {:?}", self.time_limit);
                Err(CredentialsError::provider_error(reason))
            };
            match asked.await.unwrap_or_else(timed_out).and_then(in_headers) {
                Ok(credentials) => {
                    debug!(?source, "credentials obtained");
                    return Ok(credentials);
                }
                Err(error) => {
                    let reason = reason(source, &error);
                    debug!(reason, "no credentials obtained");
                    reasons.push(reason);
                }
            }
        }
        Err(CredentialsError::provider_error(reasons.join("; ")))
    }
}

impl ProvideCredentials for Chain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.ask())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.sources.iter().find_map(|(_, provider)| provider.fallback_on_interrupt())
    }
}

/// A provider that writes no log: that of AWS's profiles writes the words of a program that failed,
/// which may hold a secret.
#[derive(Debug)]
pub(super) struct Unlogged<P>(pub(super) P);

impl<P: ProvideCredentials> ProvideCredentials for Unlogged<P> {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let asked = self.0.provide_credentials();
        future::ProvideCredentials::new(asked.with_subscriber(NoSubscriber::default()))
    }
}

/// The SDK panics on credentials that no header can hold; they may come with the line end of a file.
fn in_headers(credentials: Credentials) -> Result {
    let parts = [
        ("access key id", Some(credentials.access_key_id())),
        ("secret key", Some(credentials.secret_access_key())),
        ("session token", credentials.session_token()),
    ];
    let unfit = parts.iter().find(|(_, text)| text.is_some_and(|it| it.contains(char::is_control)));
    match unfit {
        Some((part, _)) => Err(CredentialsError::provider_error(format!(
            "its {part} holds a control character, such as a line end"
        ))),
        None => Ok(credentials),
    }
}

/// Why a source gave nothing, in one line. The SDK's own words for a whole chain of errors hold the
/// answers of servers, which may hold secrets.
fn reason(source: &Source, error: &(dyn StdError + 'static)) -> String {
    let words = innermost(error);
    // A profile may name a program, which the SDK quotes.
    let words = words.split_once(PROGRAM_WORDS).map_or(&*words, |(before, _)| before);
    format!("{source:?} ({}): {}", source.reads(), one_line(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn credentials_with_a_line_end_are_an_error_of_their_source() {
        let given = |id: &str, secret: &str, token: Option<&str>| {
            Credentials::new(id, secret, token.map(str::to_owned), None, "test")
        };
        let mut chain = Chain::new(Duration::from_secs(1));
        chain.push(Source::Instance, given("hush\n", "hush", None));
        chain.push(Source::Container, given("id", "hush\n", None));
        chain.push(Source::Profile, given("id", "hush", Some("hush\r")));
        let reason = innermost(&chain.ask().await.expect_err("none can be sent"));
        for part in ["Instance", "its access key id", "its secret key", "its session token"] {
            assert!(reason.contains(part), "{reason}");
        }
        assert!(!reason.contains("hush"), "{reason}");
        chain.push(Source::Environment, given("id", "hush", None));
        assert_eq!(chain.ask().await.expect("the last one fits").access_key_id(), "id");
    }
}
