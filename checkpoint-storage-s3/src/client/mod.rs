//! The client of the SDK as the configuration wants it.

mod attempts;
mod chain;
mod clock;
mod credentials;
mod token_service;
mod transport;

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, IdentityCache, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_smithy_async::rt::sleep::TokioSleep;

pub(crate) use attempts::Attempts;
pub(crate) use clock::ServerClock;

use crate::config::S3Config;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one source of credentials may take; a caller sees the reason before its own time is up.
const SOURCE_TIMEOUT: Duration = Duration::from_secs(10);
/// What precedes the first retry, on average half of it; each later one has twice as much.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// The client for the configured server. `time_limit` is how long a caller waits for one call:
/// nothing waits longer. Sends nothing.
pub(crate) fn client(config: &S3Config, time_limit: Option<Duration>) -> Client {
    let bounded = |time: Duration| time_limit.map_or(time, |limit| time.min(limit));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(bounded(CONNECT_TIMEOUT))
        .read_timeout(bounded(config.transport.read_timeout))
        .build();
    let response_checksums = match config.upload.checksum {
        true => ResponseChecksumValidation::WhenSupported,
        false => ResponseChecksumValidation::WhenRequired,
    };
    let builder = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(config.endpoint.region.clone()))
        .force_path_style(config.endpoint.path_style)
        .http_client(transport::http_client(&config.transport, config.endpoint.tls))
        .interceptor(transport::NoPages)
        .sleep_impl(TokioSleep::new())
        .timeout_config(timeouts)
        .retry_config(retries(config.attempts))
        .retry_partition(retry_partition())
        .identity_cache(
            IdentityCache::lazy().load_timeout(bounded(Duration::from_secs(30))).build(),
        )
        // Uploads carry a checksum that was computed once, when they were encoded.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(response_checksums);
    let source_limit = time_limit.map_or(SOURCE_TIMEOUT, |limit| SOURCE_TIMEOUT.min(limit / 2));
    let mut builder = credentials::give(builder, config, source_limit);
    builder.set_endpoint_url(config.endpoint.url.clone());
    Client::from_conf(builder.build())
}

/// The default one is shared by all clients of the process: a server that fails would use up the
/// retries of the others.
fn retry_partition() -> RetryPartition {
    let unlimited = TokenBucket::unlimited();
    RetryPartition::custom("checkpoint-storage").token_bucket(unlimited).build()
}

fn retries(attempts: u32) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LONGEST_BACKOFF)
}
