//! What the plugin `s3` reads: Hadoop's S3A keys, and ours.

use crate::key::{Key, Reader, Section};
use crate::values::Value;

const fn s3(name: &'static str, value: Value, meaning: &'static str) -> Key {
    Key::new(Section::PluginConfig, Reader::Plugins(&["s3"]), name, value, meaning)
}

/// Where secrets are looked up beside their own keys.
const ELSEWHERE: &[&str] = &[
    "fs.s3a.bucket.*",
    "fs.s3a.security.credential.provider.path",
    "hadoop.security.credential.provider.path",
];

/// `s3.bucket`
pub static BUCKET: Key = s3(
    "s3.bucket",
    Value::Text,
    "the bucket: `b`, `b/`, `s3a://b` and `s3n://b/` are the same; a path in it is ignored with a \
     warning, as Hadoop does",
);

/// `fs.s3a.access-key`
pub static ACCESS_KEY: Key = s3("fs.s3a.access-key", Value::Text, "the access key's id")
    .or(&["fs.s3a.access.key"])
    .not(&["fs.s3a.access.key.id", "fs.s3a.awsAccessKeyId", "fs.s3a.access.id"])
    .needs("fs.s3a.secret-key")
    .within(ELSEWHERE)
    .secret();

/// `fs.s3a.secret-key`
pub static SECRET_KEY: Key = s3("fs.s3a.secret-key", Value::Text, "the access key's secret")
    .or(&["fs.s3a.secret.key"])
    .not(&["fs.s3a.access.secret", "fs.s3a.secret.access.key", "fs.s3a.awsSecretAccessKey"])
    .needs("fs.s3a.access-key")
    .within(ELSEWHERE)
    .secret();

/// `fs.s3a.session.token`
pub static SESSION_TOKEN: Key =
    s3("fs.s3a.session.token", Value::Text, "the token of temporary credentials").secret();

/// `fs.s3a.aws.credentials.provider`
pub static CREDENTIALS_PROVIDER: Key = s3(
    "fs.s3a.aws.credentials.provider",
    Value::Text,
    "where credentials come from: class names of Hadoop or AWS, asked in order, with commas \
     between them (Simple, Temporary, Anonymous, EnvironmentVariable, InstanceProfile, Container, \
     Profile, WebIdentity, AssumedRole), or `process:` and a program that prints them",
);

/// `fs.s3a.endpoint`
pub static ENDPOINT: Key =
    s3("fs.s3a.endpoint", Value::Text, "the server; without it, AWS in the region");

/// `fs.s3a.endpoint.region`
pub static REGION: Key = s3(
    "fs.s3a.endpoint.region",
    Value::Text,
    "the region; without it, what the endpoint's name or the environment says",
);

/// `fs.s3a.path.style.access`
pub static PATH_STYLE: Key = s3(
    "fs.s3a.path.style.access",
    Value::Boolean,
    "whether the bucket stands in the path instead of the host's name; by default it does at a \
     custom endpoint",
);

/// `fs.s3a.connection.ssl.enabled`
pub static SSL: Key = s3(
    "fs.s3a.connection.ssl.enabled",
    Value::Boolean,
    "whether an endpoint without a scheme is spoken to over TLS",
)
.default("true");

/// `fs.s3a.connection.timeout`
pub static CONNECTION_TIMEOUT: Key =
    s3("fs.s3a.connection.timeout", Value::Time, "how long the server may be silent")
        .default("200s");

/// `fs.s3a.attempts.maximum`
pub static ATTEMPTS: Key =
    s3("fs.s3a.attempts.maximum", Value::Number(1), "how often a request is tried").default("5");

/// `fs.s3a.multipart.size`
pub static MULTIPART_SIZE: Key =
    s3("fs.s3a.multipart.size", Value::Size, "the size of one part of a multipart upload")
        .default("8M");

/// `fs.s3a.threads.max`
pub static THREADS: Key =
    s3("fs.s3a.threads.max", Value::Number(1), "how many requests may be under way at once")
        .default("96");

/// `fs.s3a.encryption.algorithm`
pub static ENCRYPTION: Key = s3(
    "fs.s3a.encryption.algorithm",
    Value::OneOf(&["AES256", "SSE-KMS", "aws:kms"]),
    "how the server encrypts what it stores; by default as the bucket says",
)
.or(&["fs.s3a.server-side-encryption-algorithm"]);

/// `fs.s3a.encryption.key`
pub static ENCRYPTION_KEY: Key =
    s3("fs.s3a.encryption.key", Value::Text, "the id of the key for SSE-KMS")
        .or(&["fs.s3a.server-side-encryption.key"])
        .needs("fs.s3a.encryption.algorithm");

/// `fs.s3a.assumed.role.arn`
pub static ROLE_ARN: Key =
    s3("fs.s3a.assumed.role.arn", Value::Text, "the role to assume with AssumedRole");

/// `fs.s3a.assumed.role.session.name`
pub static ROLE_SESSION_NAME: Key = s3(
    "fs.s3a.assumed.role.session.name",
    Value::Text,
    "what the assumed role's session is called; `checkpoint-storage` without it",
);

/// `fs.s3a.assumed.role.session.duration`
pub static ROLE_SESSION_DURATION: Key = s3(
    "fs.s3a.assumed.role.session.duration",
    Value::Time,
    "how long the assumed role's session lasts before it is renewed",
)
.default("30m");

/// `fs.s3a.assumed.role.external.id`
pub static ROLE_EXTERNAL_ID: Key = s3(
    "fs.s3a.assumed.role.external.id",
    Value::Text,
    "the id that the role's owner asks of other accounts",
);

/// `fs.s3a.assumed.role.sts.endpoint`
pub static ROLE_STS_ENDPOINT: Key = s3(
    "fs.s3a.assumed.role.sts.endpoint",
    Value::Text,
    "the server that hands the role out; without it `AWS_ENDPOINT_URL_STS`, or AWS's own",
);

/// `fs.s3a.assumed.role.sts.endpoint.region`
pub static ROLE_STS_REGION: Key =
    s3("fs.s3a.assumed.role.sts.endpoint.region", Value::Text, "that server's region");

/// `fs.s3a.assumed.role.credentials.provider`
pub static ROLE_CREDENTIALS_PROVIDER: Key = s3(
    "fs.s3a.assumed.role.credentials.provider",
    Value::Text,
    "where the credentials come from with which the role is asked for; without it the access \
     key, or the environment",
);

/// `fs.s3a.proxy.host`
pub static PROXY_HOST: Key = s3("fs.s3a.proxy.host", Value::Text, "the proxy's host");

/// `fs.s3a.proxy.port`
pub static PROXY_PORT: Key = s3(
    "fs.s3a.proxy.port",
    Value::Number(1),
    "the proxy's port; without it 443, or 80 for a server without TLS",
)
.needs("fs.s3a.proxy.host");

/// `fs.s3a.proxy.username`
pub static PROXY_USERNAME: Key =
    s3("fs.s3a.proxy.username", Value::Text, "the proxy's user").needs("fs.s3a.proxy.password");

/// `fs.s3a.proxy.password`
pub static PROXY_PASSWORD: Key = s3("fs.s3a.proxy.password", Value::Text, "the proxy's password")
    .needs("fs.s3a.proxy.username")
    .within(ELSEWHERE)
    .secret();

/// `fs.s3a.security.credential.provider.path`
pub static S3_CREDENTIAL_PROVIDER_PATH: Key = s3(
    "fs.s3a.security.credential.provider.path",
    Value::Text,
    "keystores in which the secrets of S3 are looked up before those of \
     `hadoop.security.credential.provider.path`",
);

/// `s3.ca-file`
pub static CA_FILE: Key = s3(
    "s3.ca-file",
    Value::File,
    "certificates, as PEM, of authorities to trust beside the system's",
);

/// `fs.s3a.bucket.*`
pub static PER_BUCKET: Key = s3(
    "fs.s3a.bucket.*",
    Value::Text,
    "`fs.s3a.bucket.NAME.KEY` is `fs.s3a.KEY` for the bucket NAME alone",
)
.secret();

/// `s3.multipart-threshold`
pub static MULTIPART_THRESHOLD: Key = s3(
    "s3.multipart-threshold",
    Value::Size,
    "from which size on a checkpoint is uploaded in parts; 5 GiB at most, as one request takes",
)
.default("16 MiB");

/// `s3.conditional-put`
pub static CONDITIONAL_PUT: Key = s3(
    "s3.conditional-put",
    Value::OneOf(&["auto", "on", "off"]),
    "whether a store asks the server to refuse to write over what is there",
)
.default("auto");

/// `s3.checksum`
pub static CHECKSUM: Key = s3(
    "s3.checksum",
    Value::OneOf(&["auto", "on", "off"]),
    "whether uploads carry their CRC-32C and what is read is checked by the server's checksum; \
     `auto`: only where the server is AWS",
)
.default("auto");
