//! Contract 5: order is the order of the names, and a writer's names only ever grow.

use std::collections::HashSet;

use checkpoint_storage_api::{CheckpointEntry, CheckpointName, ListQuery};

use super::case;
use super::support::{
    ensure_all_read, import, job, job_called, listed, name_at, names, now_ms, state, states_of,
    store, store_at_once, store_in,
};
use crate::case::Case;
use crate::check::{Check, ensure, ensure_eq};
use crate::context::{Context, Storage};

const HOUR_MS: u64 = 60 * 60 * 1000;

/// In the year 2200: a clock that was far ahead.
const FAR_AHEAD_MS: u64 = 7_258_118_400_000;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("c5-01 in-a-row", "stores in a row are listed in their order", [], in_a_row),
        case!("c5-02 equal-milliseconds", "stores at once get a time stamp each", [], at_once),
        case!("c5-03 ids-begin-again", "ids that begin again at 1 are the latest", [], begin_again),
        case!(
            "c5-04 after-reopening",
            "ids that begin again after reopening are the latest",
            [],
            after_reopening
        ),
        case!("c5-05 quick-reopening", "each of many openings stores the latest", [], quick),
        case!("c5-06 per-pipeline", "each pipeline has a latest of its own", [], per_pipeline),
        case!(
            "c5-07 newest-with-ids",
            "of several with the same ids the newest is read",
            [],
            same_ids
        ),
        case!("c5-08 query", "a query takes the newest of each pipeline", [], query),
        case!(
            "c5-09 after-delete",
            "a store after a delete is newer than what is left",
            [],
            after_delete
        ),
        case!(
            "c5-10 after-delete-job",
            "a job that was deleted begins again",
            [],
            after_delete_job
        ),
        case!(
            "c5-11 clock-set-back",
            "a clock that is behind an import makes no store older",
            [IMPORT],
            behind_import
        ),
        case!(
            "c5-12 clock-set-back-reopened",
            "one behind what lay there at the opening makes none older",
            [IMPORT],
            behind_import_reopened
        ),
        case!(
            "c5-13 clock-far-ahead",
            "one that is centuries behind makes none older",
            [IMPORT],
            far_ahead
        ),
        case!(
            "c5-14 clock-behind-file",
            "one behind a file that was laid there makes none older",
            [MEDIUM],
            behind_file
        ),
        case!(
            "c5-15 clock-per-job",
            "all pipelines of a job share its clock, and no other job does",
            [MEDIUM],
            per_job
        ),
        case!(
            "c5-16 clock-behind-another",
            "one behind what another storage imports makes none older",
            [IMPORT],
            behind_another
        ),
        case!(
            "c5-17 older-import",
            "an older import does not become the latest",
            [IMPORT],
            older_import
        ),
        case!(
            "c5-18 ties",
            "equal time stamps are ordered by checkpoint, then random part",
            [IMPORT],
            ties
        ),
        case!(
            "c5-19 no-later-stamp",
            "after the last time stamp there is an error, not an older one",
            [IMPORT],
            no_later
        ),
        case!("c5-20 digits", "time stamps are compared as numbers, not as text", [IMPORT], digits),
    ]
}

/// Ends the case unless each checkpoint was newer than all before it and is listed so.
async fn ensure_in_order(storage: &Storage, stored: &[CheckpointEntry]) -> Check {
    let stored = names(stored);
    for pair in stored.windows(2) {
        ensure!(
            pair[1].timestamp_ms > pair[0].timestamp_ms,
            "{} was stored after {} and its time stamp is not greater",
            pair[1],
            pair[0]
        );
    }
    ensure_eq!(listed(storage).await?, stored, "the listing");
    Ok(())
}

/// Ends the case unless this is the latest of pipeline 1.
async fn ensure_latest(storage: &Storage, latest: &CheckpointEntry) -> Check {
    let found = storage.latest_of_pipeline(&job(), latest.name.pipeline_id).await?;
    let found = found.map(|found| found.entry.name.to_string());
    ensure_eq!(found, Some(latest.name.to_string()), "the latest");
    Ok(())
}

async fn in_a_row(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut stored = Vec::new();
    for checkpoint in 1..=50 {
        stored.push(store(&storage, 1, checkpoint).await?);
    }
    ensure_in_order(&storage, &stored).await
}

async fn at_once(context: &Context) -> Check {
    let storage = context.open().await?;
    let states = (1..=64).map(|checkpoint| state(1, checkpoint, states_of(1, checkpoint)));
    let stored = store_at_once(&storage, states).await?;
    let stamps: HashSet<_> = stored.iter().map(|entry| entry.name.timestamp_ms).collect();
    ensure_eq!(stamps.len(), stored.len(), "how many time stamps there are");
    let last = store(&storage, 1, 1).await?;
    ensure_in_order(&storage, &[stored, vec![last.clone()]].concat()).await?;
    ensure_latest(&storage, &last).await
}

async fn begin_again(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut stored = Vec::new();
    for checkpoint in [1, 2, 3, 100, 1, 2, 0] {
        stored.push(store(&storage, 1, checkpoint).await?);
        ensure_latest(&storage, &stored[stored.len() - 1]).await?;
    }
    ensure_in_order(&storage, &stored).await
}

async fn after_reopening(context: &Context) -> Check {
    let mut storage = context.open().await?;
    let mut stored = Vec::new();
    for checkpoint in [9, 10, 1, 2] {
        stored.push(store(&storage, 1, checkpoint).await?);
        storage = context.reopen(storage).await?;
        ensure_latest(&storage, &stored[stored.len() - 1]).await?;
    }
    ensure_in_order(&storage, &stored).await
}

async fn quick(context: &Context) -> Check {
    let mut stored = Vec::new();
    for checkpoint in (1..=20).rev() {
        let storage = context.open().await?;
        stored.push(store(&storage, 1, checkpoint).await?);
        ensure_latest(&storage, &stored[stored.len() - 1]).await?;
    }
    ensure_in_order(&context.open().await?, &stored).await
}

async fn per_pipeline(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut stored = Vec::new();
    for (pipeline, checkpoint) in [(1, 5), (2, 1), (0, 9), (2, 2), (1, 1)] {
        stored.push(store(&storage, pipeline, checkpoint).await?);
    }
    ensure_in_order(&storage, &stored).await?;
    for latest in [&stored[2], &stored[3], &stored[4]] {
        ensure_latest(&storage, latest).await?;
    }
    let latest = storage.latest_of_each_pipeline(&job()).await?;
    let latest: Vec<_> = latest.values().map(|checkpoint| checkpoint.entry.name).collect();
    let expected = [stored[2].name, stored[4].name, stored[3].name];
    ensure_eq!(latest, expected, "the latest of each pipeline");
    ensure_eq!(
        storage.latest_of_pipeline(&job(), 7).await?,
        None,
        "the latest of a pipeline that has none"
    );
    Ok(())
}

async fn same_ids(context: &Context) -> Check {
    let storage = context.open().await?;
    storage.store(state(1, 1, "first")).await?;
    let second = storage.store(state(1, 1, "second")).await?;
    store(&storage, 1, 2).await?;
    let read = storage.checkpoint(&job(), 1, 1).await?;
    let found = read.as_ref().map(|read| (read.entry.name, read.states.as_deref()));
    ensure_eq!(found, Some((second.name, Some(&b"second"[..]))), "the newest with these ids");
    ensure_eq!(storage.checkpoint(&job(), 1, 3).await?, None, "one that was never stored");
    Ok(())
}

async fn query(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut stored = Vec::new();
    for (pipeline, checkpoint) in [(1, 3), (2, 9), (1, 2), (1, 1), (2, 8)] {
        stored.push(store(&storage, pipeline, checkpoint).await?);
    }
    for (query, expected) in [
        (ListQuery::all(), &[0, 1, 2, 3, 4][..]),
        (ListQuery::all().of_pipeline(1), &[0, 2, 3]),
        (ListQuery::all().newest(1), &[3, 4]),
        (ListQuery::all().newest(2), &[1, 2, 3, 4]),
        (ListQuery::all().newest(9), &[0, 1, 2, 3, 4]),
        (ListQuery::all().of_pipeline(1).newest(2), &[2, 3]),
        (ListQuery::all().of_pipeline(7), &[]),
    ] {
        let expected: Vec<_> = expected.iter().map(|index| stored[*index].name).collect();
        let found = names(&storage.list(&job(), &query).await?);
        ensure_eq!(found, expected, "what {query:?} lists");
    }
    Ok(())
}

async fn after_delete(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut stored = Vec::new();
    for checkpoint in 1..=3 {
        stored.push(store(&storage, 1, checkpoint).await?);
    }
    storage.delete_names(&job(), &[stored[2].name]).await?;
    stored[2] = store(&storage, 1, 1).await?;
    ensure_in_order(&storage, &stored).await
}

async fn after_delete_job(context: &Context) -> Check {
    let storage = context.open().await?;
    store(&storage, 1, 5).await?;
    storage.delete_job(&job()).await?;
    let stored = [store(&storage, 1, 1).await?, store(&storage, 1, 2).await?];
    ensure_in_order(&storage, &stored).await
}

/// Stores after something with a time stamp in the future.
async fn ensure_follows(storage: &Storage, ahead: CheckpointEntry) -> Check {
    let mut stored = vec![ahead];
    for checkpoint in 1..=3 {
        stored.push(store(storage, 1, checkpoint).await?);
        ensure_latest(storage, &stored[stored.len() - 1]).await?;
    }
    ensure_in_order(storage, &stored).await?;
    ensure_all_read(storage, &stored).await
}

async fn behind_import(context: &Context) -> Check {
    let storage = context.open().await?;
    let before = store(&storage, 1, 1).await?;
    let ahead = import(&storage, name_at(now_ms() + HOUR_MS, 1, 7)).await?;
    storage.delete_names(&job(), &[before.name]).await?;
    ensure_follows(&storage, ahead).await
}

async fn behind_import_reopened(context: &Context) -> Check {
    let storage = context.open().await?;
    let ahead = import(&storage, name_at(now_ms() + HOUR_MS, 1, 7)).await?;
    ensure_follows(&context.reopen(storage).await?, ahead).await
}

async fn far_ahead(context: &Context) -> Check {
    let storage = context.open().await?;
    let ahead = import(&storage, name_at(FAR_AHEAD_MS, 1, 7)).await?;
    ensure_follows(&context.reopen(storage).await?, ahead).await
}

/// Stores a checkpoint and gives a copy of its file another time stamp.
async fn lay_ahead(context: &Context, pipeline: i32) -> Check<CheckpointEntry> {
    let (storage, medium) = (context.open().await?, context.medium()?);
    let mut entry = store(&storage, pipeline, 7).await?;
    let bytes = medium.read(&job(), &entry.name.to_string()).await?;
    storage.delete_names(&job(), &[entry.name]).await?;
    storage.close().await?;
    entry.name = name_at(now_ms() + HOUR_MS, pipeline, 7);
    medium.write(&job(), &entry.name.to_string(), &bytes).await?;
    Ok(entry)
}

async fn behind_file(context: &Context) -> Check {
    let ahead = lay_ahead(context, 1).await?;
    ensure_follows(&context.open().await?, ahead).await
}

async fn per_job(context: &Context) -> Check {
    let ahead = lay_ahead(context, 2).await?;
    let storage = context.open().await?;
    let other = store_in(&storage, &job_called("another"), 1, 1).await?;
    ensure!(other.name < ahead.name, "the time stamps of one job moved those of another");
    ensure_follows(&storage, ahead).await
}

async fn behind_another(context: &Context) -> Check {
    let (storage, other) = (context.open().await?, context.open().await?);
    let ahead = import(&other, name_at(now_ms() + HOUR_MS, 1, 7)).await?;
    ensure_follows(&storage, ahead).await
}

async fn older_import(context: &Context) -> Check {
    let storage = context.open().await?;
    let latest = store(&storage, 1, 1).await?;
    let older = import(&storage, name_at(latest.name.timestamp_ms - HOUR_MS, 1, 99)).await?;
    ensure_latest(&storage, &latest).await?;
    ensure_in_order(&storage, &[older, latest]).await
}

async fn ties(context: &Context) -> Check {
    let storage = context.open().await?;
    let at = |checkpoint_id, random| CheckpointName {
        timestamp_ms: 1_700_000_000_000,
        random,
        pipeline_id: 1,
        checkpoint_id,
    };
    let ordered = [at(1, 999), at(2, 0), at(2, 7), at(2, 100), at(10, 1)];
    for index in [3, 0, 4, 2, 1] {
        import(&storage, ordered[index]).await?;
    }
    ensure_eq!(listed(&storage).await?, ordered, "the listing");
    let latest = storage.latest_of_pipeline(&job(), 1).await?;
    ensure_eq!(latest.map(|latest| latest.entry.name), Some(ordered[4]), "the latest");
    Ok(())
}

async fn no_later(context: &Context) -> Check {
    let storage = context.open().await?;
    let last = import(&storage, name_at(u64::MAX, 1, 1)).await?;
    if let Ok(entry) = storage.store(state(1, 2, "states")).await {
        ensure!(entry.name > last.name, "{} was stored behind {}", entry.name, last.name);
    }
    ensure_latest(&storage, &last).await
}

async fn digits(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut ordered = Vec::new();
    for timestamp_ms in [0, 9, 10, 99, 1_000, 999_999_999_999, 1_000_000_000_000] {
        ordered.push(import(&storage, name_at(timestamp_ms, 1, 1)).await?);
    }
    let latest = store(&storage, 1, 1).await?;
    ensure_latest(&storage, &latest).await?;
    ensure_in_order(&storage, &[ordered, vec![latest]].concat()).await
}
