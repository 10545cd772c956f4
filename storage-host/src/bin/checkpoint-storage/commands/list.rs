//! `list`: a job's checkpoints, oldest first.

use checkpoint_storage_api::{CheckpointStorage, ListQuery};

use crate::args::ListArgs;
use crate::output::{ENTRY_HEADER, Output, entry_document, entry_row};
use crate::session::{Access, Session};
use crate::stop::Stop;

pub(crate) async fn run(session: &Session, output: &Output, args: ListArgs) -> Result<(), Stop> {
    let ListArgs { job, pipeline } = args;
    let query = pipeline.map_or_else(ListQuery::all, |id| ListQuery::all().of_pipeline(id));
    let entries = session
        .with_storage(Access::ReadOnly, |storage| {
            let job = job.clone();
            async move { Ok(storage.list(&job, &query).await?) }
        })
        .await?;
    if entries.is_empty() {
        output.note(&format!("nothing is stored for job {job}"));
    }
    let rows = entries.iter().map(entry_row).collect();
    output.rows(ENTRY_HEADER, rows, || entries.iter().map(entry_document).collect())
}
