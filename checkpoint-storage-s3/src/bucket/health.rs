//! Trying the bucket step by step.

use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{ErrorKind, HealthOptions, HealthStep, Result};
use checkpoint_storage_filesystem::codec::Checksum;
use checkpoint_storage_filesystem::health::{self, Finding, is_well, step};
use checkpoint_storage_filesystem::{ClockDifference, Directory, naming};

use super::put::Object;
use super::settle::Fingerprint;
use super::{Bucket, Target};
use crate::client::ServerClock;
use crate::clock::is_refused;

const PROBE: &[u8] = &[0x5a; 4096];

impl Bucket {
    /// Each step is tried only if the one before it worked.
    pub(crate) async fn health(self: &Arc<Self>, options: HealthOptions) -> Vec<HealthStep> {
        let clock = ServerClock::default();
        let mut steps = vec![step("list", self.reach(&clock)).await];
        if let Some(time) = clock.time() {
            let difference = ClockDifference::between(self.environment.now(), time);
            steps.push(step("clock", async { Ok(clock_finding(difference)) }).await);
        }
        if options.write && is_well(&steps) {
            let name = naming::probe(self.environment.token());
            let key = self.keyspace.file(Directory::Namespace, &name);
            let target = |operation| Target { operation, key: key.clone() };
            steps.push(step("write", self.write_probe(target("write a probe"))).await);
            if is_well(&steps) {
                steps
                    .push(step("create only", self.overwrite_probe(target("write a probe"))).await);
                steps.push(step("read", self.read_probe(target("read a probe"))).await);
                let delete = async {
                    self.delete_one(&key).await?;
                    Ok(Finding::passed("deleted it"))
                };
                steps.push(step("delete", delete).await);
            }
        }
        steps
    }

    async fn reach(&self, clock: &ServerClock) -> Result<Finding> {
        let target =
            Target { operation: "list", key: self.keyspace.directory(Directory::Namespace) };
        let _permit = self.permit().await;
        let request = self
            .client
            .list_objects_v2()
            .bucket(self.keyspace.bucket())
            .prefix(&target.key)
            .max_keys(1);
        let sent = request.customize().interceptor(clock.clone()).send().await;
        let output = sent.map_err(|error| self.failed(&target, &error))?;
        let what = if output.contents().is_empty() { "is empty" } else { "can be listed" };
        Ok(Finding::passed(format!("{} {what}", self.keyspace.url(&target.key))))
    }

    async fn write_probe(self: &Arc<Self>, target: Target) -> Result<Finding> {
        self.publish(target, probe()).await?;
        Ok(Finding::passed(format!("wrote {} bytes", PROBE.len())))
    }

    /// Writes under a name that is taken: it must be refused.
    async fn overwrite_probe(self: &Arc<Self>, target: Target) -> Result<Finding> {
        let advice = "two writers that choose one name are not kept apart; make sure that each job \
                      has one writer at a time";
        match self.publish(target, probe()).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && self.condition.asks() => {
                Ok(Finding::passed("the server refuses to write over it"))
            }
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(Finding::warned("the server would write over it", advice)),
        }
    }

    async fn read_probe(self: &Arc<Self>, target: Target) -> Result<Finding> {
        match self.read(target.clone()).await? == PROBE {
            true => Ok(Finding::passed("read it back")),
            false => Err(self.error(&target, ErrorKind::Corrupt, "it is not what was written")),
        }
    }
}

fn probe() -> Object {
    let mut checksum = Checksum::default();
    checksum.update(PROBE);
    let fingerprint = Fingerprint { len: PROBE.len() as u64, checksum: checksum.value() };
    Object { pieces: vec![Bytes::from_static(PROBE)], fingerprint }
}

fn clock_finding(difference: ClockDifference) -> Finding {
    if !is_refused(difference) {
        return health::clock(difference);
    }
    Finding::warned(
        format!("this machine's clock is {difference}"),
        "set the clock: the server refuses what is signed so far off, until the client goes by the \
         server's time",
    )
}
