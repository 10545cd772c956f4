//! Trying the cluster step by step.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointName, Error, ErrorKind, HealthOptions, HealthStep, Result};
use checkpoint_storage_filesystem::codec::Checksum;
use checkpoint_storage_filesystem::health::{self, Finding, is_well, step};
use checkpoint_storage_filesystem::{ClockDifference, Directory, naming};

use super::settle::Fingerprint;
use super::write::Body;
use super::{Files, Target};

const PROBE: &[u8] = &[0x5a; 4096];

impl Files {
    /// Each step is tried only if the one before it worked.
    pub(crate) async fn health(self: &Arc<Self>, options: HealthOptions) -> Vec<HealthStep> {
        let list = async {
            let entries = self.list(Directory::Namespace).await?;
            let url = self.url(&self.directory(Directory::Namespace));
            Ok(Finding::passed(format!("{url}: {} entries", entries.len())))
        };
        let mut steps = vec![step("list", list).await];
        let probe = |operation| Target {
            operation,
            directory: self.directory(Directory::Namespace),
            name: naming::probe(self.environment.token()),
        };
        let target = probe("write a probe");
        if options.write && is_well(&steps) {
            steps.push(step("write and rename", Box::pin(self.write_probe(&target))).await);
        }
        if options.write && is_well(&steps) {
            steps.push(step("clock", self.compare_clocks(&target)).await);
            steps.push(step("read", self.read_probe(&target)).await);
            let delete = async {
                self.delete(&target, self.deadline()).await?;
                Ok(Finding::passed("deleted it"))
            };
            steps.push(step("delete", delete).await);
        }
        steps
    }

    async fn write_probe(self: &Arc<Self>, target: &Target) -> Result<Finding> {
        let name = CheckpointName { timestamp_ms: 0, random: 0, pipeline_id: 0, checkpoint_id: 0 };
        self.publish(target.clone(), &name, probe()).await?;
        Ok(Finding::passed(format!("wrote {} bytes and renamed them", PROBE.len())))
    }

    /// The NameNode's clock shows in the time of a file that was just written.
    async fn compare_clocks(&self, target: &Target) -> Result<Finding> {
        let now = self.environment.now();
        let status = self.status(target, self.deadline()).await;
        let status = status.map_err(|cause| self.caused(target, cause))?;
        let theirs = SystemTime::UNIX_EPOCH + Duration::from_millis(status.modification_time);
        Ok(health::clock(ClockDifference::between(now, theirs)))
    }

    async fn read_probe(self: &Arc<Self>, target: &Target) -> Result<Finding> {
        match self.read(target.clone()).await? == PROBE {
            true => Ok(Finding::passed("read it back")),
            false => {
                Err(Error::new(ErrorKind::Corrupt, "read a probe", "it is not what was written")
                    .with_subject(self.url(&target.path())))
            }
        }
    }
}

pub(super) fn probe() -> Body {
    let mut checksum = Checksum::default();
    checksum.update(PROBE);
    let fingerprint = Fingerprint { len: PROBE.len() as u64, checksum: checksum.value() };
    Body::new(vec![Bytes::from_static(PROBE)], fingerprint)
}
