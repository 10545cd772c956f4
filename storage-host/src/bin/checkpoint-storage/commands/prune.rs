//! `prune`: what retention does, by hand.

use checkpoint_storage_api::{CheckpointName, CheckpointStorage, DeleteReport, JobId};
use serde_json::{Value, json};
use storage_host::ManagedStorage;
use storage_host::retention::{PrunePlan, delete_in_batches, prune_plan};

use super::{check_can_ask, confirmed};
use crate::args::PruneArgs;
use crate::output::Output;
use crate::session::{Access, Session};
use crate::stop::Stop;

pub(crate) async fn run(session: &Session, output: &Output, args: PruneArgs) -> Result<(), Stop> {
    check_can_ask(args.yes || args.dry_run)?;
    let keep = match args.keep {
        Some(keep) => keep,
        None => session.configuration()?.storage.max_retained,
    };
    let access = if args.dry_run { Access::ReadOnly } else { Access::ReadWrite };
    session.with_storage(access, |storage| prune(storage, output, args, keep)).await
}

async fn prune(
    storage: ManagedStorage,
    output: &Output,
    args: PruneArgs,
    keep: u32,
) -> Result<(), Stop> {
    let jobs = if args.jobs.is_empty() { storage.jobs().await? } else { args.jobs };
    let mut plans = Vec::new();
    for job in jobs {
        let plan = prune_plan(&storage, &job, keep).await?;
        for pipeline in &plan.unreadable {
            output.note(&format!(
                "job {job} pipeline {pipeline}: none of its checkpoints can be read, so none is \
                 deleted"
            ));
        }
        plans.push((job, plan));
    }
    let count: usize = plans.iter().map(|(_, plan)| plan.superfluous.len()).sum();
    if args.dry_run {
        let names = plans.iter().flat_map(|(job, plan)| of_job(job, &plan.superfluous));
        return output.rows(["JOB", "WOULD BE DELETED"], rows(names), || {
            plans.iter().map(|(job, plan)| planned(job, plan)).collect()
        });
    }
    if count > 0 && !args.yes && !confirmed(&format!("delete {count} old checkpoints?"))? {
        output.note("nothing was deleted");
        return Ok(());
    }
    let mut reports = Vec::new();
    let mut failed = Ok(());
    for (job, plan) in plans {
        let mut report = DeleteReport::default();
        let deleted = delete_in_batches(&storage, &job, &plan.superfluous, &mut report).await;
        reports.push((job, report));
        failed = failed.and(deleted);
    }
    let names = reports.iter().flat_map(|(job, report)| of_job(job, &report.deleted));
    output.rows(["JOB", "DELETED"], rows(names), || {
        reports.iter().map(|(job, report)| done(job, report)).collect()
    })?;
    failed?;
    let undeleted: Vec<_> = reports.iter().flat_map(|(_, report)| &report.failed).collect();
    for (name, error) in &undeleted {
        output.note(&format!("{name}: {error}"));
    }
    match undeleted.len() {
        0 => Ok(()),
        count => Err(Stop::Other(format!("{count} of the checkpoints could not be deleted"))),
    }
}

fn of_job<'p>(
    job: &'p JobId,
    names: &'p [CheckpointName],
) -> impl Iterator<Item = (&'p JobId, &'p CheckpointName)> {
    names.iter().map(move |name| (job, name))
}

fn rows<'p>(names: impl Iterator<Item = (&'p JobId, &'p CheckpointName)>) -> Vec<[String; 2]> {
    names.map(|(job, name)| [job.to_string(), name.to_string()]).collect()
}

fn planned(job: &JobId, plan: &PrunePlan) -> Value {
    let names: Vec<_> = plan.superfluous.iter().map(ToString::to_string).collect();
    json!({ "job": job.as_str(), "would_delete": names, "unreadable_pipelines": plan.unreadable })
}

fn done(job: &JobId, report: &DeleteReport) -> Value {
    let deleted: Vec<_> = report.deleted.iter().map(ToString::to_string).collect();
    let failed = report.failed.iter().map(|(name, error)| {
        json!({ "name": name.to_string(), "kind": error.kind().as_str(), "message": error.to_string() })
    });
    json!({ "job": job.as_str(), "deleted": deleted, "failed": failed.collect::<Vec<_>>() })
}
