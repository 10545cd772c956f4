//! Several sources of credentials, asked in order.

use std::error::Error as StdError;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result, SharedCredentialsProvider, future,
};
use tracing::debug;

use crate::config::Source;
use crate::failure::{innermost, one_line};

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
            match asked.await.unwrap_or_else(timed_out) {
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

/// Why a source gave nothing, in one line. The SDK's own words for a whole chain of errors hold the
/// answers of servers, which may hold secrets.
fn reason(source: &Source, error: &(dyn StdError + 'static)) -> String {
    format!("{source:?} ({}): {}", source.reads(), one_line(&innermost(error)))
}
