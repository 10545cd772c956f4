//! Credentials from where the configuration says.

use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials as Resolved;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Region, SharedHttpClient};
use aws_smithy_async::rt::sleep::TokioSleep;
use checkpoint_storage_api::Result;
use secrecy::ExposeSecret as _;

use super::chain::{Chain, Unlogged};
use super::process::ProcessProvider;
use super::token_service::{RoleProvider, WebIdentityProvider};
use super::transport::{Tls, direct_client, http_client};
use crate::config::{AccessKey, AssumedRole, S3Config, Source, WebIdentity};

/// Tells the client where its credentials come from; loads none yet. No source is waited for longer
/// than `time_limit`.
pub(super) fn with_credentials(
    builder: Builder,
    config: &S3Config,
    time_limit: Duration,
) -> Result<Builder> {
    if config.credentials.sources == [Source::Anonymous] {
        return Ok(builder.allow_no_auth());
    }
    let surroundings = Surroundings::of(config, time_limit);
    Ok(builder.credentials_provider(surroundings.chain(&config.credentials.sources)?))
}

/// What providers need beside their own settings.
struct Surroundings<'a> {
    config: &'a S3Config,
    region: Region,
    time_limit: Duration,
}

impl<'a> Surroundings<'a> {
    fn of(config: &'a S3Config, time_limit: Duration) -> Self {
        Self { config, region: Region::new(config.endpoint.region.clone()), time_limit }
    }

    /// Reaches what is on this machine or beside it.
    fn near(&self) -> Result<SharedHttpClient> {
        direct_client(&self.config.transport)
    }

    /// Reaches AWS's token service and the like.
    fn far(&self) -> Result<SharedHttpClient> {
        http_client(&self.config.transport, Tls::Spoken)
    }

    /// Asks one source after the other, until one has credentials to give.
    fn chain(&self, sources: &[Source]) -> Result<Chain> {
        let mut chain = Chain::new(self.time_limit);
        for source in sources {
            self.add(source, &mut chain)?;
        }
        Ok(chain)
    }

    fn add(&self, source: &Source, chain: &mut Chain) -> Result<()> {
        let credentials = &self.config.credentials;
        let name = source.clone();
        match source {
            Source::Anonymous => {}
            Source::AccessKey { .. } => {
                if let Some(key) = &credentials.access_key {
                    chain.push(name, resolved(key));
                }
            }
            Source::Environment => chain.push(name, EnvironmentVariableCredentialsProvider::new()),
            Source::Instance => {
                let builder = ImdsCredentialsProvider::builder();
                chain.push(name, builder.configure(&self.provider_config(self.near()?)).build());
            }
            Source::Container => {
                let builder = EcsCredentialsProvider::builder();
                chain.push(name, builder.configure(&self.provider_config(self.near()?)).build());
            }
            Source::ContainerOrInstance => {
                self.add(&Source::Container, chain)?;
                self.add(&Source::Instance, chain)?;
            }
            Source::Profile => {
                let builder = ProfileFileCredentialsProvider::builder();
                let builder = builder.configure(&self.provider_config(self.far()?));
                chain.push(name, Unlogged(builder.build()));
            }
            Source::Process(command) => chain.push(name, ProcessProvider::new(command)),
            Source::AssumedRole => {
                if let Some(role) = &credentials.role {
                    chain.push(name, self.assumed(role)?);
                }
            }
            Source::WebIdentity => {
                chain.push(name, self.identified(credentials.web_identity.as_ref())?);
            }
        }
        Ok(())
    }

    fn provider_config(&self, http_client: SharedHttpClient) -> ProviderConfig {
        ProviderConfig::without_region()
            .with_region(Some(self.region.clone()))
            .with_sleep_impl(TokioSleep::new())
            .with_http_client(http_client)
    }

    fn assumed(&self, role: &AssumedRole) -> Result<RoleProvider> {
        let region = role.region.clone().map_or_else(|| self.region.clone(), Region::new);
        let config = self.token_service(role.endpoint.clone())?.region(region);
        let config = config.credentials_provider(self.chain(&role.sources)?);
        Ok(RoleProvider::new(&aws_sdk_sts::Client::from_conf(config.build()), role))
    }

    fn identified(&self, identity: Option<&WebIdentity>) -> Result<WebIdentityProvider> {
        let endpoint = identity.and_then(|identity| identity.endpoint.clone());
        let config = self.token_service(endpoint)?.region(self.region.clone());
        Ok(WebIdentityProvider::new(&aws_sdk_sts::Client::from_conf(config.build()), identity))
    }

    fn token_service(&self, endpoint: Option<String>) -> Result<aws_sdk_sts::config::Builder> {
        let mut builder = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .sleep_impl(TokioSleep::new())
            .retry_partition(super::retry_partition())
            .http_client(self.far()?);
        builder.set_endpoint_url(endpoint);
        Ok(builder)
    }
}

/// Without its token a temporary key is refused, so it is given whenever it is there.
fn resolved(key: &AccessKey) -> Resolved {
    let token = key.token.as_ref().map(|token| token.expose_secret().to_owned());
    Resolved::new(&key.id, key.secret.expose_secret(), token, None, "plugin-config")
}
