//! `latest`: the checkpoint that a restore would use, for each pipeline.

use checkpoint_storage_api::{
    Checkpoint, CheckpointStorage, ErrorKind, Integrity, ListQuery, latest_per_pipeline,
};
use storage_host::ManagedStorage;

use crate::args::LatestArgs;
use crate::commands::write_states;
use crate::output::{ENTRY_HEADER, Output, entry_document, entry_row};
use crate::session::{Access, Session};
use crate::stop::Stop;

pub(crate) async fn run(session: &Session, output: &Output, args: LatestArgs) -> Result<(), Stop> {
    session.with_storage(Access::ReadOnly, |storage| show(storage, output, args)).await
}

async fn show(storage: ManagedStorage, output: &Output, args: LatestArgs) -> Result<(), Stop> {
    let LatestArgs { job, pipeline, output: file } = args;
    let mut query = ListQuery::all().newest(1);
    if let Some(pipeline) = pipeline {
        query = query.of_pipeline(pipeline);
    }
    let listed = storage.list(&job, &query).await?;
    let latest = latest_per_pipeline(&listed);
    if latest.is_empty() {
        return Err(Stop::not_found("read the latest checkpoint of", format_args!("job {job}")));
    }
    if let (Some(_), 2..) = (&file, latest.len()) {
        let pipelines: Vec<_> = latest.keys().map(ToString::to_string).collect();
        return Err(Stop::Usage(format!(
            "job {job} has several pipelines ({}): say with --pipeline which one to write",
            pipelines.join(", ")
        )));
    }
    let mut entries = Vec::new();
    let mut first_error = None;
    for (pipeline, newest) in latest {
        match storage.restore(&job, pipeline).await {
            Ok(Some(Checkpoint { entry, states })) => {
                if let Some(file) = &file {
                    write_states(file, states.as_ref(), output)?;
                }
                entries.push(entry);
            }
            // Deleted since it was listed.
            Ok(None) => {}
            Err(error) => {
                if error.kind() == ErrorKind::Corrupt {
                    let mut corrupt = newest.clone();
                    corrupt.integrity = Integrity::Corrupt;
                    entries.push(corrupt);
                }
                first_error = first_error.or(Some(error));
            }
        }
    }
    let rows = entries.iter().map(entry_row).collect();
    output.rows(ENTRY_HEADER, rows, || entries.iter().map(entry_document).collect())?;
    first_error.map_or(Ok(()), |error| Err(error.into()))
}
