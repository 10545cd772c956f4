//! Temporary credentials from AWS's token service, or from another that speaks its protocol: the
//! SDK's own providers refuse those that name no ARN, such as MinIO's.

use std::path::PathBuf;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result, future};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::Client;
use aws_sdk_sts::operation::assume_role::builders::AssumeRoleFluentBuilder;
use aws_sdk_sts::operation::assume_role_with_web_identity::builders::AssumeRoleWithWebIdentityFluentBuilder;
use aws_sdk_sts::types::Credentials as Answer;

use crate::config::{AssumedRole, WebIdentity};
use crate::failure::innermost;

/// A role that is asked for with other credentials.
#[derive(Debug)]
pub(super) struct RoleProvider(AssumeRoleFluentBuilder);

impl RoleProvider {
    /// `client` has the credentials that may assume the role.
    pub(super) fn new(client: &Client, role: &AssumedRole) -> Self {
        let seconds = i32::try_from(role.duration.as_secs()).unwrap_or(i32::MAX);
        let request = client
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(&role.session_name)
            .duration_seconds(seconds)
            .set_external_id(role.external_id.clone());
        Self(request)
    }

    async fn ask(&self) -> Result {
        let answer = self.0.clone().send().await.map_err(|error| failed(&error))?;
        credentials(answer.credentials, "AssumedRole")
    }
}

impl ProvideCredentials for RoleProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.ask())
    }
}

/// A role that is asked for with a token of who is known elsewhere; `None` where there is none.
#[derive(Debug)]
pub(super) struct WebIdentityProvider(Option<(AssumeRoleWithWebIdentityFluentBuilder, PathBuf)>);

impl WebIdentityProvider {
    /// `client` needs no credentials.
    pub(super) fn new(client: &Client, identity: Option<&WebIdentity>) -> Self {
        Self(identity.map(|identity| {
            let request = client
                .assume_role_with_web_identity()
                .role_arn(&identity.arn)
                .role_session_name(&identity.session_name);
            (request, identity.token_file.clone())
        }))
    }

    async fn ask(&self) -> Result {
        let Some((request, file)) = &self.0 else {
            return Err(CredentialsError::not_loaded("the environment does not name both"));
        };
        let token = tokio::fs::read_to_string(file).await.map_err(|error| {
            CredentialsError::provider_error(format!("{}: {error}", file.display()))
        })?;
        let request = request.clone().web_identity_token(token.trim());
        let answer = request.send().await.map_err(|error| failed(&error))?;
        credentials(answer.credentials, "WebIdentity")
    }
}

impl ProvideCredentials for WebIdentityProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.ask())
    }
}

/// Why there was no answer, or what it says: never its body, which may hold a secret.
fn failed<E>(error: &SdkError<E, HttpResponse>) -> CredentialsError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    CredentialsError::provider_error(match (error.as_service_error(), status) {
        (Some(said), Some(status)) => match (said.code(), said.message()) {
            (Some(code), Some(message)) => format!("the server answered: {code}: {message}"),
            (Some(code), None) => format!("the server answered: {code}"),
            (None, _) => format!("the server's answer, of status {status}, is no token service's"),
        },
        _ => innermost(error),
    })
}

fn credentials(answer: Option<Answer>, provider: &'static str) -> Result {
    let answer = answer.ok_or_else(|| {
        CredentialsError::provider_error("the token service's answer holds no credentials")
    })?;
    let expiration =
        SystemTime::try_from(answer.expiration).map_err(CredentialsError::unhandled)?;
    let token = Some(answer.session_token);
    Ok(Credentials::new(
        answer.access_key_id,
        answer.secret_access_key,
        token,
        Some(expiration),
        provider,
    ))
}
