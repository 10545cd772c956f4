//! A server that speaks S3, a bare client of it, and a plugin's keys for it.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use checkpoint_storage_api::PluginConfig;

/// Keys of `plugin-config`, and their values.
pub type Keys<'a> = &'a [(&'a str, &'a str)];

/// What lets the plugin store in parts, as soon and as small as S3 allows.
pub const IN_PARTS: Keys<'static> =
    &[("s3.multipart-threshold", "5M"), ("fs.s3a.multipart.size", "5M")];

/// A server and the keys to it. It has no `Debug`, which would show them.
#[derive(Clone)]
pub struct S3Server {
    /// Its URL, without a path.
    pub endpoint: String,
    /// The access key's id.
    pub access_key: String,
    /// The access key's secret.
    pub secret_key: String,
}

impl S3Server {
    /// The same server, reached through another endpoint.
    #[must_use]
    pub fn through(&self, endpoint: impl Into<String>) -> Self {
        Self { endpoint: endpoint.into(), ..self.clone() }
    }

    /// Where it listens: the endpoint without its scheme.
    pub fn host_and_port(&self) -> &str {
        self.endpoint.split_once("://").expect("a URL").1
    }

    /// The SDK's client with as little set as possible. Its connections belong to the runtime that
    /// it is used in.
    pub fn client(&self) -> Client {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let credentials =
            Credentials::new(&self.access_key, &self.secret_key, None, None, "the tests");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::from_static("us-east-1"))
            .credentials_provider(credentials)
            .force_path_style(true)
            .http_client(http)
            .build();
        Client::from_conf(config)
    }

    /// Makes a bucket and returns its name, which no other has. Blocks the thread, inside a runtime
    /// as well as outside.
    pub fn new_bucket(&self) -> String {
        let name = format!("test-{:016x}", fastrand::u64(..));
        let make = async {
            let made = self.client().create_bucket().bucket(&name).send().await;
            made.expect("a bucket can be made");
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(make);
            });
        });
        name
    }

    /// The keys of all objects in a bucket, sorted. Tests store no more than one listing shows.
    pub async fn keys(&self, bucket: &str) -> Vec<String> {
        let listed = self.client().list_objects_v2().bucket(bucket).send().await.expect("listed");
        assert_ne!(listed.is_truncated(), Some(true), "more than one listing shows");
        let keys = listed.contents().iter().map(|object| object.key().expect("a key").to_owned());
        let mut keys: Vec<_> = keys.collect();
        keys.sort();
        keys
    }

    /// What a plugin needs to store below `namespace` in a bucket.
    pub fn plugin_config(&self, bucket: &str, namespace: &str) -> PluginConfig {
        self.plugin_config_with(bucket, namespace, &[])
    }

    /// The same, and more keys, whose values count where a key is given twice.
    pub fn plugin_config_with(
        &self,
        bucket: &str,
        namespace: &str,
        more: Keys<'_>,
    ) -> PluginConfig {
        let own = [
            ("s3.bucket", bucket),
            ("fs.s3a.endpoint", &self.endpoint),
            ("fs.s3a.access-key", &self.access_key),
            ("fs.s3a.secret-key", &self.secret_key),
            ("storageNameSpace", namespace),
        ];
        own.iter().chain(more).copied().collect()
    }
}
