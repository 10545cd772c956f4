//! Contract 6: delete is idempotent, takes exactly what was named, and reports name by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use checkpoint_storage_api::{
    Capabilities, CheckpointEntry, CheckpointName, DeleteReport, ErrorKind, JobId,
};

use super::case;
use super::support::{
    ensure_all_read, import, job, job_called, listed, listed_of, name_at, names, state, store,
    store_in,
};
use crate::case::Case;
use crate::check::{Check, ensure, ensure_eq, refused};
use crate::context::{Context, Storage};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("c6-01 exactly", "a delete takes what was named and nothing else", [], exactly),
        case!(
            "c6-02 idempotent",
            "a second delete is no error and deletes nothing else",
            [],
            idempotent
        ),
        case!(
            "c6-03 name-by-name",
            "what was there and what was not are reported apart",
            [TELLS_MISSING],
            by_name
        ),
        case!("c6-04 named-twice", "what is named twice is deleted once", [], named_twice),
        case!("c6-05 nothing-named", "a delete of nothing does nothing", [], nothing),
        case!("c6-06 unknown-job", "a delete in an unknown job is no error", [], unknown_job),
        case!("c6-07 twins", "of several with the same ids one can be deleted by name", [], twins),
        case!("c6-08 by-ids", "a delete by ids takes all that have them", [], by_ids),
        case!("c6-09 many", "hundreds are deleted in one call", [], many),
        case!("c6-10 for-good", "what was deleted stays so after reopening", [], for_good),
        case!("c6-11 seen-by-others", "another storage sees the delete at once", [], by_others),
        case!("c6-12 at-once", "deletes at once of the same names all succeed", [], at_once),
        case!(
            "c6-13 beside-stores",
            "deletes beside stores take no newer checkpoint",
            [],
            beside_stores
        ),
        case!("c6-14 job", "deleting a job takes all of it and nothing of others", [], whole_job),
        case!("c6-15 job-twice", "deleting a job again is no error", [], job_twice),
        case!("c6-16 job-and-back", "a deleted job can be stored to again", [], job_and_back),
        case!(
            "c6-17 near-names",
            "names that differ in one part are told apart",
            [IMPORT],
            near_names
        ),
        case!("c6-18 foreign-files", "foreign files outlive their job", [MEDIUM], foreign),
        case!("c6-19 quarantined", "what is quarantined outlives its job", [QUARANTINE SCAN], quarantined),
        case!("c6-20 no-trace", "a deleted checkpoint leaves no file", [MEDIUM], no_trace),
    ]
}

async fn three(context: &Context) -> Check<(Storage, Vec<CheckpointEntry>)> {
    let storage = context.open().await?;
    let mut stored = Vec::new();
    for checkpoint in 1..=3 {
        stored.push(store(&storage, 1, checkpoint).await?);
    }
    Ok((storage, stored))
}

/// Ends the case unless a delete reports exactly this, in whatever order. A storage that does not
/// tell what was missing reports it as deleted.
fn ensure_reported(
    storage: &Storage,
    report: &DeleteReport,
    deleted: &[CheckpointName],
    missing: &[CheckpointName],
) -> Check {
    let sorted = |names: &[&[CheckpointName]]| {
        let mut names = names.concat();
        names.sort_unstable();
        names
    };
    let tells_missing = storage.capabilities().contains(Capabilities::TELLS_MISSING);
    let (deleted, missing) = match tells_missing {
        true => (sorted(&[deleted]), sorted(&[missing])),
        false => (sorted(&[deleted, missing]), Vec::new()),
    };
    ensure_eq!(sorted(&[&report.deleted]), deleted, "what was reported as deleted");
    ensure_eq!(sorted(&[&report.missing]), missing, "what was reported as missing");
    ensure!(report.failed.is_empty(), "what was reported as failed: {:?}", report.failed);
    Ok(())
}

async fn exactly(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    let report = storage.delete_names(&job(), &[stored[1].name]).await?;
    ensure_reported(&storage, &report, &[stored[1].name], &[])?;
    ensure_eq!(listed(&storage).await?, [stored[0].name, stored[2].name], "what is left");
    let read = storage.read(&job(), &stored[1].name).await;
    refused(read, &[ErrorKind::NotFound], "reading what was deleted")?;
    ensure_all_read(&storage, &[stored[0].clone(), stored[2].clone()]).await
}

async fn idempotent(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    let name = [stored[0].name];
    ensure_reported(&storage, &storage.delete_names(&job(), &name).await?, &name, &[])?;
    for _ in 0..2 {
        ensure_reported(&storage, &storage.delete_names(&job(), &name).await?, &[], &name)?;
    }
    ensure_eq!(listed(&storage).await?, names(&stored[1..]), "what is left");
    Ok(())
}

async fn by_name(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    let absent = [name_at(1, 1, 1), name_at(1, 1, 2)];
    let named = [absent[0], stored[2].name, absent[1], stored[0].name];
    let report = storage.delete_names(&job(), &named).await?;
    ensure_reported(&storage, &report, &[stored[0].name, stored[2].name], &absent)?;
    ensure_eq!(listed(&storage).await?, [stored[1].name], "what is left");
    Ok(())
}

async fn named_twice(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    let report = storage.delete_names(&job(), &[stored[0].name, stored[0].name]).await?;
    ensure_eq!(report.deleted, [stored[0].name], "what was reported as deleted");
    ensure!(report.failed.is_empty(), "what was reported as failed: {:?}", report.failed);
    ensure_eq!(listed(&storage).await?, names(&stored[1..]), "what is left");
    Ok(())
}

async fn nothing(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    ensure_reported(&storage, &storage.delete_names(&job(), &[]).await?, &[], &[])?;
    ensure_reported(&storage, &storage.delete_checkpoints(&job(), 1, &[]).await?, &[], &[])?;
    ensure_reported(&storage, &storage.delete_checkpoint(&job(), 1, 9).await?, &[], &[])?;
    ensure_eq!(listed(&storage).await?, names(&stored), "what is left");
    Ok(())
}

async fn unknown_job(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    let unknown = job_called("unknown");
    let report = storage.delete_names(&unknown, &[stored[0].name]).await?;
    ensure_reported(&storage, &report, &[], &[stored[0].name])?;
    ensure_reported(&storage, &storage.delete_job(&unknown).await?, &[], &[])?;
    ensure_eq!(listed(&storage).await?, names(&stored), "what is left");
    ensure_eq!(storage.jobs().await?, [job()], "the jobs");
    Ok(())
}

async fn twins(context: &Context) -> Check {
    let storage = context.open().await?;
    let twins = [store(&storage, 1, 1).await?, store(&storage, 1, 1).await?];
    let report = storage.delete_names(&job(), &[twins[1].name]).await?;
    ensure_reported(&storage, &report, &[twins[1].name], &[])?;
    ensure_eq!(listed(&storage).await?, [twins[0].name], "what is left");
    ensure_all_read(&storage, &twins[..1]).await
}

async fn by_ids(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut stored = Vec::new();
    for (pipeline, checkpoint) in [(1, 1), (1, 2), (2, 1), (1, 1), (1, 3), (2, 2)] {
        stored.push(store(&storage, pipeline, checkpoint).await?);
    }
    let named = |index: &[usize]| index.iter().map(|index| stored[*index].name).collect::<Vec<_>>();
    let report = storage.delete_checkpoint(&job(), 1, 1).await?;
    ensure_reported(&storage, &report, &named(&[0, 3]), &[])?;
    ensure_eq!(listed(&storage).await?, named(&[1, 2, 4, 5]), "what is left");
    let report = storage.delete_checkpoints(&job(), 2, &[2, 1, 7]).await?;
    ensure_reported(&storage, &report, &named(&[2, 5]), &[])?;
    ensure_eq!(listed(&storage).await?, named(&[1, 4]), "what is left");
    Ok(())
}

async fn many(context: &Context) -> Check {
    let storage = context.open().await?;
    let states = (1..=100).map(|checkpoint| state(1, checkpoint, "states"));
    let stored = super::support::store_at_once(&storage, states).await?;
    let (kept, deleted): (Vec<_>, Vec<_>) =
        names(&stored).into_iter().partition(|name| name.checkpoint_id % 10 == 0);
    let absent: Vec<_> = (1..=400).map(|checkpoint| name_at(1, 1, checkpoint)).collect();
    let named = [deleted.clone(), absent.clone()].concat();
    ensure_reported(&storage, &storage.delete_names(&job(), &named).await?, &deleted, &absent)?;
    ensure_eq!(listed(&storage).await?, kept, "what is left");
    Ok(())
}

async fn for_good(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    storage.delete_names(&job(), &[stored[0].name, stored[2].name]).await?;
    let storage = context.reopen(storage).await?;
    ensure_eq!(listed(&storage).await?, [stored[1].name], "what is left");
    storage.delete_job(&job()).await?;
    let storage = context.reopen(storage).await?;
    ensure_eq!(listed(&storage).await?, [], "what is left");
    ensure_eq!(storage.jobs().await?, [], "the jobs");
    Ok(())
}

async fn by_others(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    let other = context.open().await?;
    ensure_all_read(&other, &stored).await?;
    storage.delete_names(&job(), &[stored[2].name]).await?;
    ensure_eq!(listed(&other).await?, names(&stored[..2]), "what another storage lists");
    let latest = other.latest_of_pipeline(&job(), 1).await?;
    ensure_eq!(latest.map(|latest| latest.entry.name), Some(stored[1].name), "its latest");
    Ok(())
}

async fn at_once(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    let deletes = (0..8).map(|_| {
        let (storage, names) = (Arc::clone(&storage), names(&stored[..2]));
        tokio::spawn(async move { storage.delete_names(&job(), &names).await })
    });
    let mut deleted = BTreeSet::new();
    for delete in deletes.collect::<Vec<_>>() {
        let report = delete.await??;
        ensure!(report.failed.is_empty(), "what was reported as failed: {:?}", report.failed);
        deleted.extend(report.deleted);
    }
    let expected: BTreeSet<_> = names(&stored[..2]).into_iter().collect();
    ensure_eq!(deleted, expected, "what was reported as deleted by any of them");
    ensure_eq!(listed(&storage).await?, [stored[2].name], "what is left");
    Ok(())
}

/// As retention does: after each store the oldest goes, while the next store is under way.
async fn beside_stores(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut kept = Vec::new();
    let mut deletes = tokio::task::JoinSet::new();
    for checkpoint in 1..=20 {
        kept.push(store(&storage, 1, checkpoint).await?);
        if kept.len() > 2 {
            let (storage, oldest) = (Arc::clone(&storage), kept.remove(0).name);
            deletes.spawn(async move { storage.delete_names(&job(), &[oldest]).await });
        }
    }
    while let Some(deleted) = deletes.join_next().await {
        let report = deleted??;
        ensure!(report.failed.is_empty(), "what was reported as failed: {:?}", report.failed);
    }
    ensure_eq!(listed(&storage).await?, names(&kept), "what is left");
    ensure_all_read(&storage, &kept).await
}

async fn whole_job(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    let other_pipeline = store(&storage, 2, 1).await?;
    let prefix = job().as_str()[..5].to_owned();
    let near: Vec<JobId> = [&prefix, &format!("{}0", job()), &format!("{} ", job())]
        .into_iter()
        .map(|id| job_called(id))
        .collect();
    for job in &near {
        store_in(&storage, job, 1, 1).await?;
    }
    let report = storage.delete_job(&job()).await?;
    let all = [names(&stored), vec![other_pipeline.name]].concat();
    ensure_reported(&storage, &report, &all, &[])?;
    ensure_eq!(listed(&storage).await?, [], "what is left of the job");
    for job in &near {
        ensure_eq!(listed_of(&storage, job).await?.len(), 1, "how many are left of {job:?}");
    }
    ensure_eq!(storage.jobs().await?.len(), near.len(), "how many jobs are left");
    Ok(())
}

async fn job_twice(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    ensure_reported(&storage, &storage.delete_job(&job()).await?, &names(&stored), &[])?;
    for _ in 0..2 {
        ensure_reported(&storage, &storage.delete_job(&job()).await?, &[], &[])?;
    }
    Ok(())
}

async fn job_and_back(context: &Context) -> Check {
    let storage = context.open().await?;
    for _ in 0..5 {
        let entry = store(&storage, 1, 1).await?;
        ensure_eq!(listed(&storage).await?, [entry.name], "the listing");
        ensure_all_read(&storage, &[entry]).await?;
        storage.delete_job(&job()).await?;
        ensure_eq!(storage.jobs().await?, [], "the jobs");
    }
    Ok(())
}

async fn near_names(context: &Context) -> Check {
    let storage = context.open().await?;
    let name = CheckpointName {
        timestamp_ms: 1_700_000_000_000,
        random: 12,
        pipeline_id: 12,
        checkpoint_id: 12,
    };
    let near = [
        CheckpointName { timestamp_ms: 170_000_000_000, ..name },
        CheckpointName { random: 1, ..name },
        CheckpointName { random: 120, ..name },
        CheckpointName { pipeline_id: 1, ..name },
        CheckpointName { pipeline_id: 121, ..name },
        CheckpointName { checkpoint_id: 1, ..name },
        CheckpointName { checkpoint_id: 123, ..name },
    ];
    import(&storage, name).await?;
    let mut kept = Vec::new();
    for name in near {
        kept.push(import(&storage, name).await?);
    }
    ensure_reported(&storage, &storage.delete_names(&job(), &[name]).await?, &[name], &[])?;
    ensure_eq!(listed(&storage).await?.len(), near.len(), "how many are left");
    ensure_all_read(&storage, &kept).await
}

async fn foreign(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    let medium = context.medium()?;
    let foreign = ["9999999999999-1-1.ser", "notes.txt"];
    for name in foreign {
        medium.write(&job(), name, b"foreign").await?;
    }
    ensure_reported(&storage, &storage.delete_job(&job()).await?, &names(&stored), &[])?;
    ensure_eq!(medium.files(&job()).await?, foreign, "the files that are left");
    ensure_eq!(&medium.read(&job(), foreign[0]).await?[..], b"foreign", "what is in one");
    ensure_eq!(storage.jobs().await?, [], "the jobs");
    Ok(())
}

async fn quarantined(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    storage.quarantine(&job(), &stored[0].name).await?;
    let before = storage.scan(None).await?;
    ensure_reported(&storage, &storage.delete_job(&job()).await?, &names(&stored[1..]), &[])?;
    let after = storage.scan(None).await?;
    let expected: Vec<_> = before
        .into_iter()
        .filter(|item| item.kind == checkpoint_storage_api::ScanKind::Quarantined)
        .collect();
    ensure_eq!(expected.len(), 1, "how many were quarantined");
    ensure_eq!(after, expected, "what a scan shows");
    Ok(())
}

async fn no_trace(context: &Context) -> Check {
    let (storage, stored) = three(context).await?;
    let medium = context.medium()?;
    storage.delete_names(&job(), &names(&stored[..2])).await?;
    let left = [stored[2].name.to_string()];
    ensure_eq!(medium.files(&job()).await?, left, "the files that are left");
    storage.delete_job(&job()).await?;
    ensure_eq!(medium.files(&job()).await?, [] as [String; 0], "the files of the deleted job");
    Ok(())
}
