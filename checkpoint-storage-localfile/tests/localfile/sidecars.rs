//! The `.crc` files of the Java engine: checked, deleted with their files, never left stale.

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointEntry, CheckpointReader, ErrorKind, ImportOptions, Result, async_trait,
};

use crate::golden::golden;
use crate::support::{Folder, job, name, names, read_all};

/// Java's file of a mebibyte, and its sidecar.
const LARGE: &str = "1795474038264-172-1-1048576.ser";

/// A namespace that holds that file alone.
fn with_java_file() -> (Folder, PathBuf, PathBuf) {
    let folder = Folder::new();
    let one = folder.create_job("1");
    let sidecar = format!(".{LARGE}.crc");
    for file_name in [LARGE, &sidecar] {
        fs::copy(golden().join("hdfs-local/1").join(file_name), one.join(file_name))
            .expect("copied");
    }
    (folder, one.join(LARGE), one.join(sidecar))
}

#[tokio::test]
async fn a_fitting_sidecar_is_checked_in_chunks_of_any_length() {
    let (folder, ..) = with_java_file();
    let storage = folder.open().await;
    let read = storage.read(&job("1"), &name(LARGE)).await.expect("fits");
    let states = read.states.expect("present");
    for max_len in [511, 512, 100_000, 8 << 20] {
        let mut reader = storage.open_reader(&job("1"), &name(LARGE)).await.expect("opened");
        assert_eq!(read_all(&mut *reader, max_len).await.expect("fits"), states);
    }
}

#[tokio::test]
async fn a_flipped_bit_that_only_the_sidecar_shows_is_corrupt() {
    let (folder, file, _) = with_java_file();
    let storage = folder.open().await;
    let whole = fs::read(&file).expect("readable");
    for (at, chunk) in [(600_000, "bytes 599552 to 600063"), (whole.len() - 1, "to 1048588")] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&file, damaged).expect("written");
        let mut reader = storage.open_reader(&job("1"), &name(LARGE)).await.expect("opened");
        for error in [
            storage.read(&job("1"), &name(LARGE)).await.expect_err("damaged"),
            read_all(&mut *reader, 70_000).await.expect_err("damaged"),
        ] {
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            assert_eq!(error.subject(), file.to_str().expect("text"));
            assert!(error.reason().contains(chunk), "{error}");
        }
    }
}

#[tokio::test]
async fn a_sidecar_that_is_damaged_itself_is_corrupt() {
    let (folder, _, sidecar) = with_java_file();
    let storage = folder.open().await;
    let whole = fs::read(&sidecar).expect("readable");
    let mut other_magic = whole.clone();
    other_magic[0] ^= 1;
    let mut other_sum = whole.clone();
    other_sum[8] ^= 1;
    for damaged in [&[][..], &whole[..7], &whole[..whole.len() - 1], &other_magic, &other_sum] {
        fs::write(&sidecar, damaged).expect("written");
        let error = storage.read(&job("1"), &name(LARGE)).await.expect_err("damaged");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        let streamed = match storage.open_reader(&job("1"), &name(LARGE)).await {
            Ok(mut reader) => read_all(&mut *reader, 1 << 20).await.err(),
            Err(error) => Some(error),
        };
        assert_eq!(streamed.expect("damaged").kind(), ErrorKind::Corrupt);
    }
    fs::remove_file(&sidecar).expect("removed");
    storage.read(&job("1"), &name(LARGE)).await.expect("without a sidecar there is none to check");
}

#[tokio::test]
async fn a_sidecar_goes_with_its_file() {
    let (folder, file, sidecar) = with_java_file();
    let storage = folder.open().await;
    storage.delete_names(&job("1"), &[name(LARGE)]).await.expect("deleted");
    assert!(!file.exists() && !sidecar.exists());

    let (folder, ..) = with_java_file();
    let storage = folder.open().await;
    storage.delete_job(&job("1")).await.expect("deleted");
    assert!(!folder.job("1").exists());
}

#[tokio::test]
async fn a_stale_sidecar_is_removed_before_its_name_is_used_again() {
    let (from, ..) = with_java_file();
    let to = Folder::new();
    let one = to.create_job("1");
    fs::write(one.join(format!(".{LARGE}.crc")), "of an earlier file").expect("written");
    let reader = from.open().await.open_reader(&job("1"), &name(LARGE)).await.expect("opened");
    let storage = to.open().await;
    storage.import(reader, ImportOptions::default()).await.expect("copied");
    assert_eq!(names(&one), [LARGE]);
    storage.read(&job("1"), &name(LARGE)).await.expect("readable");

    // The sidecar of a file that is there stays, whatever becomes of the import.
    let (taken, file, sidecar) = with_java_file();
    let reader = from.open().await.open_reader(&job("1"), &name(LARGE)).await.expect("opened");
    let error = taken.open().await.import(reader, ImportOptions::default()).await;
    assert_eq!(error.expect_err("taken").kind(), ErrorKind::AlreadyExists);
    assert!(file.exists() && sidecar.exists());
}

/// Another writer publishes the name, with a sidecar, while the import is under way.
struct Overtaken {
    reader: Box<dyn CheckpointReader>,
    target: PathBuf,
}

#[async_trait]
impl CheckpointReader for Overtaken {
    fn entry(&self) -> &CheckpointEntry {
        self.reader.entry()
    }

    fn states_len(&self) -> Option<u64> {
        self.reader.states_len()
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        for file_name in [LARGE.to_owned(), format!(".{LARGE}.crc")] {
            fs::copy(golden().join("hdfs-local/1").join(&file_name), self.target.join(&file_name))
                .expect("copied");
        }
        self.reader.next_chunk(max_len).await
    }
}

#[tokio::test]
async fn an_import_that_is_overtaken_leaves_the_other_file_its_sidecar() {
    let ((from, ..), to) = (with_java_file(), Folder::new());
    let target = to.create_job("1");
    let reader = from.open().await.open_reader(&job("1"), &name(LARGE)).await.expect("opened");
    let source = Box::new(Overtaken { reader, target: target.clone() });
    let error = to.open().await.import(source, ImportOptions::default()).await;
    assert_eq!(error.expect_err("overtaken").kind(), ErrorKind::AlreadyExists);
    assert_eq!(names(&target), [format!(".{LARGE}.crc"), LARGE.to_owned()]);
}
