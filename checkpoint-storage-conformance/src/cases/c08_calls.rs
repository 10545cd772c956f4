//! Contract 8: every call ends and can be cancelled, and an error says what to make of it.

use std::sync::Arc;

use checkpoint_storage_api::{
    Capabilities, Error, ErrorKind, HealthOptions, ImportOptions, ListQuery, OpenOptions,
    ReclaimOptions,
};

use super::case;
use super::support::{
    Source, drop_after_one_poll, ensure_all_read, job, job_called, listed, name_at, names, noise,
    read_in_chunks, state, states_of, store,
};
use crate::case::Case;
use crate::check::{Check, ensure, ensure_eq, refused};
use crate::context::{Context, Storage};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("c8-01 not-begun", "a call that is never polled does nothing", [], not_begun),
        case!("c8-02 dropped-calls", "dropped calls leave the storage usable", [], dropped_calls),
        case!(
            "c8-03 dropped-stores",
            "after dropped stores the next one is the latest",
            [],
            dropped_stores
        ),
        case!(
            "c8-04 dropped-delete",
            "a dropped delete took what it named, or not",
            [],
            dropped_delete
        ),
        case!("c8-05 many-calls", "hundreds of calls at once all end", [], many_calls),
        case!("c8-06 closed", "after close every call is refused", [], closed),
        case!(
            "c8-07 closed-options",
            "after close optional calls are refused too",
            [],
            closed_options
        ),
        case!("c8-08 closed-twice", "a second close is no error", [], closed_twice),
        case!(
            "c8-09 close-during-stores",
            "close lets stores end, or refuses them whole",
            [],
            close_during
        ),
        case!("c8-10 close-is-its-own", "close ends no other storage", [], close_is_its_own),
        case!(
            "c8-11 not-announced",
            "what is not announced answers unsupported",
            [],
            not_announced
        ),
        case!("c8-12 announced", "what is announced does not answer unsupported", [], announced),
        case!("c8-13 same-capabilities", "every opening announces the same", [], same_capabilities),
        case!("c8-14 error", "an error says what, why and what became of it", [], error),
        case!(
            "c8-15 errors-change-nothing",
            "a refused call changes nothing",
            [],
            refused_changes_nothing
        ),
        case!(
            "c8-16 with-time-limit",
            "a storage that is told its time limit works",
            [],
            with_time_limit
        ),
    ]
}

async fn not_begun(context: &Context) -> Check {
    let storage = context.open().await?;
    let entry = store(&storage, 1, 1).await?;
    drop(storage.store(state(1, 2, "states")));
    drop(storage.delete_names(&job(), &[entry.name]));
    drop(storage.delete_job(&job()));
    drop(storage.close());
    ensure_eq!(listed(&storage).await?, [entry.name], "the listing");
    ensure_all_read(&storage, &[entry]).await
}

async fn dropped_calls(context: &Context) -> Check {
    let storage = context.open().await?;
    let entry = store(&storage, 1, 1).await?;
    let unknown = job_called("unknown");
    for _ in 0..20 {
        drop_after_one_poll(storage.list(&job(), &ListQuery::all())).await;
        drop_after_one_poll(storage.read(&job(), &entry.name)).await;
        drop_after_one_poll(storage.jobs()).await;
        drop_after_one_poll(storage.delete_job(&unknown)).await;
        drop_after_one_poll(read_in_chunks(&storage, &job(), &entry.name, 10)).await;
        drop_after_one_poll(storage.latest_of_pipeline(&job(), 1)).await;
        drop_after_one_poll(context.open()).await;
    }
    ensure_eq!(listed(&storage).await?, [entry.name], "the listing");
    ensure_eq!(storage.jobs().await?, [job()], "the jobs");
    ensure_all_read(&storage, &[entry]).await
}

async fn dropped_stores(context: &Context) -> Check {
    let storage = context.open().await?;
    for checkpoint in 1..=20 {
        drop_after_one_poll(storage.store(state(1, 100 + checkpoint, noise(10_000)))).await;
        let entry = store(&storage, 1, checkpoint).await?;
        let latest = listed(&storage).await?.into_iter().rfind(|name| name.checkpoint_id < 100);
        ensure_eq!(latest, Some(entry.name), "the newest that was acknowledged");
        ensure_all_read(&storage, &[entry]).await?;
    }
    let storage = context.reopen(storage).await?;
    let entry = store(&storage, 1, 1).await?;
    ensure_eq!(listed(&storage).await?.last(), Some(&entry.name), "the latest in the end");
    Ok(())
}

async fn dropped_delete(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut stored = Vec::new();
    for checkpoint in 1..=10 {
        stored.push(store(&storage, 1, checkpoint).await?);
    }
    let (named, kept) = stored.split_at(8);
    drop_after_one_poll(storage.delete_names(&job(), &names(named))).await;
    let storage = context.reopen(storage).await?;
    let left = listed(&storage).await?;
    ensure!(left.iter().all(|name| names(&stored).contains(name)), "something else appeared");
    ensure!(names(kept).iter().all(|name| left.contains(name)), "what was not named is gone");
    let report = storage.delete_names(&job(), &names(named)).await?;
    ensure!(report.failed.is_empty(), "what was reported as failed: {:?}", report.failed);
    ensure_eq!(listed(&storage).await?, names(kept), "what is left in the end");
    ensure_all_read(&storage, kept).await
}

async fn many_calls(context: &Context) -> Check {
    let storage = context.open().await?;
    let entry = store(&storage, 1, 1).await?;
    let calls = (0..300).map(|index| {
        let (storage, entry) = (Arc::clone(&storage), entry.clone());
        tokio::spawn(async move {
            match index % 3 {
                0 => ensure_eq!(listed(&storage).await?, [entry.name], "the listing"),
                1 => ensure_eq!(storage.jobs().await?, [job()], "the jobs"),
                _ => ensure_all_read(&storage, &[entry]).await?,
            }
            Ok(())
        })
    });
    for call in calls.collect::<Vec<_>>() {
        let done: Check = call.await?;
        done?;
    }
    Ok(())
}

async fn closed(context: &Context) -> Check {
    let storage = context.open().await?;
    let entry = store(&storage, 1, 1).await?;
    storage.close().await?;
    let kinds = [ErrorKind::Closed];
    refused(storage.store(state(1, 2, "states")).await, &kinds, "store after close")?;
    refused(storage.list(&job(), &ListQuery::all()).await, &kinds, "list after close")?;
    refused(storage.read(&job(), &entry.name).await, &kinds, "read after close")?;
    let delete = storage.delete_names(&job(), &[entry.name]).await;
    refused(delete, &kinds, "delete after close")?;
    refused(storage.delete_job(&job()).await, &kinds, "delete job after close")?;
    refused(storage.jobs().await, &kinds, "jobs after close")?;
    let storage = context.open().await?;
    ensure_eq!(listed(&storage).await?, [entry.name], "the listing after reopening");
    ensure_all_read(&storage, &[entry]).await
}

async fn closed_options(context: &Context) -> Check {
    let storage = context.open().await?;
    store(&storage, 1, 1).await?;
    storage.close().await?;
    for option in OPTIONS {
        let announced = storage.capabilities().contains(option);
        let kinds = if announced {
            &[ErrorKind::Closed][..]
        } else {
            &[ErrorKind::Closed, ErrorKind::Unsupported]
        };
        let answer = call(&storage, option).await;
        refused(answer, kinds, &format!("{} after close", name_of(option)))?;
    }
    Ok(())
}

async fn closed_twice(context: &Context) -> Check {
    let storage = context.open().await?;
    store(&storage, 1, 1).await?;
    for _ in 0..3 {
        storage.close().await?;
    }
    Ok(())
}

async fn close_during(context: &Context) -> Check {
    let storage = context.open().await?;
    let stores = (1..=16).map(|checkpoint| {
        let storage = Arc::clone(&storage);
        tokio::spawn(
            async move { storage.store(state(1, checkpoint, states_of(1, checkpoint))).await },
        )
    });
    let stores: Vec<_> = stores.collect();
    tokio::task::yield_now().await;
    storage.close().await?;
    let mut stored = Vec::new();
    for store in stores {
        match store.await? {
            Ok(entry) => stored.push(entry),
            ended => {
                refused(ended, &[ErrorKind::Closed], "a store that was not let in")?;
            }
        }
    }
    stored.sort_unstable_by_key(|entry| entry.name);
    let storage = context.open().await?;
    ensure_eq!(listed(&storage).await?, names(&stored), "what is there after reopening");
    ensure_all_read(&storage, &stored).await
}

async fn close_is_its_own(context: &Context) -> Check {
    let (storage, other) = (context.open().await?, context.open().await?);
    let entry = store(&storage, 1, 1).await?;
    storage.close().await?;
    drop(storage);
    ensure_all_read(&other, &[entry]).await?;
    store(&other, 1, 2).await.map(drop)
}

const OPTIONS: [Capabilities; 7] = [
    Capabilities::READER,
    Capabilities::IMPORT,
    Capabilities::SCAN,
    Capabilities::QUARANTINE,
    Capabilities::RECLAIM,
    Capabilities::HEALTH,
    Capabilities::SAVEPOINT,
];

fn name_of(option: Capabilities) -> String {
    option.iter_names().map(|(name, _)| name.to_lowercase()).collect()
}

/// Calls an optional operation on a job with one checkpoint, so that it succeeds if it is offered.
async fn call(storage: &Storage, option: Capabilities) -> Result<(), Error> {
    let some_name = match storage.list(&job(), &ListQuery::all()).await {
        Ok(entries) => entries.first().map(|entry| entry.name),
        Err(_) => None,
    };
    let name = some_name.unwrap_or(name_at(1, 1, 1));
    match option {
        Capabilities::READER => storage.open_reader(&job(), &name).await.map(drop),
        Capabilities::IMPORT => {
            let source = Source::new(name_at(1_700_000_000_000, 9, 9), None, 1);
            storage.import(Box::new(source), ImportOptions::default()).await.map(drop)
        }
        Capabilities::SCAN => storage.scan(None).await.map(drop),
        Capabilities::QUARANTINE => storage.quarantine(&job(), &name).await.map(drop),
        Capabilities::RECLAIM => {
            storage.reclaim_leftovers(ReclaimOptions::default()).await.map(drop)
        }
        Capabilities::SAVEPOINT => {
            storage.store(state(1, 9, "kept").as_savepoint()).await.map(drop)
        }
        _ => storage.health(HealthOptions::default()).await.map(drop),
    }
}

async fn not_announced(context: &Context) -> Check {
    let storage = context.open().await?;
    let entry = store(&storage, 1, 1).await?;
    // Nobody hands a savepoint to a storage that does not announce them: it need not look.
    let offered = storage.capabilities() | Capabilities::SAVEPOINT;
    for option in OPTIONS.into_iter().filter(|of| !offered.contains(*of)) {
        let what = format!("{}, which is not announced,", name_of(option));
        refused(call(&storage, option).await, &[ErrorKind::Unsupported], &what)?;
    }
    ensure_all_read(&storage, &[entry]).await
}

async fn announced(context: &Context) -> Check {
    let storage = context.open().await?;
    for option in OPTIONS.into_iter().filter(|of| storage.capabilities().contains(*of)) {
        store(&storage, 1, 1).await?;
        let answer = call(&storage, option).await;
        ensure!(answer.is_ok(), "{} is announced and failed: {answer:?}", name_of(option));
    }
    Ok(())
}

async fn same_capabilities(context: &Context) -> Check {
    let storage = context.open().await?;
    let capabilities = storage.capabilities();
    store(&storage, 1, 1).await?;
    ensure_eq!(storage.capabilities(), capabilities, "what it announces after a store");
    ensure_eq!(context.open().await?.capabilities(), capabilities, "what another announces");
    let elsewhere = context.elsewhere().await?;
    let other = elsewhere.open(OpenOptions::default()).await?;
    ensure_eq!(other.capabilities(), capabilities, "what one in another place announces");
    Ok(())
}

async fn error(context: &Context) -> Check {
    let storage = context.open().await?;
    store(&storage, 1, 1).await?;
    let absent = name_at(1, 1, 1);
    let read = storage.read(&job(), &absent).await;
    let error = refused(read, &[ErrorKind::NotFound], "reading what is not there")?;
    let text = error.to_string();
    ensure!(text.contains(&absent.to_string()), "the error does not say which: {text}");
    ensure!(text.contains(job().as_str()), "the error does not say of which job: {text}");
    ensure!(!text.contains('\n'), "the error is more than a line: {text}");
    let begins_lower = |text: &str| !text.starts_with(|c: char| c.is_ascii_uppercase());
    ensure!(begins_lower(error.operation()), "the operation is no verb phrase: {text}");
    Ok(())
}

async fn refused_changes_nothing(context: &Context) -> Check {
    let storage = context.open().await?;
    let stored = [store(&storage, 1, 1).await?, store(&storage, 2, 1).await?];
    let mut negative = state(1, 2, "states");
    negative.checkpoint_id = -1;
    for _ in 0..3 {
        let read = storage.read(&job(), &name_at(1, 1, 1)).await;
        refused(read, &[ErrorKind::NotFound], "reading what is not there")?;
        let negative = storage.store(negative.clone()).await;
        refused(negative, &[ErrorKind::InvalidInput], "storing a negative id")?;
    }
    ensure_eq!(listed(&storage).await?, names(&stored), "the listing");
    ensure_eq!(storage.jobs().await?, [job()], "the jobs");
    ensure_all_read(&storage, &stored).await
}

async fn with_time_limit(context: &Context) -> Check {
    let storage = context.open_with_time_limit(std::time::Duration::from_secs(60)).await?;
    let entry = store(&storage, 1, 1).await?;
    ensure_eq!(listed(&storage).await?, [entry.name], "the listing");
    ensure_all_read(&storage, &[entry]).await
}
