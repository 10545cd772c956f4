//! Contract 3: corruption is an error that says which file and why; never "not found", never
//! something else than was stored.

use std::ops::Range;

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointEntry, CheckpointName, ErrorKind, ImportOptions, Integrity, JobId,
};

use super::case;
use super::support::{
    Source, ensure_all_read, ensure_reads, job, job_called, listed, name_at, names, noise,
    read_in_chunks, state, states_of, store,
};
use crate::case::Case;
use crate::check::{Check, Failure, ensure, ensure_eq, refused};
use crate::context::{Context, Storage};
use crate::medium::Medium;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("c3-01 cut-off", "a file that is cut off anywhere is corrupt", [MEDIUM], cut_off),
        case!("c3-02 cut-off-in-chunks", "a reader of a file cut off anywhere ends in an error", [MEDIUM READER], cut_off_in_chunks),
        case!(
            "c3-03 flipped-bits",
            "a file with any one bit flipped is corrupt",
            [MEDIUM],
            flipped
        ),
        case!("c3-04 flipped-bits-in-chunks", "a reader of a file with one bit flipped ends in an error", [MEDIUM READER], flipped_in_chunks),
        case!("c3-05 large", "damage anywhere in megabytes is found", [MEDIUM], large),
        case!("c3-06 large-in-chunks", "a reader of damaged megabytes ends in an error", [MEDIUM READER], large_in_chunks),
        case!("c3-07 empty-file", "an empty file is corrupt", [MEDIUM], empty),
        case!("c3-08 zeros", "a file of zeros is corrupt", [MEDIUM], zeros),
        case!("c3-09 garbage", "a file of anything else is corrupt", [MEDIUM], garbage),
        case!("c3-10 appended", "a file with more behind it is corrupt", [MEDIUM], appended),
        case!(
            "c3-11 other-checkpoint",
            "the bytes of another checkpoint id are corrupt",
            [MEDIUM],
            other_checkpoint
        ),
        case!(
            "c3-12 other-pipeline",
            "the bytes of another pipeline are corrupt",
            [MEDIUM],
            other_pipeline
        ),
        case!("c3-13 other-job", "the bytes of another job are corrupt", [MEDIUM], other_job),
        case!("c3-14 misplaced-in-chunks", "a reader refuses what lies in another's place", [MEDIUM READER], misplaced),
        case!("c3-15 latest", "a corrupt latest is an error, never an older one", [MEDIUM], latest),
        case!("c3-16 neighbours", "one that is corrupt spoils no other", [MEDIUM], neighbours),
        case!(
            "c3-17 store-after",
            "a store after a corrupt one is the latest",
            [MEDIUM],
            store_after
        ),
        case!("c3-18 delete", "a corrupt checkpoint can be deleted", [MEDIUM], delete),
        case!("c3-19 quarantine", "a corrupt checkpoint can be quarantined", [MEDIUM QUARANTINE], quarantine),
        case!("c3-20 mended", "what was mended reads again", [MEDIUM], mended),
        case!(
            "c3-21 corrupt-import",
            "what is corrupt where it comes from is not imported",
            [IMPORT],
            import
        ),
    ]
}

/// A checkpoint that is damaged, and what its file held before.
struct Victim<'c> {
    storage: Storage,
    medium: &'c dyn Medium,
    entry: CheckpointEntry,
    states: Bytes,
    file: Bytes,
    integrity: Integrity,
}

impl<'c> Victim<'c> {
    async fn new(context: &'c Context, states: Bytes) -> Check<Self> {
        let (storage, medium) = (context.open().await?, context.medium()?);
        let entry = storage.store(state(1, 1, states.clone())).await?;
        let file = medium.read(&job(), &entry.name.to_string()).await?;
        let integrity = storage.read(&job(), &entry.name).await?.entry.integrity;
        Ok(Self { storage, medium, entry, states, file, integrity })
    }

    /// One whose every byte is covered by a checksum.
    async fn sealed(context: &'c Context, states: Bytes) -> Check<Self> {
        let victim = Self::new(context, states).await?;
        if victim.integrity != Integrity::Ok {
            return Err(Failure::Unsupported("what it stores carries no checksum".to_owned()));
        }
        Ok(victim)
    }

    async fn write(&self, bytes: &[u8]) -> Check {
        Ok(self.medium.write(&job(), &self.entry.name.to_string(), bytes).await?)
    }

    async fn ensure_corrupt(&self, bytes: &[u8], what: &str) -> Check {
        self.write(bytes).await?;
        ensure_corrupt(&self.storage, &job(), &self.entry.name, what).await
    }

    async fn ensure_corrupt_in_chunks(&self, bytes: &[u8], what: &str) -> Check {
        self.write(bytes).await?;
        let read = read_in_chunks(&self.storage, &job(), &self.entry.name, 64 << 10).await;
        refused(read, &[ErrorKind::Corrupt], what).map(drop)
    }

    /// The file with one bit flipped.
    fn flipped(&self, bit: usize) -> Vec<u8> {
        let mut bytes = self.file.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    }

    /// Whether this is what the guarantees allow of a file that was cut off: without its checksum
    /// it is whole, and without all of its states it is one that was stored without any.
    fn may_read_as(&self, states: Option<&Bytes>) -> bool {
        states.is_none_or(|states| *states == self.states)
    }

    /// How many truncations at most go unnoticed.
    const UNNOTICED: usize = 2;
}

/// Ends the case unless reading says that a checkpoint is corrupt, and which.
async fn ensure_corrupt(
    storage: &Storage,
    job: &JobId,
    name: &CheckpointName,
    what: &str,
) -> Check {
    let error = refused(storage.read(job, name).await, &[ErrorKind::Corrupt], what)?;
    let says_which = error.to_string().contains(&name.to_string());
    ensure!(says_which, "{what}: the error does not say which checkpoint: {error}");
    Ok(())
}

async fn cut_off(context: &Context) -> Check {
    let victim = Victim::new(context, states_of(1, 1)).await?;
    let mut unnoticed = Vec::new();
    for len in 0..victim.file.len() {
        victim.write(&victim.file[..len]).await?;
        match victim.storage.read(&job(), &victim.entry.name).await {
            Ok(read) if read.entry.integrity == Integrity::NoChecksum => {
                let allowed = victim.may_read_as(read.states.as_ref());
                ensure!(allowed, "cut off after {len} bytes it reads as other states");
                unnoticed.push(len);
            }
            read => {
                let what = format!("reading what was cut off after {len} bytes");
                refused(read, &[ErrorKind::Corrupt], &what)?;
            }
        }
    }
    ensure!(unnoticed.len() <= Victim::UNNOTICED, "unnoticed were cuts after {unnoticed:?} bytes");
    Ok(())
}

async fn cut_off_in_chunks(context: &Context) -> Check {
    let victim = Victim::new(context, states_of(1, 1)).await?;
    let mut unnoticed = Vec::new();
    for len in 0..victim.file.len() {
        victim.write(&victim.file[..len]).await?;
        match read_in_chunks(&victim.storage, &job(), &victim.entry.name, 7).await {
            Ok(states) => {
                let allowed = victim.may_read_as(states.as_ref());
                ensure!(allowed, "cut off after {len} bytes it reads as other states");
                unnoticed.push(len);
            }
            read => {
                let what = format!("reading what was cut off after {len} bytes");
                refused(read, &[ErrorKind::Corrupt], &what)?;
            }
        }
    }
    ensure!(unnoticed.len() <= Victim::UNNOTICED, "unnoticed were cuts after {unnoticed:?} bytes");
    Ok(())
}

async fn flipped(context: &Context) -> Check {
    let victim = Victim::sealed(context, states_of(1, 1)).await?;
    for bit in 0..victim.file.len() * 8 {
        let what = format!("reading with bit {bit} flipped");
        victim.ensure_corrupt(&victim.flipped(bit), &what).await?;
    }
    Ok(())
}

async fn flipped_in_chunks(context: &Context) -> Check {
    let victim = Victim::sealed(context, states_of(1, 1)).await?;
    for bit in 0..victim.file.len() * 8 {
        let what = format!("reading in chunks with bit {bit} flipped");
        victim.ensure_corrupt_in_chunks(&victim.flipped(bit), &what).await?;
    }
    Ok(())
}

/// Places all over a file of this many bytes, its states among them.
fn places(len: usize) -> impl Iterator<Item = usize> {
    let Range { start, end } = 100..len - 100;
    (0..12).map(move |index| start + (end - start) * index / 11)
}

async fn large(context: &Context) -> Check {
    let victim = Victim::sealed(context, noise(3 << 20)).await?;
    for place in places(victim.file.len()) {
        let (cut, flip) = (&victim.file[..place], victim.flipped(place * 8));
        victim
            .ensure_corrupt(cut, &format!("reading what was cut off after {place} bytes"))
            .await?;
        victim.ensure_corrupt(&flip, &format!("reading with byte {place} changed")).await?;
    }
    Ok(())
}

async fn large_in_chunks(context: &Context) -> Check {
    let victim = Victim::sealed(context, noise(3 << 20)).await?;
    for place in places(victim.file.len()) {
        let (cut, flip) = (&victim.file[..place], victim.flipped(place * 8));
        let what = format!("reading in chunks what is damaged after {place} bytes");
        victim.ensure_corrupt_in_chunks(cut, &what).await?;
        victim.ensure_corrupt_in_chunks(&flip, &what).await?;
    }
    Ok(())
}

async fn empty(context: &Context) -> Check {
    let victim = Victim::new(context, states_of(1, 1)).await?;
    victim.ensure_corrupt(b"", "reading an empty file").await
}

async fn zeros(context: &Context) -> Check {
    let victim = Victim::new(context, states_of(1, 1)).await?;
    for len in [1, 512, 4096, victim.file.len()] {
        victim.ensure_corrupt(&vec![0; len], &format!("reading {len} zeros")).await?;
    }
    Ok(())
}

async fn garbage(context: &Context) -> Check {
    let victim = Victim::new(context, states_of(1, 1)).await?;
    for len in (1..=200).chain([4096, 100_000]) {
        victim.ensure_corrupt(&noise(len), &format!("reading {len} random bytes")).await?;
    }
    for text in ["not a checkpoint", "<html></html>", "{}", "\n"] {
        victim.ensure_corrupt(text.as_bytes(), &format!("reading {text:?}")).await?;
    }
    Ok(())
}

async fn appended(context: &Context) -> Check {
    let victim = Victim::new(context, states_of(1, 1)).await?;
    for more in [&b"\0"[..], b"\n", b"more", &victim.file] {
        let bytes = [&victim.file, more].concat();
        let what = format!("reading with {} bytes more", more.len());
        victim.ensure_corrupt(&bytes, &what).await?;
    }
    Ok(())
}

/// Lays the bytes of a checkpoint of pipeline 1, id 1, under another name or in another job.
async fn ensure_belongs_nowhere_else(
    context: &Context,
    job: &JobId,
    change: impl Fn(&mut CheckpointName),
    what: &str,
) -> Check {
    let victim = Victim::new(context, states_of(1, 1)).await?;
    let mut name = victim.entry.name;
    change(&mut name);
    victim.medium.write(job, &name.to_string(), &victim.file).await?;
    ensure_corrupt(&victim.storage, job, &name, what).await?;
    ensure_all_read(&victim.storage, std::slice::from_ref(&victim.entry)).await
}

async fn other_checkpoint(context: &Context) -> Check {
    let what = "reading the bytes of another checkpoint id";
    ensure_belongs_nowhere_else(context, &job(), |name| name.checkpoint_id = 2, what).await
}

async fn other_pipeline(context: &Context) -> Check {
    let what = "reading the bytes of another pipeline";
    ensure_belongs_nowhere_else(context, &job(), |name| name.pipeline_id = 2, what).await
}

async fn other_job(context: &Context) -> Check {
    let what = "reading the bytes of another job";
    ensure_belongs_nowhere_else(context, &job_called("another"), |_| (), what).await
}

async fn misplaced(context: &Context) -> Check {
    let victim = Victim::new(context, states_of(1, 1)).await?;
    let (name, other) = (victim.entry.name, job_called("another"));
    let places = [
        (job(), CheckpointName { checkpoint_id: 2, ..name }),
        (job(), CheckpointName { pipeline_id: 2, ..name }),
        (other, name),
    ];
    for (job, name) in places {
        victim.medium.write(&job, &name.to_string(), &victim.file).await?;
        let read = read_in_chunks(&victim.storage, &job, &name, 10).await;
        refused(read, &[ErrorKind::Corrupt], &format!("reading {name} in chunks"))?;
    }
    Ok(())
}

/// Stores three checkpoints and cuts off the one at `index`.
async fn with_one_corrupt(
    context: &Context,
    index: usize,
) -> Check<(Storage, Vec<CheckpointEntry>)> {
    let (storage, medium) = (context.open().await?, context.medium()?);
    let mut stored = Vec::new();
    for checkpoint in 1..=3 {
        stored.push(store(&storage, 1, checkpoint).await?);
    }
    let file = stored[index].name.to_string();
    let bytes = medium.read(&job(), &file).await?;
    medium.write(&job(), &file, &bytes[..bytes.len() - 1]).await?;
    Ok((storage, stored))
}

async fn latest(context: &Context) -> Check {
    let (storage, stored) = with_one_corrupt(context, 2).await?;
    let kinds = [ErrorKind::Corrupt];
    for storage in [context.open().await?, storage] {
        ensure_eq!(listed(&storage).await?, names(&stored), "the listing");
        refused(storage.latest_of_pipeline(&job(), 1).await, &kinds, "reading the latest")?;
        refused(storage.latest_of_each_pipeline(&job()).await, &kinds, "reading each latest")?;
        refused(storage.checkpoints_of_job(&job()).await, &kinds, "reading all")?;
    }
    Ok(())
}

async fn neighbours(context: &Context) -> Check {
    let (storage, stored) = with_one_corrupt(context, 1).await?;
    ensure_eq!(listed(&storage).await?, names(&stored), "the listing");
    ensure_eq!(storage.jobs().await?, [job()], "the jobs");
    ensure_all_read(&storage, &[stored[0].clone(), stored[2].clone()]).await?;
    let latest = storage.latest_of_pipeline(&job(), 1).await?;
    ensure_eq!(latest.map(|latest| latest.entry.name), Some(stored[2].name), "the latest");
    Ok(())
}

async fn store_after(context: &Context) -> Check {
    let (storage, stored) = with_one_corrupt(context, 2).await?;
    let storage = context.reopen(storage).await?;
    let after = store(&storage, 1, 1).await?;
    ensure!(after.name > stored[2].name, "{} is not newer than the corrupt one", after.name);
    let latest = storage.latest_of_pipeline(&job(), 1).await?;
    ensure_eq!(latest.map(|latest| latest.entry.name), Some(after.name), "the latest");
    Ok(())
}

async fn delete(context: &Context) -> Check {
    let (storage, stored) = with_one_corrupt(context, 2).await?;
    let report = storage.delete_names(&job(), &[stored[2].name]).await?;
    ensure_eq!(report.deleted, [stored[2].name], "what was deleted");
    let latest = storage.latest_of_pipeline(&job(), 1).await?;
    ensure_eq!(latest.map(|latest| latest.entry.name), Some(stored[1].name), "the latest");
    Ok(())
}

async fn quarantine(context: &Context) -> Check {
    let (storage, stored) = with_one_corrupt(context, 2).await?;
    storage.quarantine(&job(), &stored[2].name).await?;
    let latest = storage.latest_of_pipeline(&job(), 1).await?;
    ensure_eq!(latest.map(|latest| latest.entry.name), Some(stored[1].name), "the latest");
    ensure_eq!(listed(&storage).await?, names(&stored[..2]), "the listing");
    Ok(())
}

async fn mended(context: &Context) -> Check {
    let victim = Victim::new(context, states_of(1, 1)).await?;
    victim.ensure_corrupt(b"damaged", "reading what is damaged").await?;
    victim.write(&victim.file).await?;
    ensure_reads(&victim.storage, &victim.entry, Some(&victim.states)).await
}

async fn import(context: &Context) -> Check {
    let storage = context.open().await?;
    let corrupt = checkpoint_storage_api::Error::new(ErrorKind::Corrupt, "read", "a flipped bit");
    let source = Source::new(name_at(1_700_000_000_000, 1, 1), Some(&noise(100_000)), 10_000);
    let source = Box::new(source.ending_in(corrupt));
    let imported = storage.import(source, ImportOptions::default()).await;
    let error = refused(imported, &[ErrorKind::Corrupt], "importing what is corrupt")?;
    ensure!(error.to_string().contains("a flipped bit"), "the reason is lost: {error}");
    ensure_eq!(listed(&storage).await?, [], "the listing");
    Ok(())
}
