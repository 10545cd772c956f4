//! Readers and imports: bounded chunks, and copies that stay what they were.

use std::collections::VecDeque;

use crate::support::{Fixture, NOW_MS, Source, file, job, name, state};
use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointEntry, CheckpointReader, CheckpointStorage, Error, ErrorKind, ImportOptions,
    Integrity, PipelineState, Result,
};
use checkpoint_storage_filesystem::codec::Seal;

const NAME: &str = "1795474038044-523-1-1.ser";

async fn read_all(reader: &mut dyn CheckpointReader, max_len: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = reader.next_chunk(max_len).await? {
        assert!(!chunk.is_empty() && chunk.len() <= max_len, "a chunk of {}", chunk.len());
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn large() -> PipelineState {
    let bytes: Vec<u8> = (0..300_000_u32).map(|at| (at % 251) as u8).collect();
    PipelineState::new(job("1"), 1, 1, bytes)
}

#[tokio::test]
async fn chunks_are_bounded_and_together_the_states() {
    let fixture = Fixture::new();
    let entry = fixture.storage.store(large()).await.expect("stored");
    for max_len in [1_000, 4_096, 300_000, 1 << 30] {
        let mut reader = fixture.storage.open_reader(&job("1"), &entry.name).await.expect("opened");
        assert_eq!((reader.states_len(), reader.entry()), (Some(300_000), &entry));
        let bytes = read_all(&mut *reader, max_len).await.expect("whole");
        assert_eq!(Some(Bytes::from(bytes)), large().states);
        assert!(reader.next_chunk(max_len).await.expect("still at the end").is_none());
    }
}

#[tokio::test]
async fn small_empty_and_absent_states_are_read_in_chunks_too() {
    let fixture = Fixture::new();
    for (checkpoint, states) in [(1, Some(&b"abc"[..])), (2, Some(b"")), (3, None)] {
        for seal in [Seal::WithChecksum, Seal::None] {
            let states = states.map(Bytes::from_static);
            let stored = PipelineState { states, ..state("1", 1, checkpoint, b"") };
            let file_name = name(&format!("{NOW_MS}-0-1-{checkpoint}.ser"));
            fixture.memory.put("1", &file_name.to_string(), file(&stored, seal));
            let mut reader =
                fixture.storage.open_reader(&job("1"), &file_name).await.expect("opened");
            assert_eq!(reader.states_len(), stored.states.as_ref().map(|s| s.len() as u64));
            let integrity = match seal {
                Seal::WithChecksum => Integrity::Unread,
                Seal::None => Integrity::NoChecksum,
            };
            assert_eq!(reader.entry().integrity, integrity);
            let bytes = read_all(&mut *reader, 2).await.expect("whole");
            assert_eq!(bytes, stored.states.unwrap_or_default());
        }
    }
}

#[tokio::test]
async fn damage_is_found_at_the_latest_at_the_end() {
    let fixture = Fixture::new();
    let whole = file(&large(), Seal::WithChecksum);
    for at in [20, 150_000, whole.len() - 6, whole.len() - 5, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fixture.memory.put("1", NAME, damaged);
        let mut reader = fixture.storage.open_reader(&job("1"), &name(NAME)).await.expect("opened");
        let error = read_all(&mut *reader, 10_000).await.expect_err("damaged");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "byte {at}: {error}");
        assert!(error.subject().ends_with(NAME), "{error}");
    }
    for len in [0, 5, 150_000, whole.len() - 1] {
        fixture.memory.put("1", NAME, whole[..len].to_vec());
        let error = fixture.storage.open_reader(&job("1"), &name(NAME)).await.err();
        assert_eq!(error.expect("cut off").kind(), ErrorKind::Corrupt, "cut to {len}");
    }
}

async fn copy(from: &Fixture, to: &Fixture, reseal: bool) -> Result<CheckpointEntry> {
    let source = from.storage.open_reader(&job("1"), &name(NAME)).await.expect("opened");
    to.storage.import(source, ImportOptions { reseal }).await
}

#[tokio::test]
async fn a_copy_keeps_name_and_bytes() {
    for (original, seal) in [
        (large(), Seal::WithChecksum),
        (large(), Seal::None),
        (state("1", 1, 1, b""), Seal::None),
        (PipelineState { states: None, ..large() }, Seal::None),
    ] {
        let (from, to) = (Fixture::new(), Fixture::new());
        let bytes = file(&original, seal);
        from.memory.put("1", NAME, bytes.clone());
        let entry = copy(&from, &to, false).await.expect("copied");
        assert_eq!((entry.name, entry.size), (name(NAME), bytes.len() as u64));
        assert_eq!(to.memory.bytes("1", NAME), bytes);
        let again = copy(&from, &to, false).await.expect_err("taken");
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    }
}

#[tokio::test]
async fn resealing_gives_a_checksum_to_what_came_without() {
    let (from, to) = (Fixture::new(), Fixture::new());
    from.memory.put("1", NAME, file(&large(), Seal::None));
    copy(&from, &to, true).await.expect("copied");
    assert_eq!(to.memory.bytes("1", NAME), file(&large(), Seal::WithChecksum));
    let read = to.storage.read(&job("1"), &name(NAME)).await.expect("read");
    assert_eq!(read.entry.integrity, Integrity::Ok);
}

#[tokio::test]
async fn negative_ids_are_copied() {
    let (from, to) = (Fixture::new(), Fixture::new());
    let java = PipelineState { pipeline_id: -1, ..state("1", 0, 5, b"s") };
    let negative = name("1795474038430-881--1-5.ser");
    from.memory.put("1", &negative.to_string(), file(&java, Seal::None));
    let source = from.storage.open_reader(&job("1"), &negative).await.expect("opened");
    to.storage.import(source, ImportOptions::default()).await.expect("copied");
    assert_eq!(to.storage.read(&job("1"), &negative).await.expect("read").into_state(), java);
}

#[tokio::test]
async fn nothing_is_stored_of_a_source_that_fails_or_lies() {
    let chunk = || Ok(Bytes::from_static(b"abc"));
    let failed = || Err(Error::new(ErrorKind::Corrupt, "read", "the source is damaged"));
    for (states_len, chunks) in [
        (Some(7), vec![chunk(), chunk()]),
        (Some(5), vec![chunk(), chunk()]),
        (None, vec![chunk()]),
        (Some(6), vec![chunk(), failed()]),
        (Some(3), vec![chunk(), failed()]),
    ] {
        let to = Fixture::new();
        let source = Source {
            entry: CheckpointEntry {
                job_id: job("1"),
                name: name(NAME),
                size: 0,
                integrity: Integrity::Unread,
            },
            states_len,
            chunks: VecDeque::from(chunks),
        };
        let import = to.storage.import(Box::new(source), ImportOptions::default()).await;
        assert_eq!(import.expect_err("refused").kind(), ErrorKind::Corrupt);
        assert!(to.memory.names("1").is_empty());
    }
}

#[tokio::test]
async fn a_store_after_an_import_is_newer_than_it() {
    let (from, to) = (Fixture::new(), Fixture::new());
    from.memory.put("1", NAME, file(&large(), Seal::WithChecksum));
    to.set_clock(NOW_MS - 1_000);
    to.storage.store(state("1", 1, 1, b"before")).await.expect("stored");
    copy(&from, &to, false).await.expect("copied");
    to.set_clock(NOW_MS - 500);
    let entry = to.storage.store(state("1", 1, 2, b"after")).await.expect("stored");
    assert!(entry.name > name(NAME), "{entry:?}");
}
