//! Trying the cluster step by step.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointName, Error, ErrorKind, HealthOptions, HealthStatus, HealthStep, Result,
};
use checkpoint_storage_filesystem::codec::Checksum;
use checkpoint_storage_filesystem::{Directory, naming};

use super::settle::Fingerprint;
use super::write::Body;
use super::{Files, Target};

const PROBE: &[u8] = &[0x5a; 4096];

impl Files {
    /// Each step is tried only if the one before it worked.
    pub(crate) async fn health(self: &Arc<Self>, options: HealthOptions) -> Vec<HealthStep> {
        let list = async {
            let entries = self.list(Directory::Namespace).await?;
            Ok(format!(
                "{}: {} entries",
                self.url(&self.directory(Directory::Namespace)),
                entries.len()
            ))
        };
        let mut steps = vec![step("list", list).await];
        let probe = |operation| Target {
            operation,
            directory: self.directory(Directory::Namespace),
            name: naming::probe(self.environment.token()),
        };
        let target = probe("write a probe");
        if options.write && is_well(&steps) {
            steps.push(step("write and rename", self.write_probe(&target)).await);
        }
        if options.write && is_well(&steps) {
            steps.push(step("read", self.read_probe(&target)).await);
            let delete = async {
                self.delete(&target).await?;
                Ok("deleted it".to_owned())
            };
            steps.push(step("delete", delete).await);
        }
        steps
    }

    async fn write_probe(self: &Arc<Self>, target: &Target) -> Result<String> {
        let name = CheckpointName { timestamp_ms: 0, random: 0, pipeline_id: 0, checkpoint_id: 0 };
        self.publish(target.clone(), &name, probe()).await?;
        Ok(format!("wrote {} bytes and renamed them", PROBE.len()))
    }

    async fn read_probe(self: &Arc<Self>, target: &Target) -> Result<String> {
        match self.read(target.clone()).await? == PROBE {
            true => Ok("read it back".to_owned()),
            false => {
                Err(Error::new(ErrorKind::Corrupt, "read a probe", "it is not what was written")
                    .with_subject(self.url(&target.path())))
            }
        }
    }
}

fn probe() -> Body {
    let mut checksum = Checksum::default();
    checksum.update(PROBE);
    let fingerprint = Fingerprint { len: PROBE.len() as u64, checksum: checksum.value() };
    Body::new(vec![Bytes::from_static(PROBE)], fingerprint)
}

fn is_well(steps: &[HealthStep]) -> bool {
    steps.iter().all(|step| step.status != HealthStatus::Failed)
}

async fn step(name: &str, run: impl Future<Output = Result<String>>) -> HealthStep {
    let begun = Instant::now();
    let (status, detail, advice) = match run.await {
        Ok(detail) => (HealthStatus::Passed, detail, None),
        Err(error) => (
            HealthStatus::Failed,
            format!("{}: {}", error.subject(), error.reason()),
            error.advice().map(str::to_owned),
        ),
    };
    HealthStep { name: name.to_owned(), status, detail, advice, elapsed: begun.elapsed() }
}
