//! `delete`: checkpoints by their ids, or all of a job's.

use std::io::{self, BufRead, IsTerminal, Write};

use checkpoint_storage_api::{
    CheckpointName, CheckpointStorage, DeleteReport, JobId, ListQuery, names_with_ids,
};
use serde_json::{Value, json};
use storage_host::ManagedStorage;

use crate::args::DeleteArgs;
use crate::output::Output;
use crate::session::{Access, Session};
use crate::stop::Stop;

pub(crate) async fn run(session: &Session, output: &Output, args: DeleteArgs) -> Result<(), Stop> {
    if !args.dry_run && !args.yes && !io::stdin().is_terminal() {
        return Err(Stop::Usage(
            "there is no terminal to ask on: confirm with --yes, or look first with --dry-run"
                .into(),
        ));
    }
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
    } else if !yes && !confirmed(&job, names.len())? {
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

fn confirmed(job: &JobId, count: usize) -> Result<bool, Stop> {
    let failed = |error| Stop::io("ask", error);
    let mut stderr = io::stderr();
    write!(stderr, "delete {count} checkpoints of job {job}? [y/N] ").map_err(failed)?;
    stderr.flush().map_err(failed)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
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
