//! Namespaces on a server, for the conformance suite.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointStorage, CheckpointStorageFactory, JobId, OpenOptions, PluginConfig, Result,
    async_trait,
};
use checkpoint_storage_conformance::{Medium, Place, Subject};

use super::server::S3Server;

/// Storages of one factory, each place with a namespace of its own in one fresh bucket.
pub struct S3Places {
    factory: Arc<dyn CheckpointStorageFactory>,
    server: S3Server,
    bucket: String,
    more: Vec<(String, String)>,
    count: AtomicU32,
}

impl S3Places {
    /// Opens storages of `factory` on `server`, in a bucket that is made now. Blocks the thread.
    pub fn new(factory: impl CheckpointStorageFactory + 'static, server: &S3Server) -> Self {
        Self {
            factory: Arc::new(factory),
            server: server.clone(),
            bucket: server.new_bucket(),
            more: Vec::new(),
            count: AtomicU32::new(0),
        }
    }

    /// Sets keys of the storages' configuration beside those that name the place.
    #[must_use]
    pub fn with(mut self, more: &[(&str, &str)]) -> Self {
        self.more.extend(more.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())));
        self
    }
}

#[async_trait]
impl Subject for S3Places {
    async fn place(&self) -> Result<Box<dyn Place>> {
        let namespace = format!("place/{}", self.count.fetch_add(1, Ordering::Relaxed));
        let mut config = self.server.plugin_config(&self.bucket, &format!("/{namespace}"));
        for (key, value) in &self.more {
            config.set(key, value);
        }
        // Each case has a runtime of its own, which a client cannot outlive.
        let client = self.server.client();
        let objects = Objects { client, bucket: self.bucket.clone(), namespace };
        Ok(Box::new(S3Place { factory: Arc::clone(&self.factory), config, objects }))
    }
}

struct S3Place {
    factory: Arc<dyn CheckpointStorageFactory>,
    config: PluginConfig,
    objects: Objects,
}

#[async_trait]
impl Place for S3Place {
    async fn open(&self, options: OpenOptions) -> Result<Arc<dyn CheckpointStorage>> {
        self.factory.open(self.config.clone(), options).await
    }

    fn medium(&self) -> Option<&dyn Medium> {
        Some(&self.objects)
    }
}

/// The objects `NAMESPACE/JOB/FILE` of a bucket.
struct Objects {
    client: Client,
    bucket: String,
    namespace: String,
}

impl Objects {
    fn key(&self, job: &JobId, file_name: &str) -> String {
        format!("{}/{}/{file_name}", self.namespace, job.as_str())
    }
}

#[async_trait]
impl Medium for Objects {
    async fn files(&self, job: &JobId) -> io::Result<Vec<String>> {
        let prefix = self.key(job, "");
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix);
        let mut pages = request.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let keys = page.map_err(failed)?.contents.unwrap_or_default();
            let keys = keys.into_iter().filter_map(|object| object.key);
            // Not the marker of a directory.
            names.extend(keys.filter_map(|key| {
                key.strip_prefix(&prefix).filter(|name| !name.is_empty()).map(str::to_owned)
            }));
        }
        names.sort_unstable();
        Ok(names)
    }

    async fn read(&self, job: &JobId, file_name: &str) -> io::Result<Bytes> {
        let request = self.client.get_object().bucket(&self.bucket).key(self.key(job, file_name));
        let object = request.send().await.map_err(failed)?;
        Ok(object.body.collect().await.map_err(failed)?.into_bytes())
    }

    async fn write(&self, job: &JobId, file_name: &str, bytes: &[u8]) -> io::Result<()> {
        let request = self.client.put_object().bucket(&self.bucket).key(self.key(job, file_name));
        let stored = request.body(bytes.to_vec().into()).send().await;
        stored.map(drop).map_err(failed)
    }
}

fn failed(error: impl std::error::Error) -> io::Error {
    io::Error::other(DisplayErrorContext(error).to_string())
}
