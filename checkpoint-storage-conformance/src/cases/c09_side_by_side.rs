//! Contract 9: storages with different configurations live side by side; one that was opened
//! read-only changes nothing.

use std::sync::Arc;

use checkpoint_storage_api::{
    CheckpointEntry, ErrorKind, HealthOptions, HealthStatus, ImportOptions, OpenOptions,
    ReclaimOptions,
};

use super::case;
use super::support::{
    Source, ensure_all_read, job, listed, name_at, names, state, states_of, store, store_at_once,
};
use crate::case::Case;
use crate::check::{Check, ensure, ensure_eq, refused};
use crate::context::{Context, Storage};
use crate::subject::Place;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("c9-01 apart", "what is stored in one place is not seen in another", [], apart),
        case!(
            "c9-02 apart-at-once",
            "stores at once in several places stay apart",
            [],
            apart_at_once
        ),
        case!(
            "c9-03 delete-apart",
            "a delete in one place takes nothing in another",
            [],
            delete_apart
        ),
        case!("c9-04 close-apart", "close in one place closes nothing in another", [], close_apart),
        case!(
            "c9-05 order-apart",
            "the clock of one place does not move another's",
            [IMPORT],
            order_apart
        ),
        case!("c9-06 many", "dozens of storages are open at once", [], many),
        case!("c9-07 same-place", "two storages of one place see the same", [], same_place),
        case!("c9-08 read-only", "a read-only storage reads what is there", [], read_only),
        case!("c9-09 read-only-store", "a read-only storage refuses to store", [], no_store),
        case!("c9-10 read-only-delete", "a read-only storage refuses to delete", [], no_delete),
        case!(
            "c9-11 read-only-import",
            "a read-only storage refuses to import",
            [IMPORT],
            no_import
        ),
        case!(
            "c9-12 read-only-quarantine",
            "a read-only storage refuses to quarantine",
            [QUARANTINE],
            no_quarantine
        ),
        case!(
            "c9-13 read-only-reclaim",
            "a read-only storage refuses to reclaim",
            [RECLAIM],
            no_reclaim
        ),
        case!(
            "c9-14 read-only-health",
            "a read-only health check writes nothing",
            [HEALTH],
            health
        ),
        case!(
            "c9-15 read-only-fresh",
            "a place that was never written can be opened read-only",
            [],
            fresh
        ),
        case!(
            "c9-16 read-only-beside",
            "a read-only storage follows a writer beside it",
            [],
            beside
        ),
        case!(
            "c9-17 read-only-files",
            "a read-only storage leaves every file as it was",
            [MEDIUM],
            files
        ),
    ]
}

/// A storage in another place.
async fn open_elsewhere(context: &Context) -> Check<(Box<dyn Place>, Storage)> {
    let place = context.elsewhere().await?;
    let storage = place.open(OpenOptions::default()).await?;
    Ok((place, storage))
}

async fn apart(context: &Context) -> Check {
    let here = context.open().await?;
    let (_place, there) = open_elsewhere(context).await?;
    let entry = store(&here, 1, 1).await?;
    ensure_eq!(listed(&there).await?, [], "the listing in another place");
    ensure_eq!(there.jobs().await?, [], "the jobs in another place");
    let read = there.read(&job(), &entry.name).await;
    refused(read, &[ErrorKind::NotFound], "reading it in another place")?;
    let other = store(&there, 2, 7).await?;
    ensure_eq!(listed(&here).await?, [entry.name], "the listing in the first place");
    ensure_eq!(listed(&there).await?, [other.name], "the listing in the other place");
    Ok(())
}

async fn apart_at_once(context: &Context) -> Check {
    let mut places = Vec::new();
    for _ in 0..4 {
        places.push(open_elsewhere(context).await?);
    }
    let stores = places.iter().zip(0_i32..).map(|((_, storage), pipeline)| {
        let storage = Arc::clone(storage);
        let states = (1..=6).map(move |id| state(pipeline, id, states_of(pipeline, id)));
        tokio::spawn(async move { store_at_once(&storage, states).await })
    });
    for (index, stored) in stores.collect::<Vec<_>>().into_iter().enumerate() {
        let (stored, storage) = (stored.await??, &places[index].1);
        ensure_eq!(listed(storage).await?, names(&stored), "the listing in place {index}");
        ensure_all_read(storage, &stored).await?;
    }
    Ok(())
}

async fn delete_apart(context: &Context) -> Check {
    let here = context.open().await?;
    let (_place, there) = open_elsewhere(context).await?;
    let (first, second) = (store(&here, 1, 1).await?, store(&there, 1, 1).await?);
    here.delete_names(&job(), &[first.name, second.name]).await?;
    here.delete_job(&job()).await?;
    ensure_eq!(listed(&here).await?, [], "what is left where it was deleted");
    ensure_eq!(listed(&there).await?, [second.name], "what is left elsewhere");
    ensure_all_read(&there, &[second]).await
}

async fn close_apart(context: &Context) -> Check {
    let here = context.open().await?;
    let (_place, there) = open_elsewhere(context).await?;
    store(&here, 1, 1).await?;
    here.close().await?;
    let entry = store(&there, 1, 1).await?;
    ensure_all_read(&there, &[entry]).await
}

async fn order_apart(context: &Context) -> Check {
    let here = context.open().await?;
    let (_place, there) = open_elsewhere(context).await?;
    let ahead = super::support::import(&here, name_at(9_000_000_000_000, 1, 1)).await?;
    let behind = store(&there, 1, 1).await?;
    ensure!(behind.name < ahead.name, "the time stamps of one place moved those of another");
    ensure!(store(&here, 1, 2).await?.name > ahead.name, "a store here is not the newest here");
    Ok(())
}

async fn many(context: &Context) -> Check {
    let mut open = Vec::new();
    for _ in 0..24 {
        open.push((open_elsewhere(context).await?, context.open().await?));
    }
    for (checkpoint, ((_, there), here)) in (1..).zip(&open) {
        let stored = [store(there, 1, checkpoint).await?, store(here, 1, checkpoint).await?];
        ensure_eq!(listed(there).await?, [stored[0].name], "the listing in another place");
        ensure_all_read(here, &stored[1..]).await?;
    }
    ensure_eq!(listed(&open[0].1).await?.len(), open.len(), "how many are listed here");
    Ok(())
}

async fn same_place(context: &Context) -> Check {
    let (first, second) = (context.open().await?, context.open().await?);
    let entries = [store(&first, 1, 1).await?, store(&second, 2, 1).await?];
    for storage in [&first, &second] {
        let found = listed(storage).await?;
        ensure_eq!(found.len(), 2, "how many are listed");
        ensure_all_read(storage, &entries).await?;
    }
    second.delete_names(&job(), &[entries[0].name]).await?;
    ensure_eq!(listed(&first).await?, [entries[1].name], "what is left after a delete");
    Ok(())
}

/// Two stored checkpoints, and a read-only storage of them.
async fn only_reading(context: &Context) -> Check<(Storage, Vec<CheckpointEntry>)> {
    let writer = context.open().await?;
    let stored = vec![store(&writer, 1, 1).await?, store(&writer, 1, 2).await?];
    writer.close().await?;
    Ok((context.open_read_only().await?, stored))
}

/// Ends the case unless a storage and every other still show all that was stored.
async fn ensure_unchanged(
    context: &Context,
    storage: &Storage,
    stored: &[CheckpointEntry],
) -> Check {
    for storage in [storage, &context.open().await?] {
        ensure_eq!(listed(storage).await?, names(stored), "the listing");
        ensure_eq!(storage.jobs().await?, [job()], "the jobs");
        ensure_all_read(storage, stored).await?;
    }
    Ok(())
}

async fn read_only(context: &Context) -> Check {
    let (storage, stored) = only_reading(context).await?;
    let latest = storage.latest_of_pipeline(&job(), 1).await?;
    ensure_eq!(latest.map(|latest| latest.entry.name), Some(stored[1].name), "the latest");
    ensure_unchanged(context, &storage, &stored).await?;
    storage.close().await?;
    Ok(())
}

const READ_ONLY: [ErrorKind; 1] = [ErrorKind::ReadOnly];

async fn no_store(context: &Context) -> Check {
    let (storage, stored) = only_reading(context).await?;
    refused(storage.store(state(1, 3, "states")).await, &READ_ONLY, "store")?;
    ensure_unchanged(context, &storage, &stored).await
}

async fn no_delete(context: &Context) -> Check {
    let (storage, stored) = only_reading(context).await?;
    refused(storage.delete_names(&job(), &[stored[0].name]).await, &READ_ONLY, "delete")?;
    refused(storage.delete_checkpoint(&job(), 1, 1).await, &READ_ONLY, "delete by ids")?;
    refused(storage.delete_job(&job()).await, &READ_ONLY, "delete job")?;
    ensure_unchanged(context, &storage, &stored).await
}

async fn no_import(context: &Context) -> Check {
    let (storage, stored) = only_reading(context).await?;
    let source = Source::new(name_at(1_700_000_000_000, 1, 1), None, 1);
    let imported = storage.import(Box::new(source), ImportOptions::default()).await;
    refused(imported, &READ_ONLY, "import")?;
    ensure_unchanged(context, &storage, &stored).await
}

async fn no_quarantine(context: &Context) -> Check {
    let (storage, stored) = only_reading(context).await?;
    refused(storage.quarantine(&job(), &stored[0].name).await, &READ_ONLY, "quarantine")?;
    ensure_unchanged(context, &storage, &stored).await
}

async fn no_reclaim(context: &Context) -> Check {
    let (storage, stored) = only_reading(context).await?;
    refused(
        storage.reclaim_leftovers(ReclaimOptions::default()).await,
        &READ_ONLY,
        "reclaim leftovers",
    )?;
    ensure_unchanged(context, &storage, &stored).await
}

async fn health(context: &Context) -> Check {
    let (storage, stored) = only_reading(context).await?;
    match storage.health(HealthOptions { write: true }).await {
        Ok(steps) => {
            let failed = steps.iter().find(|step| step.status == HealthStatus::Failed);
            ensure!(failed.is_none(), "the health check failed: {failed:?}");
        }
        refusal => {
            refused(refusal, &READ_ONLY, "a health check that writes")?;
        }
    }
    ensure_unchanged(context, &storage, &stored).await
}

async fn fresh(context: &Context) -> Check {
    let storage = context.open_read_only().await?;
    ensure_eq!(listed(&storage).await?, [], "the listing");
    ensure_eq!(storage.jobs().await?, [], "the jobs");
    let read = storage.read(&job(), &name_at(1, 1, 1)).await;
    refused(read, &[ErrorKind::NotFound], "reading")?;
    refused(storage.store(state(1, 1, "states")).await, &READ_ONLY, "store")?;
    let writer = context.open().await?;
    ensure_eq!(writer.jobs().await?, [], "the jobs that a writer sees");
    let entry = store(&writer, 1, 1).await?;
    ensure_all_read(&context.open_read_only().await?, &[entry]).await
}

async fn beside(context: &Context) -> Check {
    let (reader, mut stored) = only_reading(context).await?;
    let writer = context.open().await?;
    for checkpoint in 3..=6 {
        stored.push(store(&writer, 1, checkpoint).await?);
        ensure_eq!(listed(&reader).await?, names(&stored), "what the reader lists");
        ensure_all_read(&reader, &stored[2..]).await?;
    }
    writer.delete_names(&job(), &names(&stored[..4])).await?;
    ensure_eq!(listed(&reader).await?, names(&stored[4..]), "what the reader lists");
    Ok(())
}

async fn files(context: &Context) -> Check {
    let (storage, stored) = only_reading(context).await?;
    let medium = context.medium()?;
    let leftover = format!(".{}.00000000000000ff.tmp", name_at(1_700_000_000_000, 1, 1));
    for name in [leftover.as_str(), "notes.txt"] {
        medium.write(&job(), name, b"left").await?;
    }
    let before = medium.files(&job()).await?;
    // Whether they are refused is for other cases.
    let _ = storage.store(state(1, 3, "states")).await;
    let _ = storage.delete_names(&job(), &names(&stored)).await;
    let _ = storage.delete_job(&job()).await;
    let _ = storage.quarantine(&job(), &stored[0].name).await;
    let _ = storage.reclaim_leftovers(ReclaimOptions::default()).await;
    let _ = storage.health(HealthOptions { write: true }).await;
    ensure_all_read(&storage, &stored).await?;
    storage.close().await?;
    ensure_eq!(medium.files(&job()).await?, before, "the files afterwards");
    Ok(())
}
