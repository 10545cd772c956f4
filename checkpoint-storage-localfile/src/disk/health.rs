//! Trying the disk step by step.

use checkpoint_storage_api::{HealthOptions, HealthStep, Result};
use checkpoint_storage_filesystem::health::{Finding, blocking_step as step};
use checkpoint_storage_filesystem::{FileType, naming};
use rustix::fs::fstatvfs;
use rustix::io::Errno;
use tokio_util::sync::CancellationToken;

use super::Disk;
use super::temporary::TemporaryFile;
use crate::directory::OpenDirectory;

const PROBE: [u8; 4096] = [0x5a; 4096];
/// A disk with less than this share free draws a warning.
const LOW_SPACE_PERCENT: u64 = 5;

impl Disk {
    pub(crate) fn health(
        &self,
        options: HealthOptions,
        cancelled: &CancellationToken,
    ) -> Vec<HealthStep> {
        let mut steps = Vec::new();
        let mut namespace = None;
        steps.push(step("namespace", || {
            let found = self.open_namespace("open the namespace")?;
            let path = self.namespace().display();
            Ok(match found {
                Some(directory) => {
                    namespace = Some(directory);
                    Finding::passed(format!("{path} is a directory"))
                }
                None => Finding::warned(
                    format!("{path} does not exist yet; the first store creates it"),
                    "check `storageNameSpace` if checkpoints should be there",
                ),
            })
        }));
        if options.write {
            steps.push(step("write", || {
                namespace = Some(self.create_namespace("write a probe")?);
                self.probe(cancelled)
            }));
        }
        if let Some(namespace) = namespace {
            steps.push(step("list", || list(&namespace)));
            steps.push(step("space", || space(&namespace)));
        }
        steps
    }

    /// Does what a store does, under names that nobody takes for a checkpoint.
    fn probe(&self, cancelled: &CancellationToken) -> Result<Finding> {
        let operation = "write a probe";
        let token = || naming::probe(self.environment.token());
        let (name, published) = (token(), token());
        let directory = self.create_namespace(operation)?;
        let file = TemporaryFile::create(operation, directory, name, self.config.file_mode)?
            .ok_or_else(|| {
                crate::failure::failure(operation, self.namespace().display(), Errno::NOENT)
            })?;
        let has_locks = file.is_locked();
        file.write(&[&PROBE], cancelled)?;
        let result = file.publish(&published, self.config.sync, cancelled);
        let directory = self.create_namespace(operation)?;
        let removed = directory.unlink(&published);
        result?;
        removed.map_err(|errno| directory.failure(operation, &published, errno))?;
        let synced = if self.config.sync { "synced, " } else { "" };
        let detail = format!("wrote {} bytes, {synced}renamed and deleted them", PROBE.len());
        Ok(if has_locks {
            Finding::passed(detail)
        } else {
            Finding::warned(
                format!("{detail}; the file system has no locks"),
                "what dead writers leave is told by its age alone: reclaim leftovers while no \
                 job is writing",
            )
        })
    }
}

fn list(namespace: &OpenDirectory) -> Result<Finding> {
    let entries = namespace.entries().map_err(|errno| namespace.failure("list", "", errno))?;
    let directories =
        entries.iter().filter(|entry| entry.file_type == Some(FileType::Directory)).count();
    Ok(Finding::passed(format!("{directories} job directories")))
}

fn space(namespace: &OpenDirectory) -> Result<Finding> {
    let space = fstatvfs(namespace.fd())
        .map_err(|errno| namespace.failure("look for free space", "", errno))?;
    let mebibytes = |blocks: u64| blocks.saturating_mul(space.f_frsize) >> 20;
    let detail = format!(
        "{} of {} MiB are free, {} of {} inodes",
        mebibytes(space.f_bavail),
        mebibytes(space.f_blocks),
        space.f_favail,
        space.f_files
    );
    let is_low = |free: u64, all: u64| {
        u128::from(free) * 100 < u128::from(all) * u128::from(LOW_SPACE_PERCENT)
    };
    if is_low(space.f_bavail, space.f_blocks) || is_low(space.f_favail, space.f_files) {
        return Ok(Finding::warned(detail, "free space there, or retain fewer checkpoints"));
    }
    Ok(Finding::passed(detail))
}
