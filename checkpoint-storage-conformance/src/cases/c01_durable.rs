//! Contract 1: what `store` acknowledged is complete, durable and visible to every later reader.

use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{BoxFuture, CheckpointKind, ImportOptions, ListQuery, PipelineState};

use super::case;
use super::support::{
    Source, ensure_all_read, ensure_reads, job, job_called, listed, listed_of, name_at, names,
    noise, now_ms, only, state, states_of, store, store_at_once,
};
use crate::case::Case;
use crate::check::{Check, ensure, ensure_eq};
use crate::context::{Context, Storage};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("c1-01 visible-at-once", "what was stored is listed and read at once", [], visible),
        case!(
            "c1-02 visible-to-others",
            "what was stored is seen by a storage opened before",
            [],
            to_others
        ),
        case!(
            "c1-03 survives-close",
            "what was stored is there after close and reopening",
            [],
            close
        ),
        case!("c1-04 survives-drop", "a storage dropped unclosed loses nothing", [], dropped),
        case!("c1-05 entry", "the entry that store returns is the one that is listed", [], entry),
        case!("c1-06 name", "the name holds the ids and the time of the store", [], name),
        case!("c1-07 empty-states", "empty states come back empty", [], empty_states),
        case!(
            "c1-08 absent-states",
            "absent states come back absent, not empty",
            [],
            absent_states
        ),
        case!("c1-09 every-byte", "states of every byte value come back", [], every_byte),
        case!("c1-10 every-size", "states of every size near a power of two come back", [], sizes),
        case!("c1-11 large-states", "64 MiB of states come back", [], large_states),
        case!("c1-12 extreme-ids", "ids from 0 to the greatest are kept", [], extreme_ids),
        case!("c1-13 one-pipeline-at-once", "stores at once to one pipeline all last", [], one),
        case!("c1-14 pipelines-at-once", "stores at once to many pipelines all last", [], many),
        case!("c1-15 jobs-at-once", "stores at once to many jobs all last", [], many_jobs),
        case!(
            "c1-16 in-background",
            "a store in the background lasts as any other",
            [],
            background
        ),
        case!("c1-17 shared-states", "the caller's states are left as they were", [], shared),
        case!("c1-18 import", "what was imported is there under its own name", [IMPORT], imported),
        case!(
            "c1-19 import-no-states",
            "empty and absent states are imported",
            [IMPORT],
            import_none
        ),
        case!(
            "c1-20 import-chunks",
            "what comes in odd chunks is imported whole",
            [IMPORT],
            chunks
        ),
        case!("c1-21 file", "one file is left, of the entry's name and size", [MEDIUM], file),
        case!(
            "c1-22 savepoint",
            "a savepoint is stored as any checkpoint, under a name that says what it is",
            [SAVEPOINT],
            savepoint
        ),
    ]
}

async fn visible(context: &Context) -> Check {
    let storage = context.open().await?;
    let entry = store(&storage, 1, 1).await?;
    ensure_eq!(listed(&storage).await?, [entry.name], "the listing after the store");
    ensure_eq!(storage.jobs().await?, [job()], "the jobs after the store");
    ensure_all_read(&storage, &[entry]).await
}

async fn to_others(context: &Context) -> Check {
    let (writer, reader) = (context.open().await?, context.open().await?);
    ensure!(listed(&reader).await?.is_empty(), "a fresh place is not empty");
    for checkpoint in 1..=3 {
        let entry = store(&writer, 1, checkpoint).await?;
        ensure!(listed(&reader).await?.contains(&entry.name), "the other storage lists it not");
        ensure_all_read(&reader, &[entry]).await?;
    }
    Ok(())
}

async fn close(context: &Context) -> Check {
    let storage = context.open().await?;
    let entries = [store(&storage, 1, 1).await?, store(&storage, 2, 1).await?];
    let storage = context.reopen(storage).await?;
    ensure_eq!(listed(&storage).await?, names(&entries), "the listing after reopening");
    ensure_all_read(&storage, &entries).await
}

async fn dropped(context: &Context) -> Check {
    for checkpoint in 1..=4 {
        let storage = context.open().await?;
        let entry = store(&storage, 1, checkpoint).await?;
        drop(storage);
        ensure_all_read(&context.open().await?, &[entry]).await?;
    }
    ensure_eq!(listed(&context.open().await?).await?.len(), 4, "how many are listed");
    Ok(())
}

async fn entry(context: &Context) -> Check {
    let storage = context.open().await?;
    let stored = storage.store(state(3, 7, noise(1000))).await?;
    let found = only(&storage.list(&job(), &ListQuery::all()).await?, "the listing")?;
    ensure_eq!(found.job_id, job(), "the listed job");
    ensure_eq!(stored.job_id, job(), "the stored job");
    ensure_eq!(found.name, stored.name, "the listed name");
    ensure_eq!(found.size, stored.size, "the listed size");
    ensure!(stored.size >= 1000, "1000 bytes of states have the size {}", stored.size);
    let read = storage.read(&job(), &stored.name).await?;
    ensure_eq!(read.entry.size, stored.size, "the size of what was read");
    Ok(())
}

async fn name(context: &Context) -> Check {
    let storage = context.open().await?;
    let before = now_ms();
    let name = store(&storage, 3, 7).await?.name;
    let after = now_ms();
    ensure_eq!((name.pipeline_id, name.checkpoint_id), (3, 7), "the ids in the name");
    ensure!(
        (before..=after).contains(&name.timestamp_ms),
        "the time stamp {} is not between {before} and {after}, the times of the store",
        name.timestamp_ms
    );
    Ok(())
}

async fn stored_and_read(storage: &Storage, checkpoint: i64, states: Option<Bytes>) -> Check {
    let state = PipelineState { states: states.clone(), ..state(1, checkpoint, "") };
    let entry = storage.store(state).await?;
    ensure_reads(storage, &entry, states.as_ref()).await
}

async fn empty_states(context: &Context) -> Check {
    stored_and_read(&context.open().await?, 1, Some(Bytes::new())).await
}

async fn absent_states(context: &Context) -> Check {
    stored_and_read(&context.open().await?, 1, None).await
}

async fn every_byte(context: &Context) -> Check {
    let storage = context.open().await?;
    stored_and_read(&storage, 1, Some((0..=u8::MAX).collect())).await?;
    for byte in [0, b'\n', b'\r', 0x1a, 0x7f, 0xff] {
        stored_and_read(&storage, 2 + i64::from(byte), Some(vec![byte; 100].into())).await?;
    }
    Ok(())
}

async fn sizes(context: &Context) -> Check {
    let storage = context.open().await?;
    for power in [0, 6, 7, 8, 12, 14, 16, 20] {
        for len in [(1 << power) - 1, 1 << power, (1 << power) + 1] {
            stored_and_read(&storage, len as i64, Some(noise(len))).await?;
        }
    }
    Ok(())
}

async fn large_states(context: &Context) -> Check {
    let storage = context.open().await?;
    let states = noise(64 << 20);
    let entry = storage.store(state(1, 1, states.clone())).await?;
    ensure_reads(&context.reopen(storage).await?, &entry, Some(&states)).await
}

async fn extreme_ids(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut stored = Vec::new();
    for (pipeline, checkpoint) in [(0, 0), (0, i64::MAX), (i32::MAX, 0), (i32::MAX, i64::MAX)] {
        stored.push(store(&storage, pipeline, checkpoint).await?);
    }
    ensure_eq!(listed(&storage).await?, names(&stored), "the listing");
    ensure_all_read(&storage, &stored).await
}

async fn one(context: &Context) -> Check {
    let storage = context.open().await?;
    let states = (1..=24).map(|checkpoint| state(1, checkpoint, states_of(1, checkpoint)));
    let stored = store_at_once(&storage, states).await?;
    ensure_eq!(listed(&storage).await?, names(&stored), "the listing after stores at once");
    ensure_all_read(&context.reopen(storage).await?, &stored).await
}

async fn many(context: &Context) -> Check {
    let storage = context.open().await?;
    let states = (0..24).map(|index| {
        let (pipeline, checkpoint) = (index % 8, i64::from(index / 8));
        state(pipeline, checkpoint, states_of(pipeline, checkpoint))
    });
    let stored = store_at_once(&storage, states).await?;
    ensure_eq!(listed(&storage).await?, names(&stored), "the listing after stores at once");
    ensure_all_read(&context.reopen(storage).await?, &stored).await
}

async fn many_jobs(context: &Context) -> Check {
    let storage = context.open().await?;
    let states = (0..24).map(|index| {
        let job = job_called(&format!("job-{}", index % 8));
        let checkpoint = i64::from(index / 8);
        PipelineState::new(job, 1, checkpoint, states_of(1, checkpoint))
    });
    let stored = store_at_once(&storage, states).await?;
    ensure_eq!(storage.jobs().await?.len(), 8, "how many jobs there are");
    for job in storage.jobs().await? {
        ensure_eq!(listed_of(&storage, &job).await?.len(), 3, "how many are listed of {job}");
    }
    ensure_all_read(&context.reopen(storage).await?, &stored).await
}

async fn background(context: &Context) -> Check {
    let storage = context.open().await?;
    let spawn = |task: BoxFuture<'static, ()>| drop(tokio::spawn(task));
    let mut entries = Vec::new();
    for checkpoint in 1..=3 {
        let state = state(1, checkpoint, states_of(1, checkpoint));
        entries.push(Arc::clone(&storage).store_in_background(state, &spawn).await?);
    }
    ensure_all_read(&storage, &entries).await
}

async fn shared(context: &Context) -> Check {
    let storage = context.open().await?;
    let (states, twin) = (noise(100_000), noise(100_000));
    let first = storage.store(state(1, 1, states.clone())).await?;
    let second = storage.store(state(1, 2, states.slice(1..))).await?;
    ensure!(states == twin, "the caller's states were changed");
    ensure_reads(&storage, &first, Some(&states)).await?;
    ensure_reads(&storage, &second, Some(&states.slice(1..))).await
}

async fn imported(context: &Context) -> Check {
    let storage = context.open().await?;
    let name = name_at(1_700_000_000_000, 4, 9);
    let entry = super::support::import(&storage, name).await?;
    ensure_eq!(listed(&storage).await?, [name], "the listing after the import");
    let storage = context.reopen(storage).await?;
    ensure_eq!(listed(&storage).await?, [name], "the listing after reopening");
    ensure_all_read(&storage, &[entry]).await
}

async fn import_none(context: &Context) -> Check {
    let storage = context.open().await?;
    for (checkpoint, states) in [(1, None), (2, Some(Bytes::new()))] {
        let source = Source::new(name_at(1_700_000_000_000, 1, checkpoint), states.as_ref(), 1);
        let entry = storage.import(Box::new(source), ImportOptions::default()).await?;
        ensure_reads(&storage, &entry, states.as_ref()).await?;
    }
    Ok(())
}

async fn chunks(context: &Context) -> Check {
    let storage = context.open().await?;
    let states = noise((8 << 20) + 13);
    for (checkpoint, chunk_len) in [(1, 100_003), (2, 8 << 20), (3, 9 << 20)] {
        for reseal in [false, true] {
            let name = name_at(1_700_000_000_000 + u64::from(reseal), 1, checkpoint);
            let source = Source::new(name, Some(&states), chunk_len);
            let entry = storage.import(Box::new(source), ImportOptions { reseal }).await?;
            ensure_reads(&storage, &entry, Some(&states)).await?;
        }
    }
    Ok(())
}

async fn file(context: &Context) -> Check {
    let (storage, medium) = (context.open().await?, context.medium()?);
    let entry = store(&storage, 1, 1).await?;
    let files = medium.files(&job()).await?;
    ensure_eq!(files, [entry.name.to_string()], "the files after the store");
    let bytes = medium.read(&job(), &entry.name.to_string()).await?;
    ensure_eq!(bytes.len() as u64, entry.size, "the size of the file");
    Ok(())
}

async fn savepoint(context: &Context) -> Check {
    let storage = context.open().await?;
    let before = store(&storage, 1, 1).await?;
    let savepoint = storage.store(state(1, 2, states_of(1, 2)).as_savepoint()).await?;
    let after = store(&storage, 1, 3).await?;
    storage.close().await?;
    let storage = context.open().await?;
    let stored = [before, savepoint, after];
    ensure_all_read(&storage, &stored).await?;
    ensure_eq!(listed(&storage).await?, names(&stored), "the listing");
    let kinds = stored.map(|entry| entry.name.kind());
    let expected =
        [CheckpointKind::Checkpoint, CheckpointKind::Savepoint, CheckpointKind::Checkpoint];
    ensure_eq!(kinds, expected, "the kinds that the names say");
    Ok(())
}
