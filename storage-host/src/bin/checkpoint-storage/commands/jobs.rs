//! `jobs`: which jobs have checkpoints.

use checkpoint_storage_api::CheckpointStorage;

use crate::output::Output;
use crate::session::{Access, Session};
use crate::stop::Stop;

pub(crate) async fn run(session: &Session, output: &Output) -> Result<(), Stop> {
    let jobs = session
        .with_storage(Access::ReadOnly, |storage| async move { Ok(storage.jobs().await?) })
        .await?;
    let rows = jobs.iter().map(|job| [job.to_string()]).collect();
    output.rows(["JOB"], rows, || jobs.iter().map(|job| job.as_str()).collect())
}
