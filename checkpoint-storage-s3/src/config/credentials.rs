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
use super::{Endpoint, Variables, wrong};

/// Something that gives credentials, as Hadoop and AWS name it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The access key of the configuration; with its token, if it must have one.
    Keys {
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
        f.write_str(match self {
            Self::Keys { with_token: false } => "Simple",
            Self::Keys { with_token: true } => "Temporary",
            Self::Anonymous => "Anonymous",
            Self::Environment => "Environment",
            Self::Instance => "Instance",
            Self::Container => "Container",
            Self::ContainerOrInstance => "ContainerOrInstance",
            Self::Profile => "Profile",
            Self::WebIdentity => "WebIdentity",
            Self::AssumedRole => "AssumedRole",
            Self::Process(_) => "Process",
        })
    }
}

/// The sources, in the order in which they are asked, and what they need.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) sources: Vec<Source>,
    pub(crate) keys: Option<Keys>,
    pub(crate) role: Option<AssumedRole>,
    pub(crate) web_identity: Option<WebIdentity>,
}

/// A static access key.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: SecretString,
    pub(crate) token: Option<SecretString>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
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

const CLASSES: [(&str, Source); 19] = [
    ("SimpleAWSCredentialsProvider", Source::Keys { with_token: false }),
    ("TemporaryAWSCredentialsProvider", Source::Keys { with_token: true }),
    ("AnonymousAWSCredentialsProvider", Source::Anonymous),
    ("AnonymousCredentialsProvider", Source::Anonymous),
    ("EnvironmentVariableCredentialsProvider", Source::Environment),
    ("InstanceProfileCredentialsProvider", Source::Instance),
    ("SharedInstanceProfileCredentialsProvider", Source::Instance),
    ("IAMInstanceCredentialsProvider", Source::ContainerOrInstance),
    ("EC2ContainerCredentialsProviderWrapper", Source::ContainerOrInstance),
    ("ContainerCredentialsProvider", Source::Container),
    ("ProfileCredentialsProvider", Source::Profile),
    ("ProfileAWSCredentialsProvider", Source::Profile),
    ("WebIdentityTokenCredentialsProvider", Source::WebIdentity),
    ("WebIdentityTokenFileCredentialsProvider", Source::WebIdentity),
    ("StsWebIdentityTokenFileCredentialsProvider", Source::WebIdentity),
    ("AssumedRoleCredentialProvider", Source::AssumedRole),
    ("AWSStaticCredentialsProvider", Source::Keys { with_token: false }),
    ("StaticCredentialsProvider", Source::Keys { with_token: false }),
    ("BasicAWSCredentialsProvider", Source::Keys { with_token: false }),
];

const PROCESS: &str = "process:";

impl Credentials {
    pub(super) fn read(
        config: &PluginConfig,
        endpoint: &Endpoint,
        variables: Variables<'_>,
    ) -> Result<Self> {
        let keys = Keys::read(config)?;
        let sources = match usable_sources(&CREDENTIALS_PROVIDER, config, &keys)? {
            Some(sources) => sources,
            None => by_default(&keys, endpoint, variables)?,
        };
        let role = match sources.contains(&Source::AssumedRole) {
            true => Some(AssumedRole::read(config, &keys, variables)?),
            false => None,
        };
        let reads_keys =
            |sources: &[Source]| sources.iter().any(|source| matches!(source, Source::Keys { .. }));
        if keys.is_some()
            && !reads_keys(&sources)
            && !role.as_ref().is_some_and(|role| reads_keys(&role.sources))
        {
            warn!(key = ACCESS_KEY.name, "the access key is not used: no provider reads it");
        }
        Ok(Self { sources, keys, role, web_identity: WebIdentity::read(variables) })
    }
}

impl Keys {
    fn read(config: &PluginConfig) -> Result<Option<Self>> {
        match (ACCESS_KEY.given(config)?, SECRET_KEY.given(config)?) {
            (Some(id), Some(secret)) => Ok(Some(Self {
                id: id.to_owned(),
                secret: secret.into(),
                token: SESSION_TOKEN.given(config)?.map(SecretString::from),
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

/// S3A's own order, where no provider is named.
fn by_default(
    keys: &Option<Keys>,
    endpoint: &Endpoint,
    variables: Variables<'_>,
) -> Result<Vec<Source>> {
    if keys.is_some() {
        return Ok(vec![Source::Keys { with_token: false }]);
    }
    if endpoint.is_aws {
        return Ok(vec![Source::Environment, Source::ContainerOrInstance]);
    }
    // The roles of AWS's machines mean nothing to a server of another kind.
    if variables("AWS_ACCESS_KEY_ID").is_some() {
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
    keys: &Option<Keys>,
) -> Result<Option<Vec<Source>>> {
    let named = key.given(config)?.map(|text| usable(key, parse(key, text)?, keys));
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
    if matches!(class, "DefaultCredentialsProvider" | "DefaultAWSCredentialsProviderChain") {
        use Source::*;
        return Some(vec![Environment, WebIdentity, Profile, ContainerOrInstance]);
    }
    CLASSES.iter().find(|row| row.0 == class).map(|row| vec![row.1.clone()])
}

/// Those that can give anything: without an access key, those that would give it are passed over.
fn usable(key: &Key, sources: Vec<Source>, keys: &Option<Keys>) -> Result<Vec<Source>> {
    let has_token = keys.as_ref().is_some_and(|keys| keys.token.is_some());
    let can_give = |source: &Source| match source {
        Source::Keys { with_token } => keys.is_some() && (has_token || !with_token),
        _ => true,
    };
    let usable: Vec<_> = sources.into_iter().filter(can_give).collect();
    if usable.is_empty() {
        let lacking = if keys.is_some() { "a session token" } else { "an access key" };
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
