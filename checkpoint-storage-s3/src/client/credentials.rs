//! Credentials from where the configuration says.

use std::time::Duration;

use aws_config::credential_process::CredentialProcessProvider;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials as Resolved;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Region, SharedHttpClient};
use aws_smithy_async::rt::sleep::TokioSleep;
use secrecy::ExposeSecret as _;

use super::chain::Chain;
use super::token_service::{RoleProvider, WebIdentityProvider};
use super::transport::{direct_client, http_client};
use crate::config::{AssumedRole, Keys, S3Config, Source, WebIdentity};

/// Tells the client where its credentials come from; loads none yet. No source is waited for longer
/// than `time_limit`.
pub(super) fn give(builder: Builder, config: &S3Config, time_limit: Duration) -> Builder {
    if config.credentials.sources == [Source::Anonymous] {
        return builder.allow_no_auth();
    }
    let surroundings = Surroundings::of(config, time_limit);
    builder.credentials_provider(surroundings.chain(&config.credentials.sources))
}

/// What providers need beside their own settings.
struct Surroundings<'a> {
    config: &'a S3Config,
    region: Region,
    time_limit: Duration,
    /// Reaches what is on this machine or beside it.
    near: SharedHttpClient,
    /// Reaches AWS's token service and the like.
    far: SharedHttpClient,
}

impl<'a> Surroundings<'a> {
    fn of(config: &'a S3Config, time_limit: Duration) -> Self {
        Self {
            config,
            region: Region::new(config.endpoint.region.clone()),
            time_limit,
            near: direct_client(&config.transport),
            far: http_client(&config.transport, true),
        }
    }

    /// Asks one source after the other, until one has credentials to give.
    fn chain(&self, sources: &[Source]) -> Chain {
        let mut chain = Chain::new(self.time_limit);
        for source in sources {
            self.add(source, &mut chain);
        }
        chain
    }

    fn add(&self, source: &Source, chain: &mut Chain) {
        let credentials = &self.config.credentials;
        let name = source.clone();
        match source {
            Source::Anonymous => {}
            Source::Keys { .. } => {
                if let Some(keys) = &credentials.keys {
                    chain.push(name, resolved(keys));
                }
            }
            Source::Environment => chain.push(name, EnvironmentVariableCredentialsProvider::new()),
            Source::Instance => {
                let builder = ImdsCredentialsProvider::builder();
                chain.push(name, builder.configure(&self.provider_config(&self.near)).build());
            }
            Source::Container => {
                let builder = EcsCredentialsProvider::builder();
                chain.push(name, builder.configure(&self.provider_config(&self.near)).build());
            }
            Source::ContainerOrInstance => {
                self.add(&Source::Container, chain);
                self.add(&Source::Instance, chain);
            }
            Source::Profile => {
                let builder = ProfileFileCredentialsProvider::builder();
                chain.push(name, builder.configure(&self.provider_config(&self.far)).build());
            }
            Source::Process(command) => {
                chain.push(name, CredentialProcessProvider::new(command.clone()));
            }
            Source::AssumedRole => {
                if let Some(role) = &credentials.role {
                    chain.push(name, self.assumed(role));
                }
            }
            Source::WebIdentity => {
                chain.push(name, self.identified(credentials.web_identity.as_ref()));
            }
        }
    }

    fn provider_config(&self, http_client: &SharedHttpClient) -> ProviderConfig {
        ProviderConfig::without_region()
            .with_region(Some(self.region.clone()))
            .with_sleep_impl(TokioSleep::new())
            .with_http_client(http_client.clone())
    }

    fn assumed(&self, role: &AssumedRole) -> RoleProvider {
        let region = role.region.clone().map_or_else(|| self.region.clone(), Region::new);
        let config = self.token_service(role.endpoint.clone()).region(region);
        let config = config.credentials_provider(self.chain(&role.sources));
        RoleProvider::new(&aws_sdk_sts::Client::from_conf(config.build()), role)
    }

    fn identified(&self, identity: Option<&WebIdentity>) -> WebIdentityProvider {
        let endpoint = identity.and_then(|identity| identity.endpoint.clone());
        let config = self.token_service(endpoint).region(self.region.clone());
        WebIdentityProvider::new(&aws_sdk_sts::Client::from_conf(config.build()), identity)
    }

    fn token_service(&self, endpoint: Option<String>) -> aws_sdk_sts::config::Builder {
        let mut builder = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .sleep_impl(TokioSleep::new())
            .retry_partition(super::retry_partition())
            .http_client(self.far.clone());
        builder.set_endpoint_url(endpoint);
        builder
    }
}

/// Without its token a temporary key is refused, so it is given whenever it is there.
fn resolved(keys: &Keys) -> Resolved {
    let token = keys.token.as_ref().map(|token| token.expose_secret().to_owned());
    Resolved::new(&keys.id, keys.secret.expose_secret(), token, None, "plugin-config")
}
