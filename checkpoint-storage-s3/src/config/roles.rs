//! Roles that AWS's token service, or another that speaks its protocol, hands out.

use std::path::PathBuf;
use std::time::Duration;

use checkpoint_storage_api::{PluginConfig, Result};
use checkpoint_storage_keys::Key;
use checkpoint_storage_keys::rows::s3::{
    ROLE_ARN, ROLE_CREDENTIALS_PROVIDER, ROLE_EXTERNAL_ID, ROLE_SESSION_DURATION,
    ROLE_SESSION_NAME, ROLE_STS_ENDPOINT, ROLE_STS_REGION,
};
use checkpoint_storage_keys::values;

use super::credentials::{AccessKey, Source, usable_sources};
use super::{Variables, aws_variable, in_headers, wrong};

/// What a session is called where nothing else says it.
const SESSION_NAME: &str = "checkpoint-storage";
/// Where AWS's tools find the service's URL.
const ENDPOINT_VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"];

/// A role to take on.
#[derive(Debug, Clone)]
pub(crate) struct AssumedRole {
    pub(crate) arn: String,
    pub(crate) session_name: String,
    pub(crate) duration: Duration,
    pub(crate) external_id: Option<String>,
    /// The service's URL; `None` for AWS's in the region.
    pub(crate) endpoint: Option<String>,
    pub(crate) region: Option<String>,
    /// Where the credentials come from with which the role is asked for.
    pub(crate) sources: Vec<Source>,
}

/// A role for who shows the token in a file, such as that of a Kubernetes service account. AWS's
/// environment variables name it.
#[derive(Debug, Clone)]
pub(crate) struct WebIdentity {
    pub(crate) arn: String,
    pub(crate) session_name: String,
    /// Read each time: its token is replaced from time to time.
    pub(crate) token_file: PathBuf,
    /// The service's URL; `None` for AWS's in the region.
    pub(crate) endpoint: Option<String>,
}

impl AssumedRole {
    pub(super) fn read(
        config: &PluginConfig,
        access_key: Option<&AccessKey>,
        variables: Variables<'_>,
    ) -> Result<Self> {
        let arn = ROLE_ARN
            .given(config)?
            .ok_or_else(|| wrong(&ROLE_ARN, "AssumedRole needs a role", "write the role's ARN"))?;
        let sources = match usable_sources(&ROLE_CREDENTIALS_PROVIDER, config, access_key)? {
            Some(sources) => sources,
            None if access_key.is_some() => vec![Source::AccessKey { with_token: false }],
            None => vec![Source::Environment],
        };
        if sources.contains(&Source::AssumedRole) {
            return Err(wrong(
                &ROLE_CREDENTIALS_PROVIDER,
                "a role cannot be asked for with itself",
                "name where the credentials come from that may assume the role",
            ));
        }
        let text = |key: &Key| key.given(config).map(|text| text.map(str::to_owned));
        let endpoint = text(&ROLE_STS_ENDPOINT)?.map(|text| match text.contains("://") {
            true => text,
            false => format!("https://{text}"),
        });
        let region = ROLE_STS_REGION.given(config)?;
        Ok(Self {
            arn: arn.to_owned(),
            session_name: text(&ROLE_SESSION_NAME)?.unwrap_or_else(|| SESSION_NAME.to_owned()),
            duration: ROLE_SESSION_DURATION.read(config, values::time)?,
            external_id: text(&ROLE_EXTERNAL_ID)?,
            endpoint: endpoint.or_else(|| endpoint_of(variables)),
            region: region
                .map(|text| in_headers(ROLE_STS_REGION.name, text).map(str::to_owned))
                .transpose()?,
            sources,
        })
    }
}

impl WebIdentity {
    /// `None` where the environment names none.
    pub(super) fn read(variables: Variables<'_>) -> Option<Self> {
        let variable = |name| aws_variable(variables, name);
        Some(Self {
            arn: variable("AWS_ROLE_ARN")?,
            session_name: variable("AWS_ROLE_SESSION_NAME")
                .unwrap_or_else(|| SESSION_NAME.to_owned()),
            token_file: variable("AWS_WEB_IDENTITY_TOKEN_FILE")?.into(),
            endpoint: endpoint_of(variables),
        })
    }
}

fn endpoint_of(variables: Variables<'_>) -> Option<String> {
    ENDPOINT_VARIABLES.iter().find_map(|name| aws_variable(variables, name))
}
