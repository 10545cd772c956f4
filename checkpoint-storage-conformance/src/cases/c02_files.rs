//! Contract 2 again: what lies among checkpoints and is none.

use checkpoint_storage_api::{CheckpointEntry, ErrorKind, ScanItem, ScanKind};

use super::case;
use super::support::{
    drop_after_one_poll, ensure_all_read, job, job_called, listed, name_at, noise, state, store,
};
use crate::case::Case;
use crate::check::{Check, ensure, ensure_eq, refused};
use crate::context::{Context, Storage};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(
            "c2-22 temporary-files",
            "what a writer left unfinished is no checkpoint",
            [MEDIUM],
            temporary
        ),
        case!(
            "c2-23 quarantined-files",
            "what was moved aside is no checkpoint",
            [MEDIUM],
            quarantined
        ),
        case!("c2-24 foreign-files", "files of other names are no checkpoints", [MEDIUM], foreign),
        case!("c2-25 no-job", "a directory of foreign files is no job", [MEDIUM], no_job),
        case!(
            "c2-26 own-names",
            "nothing but checkpoints is written under names in `ser`",
            [MEDIUM],
            own_names
        ),
        case!("c2-27 scan", "a scan tells checkpoints from foreign files", [SCAN MEDIUM], scan),
        case!("c2-28 scan-quarantined", "a scan shows what is quarantined", [SCAN QUARANTINE], scan_quarantined),
        case!("c2-29 foreign-files-stay", "reclaiming leftovers leaves foreign files", [RECLAIM MEDIUM], stay),
    ]
}

/// Names of a later checkpoint's, as somebody else may leave them.
const FOREIGN: [&str; 14] = [
    "notes.txt",
    "notes.ser",
    "9999999999999-1-1.ser",
    "9999999999999-1-1-1-1.ser",
    "09999999999999-1-1-1.ser",
    "+9999999999999-1-1-1.ser",
    "9999999999999-1-1-+1.ser",
    "9999999999999-1-1-1",
    "9999999999999-1-1-1.SER",
    "9999999999999-1-1-1.ser.bak",
    "9999999999999-1-1-1.ser~",
    " 9999999999999-1-1-1.ser",
    ".9999999999999-1-1-1.ser",
    "9999999999999-1-1-99999999999999999999.ser",
];

/// Lays copies of a checkpoint under these names, which none may be taken for.
async fn ensure_none_is_taken(context: &Context, names: &[String]) -> Check {
    let (storage, medium) = (context.open().await?, context.medium()?);
    let entry = store(&storage, 1, 1).await?;
    let bytes = medium.read(&job(), &entry.name.to_string()).await?;
    for name in names {
        medium.write(&job(), name, &bytes).await?;
    }
    ensure_only(&storage, &entry).await?;
    ensure_only(&context.reopen(storage).await?, &entry).await
}

async fn ensure_only(storage: &Storage, entry: &CheckpointEntry) -> Check {
    ensure_eq!(listed(storage).await?, [entry.name], "the listing");
    let latest = storage.latest_of_pipeline(&job(), 1).await?;
    ensure_eq!(latest.map(|latest| latest.entry.name), Some(entry.name), "the latest");
    ensure_eq!(storage.checkpoints_of_job(&job()).await?.len(), 1, "how many there are");
    let later = storage.read(&job(), &name_at(9_999_999_999_999, 1, 1)).await;
    refused(later, &[ErrorKind::NotFound], "reading what is no checkpoint")?;
    ensure_all_read(storage, std::slice::from_ref(entry)).await
}

async fn temporary(context: &Context) -> Check {
    let later = name_at(9_999_999_999_999, 1, 1);
    let names = [
        format!(".{later}.00000000000000ff.tmp"),
        format!("{later}tmp"),
        format!(".{later}tmp.crc"),
        format!(".{later}.crc"),
    ];
    ensure_none_is_taken(context, &names).await
}

async fn quarantined(context: &Context) -> Check {
    let later = name_at(9_999_999_999_999, 1, 1);
    let names = [format!("{later}.quarantined"), format!(".{later}.quarantined.crc")];
    ensure_none_is_taken(context, &names).await
}

async fn foreign(context: &Context) -> Check {
    ensure_none_is_taken(context, &FOREIGN.map(str::to_owned)).await
}

async fn no_job(context: &Context) -> Check {
    let (storage, medium) = (context.open().await?, context.medium()?);
    let foreign = job_called("foreign");
    for name in FOREIGN {
        medium.write(&foreign, name, b"foreign").await?;
    }
    ensure_eq!(storage.jobs().await?, [], "the jobs");
    store(&storage, 1, 1).await?;
    ensure_eq!(storage.jobs().await?, [job()], "the jobs after a store");
    ensure_eq!(medium.files(&foreign).await?.len(), FOREIGN.len(), "how many files are left");
    Ok(())
}

async fn own_names(context: &Context) -> Check {
    let (storage, medium) = (context.open().await?, context.medium()?);
    for checkpoint in 1..=12 {
        drop_after_one_poll(storage.store(state(1, checkpoint, noise(1 << 20)))).await;
        tokio::task::yield_now().await;
        for name in medium.files(&job()).await? {
            let is_checkpoint = name.parse::<checkpoint_storage_api::CheckpointName>().is_ok();
            ensure!(
                is_checkpoint || !name.ends_with("ser"),
                "{name:?} is no checkpoint's name and the Java engine takes it for one"
            );
        }
    }
    Ok(())
}

fn kind_of(items: &[ScanItem], name: &str) -> Option<(ScanKind, u64)> {
    items.iter().find(|item| item.path.ends_with(name)).map(|item| (item.kind, item.size))
}

async fn scan(context: &Context) -> Check {
    let (storage, medium) = (context.open().await?, context.medium()?);
    let entry = store(&storage, 1, 1).await?;
    medium.write(&job(), "notes.txt", b"1234567").await?;
    let other = job_called("another");
    medium.write(&other, "other.txt", b"1").await?;
    let (all, of_job) = (storage.scan(None).await?, storage.scan(Some(&job())).await?);
    for items in [&all, &of_job] {
        let found = kind_of(items, &entry.name.to_string());
        let expected = Some((ScanKind::Checkpoint(entry.name), entry.size));
        ensure_eq!(found, expected, "what the scan says of the checkpoint");
        let found = kind_of(items, "notes.txt");
        ensure_eq!(found, Some((ScanKind::Foreign, 7)), "what the scan says of a foreign file");
        let jobs = items.iter().filter(|item| item.job_id == Some(job())).count();
        ensure_eq!(jobs, 2, "how many files of the job the scan shows");
    }
    ensure_eq!(kind_of(&all, "other.txt"), Some((ScanKind::Foreign, 1)), "another job's file");
    ensure_eq!(kind_of(&of_job, "other.txt"), None, "another job's file in a scan of one job");
    Ok(())
}

async fn scan_quarantined(context: &Context) -> Check {
    let storage = context.open().await?;
    let entry = store(&storage, 1, 1).await?;
    storage.quarantine(&job(), &entry.name).await?;
    let items = storage.scan(None).await?;
    let kinds: Vec<_> = items.iter().map(|item| item.kind).collect();
    ensure_eq!(kinds, [ScanKind::Quarantined], "what the scan shows");
    Ok(())
}

async fn stay(context: &Context) -> Check {
    let (storage, medium) = (context.open().await?, context.medium()?);
    let entry = store(&storage, 1, 1).await?;
    for name in FOREIGN {
        medium.write(&job(), name, b"foreign").await?;
    }
    let before = medium.files(&job()).await?;
    let report = storage.reclaim_leftovers(Default::default()).await?;
    ensure_eq!(report.reclaimed, [] as [String; 0], "what was reclaimed");
    ensure_eq!(medium.files(&job()).await?, before, "the files afterwards");
    ensure_all_read(&storage, &[entry]).await
}
