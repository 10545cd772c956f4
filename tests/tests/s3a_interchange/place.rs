//! A bucket on MinIO with a namespace that both sides share.

use std::path::Path;

use checkpoint_storage_tests::java::{Java, SharedPlace, jars, s3a_jars};
use checkpoint_storage_tests::s3::{S3Server, minio};
use checkpoint_storage_tests::storage;
use storage_host::ManagedStorage;

/// The namespace, where a test does not choose another.
pub(crate) const NAMESPACE: &str = "/seatunnel/checkpoint";
/// The smallest part that S3 takes.
const PART: &str = "5242880";

/// A bucket of its own.
pub(crate) struct Place {
    server: &'static S3Server,
    jars: [&'static Path; 2],
    bucket: String,
}

impl Place {
    /// `None`, and the reason shown, where the test is to be skipped.
    pub(crate) fn new() -> Option<Self> {
        let server = minio()?;
        let jars = [jars()?, s3a_jars()?];
        Some(Self { server, jars, bucket: server.new_bucket() })
    }

    pub(crate) fn bucket(&self) -> &str {
        &self.bucket
    }

    /// A `plugin-config` for both sides, in the spellings that Java knows: what is larger than a part
    /// goes in parts.
    pub(crate) fn config(&self, bucket: &str, namespace: &str) -> Vec<(&'static str, String)> {
        let simple = "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider";
        [
            ("s3.bucket", bucket),
            ("namespace", namespace),
            ("fs.s3a.endpoint", &self.server.endpoint),
            ("fs.s3a.path.style.access", "true"),
            ("fs.s3a.aws.credentials.provider", simple),
            ("fs.s3a.access.key", &self.server.access_key),
            ("fs.s3a.secret.key", &self.server.secret_key),
            ("fs.s3a.multipart.size", PART),
            // Ours begins with parts here, Java copies in parts from here on.
            ("s3.multipart-threshold", PART),
            ("fs.s3a.multipart.threshold", PART),
            // Java keeps what it has not sent in memory, not in a folder of the machine.
            ("fs.s3a.fast.upload.buffer", "array"),
        ]
        .map(|(key, value)| (key, value.to_owned()))
        .into()
    }

    pub(crate) fn java_at(&self, bucket: &str, namespace: &str) -> Java {
        let config = self.config(bucket, namespace);
        let config = config.iter().map(|(key, value)| (*key, value.as_str()));
        let config: Vec<_> = [("storage.type", "s3")].into_iter().chain(config).collect();
        Java::open(&self.jars, "hdfs", &config)
    }

    pub(crate) async fn ours_at(&self, bucket: &str, namespace: &str) -> ManagedStorage {
        storage::open("s3", self.config(bucket, namespace).into_iter().collect()).await
    }

    /// The keys of all objects in the bucket, sorted.
    pub(crate) async fn keys(&self) -> Vec<String> {
        self.server.keys(&self.bucket).await
    }

    /// Whether an object was written in parts: its tag says so.
    pub(crate) async fn is_in_parts(&self, key: &str) -> bool {
        let request = self.server.client().head_object().bucket(&self.bucket).key(key);
        let object = request.send().await.expect("there");
        object.e_tag().expect("a tag").contains('-')
    }

    /// Begins an upload in parts, as a writer that dies leaves it.
    pub(crate) async fn begin_upload(&self, key: &str) {
        let client = self.server.client();
        let begun = client.create_multipart_upload().bucket(&self.bucket).key(key).send().await;
        begun.expect("begun");
    }
}

impl SharedPlace for Place {
    fn java(&self) -> Java {
        self.java_at(&format!("s3a://{}", self.bucket), NAMESPACE)
    }

    async fn ours(&self) -> ManagedStorage {
        self.ours_at(&format!("s3a://{}", self.bucket), NAMESPACE).await
    }

    /// With the whole key of what lies elsewhere.
    async fn files(&self, job: &str) -> Vec<String> {
        let directory = key(job, "");
        let name = |key: String| key.strip_prefix(&directory).map(str::to_owned).unwrap_or(key);
        self.keys().await.into_iter().map(name).collect()
    }

    async fn copy(&self, job: &str, from: &str, to: &str) {
        let (client, from) = (self.server.client(), key(job, from));
        let object = client.get_object().bucket(&self.bucket).key(from).send().await;
        let body = object.expect("there").body.collect().await.expect("read").into_bytes();
        let request = client.put_object().bucket(&self.bucket).key(key(job, to));
        request.body(body.into()).send().await.expect("written");
    }

    fn beside(&self, _: &str) -> Option<String> {
        None
    }

    async fn is_gone(&self, job: &str) -> bool {
        self.files(job).await.is_empty()
    }
}

/// The key of a file of a job; without a name, of the job's directory.
pub(crate) fn key(job: &str, name: &str) -> String {
    format!("{}/{job}/{name}", &NAMESPACE[1..])
}

/// The keys of files of a job, sorted.
pub(crate) fn keys(job: &str, names: &[String]) -> Vec<String> {
    let mut keys: Vec<_> = names.iter().map(|name| key(job, name)).collect();
    keys.sort();
    keys
}
