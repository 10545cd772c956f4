//! Temporary keys of a server's own token service.

use aws_sdk_s3::primitives::DateTime;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::{BehaviorVersion, Credentials, Region};

use super::server::S3Server;

/// An access key that is only good with its token. It has no `Debug`, which would show them.
#[derive(Clone)]
pub struct TemporaryKeys {
    /// The access key's id.
    pub id: String,
    /// The access key's secret.
    pub secret: String,
    /// The session's token.
    pub token: String,
    /// When they expire: an hour after they were asked for.
    pub expiration: DateTime,
}

impl TemporaryKeys {
    /// Asks MinIO for keys that may do what the server's own may; with a policy, what that allows.
    pub async fn new(server: &S3Server, policy: Option<String>) -> Self {
        let own = Credentials::new(&server.access_key, &server.secret_key, None, None, "the tests");
        let config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&server.endpoint)
            .region(Region::from_static("us-east-1"))
            .http_client(server.client().config().http_client().expect("it has one"))
            .credentials_provider(own);
        let request = Client::from_conf(config.build())
            .assume_role()
            // Any will do.
            .role_arn("arn:aws:iam::1:role/checkpoints")
            .role_session_name("tests")
            .set_policy(policy);
        let answer = request.send().await.expect("MinIO hands out keys");
        let keys = answer.credentials.expect("keys");
        Self {
            id: keys.access_key_id,
            secret: keys.secret_access_key,
            token: keys.session_token,
            expiration: keys.expiration,
        }
    }

    /// The keys as AWS's environment variables.
    pub fn variables(&self) -> [(&'static str, &str); 3] {
        [
            ("AWS_ACCESS_KEY_ID", &self.id),
            ("AWS_SECRET_ACCESS_KEY", &self.secret),
            ("AWS_SESSION_TOKEN", &self.token),
        ]
    }
}
