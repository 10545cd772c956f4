//! Contract 2: a reader sees a whole checkpoint or none.

use std::time::Instant;

use bytes::Bytes;
use checkpoint_storage_api::{Error, ErrorKind, HealthOptions, HealthStatus, ReclaimOptions};

use super::case;
use super::support::{
    drop_after_one_poll, ensure_all_read, ensure_listed_is_whole, ensure_reads, job, job_called,
    listed, listed_of, name_at, names, noise, state, store, store_in,
};
use crate::case::Case;
use crate::check::{Check, Failure, ensure, ensure_eq, refused};
use crate::context::Context;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("c2-01 nothing-yet", "of a job that was never stored there is nothing", [], nothing),
        case!("c2-02 no-such-name", "a name that was never stored is not found", [], no_such_name),
        case!("c2-03 reading-makes-nothing", "reading leaves no trace of a job", [], no_trace),
        case!("c2-04 jobs", "only jobs that have a checkpoint are listed, in order", [], jobs),
        case!(
            "c2-05 listing-during-stores",
            "what is listed while others store is whole",
            [],
            during
        ),
        case!(
            "c2-06 cancelled-store",
            "a store that is cut off is whole or not there",
            [],
            cut_off
        ),
        case!("c2-07 chunks", "a reader's chunks fit and add up to the states", [READER], chunks),
        case!(
            "c2-08 reader-no-states",
            "a reader tells empty from absent states",
            [READER],
            no_states
        ),
        case!(
            "c2-09 reader-not-found",
            "a reader of what is not there is refused",
            [READER],
            no_reader
        ),
        case!(
            "c2-10 reader-and-delete",
            "a delete never cuts a reader's states short",
            [READER],
            and_delete
        ),
        case!(
            "c2-11 cancelled-chunk",
            "a chunk that was cut off never makes others wrong",
            [READER],
            cancelled_chunk
        ),
        case!(
            "c2-12 quarantine",
            "what is quarantined is no checkpoint any more",
            [QUARANTINE],
            quarantine
        ),
        case!("c2-13 reclaim", "reclaiming leftovers takes no checkpoint", [RECLAIM], reclaim),
        case!("c2-14 health", "a health check passes and leaves nothing", [HEALTH], health),
    ]
}

async fn nothing(context: &Context) -> Check {
    let storage = context.open().await?;
    ensure_eq!(listed(&storage).await?, [], "the listing");
    ensure_eq!(storage.jobs().await?, [], "the jobs");
    ensure_eq!(storage.latest_of_pipeline(&job(), 1).await?, None, "the latest");
    ensure!(storage.latest_of_each_pipeline(&job()).await?.is_empty(), "there is a latest");
    ensure!(storage.checkpoints_of_job(&job()).await?.is_empty(), "there is a checkpoint");
    Ok(())
}

async fn no_such_name(context: &Context) -> Check {
    let storage = context.open().await?;
    let absent = name_at(1_700_000_000_000, 1, 1);
    let unknown_job = storage.read(&job(), &absent).await;
    refused(unknown_job, &[ErrorKind::NotFound], "reading of an unknown job")?;
    let stored = store(&storage, 1, 1).await?.name;
    let mut twin = stored;
    twin.random = (stored.random + 1) % 1000;
    for name in [absent, twin] {
        let read = storage.read(&job(), &name).await;
        refused(read, &[ErrorKind::NotFound], "reading a name that was not stored")?;
    }
    let elsewhere = storage.read(&job_called("another"), &stored).await;
    refused(elsewhere, &[ErrorKind::NotFound], "reading the name in another job").map(drop)
}

async fn no_trace(context: &Context) -> Check {
    let storage = context.open().await?;
    listed(&storage).await?;
    let read = storage.read(&job(), &name_at(1, 1, 1)).await;
    refused(read, &[ErrorKind::NotFound], "reading")?;
    storage.delete_names(&job(), &[name_at(1, 1, 1)]).await?;
    storage.delete_job(&job()).await?;
    ensure_eq!(storage.jobs().await?, [], "the jobs after reading");
    let storage = context.reopen(storage).await?;
    ensure_eq!(storage.jobs().await?, [], "the jobs after reopening");
    Ok(())
}

async fn jobs(context: &Context) -> Check {
    let storage = context.open().await?;
    for id in ["b", "a", "10", "9", "B"] {
        store_in(&storage, &job_called(id), 1, 1).await?;
    }
    let ids = ["10", "9", "B", "a", "b"].map(job_called);
    ensure_eq!(storage.jobs().await?, ids, "the jobs");
    let gone = listed_of(&storage, &ids[3]).await?;
    storage.delete_names(&ids[3], &gone).await?;
    storage.delete_job(&ids[0]).await?;
    let left = [&ids[1], &ids[2], &ids[4]].map(Clone::clone);
    ensure_eq!(storage.jobs().await?, left, "the jobs after two have lost theirs");
    Ok(())
}

async fn during(context: &Context) -> Check {
    let (writer, reader) = (context.open().await?, context.open().await?);
    let states = noise(1 << 20);
    let to_store = states.clone();
    let stores = tokio::spawn(async move {
        for checkpoint in 1..=16 {
            writer.store(state(1, checkpoint, to_store.clone())).await?;
        }
        Ok::<_, Error>(())
    });
    while !stores.is_finished() {
        if let Some(newest) = listed(&reader).await?.pop() {
            let read = reader.read(&job(), &newest).await?;
            ensure!(read.states.as_ref() == Some(&states), "{newest} is listed and not whole");
        }
        tokio::task::yield_now().await;
    }
    stores.await??;
    ensure_eq!(listed(&reader).await?.len(), 16, "how many are listed in the end");
    ensure_listed_is_whole(&reader, &states).await
}

async fn cut_off(context: &Context) -> Check {
    let storage = context.open().await?;
    let states = noise(256 << 10);
    let began = Instant::now();
    storage.store(state(1, 0, states.clone())).await?;
    let whole = began.elapsed();
    let mut acknowledged = 1;
    for round in 0..24 {
        // Cut off at its beginning, its end, and anywhere between.
        let store = storage.store(state(1, 1 + i64::from(round), states.clone()));
        if let Ok(stored) = tokio::time::timeout(whole * round / 16, store).await {
            stored?;
            acknowledged += 1;
        }
        ensure_listed_is_whole(&storage, &states).await?;
    }
    let storage = context.reopen(storage).await?;
    let there = listed(&storage).await?.len();
    ensure!(there >= acknowledged, "{acknowledged} stores were acknowledged, {there} are there");
    ensure_listed_is_whole(&storage, &states).await?;
    let after = storage.store(state(1, 99, states)).await?;
    ensure_eq!(listed(&storage).await?.last(), Some(&after.name), "the newest after all of them");
    Ok(())
}

async fn chunks(context: &Context) -> Check {
    let storage = context.open().await?;
    for (checkpoint, len) in [(1, 1), (2, 1000), (3, (3 << 20) + 1)] {
        let states = noise(len);
        let entry = storage.store(state(1, checkpoint, states.clone())).await?;
        for max_len in [1, 333, 64 << 10, 64 << 20] {
            if len / max_len > 10_000 {
                continue;
            }
            let mut reader = storage.open_reader(&job(), &entry.name).await?;
            ensure_eq!(reader.states_len(), Some(len as u64), "the length that is announced");
            ensure_eq!(reader.entry().name, entry.name, "the name of what is being read");
            ensure_eq!(reader.entry().job_id, job(), "the job of what is being read");
            ensure_eq!(reader.entry().size, entry.size, "the size of what is being read");
            let mut read = Vec::new();
            while let Some(chunk) = reader.next_chunk(max_len).await? {
                let fits = (1..=max_len).contains(&chunk.len());
                ensure!(fits, "a chunk of at most {max_len} bytes has {}", chunk.len());
                read.extend_from_slice(&chunk);
            }
            ensure!(read == states, "the chunks do not add up to the states");
        }
    }
    Ok(())
}

async fn no_states(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut absent = state(1, 1, Bytes::new());
    absent.states = None;
    let absent = storage.store(absent).await?;
    let empty = storage.store(state(1, 2, Bytes::new())).await?;
    for (entry, expected) in [(absent, None), (empty, Some(0))] {
        let mut reader = storage.open_reader(&job(), &entry.name).await?;
        ensure_eq!(reader.states_len(), expected, "the length that is announced");
        ensure_eq!(reader.next_chunk(100).await?, None, "what comes");
    }
    Ok(())
}

async fn no_reader(context: &Context) -> Check {
    let storage = context.open().await?;
    let absent = name_at(1_700_000_000_000, 1, 1);
    let unknown_job = storage.open_reader(&job(), &absent).await;
    refused(unknown_job, &[ErrorKind::NotFound], "opening a reader of an unknown job")?;
    store(&storage, 1, 1).await?;
    let unknown_name = storage.open_reader(&job(), &absent).await;
    refused(unknown_name, &[ErrorKind::NotFound], "opening a reader of an unknown name").map(drop)
}

async fn and_delete(context: &Context) -> Check {
    let storage = context.open().await?;
    let states = noise(4 << 20);
    let entry = storage.store(state(1, 1, states.clone())).await?;
    let mut reader = storage.open_reader(&job(), &entry.name).await?;
    let mut read = Vec::new();
    let mut deleted = false;
    loop {
        match reader.next_chunk(512 << 10).await {
            Ok(Some(chunk)) => read.extend_from_slice(&chunk),
            Ok(None) => break,
            // It may notice; it may not end as if that had been all.
            Err(_) if deleted => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        if !deleted {
            storage.delete_names(&job(), &[entry.name]).await?;
            deleted = true;
        }
    }
    ensure!(read == states, "the reader ended after {} of {} bytes", read.len(), states.len());
    Ok(())
}

async fn cancelled_chunk(context: &Context) -> Check {
    let storage = context.open().await?;
    let states = noise(1 << 20);
    let entry = storage.store(state(1, 1, states.clone())).await?;
    let mut reader = storage.open_reader(&job(), &entry.name).await?;
    let mut at = 0;
    loop {
        drop_after_one_poll(reader.next_chunk(100 << 10)).await;
        match reader.next_chunk(100 << 10).await {
            Ok(Some(chunk)) => {
                // A call that ended in its only poll took its chunk along.
                let rest = &states[at..];
                let skipped = rest.windows(chunk.len()).position(|window| window == chunk);
                let skipped = skipped.filter(|skipped| *skipped <= 100 << 10);
                let Some(skipped) = skipped else {
                    return Err(Failure::Failed(format!("what came after byte {at} is wrong")));
                };
                at += skipped + chunk.len();
            }
            Ok(None) => break,
            // A reader may be of no use after a call that was cut off, if it says so.
            Err(_) => break,
        }
    }
    ensure_reads(&storage, &entry, Some(&states)).await
}

async fn quarantine(context: &Context) -> Check {
    let storage = context.open().await?;
    let stored = [store(&storage, 1, 1).await?, store(&storage, 1, 2).await?];
    let place = storage.quarantine(&job(), &stored[1].name).await?;
    ensure!(!place.is_empty(), "quarantine does not say where it moved the checkpoint");
    for storage in [context.open().await?, storage] {
        ensure_eq!(listed(&storage).await?, [stored[0].name], "the listing");
        let read = storage.read(&job(), &stored[1].name).await;
        refused(read, &[ErrorKind::NotFound], "reading what is quarantined")?;
        let again = storage.quarantine(&job(), &stored[1].name).await;
        refused(again, &[ErrorKind::NotFound], "quarantining it again")?;
        ensure_all_read(&storage, &stored[..1]).await?;
    }
    Ok(())
}

async fn reclaim(context: &Context) -> Check {
    let storage = context.open().await?;
    let stored = [store(&storage, 1, 1).await?, store(&storage, 2, 1).await?];
    drop_after_one_poll(storage.store(state(3, 1, noise(100_000)))).await;
    for dry_run in [true, false] {
        let options = ReclaimOptions { dry_run, ..ReclaimOptions::default() };
        let report = storage.reclaim_leftovers(options).await?;
        ensure!(report.failed.is_empty(), "it could not reclaim: {:?}", report.failed);
        let taken = report.reclaimed.iter().find(|path| path.ends_with(".ser"));
        ensure_eq!(taken, None, "the checkpoint that was reclaimed");
        ensure_all_read(&storage, &stored).await?;
    }
    let listed = listed(&storage).await?;
    ensure!(names(&stored).iter().all(|name| listed.contains(name)), "a checkpoint is gone");
    Ok(())
}

async fn health(context: &Context) -> Check {
    let storage = context.open().await?;
    for write in [false, true] {
        let steps = storage.health(HealthOptions { write }).await?;
        ensure!(!steps.is_empty(), "the health check tried nothing");
        let failed = steps.iter().find(|step| step.status == HealthStatus::Failed);
        ensure!(failed.is_none(), "the health check failed: {failed:?}");
        ensure_eq!(storage.jobs().await?, [], "the jobs after the health check");
    }
    let entry = store(&storage, 1, 1).await?;
    storage.health(HealthOptions { write: true }).await?;
    ensure_all_read(&storage, &[entry]).await
}
