//! What was begun and not finished: still being written, or left by a writer that is gone.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use checkpoint_storage_api::Result;

use crate::filesystem::{Directory, FileEntry, FileSystem, FileType, Writer};
use crate::naming::{self, FileKind};

/// Something unfinished in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfinished {
    /// Its name, for [`FileSystem::reclaim`].
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its writer is alive, or may be.
    InProgress,
    /// Nobody will finish it.
    Leftover,
}

/// What is unfinished among `entries`, the listing of `directory`, and `uploads`, what was begun there
/// beside the files. Where the medium cannot tell, what is `older_than` that counts as a leftover.
pub(crate) async fn unfinished<F: FileSystem>(
    file_system: &F,
    directory: Directory<'_>,
    entries: &[FileEntry],
    uploads: &[FileEntry],
    now: SystemTime,
    older_than: Duration,
) -> Result<Vec<Unfinished>> {
    let by_age = |entry: &FileEntry| fate_by_age(entry.modified, now, older_than);
    let checkpoints: HashSet<&str> = entries
        .iter()
        .filter(|entry| entry.is_checkpoint())
        .map(|entry| entry.name.as_str())
        .collect();
    let (mut found, mut temporaries) = (Vec::new(), Vec::new());
    for entry in entries.iter().filter(|entry| entry.file_type == FileType::Regular) {
        match naming::classify(&entry.name) {
            FileKind::Temporary => temporaries.push(entry),
            FileKind::JavaTemporary => found.push(item(entry, by_age(entry))),
            FileKind::Sidecar(of) if !checkpoints.contains(of.to_string().as_str()) => {
                found.push(item(entry, Fate::Leftover));
            }
            _ => {}
        }
    }
    if !temporaries.is_empty() {
        let names: Vec<_> = temporaries.iter().map(|entry| entry.name.as_str()).collect();
        let writers = file_system.writers(directory, &names).await?;
        found.extend(temporaries.into_iter().zip(writers).map(|(entry, writer)| {
            let fate = match writer {
                Writer::Alive => Fate::InProgress,
                Writer::Gone => Fate::Leftover,
                Writer::Unknown => by_age(entry),
            };
            item(entry, fate)
        }));
    }
    found.extend(uploads.iter().map(|entry| item(entry, by_age(entry))));
    Ok(found)
}

fn item(entry: &FileEntry, fate: Fate) -> Unfinished {
    Unfinished { name: entry.name.clone(), size: entry.size, fate }
}

/// What lies in the future, by clocks that disagree, is young.
fn fate_by_age(modified: SystemTime, now: SystemTime, older_than: Duration) -> Fate {
    match now.duration_since(modified) {
        Ok(age) if age > older_than => Fate::Leftover,
        _ => Fate::InProgress,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_old_by_both_clocks_is_a_leftover() {
        let (now, hour) =
            (SystemTime::UNIX_EPOCH + Duration::from_secs(9_999), Duration::from_secs(3_600));
        let fate = |modified| fate_by_age(modified, now, hour);
        assert_eq!(fate(now - hour - Duration::from_secs(1)), Fate::Leftover);
        assert_eq!(fate(now - hour), Fate::InProgress);
        assert_eq!(fate(now + hour * 2), Fate::InProgress);
    }
}
