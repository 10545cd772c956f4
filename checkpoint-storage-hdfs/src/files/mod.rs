//! The operations on the files of one namespace.
//!
//! - `list`, `read`, `remove`, `upload`, `health`: an operation each
//! - `write_attempts`: writing a file again after a failure; `replicas` says with how many replicas
//! - `write`, `close`, `open_file`, `temporary`: one attempt
//! - `publish`: giving it its name; `settle` looks what became of that
//! - `change`: a change whose answer may be lost

mod change;
mod close;
mod health;
mod list;
mod open_file;
mod publish;
mod read;
mod remove;
mod replicas;
mod settle;
mod temporary;
mod upload;
mod write;
mod write_attempts;

use std::sync::Arc;

use checkpoint_storage_api::{Error, ErrorKind, JobId, Result};
use checkpoint_storage_filesystem::{Directory, Environment};
use tokio_util::task::TaskTracker;

use crate::cluster::Cluster;
use crate::deadline::Deadline;
use crate::failure::Cause;

/// What HDFS takes as a name, unless its NameNode is told otherwise.
const MAX_NAME_LEN: usize = 255;

/// A namespace on a cluster.
pub(crate) struct Files {
    cluster: Cluster,
    environment: Environment,
    /// What goes on after the call that began it was dropped.
    background: TaskTracker,
}

/// A file that an operation concerns.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) operation: &'static str,
    /// The directory's path.
    pub(crate) directory: String,
    /// The name in it.
    pub(crate) name: String,
}

impl Target {
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.directory, self.name)
    }

    /// Another file of the same directory.
    pub(crate) fn beside(&self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self.clone() }
    }
}

impl Files {
    pub(crate) fn new(cluster: Cluster, environment: Environment) -> Arc<Self> {
        Arc::new(Self { cluster, environment, background: TaskTracker::new() })
    }

    /// The deadline of a call that begins now.
    pub(crate) fn deadline(&self) -> Deadline {
        self.cluster.begin()
    }

    /// Waits for what dropped calls left to do.
    pub(crate) async fn close(&self) {
        self.background.close();
        self.background.wait().await;
    }

    /// The path of a directory.
    pub(crate) fn directory(&self, directory: Directory<'_>) -> String {
        let namespace = &self.cluster.config().namespace;
        match directory {
            Directory::Namespace => namespace.clone(),
            Directory::Job(job) => format!("{namespace}/{job}"),
        }
    }

    /// A path as people write it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{}", self.cluster.config().url, if path.is_empty() { "/" } else { path })
    }

    fn caused(&self, target: &Target, cause: Cause) -> Error {
        self.failed(target.operation, &target.path(), cause)
    }

    fn failed(&self, operation: &'static str, path: &str, cause: Cause) -> Error {
        let cause = cause.of_namenodes(&self.cluster.config().namenode_addresses());
        cause.into_error(operation, self.url(path))
    }

    /// Refuses a job that no directory of HDFS can have.
    pub(crate) fn check_job_id(&self, job: &JobId) -> Result<()> {
        let problem = if job.as_str().contains(':') {
            "HDFS has no names with `:`"
        } else if job.as_str().len() > MAX_NAME_LEN {
            "names of HDFS have at most 255 bytes"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::InvalidInput, "use job id", problem)
            .with_subject(format_args!("{:.40}", job.as_str()))
            .with_advice("use a shorter or plainer one"))
    }
}

#[cfg(test)]
mod tests {
    use checkpoint_storage_api::{CheckpointName, HealthOptions, PluginConfig};

    use super::*;
    use crate::config::HdfsConfig;
    use crate::deadline::Limits;

    /// The client's are larger.
    const SMALL: usize = 8 << 10;

    #[tokio::test]
    async fn the_futures_of_calls_are_small_enough_for_any_stack() {
        let config: PluginConfig = [("fs.defaultFS", "hdfs://h:1")].into();
        let config = HdfsConfig::load(&config, &|_| None).expect("valid");
        let cluster = Cluster::new(config, Limits::new(None)).expect("a client");
        let files = Files::new(cluster, Environment::system());
        let target =
            || Target { operation: "test", directory: "/d".to_owned(), name: "n".to_owned() };
        let name = CheckpointName { timestamp_ms: 0, random: 0, pipeline_id: 0, checkpoint_id: 0 };
        let publish = files.publish(target(), &name, health::probe());
        let sizes = [
            size_of_val(&publish),
            size_of_val(&files.begin_upload(target(), &name, 1)),
            size_of_val(&files.read(target())),
            size_of_val(&files.delete(&target(), files.deadline())),
            size_of_val(&files.rename(&target(), &target())),
            size_of_val(&files.list(Directory::Namespace)),
            size_of_val(&files.health(HealthOptions::default())),
        ];
        assert!(sizes.iter().all(|size| *size < SMALL), "{sizes:?}");
    }
}
