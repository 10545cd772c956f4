//! Contract 2 in imports: what comes in chunks is whole in the end, or was never there.

use std::sync::Arc;
use std::time::Duration;

use checkpoint_storage_api::{Error, ErrorKind, ImportOptions, ReclaimOptions};
use tokio::sync::Semaphore;

use super::case;
use super::support::{
    Source, ensure_all_read, ensure_reads, import, listed, name_at, noise, only, store,
};
use crate::case::Case;
use crate::check::{Check, Failure, ensure, ensure_eq, refused};
use crate::context::Context;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(
            "c2-15 broken-import",
            "an import whose source breaks leaves nothing",
            [IMPORT],
            broken
        ),
        case!("c2-16 short-import", "an import that comes too short is refused", [IMPORT], short),
        case!("c2-17 long-import", "an import that comes too long is refused", [IMPORT], long),
        case!(
            "c2-18 cancelled-import",
            "an import that is cut off leaves nothing",
            [IMPORT],
            cut_import
        ),
        case!(
            "c2-19 no-overwriting",
            "an import never writes over what is there",
            [IMPORT],
            no_overwriting
        ),
        case!(
            "c2-20 one-import-wins",
            "of imports at once under one name one wins",
            [IMPORT],
            one_wins
        ),
        case!("c2-21 reclaim-spares-writers", "reclaiming leftovers spares what is being written", [RECLAIM IMPORT], spares),
    ]
}

/// Ends the case unless this import fails with one of `kinds` and leaves nothing.
async fn ensure_fails(context: &Context, source: Source, kinds: &[ErrorKind]) -> Check {
    let storage = context.open().await?;
    let name = name_at(1_700_000_000_000, 1, 1);
    let imported = storage.import(Box::new(source), ImportOptions::default()).await;
    let Err(error) = imported else {
        return Err(Failure::Failed("the import succeeded".to_owned()));
    };
    ensure!(kinds.contains(&error.kind()), "the import ended in {}: {error}", error.kind());
    ensure_eq!(listed(&storage).await?, [], "the listing after the import has failed");
    let storage = context.reopen(storage).await?;
    ensure_eq!(storage.jobs().await?, [], "the jobs after the import has failed");
    // Whatever it left is in nobody's way.
    let entry = import(&storage, name).await?;
    ensure_all_read(&storage, &[entry]).await
}

fn source() -> Source {
    Source::new(name_at(1_700_000_000_000, 1, 1), Some(&noise(100_000)), 30_000)
}

async fn broken(context: &Context) -> Check {
    for kind in [ErrorKind::Unavailable, ErrorKind::Corrupt, ErrorKind::NotFound] {
        let source = source().ending_in(Error::new(kind, "read", "the source broke"));
        let storage = context.open().await?;
        let imported = storage.import(Box::new(source), ImportOptions::default()).await;
        let found = imported.map_err(|error| error.kind());
        ensure!(found == Err(kind), "an import whose source ended in {kind} ended in {found:?}");
    }
    let source = source().ending_in(Error::new(ErrorKind::Corrupt, "read", "the source broke"));
    ensure_fails(context, source, &[ErrorKind::Corrupt]).await
}

async fn short(context: &Context) -> Check {
    let kinds = [ErrorKind::Corrupt, ErrorKind::InvalidInput];
    ensure_fails(context, source().announcing(100_001), &kinds).await
}

async fn long(context: &Context) -> Check {
    let kinds = [ErrorKind::Corrupt, ErrorKind::InvalidInput];
    ensure_fails(context, source().announcing(99_999), &kinds).await
}

async fn cut_import(context: &Context) -> Check {
    let storage = context.open().await?;
    let name = name_at(1_700_000_000_000, 1, 1);
    let hold = Arc::new(Semaphore::new(0));
    for millis in [0, 5, 20] {
        let import = storage.import(Box::new(source().holding(&hold)), ImportOptions::default());
        let cut = tokio::time::timeout(Duration::from_millis(millis), import).await;
        ensure!(cut.is_err(), "the import ended before its source did");
        ensure_eq!(listed(&storage).await?, [], "the listing after a cancelled import");
    }
    let storage = context.reopen(storage).await?;
    ensure_eq!(storage.jobs().await?, [], "the jobs after a cancelled import");
    let entry = import(&storage, name).await?;
    ensure_all_read(&storage, &[entry]).await
}

async fn no_overwriting(context: &Context) -> Check {
    let storage = context.open().await?;
    let stored = store(&storage, 1, 1).await?;
    let before = import(&storage, name_at(1_700_000_000_000, 1, 1)).await?;
    for entry in [&stored, &before] {
        let source = Source::new(entry.name, Some(&noise(5000)), 1000);
        let imported = storage.import(Box::new(source), ImportOptions::default()).await;
        refused(imported, &[ErrorKind::AlreadyExists], "importing over a checkpoint")?;
    }
    ensure_eq!(listed(&storage).await?, [before.name, stored.name], "the listing");
    ensure_all_read(&storage, &[before, stored]).await
}

async fn one_wins(context: &Context) -> Check {
    let storage = context.open().await?;
    let name = name_at(1_700_000_000_000, 1, 1);
    let imports = (1..=8).map(|len: usize| {
        let storage = Arc::clone(&storage);
        tokio::spawn(async move {
            let states = noise(len * 10_000);
            let source = Source::new(name, Some(&states), 999);
            (storage.import(Box::new(source), ImportOptions::default()).await, states)
        })
    });
    let mut winners = Vec::new();
    for import in imports.collect::<Vec<_>>() {
        match import.await? {
            (Ok(entry), states) => winners.push((entry, states)),
            (lost, _) => {
                refused(lost, &[ErrorKind::AlreadyExists], "an import that came too late")?;
            }
        }
    }
    let (entry, states) = only(&winners, "the imports that won")?;
    ensure_reads(&storage, &entry, Some(&states)).await
}

async fn spares(context: &Context) -> Check {
    let storage = context.open().await?;
    let hold = Arc::new(Semaphore::new(0));
    let states = noise(100_000);
    let source = source().holding(&hold);
    let importer = Arc::clone(&storage);
    let import =
        tokio::spawn(
            async move { importer.import(Box::new(source), ImportOptions::default()).await },
        );
    let other = context.open().await?;
    for storage in [&storage, &other] {
        let report = storage.reclaim_leftovers(ReclaimOptions::default()).await?;
        ensure!(report.failed.is_empty(), "it could not reclaim: {:?}", report.failed);
    }
    hold.add_permits(1000);
    let entry = import.await??;
    ensure_reads(&other, &entry, Some(&states)).await
}
