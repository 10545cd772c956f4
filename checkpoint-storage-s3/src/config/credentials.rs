//! Where credentials come from.

use std::fmt;

use checkpoint_storage_api::{PluginConfig, Result};
use checkpoint_storage_keys::Key;
use checkpoint_storage_keys::rows::s3::{
    ACCESS_KEY, CREDENTIALS_PROVIDER, SECRET_KEY, SESSION_TOKEN,
};
use secrecy::SecretString;
use tracing::warn;

use super::roles::{AssumedRole, WebIdentity};
use super::{Endpoint, Variables, aws_variable, in_headers, wrong};

/// Something that gives credentials, as Hadoop and AWS name it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The access key of the configuration; with its token, if it must have one.
    AccessKey {
        with_token: bool,
    },
    Anonymous,
    Environment,
    Instance,
    Container,
    /// The container's, where there is one, or else the instance's.
    ContainerOrInstance,
    Profile,
    WebIdentity,
    AssumedRole,
    /// A command whose output is AWS's `credential_process` document.
    Process(String),
}

impl fmt::Debug for Source {
    /// Without the command of a process, which may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Source {
    /// The name of its class, in short.
    fn name(&self) -> &'static str {
        match self {
            Self::AccessKey { with_token: false } => "Simple",
            Self::AccessKey { with_token: true } => "Temporary",
            Self::Anonymous => "Anonymous",
            Self::Environment => "Environment",
            Self::Instance => "Instance",
            Self::Container => "Container",
            Self::ContainerOrInstance => "ContainerOrInstance",
            Self::Profile => "Profile",
            Self::WebIdentity => "WebIdentity",
            Self::AssumedRole => "AssumedRole",
            Self::Process(_) => "Process",
        }
    }

    /// What it takes credentials from.
    pub(crate) fn reads(&self) -> &'static str {
        match self {
            Self::AccessKey { .. } => "`fs.s3a.access-key`, `fs.s3a.secret-key`",
            Self::Anonymous => "nothing",
            Self::Environment => "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY",
            Self::Instance => "the metadata service of this machine",
            Self::Container => {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI or AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
            }
            Self::ContainerOrInstance => "the container's or this machine's metadata service",
            Self::Profile => "AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE",
            Self::WebIdentity => "AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN",
            Self::AssumedRole => "`fs.s3a.assumed.role.arn` and the keys beside it",
            Self::Process(_) => "the program behind `process:`",
        }
    }
}

/// The sources, in the order in which they are asked, and what they need.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) sources: Vec<Source>,
    pub(crate) access_key: Option<AccessKey>,
    pub(crate) role: Option<AssumedRole>,
    pub(crate) web_identity: Option<WebIdentity>,
}

/// A static access key.
#[derive(Clone)]
pub(crate) struct AccessKey {
    pub(crate) id: String,
    pub(crate) secret: SecretString,
    pub(crate) token: Option<SecretString>,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey")
    }
}

/// The packages whose classes are known.
const PACKAGES: [&str; 6] = [
    "org.apache.hadoop.fs.s3a",
    "org.apache.hadoop.fs.s3a.auth",
    "com.amazonaws.auth",
    "com.amazonaws.auth.profile",
    "software.amazon.awssdk.auth.credentials",
    "software.amazon.awssdk.services.sts.auth",
];

/// What each class asks, in order.
pub(super) const CLASSES: [(&str, &[Source]); 21] = [
    ("SimpleAWSCredentialsProvider", SIMPLE),
    ("TemporaryAWSCredentialsProvider", &[Source::AccessKey { with_token: true }]),
    ("AnonymousAWSCredentialsProvider", &[Source::Anonymous]),
    ("AnonymousCredentialsProvider", &[Source::Anonymous]),
    ("EnvironmentVariableCredentialsProvider", &[Source::Environment]),
    ("InstanceProfileCredentialsProvider", &[Source::Instance]),
    ("SharedInstanceProfileCredentialsProvider", &[Source::Instance]),
    ("IAMInstanceCredentialsProvider", &[Source::ContainerOrInstance]),
    ("EC2ContainerCredentialsProviderWrapper", &[Source::ContainerOrInstance]),
    ("ContainerCredentialsProvider", &[Source::Container]),
    ("ProfileCredentialsProvider", &[Source::Profile]),
    ("ProfileAWSCredentialsProvider", &[Source::Profile]),
    ("WebIdentityTokenCredentialsProvider", &[Source::WebIdentity]),
    ("WebIdentityTokenFileCredentialsProvider", &[Source::WebIdentity]),
    ("StsWebIdentityTokenFileCredentialsProvider", &[Source::WebIdentity]),
    ("AssumedRoleCredentialProvider", &[Source::AssumedRole]),
    ("AWSStaticCredentialsProvider", SIMPLE),
    ("StaticCredentialsProvider", SIMPLE),
    ("BasicAWSCredentialsProvider", SIMPLE),
    ("DefaultCredentialsProvider", DEFAULT_CHAIN),
    ("DefaultAWSCredentialsProviderChain", DEFAULT_CHAIN),
];

const SIMPLE: &[Source] = &[Source::AccessKey { with_token: false }];
const DEFAULT_CHAIN: &[Source] =
    &[Source::Environment, Source::WebIdentity, Source::Profile, Source::ContainerOrInstance];

const PROCESS: &str = "process:";

impl Credentials {
    pub(super) fn read(
        config: &PluginConfig,
        endpoint: &Endpoint,
        variables: Variables<'_>,
    ) -> Result<Self> {
        let access_key = AccessKey::read(config)?;
        let key = access_key.as_ref();
        let sources = match usable_sources(&CREDENTIALS_PROVIDER, config, key)? {
            Some(sources) => sources,
            None => by_default(key, endpoint, variables)?,
        };
        let role = match sources.contains(&Source::AssumedRole) {
            true => Some(AssumedRole::read(config, key, variables)?),
            false => None,
        };
        let of_role = role.iter().flat_map(|role| &role.sources);
        let is_read =
            sources.iter().chain(of_role).any(|source| matches!(source, Source::AccessKey { .. }));
        if key.is_some() && !is_read {
            warn!(key = ACCESS_KEY.name, "the access key is not used: no provider reads it");
        }
        Ok(Self { sources, access_key, role, web_identity: WebIdentity::read(variables) })
    }
}

impl AccessKey {
    fn read(config: &PluginConfig) -> Result<Option<Self>> {
        let text =
            |key: &Key| key.given(config)?.map(|text| in_headers(key.name, text)).transpose();
        match (text(&ACCESS_KEY)?, text(&SECRET_KEY)?) {
            (Some(id), Some(secret)) => Ok(Some(Self {
                id: id.to_owned(),
                secret: secret.into(),
                token: text(&SESSION_TOKEN)?.map(SecretString::from),
            })),
            (None, None) => Ok(None),
            (id, _) => {
                let (given, lacking) = match id {
                    Some(_) => (&ACCESS_KEY, &SECRET_KEY),
                    None => (&SECRET_KEY, &ACCESS_KEY),
                };
                Err(wrong(
                    given,
                    format!("it means nothing without `{}`", lacking.name),
                    "give both, in the configuration or in a keystore, or neither",
                ))
            }
        }
    }
}

/// Where no provider is named: the access key of the configuration, or else what S3A asks, in its
/// order. Of a server that is not AWS's only the environment is worth asking.
fn by_default(
    access_key: Option<&AccessKey>,
    endpoint: &Endpoint,
    variables: Variables<'_>,
) -> Result<Vec<Source>> {
    if access_key.is_some() {
        return Ok(vec![Source::AccessKey { with_token: false }]);
    }
    if endpoint.is_aws {
        return Ok(vec![Source::Environment, Source::ContainerOrInstance]);
    }
    // The roles of AWS's machines mean nothing to a server of another kind.
    if aws_variable(variables, "AWS_ACCESS_KEY_ID").is_some() {
        return Ok(vec![Source::Environment]);
    }
    Err(wrong(
        &ACCESS_KEY,
        "there are no credentials for the server that `fs.s3a.endpoint` names",
        format!(
            "give it and `{}`, in the configuration or in a keystore, or name a provider in `{}`",
            SECRET_KEY.name, CREDENTIALS_PROVIDER.name
        ),
    ))
}

/// The sources that a key names, without those that cannot give anything.
pub(super) fn usable_sources(
    key: &Key,
    config: &PluginConfig,
    access_key: Option<&AccessKey>,
) -> Result<Option<Vec<Source>>> {
    let named = key.given(config)?.map(|text| usable(key, parse(key, text)?, access_key));
    named.transpose()
}

/// Reads a list of providers; what stands behind `process:` may hold spaces, and no comma.
fn parse(key: &Key, text: &str) -> Result<Vec<Source>> {
    let names = text.split([',', '\n']).map(str::trim).filter(|name| !name.is_empty());
    let mut sources = Vec::new();
    for name in names {
        let found = sources_of(name).ok_or_else(|| {
            let known: Vec<_> = CLASSES.iter().map(|(class, _)| *class).collect();
            wrong(
                key,
                format!("no provider is known by the name number {}", sources.len() + 1),
                format!(
                    "write classes of Hadoop or AWS ({}), or `{PROCESS}` and a program that \
                     prints credentials",
                    known.join(", ")
                ),
            )
        })?;
        sources.extend(found);
    }
    match sources.is_empty() {
        true => Err(wrong(key, "it names no provider", "name one, or leave the key out")),
        false => Ok(sources),
    }
}

fn sources_of(name: &str) -> Option<Vec<Source>> {
    if let Some(command) = name.strip_prefix(PROCESS) {
        let command = command.trim();
        return (!command.is_empty()).then(|| vec![Source::Process(command.to_owned())]);
    }
    let (package, class) = name.rsplit_once('.').unwrap_or((PACKAGES[0], name));
    if !PACKAGES.contains(&package) {
        return None;
    }
    CLASSES.iter().find(|row| row.0 == class).map(|row| row.1.to_vec())
}

/// Those that can give anything: without an access key, those that would give it are passed over.
fn usable(key: &Key, sources: Vec<Source>, access_key: Option<&AccessKey>) -> Result<Vec<Source>> {
    let has_token = access_key.is_some_and(|key| key.token.is_some());
    let can_give = |source: &Source| match source {
        Source::AccessKey { with_token } => access_key.is_some() && (has_token || !with_token),
        _ => true,
    };
    let usable: Vec<_> = sources.into_iter().filter(can_give).collect();
    if usable.is_empty() {
        let lacking = if access_key.is_some() { "a session token" } else { "an access key" };
        return Err(wrong(
            key,
            format!("the provider needs {lacking}, and none is given"),
            format!(
                "give `{}` and `{}`, and `{}` with temporary ones, in the configuration or in a \
                 keystore",
                ACCESS_KEY.name, SECRET_KEY.name, SESSION_TOKEN.name
            ),
        ));
    }
    if usable.len() > 1 && usable.contains(&Source::Anonymous) {
        return Err(wrong(
            key,
            "Anonymous stands beside other providers",
            "name it alone: a bucket is either public or it is not",
        ));
    }
    Ok(usable)
}
