//! Credentials from where the configuration says.

use aws_config::SdkConfig;
use aws_config::credential_process::CredentialProcessProvider;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials as Resolved;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::config::{BehaviorVersion, Builder, Region};
use aws_smithy_async::rt::sleep::TokioSleep;
use secrecy::ExposeSecret as _;

use super::transport::{direct_client, http_client};
use crate::config::{AssumedRole, Credentials, Keys, S3Config, Source};

/// Tells the client where its credentials come from; loads none yet.
pub(super) async fn give(builder: Builder, config: &S3Config) -> Builder {
    if config.credentials.sources == [Source::Anonymous] {
        return builder.allow_no_auth();
    }
    let surroundings = Surroundings::of(config);
    builder.credentials_provider(surroundings.chain(&config.credentials.sources).await)
}

/// What providers need beside their own settings.
struct Surroundings<'a> {
    credentials: &'a Credentials,
    /// For the metadata of the machine.
    near: ProviderConfig,
    /// For AWS's token service.
    far: ProviderConfig,
    token_service: SdkConfig,
}

impl<'a> Surroundings<'a> {
    fn of(config: &'a S3Config) -> Self {
        let region = Region::new(config.endpoint.region.clone());
        let provider_config = ProviderConfig::without_region()
            .with_region(Some(region.clone()))
            .with_sleep_impl(TokioSleep::new());
        let far = http_client(&config.transport, true);
        let mut token_service = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region)
            .sleep_impl(TokioSleep::new())
            .http_client(far.clone());
        let role = config.credentials.role.as_ref();
        token_service.set_endpoint_url(role.and_then(|role| role.endpoint.clone()));
        Self {
            credentials: &config.credentials,
            near: provider_config.clone().with_http_client(direct_client(&config.transport)),
            far: provider_config.with_http_client(far),
            token_service: token_service.build(),
        }
    }

    /// Asks one source after the other, until one has credentials to give.
    async fn chain(&self, sources: &[Source]) -> SharedCredentialsProvider {
        let mut chain: Option<CredentialsProviderChain> = None;
        for source in sources {
            let Some(provider) = self.provider(source).await else { continue };
            let name = format!("{source:?}");
            chain = Some(match chain {
                None => CredentialsProviderChain::first_try(name, provider),
                Some(chain) => chain.or_else(name, provider),
            });
        }
        match chain {
            Some(chain) => SharedCredentialsProvider::new(chain),
            None => SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        }
    }

    async fn provider(&self, source: &Source) -> Option<SharedCredentialsProvider> {
        let (near, far) = (&self.near, &self.far);
        let container = || EcsCredentialsProvider::builder().configure(near).build();
        let instance = || ImdsCredentialsProvider::builder().configure(near).build();
        Some(match source {
            Source::Anonymous => return None,
            Source::Keys { with_token } => {
                shared(resolved(self.credentials.keys.as_ref()?, *with_token))
            }
            Source::Environment => shared(EnvironmentVariableCredentialsProvider::new()),
            Source::Instance => shared(instance()),
            Source::Container => shared(container()),
            Source::ContainerOrInstance => shared(
                CredentialsProviderChain::first_try("Container", container())
                    .or_else("Instance", instance()),
            ),
            Source::Profile => {
                shared(ProfileFileCredentialsProvider::builder().configure(far).build())
            }
            Source::WebIdentity => {
                shared(WebIdentityTokenCredentialsProvider::builder().configure(far).build())
            }
            Source::Process(command) => shared(CredentialProcessProvider::new(command.clone())),
            Source::AssumedRole => {
                let role = self.credentials.role.as_ref()?;
                shared(Box::pin(self.assumed(role)).await)
            }
        })
    }

    async fn assumed(&self, role: &AssumedRole) -> AssumeRoleProvider {
        let mut builder = AssumeRoleProvider::builder(&role.arn)
            .configure(&self.token_service)
            .session_name(&role.session_name)
            .session_length(role.duration);
        if let Some(external_id) = &role.external_id {
            builder = builder.external_id(external_id);
        }
        if let Some(region) = &role.region {
            builder = builder.region(Region::new(region.clone()));
        }
        builder.build_from_provider(self.chain(&role.sources).await).await
    }
}

fn shared(provider: impl ProvideCredentials + 'static) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(provider)
}

/// Without its token a temporary key is refused, so it is given whenever it is there.
fn resolved(keys: &Keys, _with_token: bool) -> Resolved {
    let token = keys.token.as_ref().map(|token| token.expose_secret().to_owned());
    Resolved::new(&keys.id, keys.secret.expose_secret(), token, None, "plugin-config")
}
