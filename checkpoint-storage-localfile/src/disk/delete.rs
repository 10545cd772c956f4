//! Deleting, and moving aside.

use checkpoint_storage_api::{CheckpointName, JobId, Outcome, Result};
use checkpoint_storage_filesystem::{Directory, FileType, naming};
use rustix::io::Errno;
use tracing::warn;

use super::Disk;
use crate::directory::{OpenDirectory, file_type};

impl Disk {
    /// Deletes checkpoints and their sidecars; says name by name whether it was there.
    pub(crate) fn delete(
        &self,
        job: &JobId,
        names: &[CheckpointName],
    ) -> Result<Vec<Result<bool>>> {
        let Some(directory) = self.open_directory("delete", Directory::Job(job))? else {
            return Ok(names.iter().map(|_| Ok(false)).collect());
        };
        let mut answers: Vec<Result<bool>> = names
            .iter()
            .map(|name| {
                let name = name.to_string();
                delete(&directory, &name).map_err(|errno| directory.failure("delete", &name, errno))
            })
            .collect();
        let any = answers.iter().any(|answer| matches!(answer, Ok(true)));
        if let Err(errno) = self.sync_if(any, &directory) {
            // The files are gone from sight; whether for good, only a power cut would tell.
            for (answer, name) in answers.iter_mut().zip(names) {
                if matches!(answer, Ok(true)) {
                    let failure = directory.failure("delete", &name.to_string(), errno);
                    *answer = Err(failure.with_outcome(Outcome::Unknown));
                }
            }
        }
        Ok(answers)
    }

    /// Removes a job's directory if nothing is in it.
    pub(crate) fn remove_directory(&self, job: &JobId) -> Result<bool> {
        let Some(namespace) = self.open_namespace("delete job")? else { return Ok(false) };
        let failure = |errno| namespace.failure("delete job", job.as_str(), errno);
        let removed = match namespace.remove_directory(job.as_str()) {
            // A link or a file of that name is not the job's.
            Err(Errno::NOTDIR) => false,
            result => result.map_err(failure)?,
        };
        if removed {
            self.durable_jobs().remove(job);
            self.sync_if(removed, &namespace).map_err(failure)?;
        }
        Ok(removed)
    }

    /// Renames a checkpoint, and its sidecar with it, to where nobody takes it for one.
    pub(crate) fn quarantine(&self, job: &JobId, name: &CheckpointName) -> Result<String> {
        let missing = || self.no_checkpoint("quarantine", job, name);
        let directory =
            self.open_directory("quarantine", Directory::Job(job))?.ok_or_else(missing)?;
        let (from, to) = (name.to_string(), naming::quarantined(name));
        let failure = |errno| directory.failure("quarantine", &from, errno);
        if !directory.has_file(&from).map_err(failure)? {
            return Err(missing());
        }
        match directory.rename_to_new(&from, &to) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Err(missing()),
            Err(Errno::EXIST) => {
                return Err(directory
                    .failure("quarantine", &to, Errno::EXIST)
                    .with_advice("move away what was quarantined under that name before"));
            }
            Err(errno) => return Err(failure(errno)),
        }
        directory
            .rename_over(&naming::sidecar(&from), &naming::sidecar(&to))
            .and_then(|_| self.sync_if(true, &directory))
            .map_err(|errno| failure(errno).with_outcome(Outcome::Unknown))?;
        Ok(directory.path_of(&to))
    }

    fn sync_if(&self, changed: bool, directory: &OpenDirectory) -> Result<(), Errno> {
        if changed && self.config.sync { directory.sync() } else { Ok(()) }
    }
}

/// Deletes a file and the sidecar that goes with it. What is no regular file is not ours.
fn delete(directory: &OpenDirectory, name: &str) -> Result<bool, Errno> {
    let existed = match directory.stat(name)? {
        Some(stat) if file_type(stat.st_mode) != FileType::Regular => return Ok(false),
        Some(_) => directory.unlink(name)?,
        None => false,
    };
    if let Err(errno) = directory.unlink(&naming::sidecar(name)) {
        warn!(
            file = directory.path_of(&naming::sidecar(name)),
            error = %std::io::Error::from(errno),
            "cannot delete the sidecar of a deleted checkpoint; it will be reclaimed as a leftover"
        );
    }
    Ok(existed)
}
