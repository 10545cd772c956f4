//! The client of the SDK as the configuration wants it.

mod attempts;
mod chain;
mod clock;
mod credentials;
mod process;
mod token_service;
mod transport;

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, IdentityCache, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use checkpoint_storage_api::Result;

use self::transport::{Tls, http_client};
use crate::config::S3Config;
use crate::failure::NoPages;
use crate::waits;

pub(crate) use self::attempts::Attempts;
pub(crate) use self::clock::ServerClock;

/// The client for the configured server. `time_limit` is how long a caller waits for one call:
/// nothing waits longer. Sends nothing; reads which authorities the system trusts.
pub(crate) fn client(config: &S3Config, time_limit: Option<Duration>) -> Result<Client> {
    let bounded = |time: Duration| time_limit.map_or(time, |limit| time.min(limit));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(bounded(waits::CONNECTION))
        // Half of the time, so that a silent server is asked once more.
        .read_timeout(bounded(config.transport.read_timeout * 2) / 2)
        .build();
    let response_checksums = match config.upload.checksum {
        true => ResponseChecksumValidation::WhenSupported,
        false => ResponseChecksumValidation::WhenRequired,
    };
    let tls = if config.endpoint.tls { Tls::Spoken } else { Tls::Unused };
    let builder = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(config.endpoint.region.clone()))
        .force_path_style(config.endpoint.path_style)
        .http_client(http_client(&config.transport, tls)?)
        .interceptor(NoPages)
        .sleep_impl(TokioSleep::new())
        .timeout_config(timeouts)
        .retry_config(waits::retries(config.attempts))
        .retry_partition(retry_partition())
        .identity_cache(IdentityCache::lazy().load_timeout(bounded(waits::CREDENTIALS)).build())
        // Uploads carry a checksum that was computed once, when they were encoded.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(response_checksums);
    let source_limit = time_limit.map_or(waits::SOURCE, |limit| waits::SOURCE.min(limit / 2));
    let mut builder = credentials::with_credentials(builder, config, source_limit)?;
    builder.set_endpoint_url(config.endpoint.url.clone());
    Ok(Client::from_conf(builder.build()))
}

/// The default one is shared by all clients of the process: a server that fails would use up the
/// retries of the others.
fn retry_partition() -> RetryPartition {
    let unlimited = TokenBucket::unlimited();
    RetryPartition::custom("checkpoint-storage").token_bucket(unlimited).build()
}
