//! `delete`: checkpoints by their ids, or all of a job's.

use checkpoint_storage_api::{
    CheckpointName, CheckpointStorage, DeleteReport, ListQuery, names_with_ids,
};
use serde_json::{Value, json};
use storage_host::ManagedStorage;

use super::{check_can_ask, confirmed};
use crate::args::DeleteArgs;
use crate::output::Output;
use crate::session::{Access, Session};
use crate::stop::Stop;

pub(crate) async fn run(session: &Session, output: &Output, args: DeleteArgs) -> Result<(), Stop> {
    check_can_ask(args.yes || args.dry_run)?;
    let access = if args.dry_run { Access::ReadOnly } else { Access::ReadWrite };
    session.with_storage(access, |storage| delete(storage, output, args)).await
}

async fn delete(storage: ManagedStorage, output: &Output, args: DeleteArgs) -> Result<(), Stop> {
    let DeleteArgs { job, pipeline, checkpoints, yes, dry_run } = args;
    let entries = storage.list(&job, &ListQuery::all()).await?;
    let names = match pipeline {
        Some(pipeline) => names_with_ids(&entries, pipeline, &checkpoints),
        None => entries.iter().map(|entry| entry.name).collect(),
    };
    if dry_run {
        let rows = names.iter().map(|name| [name.to_string()]).collect();
        return output.rows(
            ["WOULD BE DELETED"],
            rows,
            || json!({ "would_delete": texts(&names) }),
        );
    }
    if pipeline.is_some() && names.is_empty() {
        output.note("nothing to delete: no such checkpoint is stored");
    } else if !yes && !confirmed(&format!("delete {} checkpoints of job {job}?", names.len()))? {
        output.note("nothing was deleted");
        return Ok(());
    }
    let report = match pipeline {
        Some(_) => storage.delete_names(&job, &names).await?,
        None => storage.delete_job(&job).await?,
    };
    let rows = report.deleted.iter().map(|name| [name.to_string()]).collect();
    output.rows(["DELETED"], rows, || document(&report))?;
    match report.failed.len() {
        0 => Ok(()),
        failed => {
            for (name, error) in &report.failed {
                output.note(&format!("{name}: {error}"));
            }
            Err(Stop::Other(format!("{failed} of the checkpoints could not be deleted")))
        }
    }
}

fn texts(names: &[CheckpointName]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn document(report: &DeleteReport) -> Value {
    let failed = report.failed.iter().map(|(name, error)| {
        json!({ "name": name.to_string(), "kind": error.kind().as_str(), "message": error.to_string() })
    });
    json!({
        "deleted": texts(&report.deleted),
        "missing": texts(&report.missing),
        "failed": failed.collect::<Vec<_>>(),
    })
}
