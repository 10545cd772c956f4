//! Contracts 2, 3 and 10: what is taken for a checkpoint, and what its bytes must be.

use crate::support::{Fixture, file, job, name, state};
use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointStorage, ErrorKind, Integrity, JobId, ListQuery, PipelineState,
};
use checkpoint_storage_filesystem::codec::Seal;
use checkpoint_storage_filesystem::{FileType, naming};

const NAME: &str = "1795474038044-523-1-1.ser";

#[tokio::test]
async fn states_come_back_as_they_were_stored() {
    let fixture = Fixture::new();
    for (checkpoint, states) in [(1, Some(&b"some"[..])), (2, Some(b"")), (3, None)] {
        let states = states.map(Bytes::from_static);
        let stored = PipelineState { states, ..state("1", 1, checkpoint, b"") };
        let entry = fixture.storage.store(stored.clone()).await.expect("stored");
        let read = fixture.storage.read(&job("1"), &entry.name).await.expect("read");
        assert_eq!((read.entry.size, read.entry.integrity), (entry.size, Integrity::Ok));
        assert_eq!(read.into_state(), stored);
    }
}

#[tokio::test]
async fn the_file_system_receives_the_caller_s_memory() {
    let fixture = Fixture::new();
    let states = Bytes::from(vec![3; 64 << 20]);
    let pointer = states.as_ptr() as usize;
    let large = PipelineState::new(job("1"), 1, 1, states);
    fixture.storage.store(large).await.expect("stored");
    assert_eq!(fixture.memory.published_states(), Some(pointer));
}

#[tokio::test]
async fn job_ids_are_kept_as_they_are_or_refused_untouched() {
    let fixture = Fixture::new();
    for id in ["a b%2F;x😀", "任务-1", " ", "..."] {
        fixture.storage.store(state(id, 1, 1, b"s")).await.expect(id);
        assert_eq!(fixture.memory.names(id).len(), 1);
        assert!(fixture.storage.latest_of_pipeline(&job(id), 1).await.expect(id).is_some());
    }
    let ids: Vec<JobId> = fixture.storage.jobs().await.expect("listed");
    assert_eq!(ids, [" ", "...", "a b%2F;x😀", "任务-1"].map(job));

    let (before, bad) = (fixture.memory.calls("list"), job("a:b"));
    for error in [
        fixture.storage.store(state("a:b", 1, 1, b"s")).await.expect_err("store"),
        fixture.storage.list(&bad, &ListQuery::all()).await.expect_err("list"),
        fixture.storage.read(&bad, &name(NAME)).await.expect_err("read"),
        fixture.storage.delete_job(&bad).await.expect_err("delete"),
        fixture.storage.scan(Some(&bad)).await.expect_err("scan"),
        fixture.storage.store(state("1", -1, 1, b"s")).await.expect_err("negative pipeline"),
        fixture.storage.store(state("1", 1, -1, b"s")).await.expect_err("negative checkpoint"),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert_eq!(fixture.memory.calls("list"), before);
}

#[tokio::test]
async fn nothing_but_a_regular_file_with_a_checkpoint_s_name_is_listed() {
    let fixture = Fixture::new();
    let entry = fixture.storage.store(state("1", 1, 1, b"s")).await.expect("stored");
    let bytes = fixture.memory.bytes("1", &entry.name.to_string());
    let other = name("1795474038999-523-1-2.ser");
    for file_name in [
        naming::temporary(&other, 7),
        naming::sidecar(other),
        naming::quarantined(&other),
        format!("{other}tmp"),
        format!(".{other}"),
        "notes.ser".to_owned(),
        "1795474038999-523-1-2.SER".to_owned(),
    ] {
        fixture.memory.put("1", &file_name, bytes.clone());
        fixture.memory.put("only-others", &file_name, bytes.clone());
    }
    fixture.memory.put_irregular("1", "1795474039000-1-1-3.ser", FileType::Directory);
    fixture.memory.put_irregular("1", "1795474039000-1-1-4.ser", FileType::Other);
    fixture.memory.put("", NAME, bytes);

    let listed = fixture.storage.list(&job("1"), &ListQuery::all()).await.expect("listed");
    assert_eq!(listed.iter().map(|entry| entry.name).collect::<Vec<_>>(), [entry.name]);
    assert_eq!(listed[0].integrity, Integrity::Unread);
    assert_eq!(fixture.storage.jobs().await.expect("listed"), [job("1")]);
    let unknown = fixture.storage.list(&job("unknown"), &ListQuery::all()).await;
    assert!(unknown.expect("no error").is_empty());
}

#[tokio::test]
async fn a_file_in_another_s_place_is_corrupt() {
    let fixture = Fixture::new();
    let bytes = file(&state("1", 1, 1, b"s"), Seal::WithChecksum);
    for (job_id, file_name, reason) in [
        ("2", NAME, "another job"),
        ("1", "1795474038044-523-2-1.ser", "pipeline 2, its bytes 1"),
        ("1", "1795474038044-523-1-2.ser", "checkpoint 2, its bytes 1"),
    ] {
        fixture.memory.put(job_id, file_name, bytes.clone());
        let read = fixture.storage.read(&job(job_id), &name(file_name)).await;
        let opened = fixture.storage.open_reader(&job(job_id), &name(file_name)).await;
        for error in [read.expect_err("read"), opened.err().expect("opened")] {
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            assert!(error.reason().contains(reason), "{error}");
            assert_eq!(error.subject(), format!("memory:/{job_id}/{file_name}"));
        }
    }
}

#[tokio::test]
async fn damage_is_corrupt_and_absence_is_not() {
    let fixture = Fixture::new();
    let whole = file(&state("1", 1, 1, b"states"), Seal::WithChecksum);
    let mut flipped = whole.clone();
    flipped[12] ^= 4;
    for damaged in [Vec::new(), whole[..whole.len() - 1].to_vec(), flipped, vec![0; 40]] {
        fixture.memory.put("1", NAME, damaged);
        let error = fixture.storage.read(&job("1"), &name(NAME)).await.expect_err("damaged");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        // The newest decides, even if an older one could be read.
        fixture.memory.put("1", "1795474038043-523-1-1.ser", whole.clone());
        let error = fixture.storage.latest_of_pipeline(&job("1"), 1).await.expect_err("damaged");
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
    let absent = fixture.storage.read(&job("1"), &name("1-1-1-1.ser")).await.expect_err("absent");
    assert_eq!(absent.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn what_java_writes_is_read_without_a_checksum() {
    let fixture = Fixture::new();
    let java = PipelineState { pipeline_id: -1, ..state("1", 0, 5, b"negative") };
    fixture.memory.put("1", "1795474038430-881--1-5.ser", file(&java, Seal::None));
    let read = fixture.storage.latest_of_pipeline(&job("1"), -1).await.expect("readable");
    let read = read.expect("present");
    assert_eq!(read.entry.integrity, Integrity::NoChecksum);
    assert_eq!(read.into_state(), java);
}
