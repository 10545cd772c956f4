//! Contract 8: a dropped call leaves a whole checkpoint or none, and no trace of its work.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use checkpoint_storage_api::{ErrorKind, ImportOptions, ListQuery};

use crate::support::{Folder, bytes, job, name, names, state};

/// Lets `call` run until `enough` says so, or to its end, then drops it.
async fn drop_when(call: impl Future, mut enough: impl FnMut() -> bool) {
    let mut call = pin!(call);
    let mut context = Context::from_waker(Waker::noop());
    while call.as_mut().poll(&mut context).is_pending() && !enough() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_dropped_store_leaves_a_whole_checkpoint_or_nothing() {
    let states = bytes(32 << 20);
    for round in 0..8_usize {
        let folder = Folder::new();
        let storage = folder.open().await;
        let directory = folder.job("1");
        // Dropped at once, after a few polls, or once the temporary file is there.
        let mut polls = 0;
        let enough = || {
            polls += 1;
            if round < 4 { polls > 1 << (2 * round) } else { !names(&directory).is_empty() }
        };
        drop_when(storage.store(state(1, states.clone())), enough).await;
        storage.close().await.expect("closed");

        let storage = folder.open().await;
        let listed = storage.list(&job("1"), &ListQuery::all()).await.expect("listed");
        let visible: Vec<_> = listed.iter().map(|entry| entry.name.to_string()).collect();
        assert_eq!(names(&directory), visible, "a temporary file was left");
        for entry in listed {
            let read = storage.read(&job("1"), &entry.name).await.expect("whole");
            assert_eq!(read.states.as_ref(), Some(&states));
        }
    }
}

#[tokio::test]
async fn a_dropped_import_leaves_nothing() {
    let (from, to) = (Folder::new(), Folder::new());
    let source = from.open().await;
    let entry = source.store(state(1, bytes(16 << 20))).await.expect("stored");
    let storage = to.open().await;
    let reader = source.open_reader(&job("1"), &entry.name).await.expect("opened");
    let enough = || !names(&to.job("1")).is_empty();
    drop_when(storage.import(reader, ImportOptions::default()), enough).await;
    storage.close().await.expect("closed");
    let left = names(&to.job("1"));
    assert!(left.is_empty() || left == [entry.name.to_string()], "{left:?}");
}

#[tokio::test]
async fn a_dropped_read_skips_nothing() {
    let folder = Folder::new();
    let storage = folder.open().await;
    let entry = storage.store(state(1, bytes(1 << 20))).await.expect("stored");
    let mut reader = storage.open_reader(&job("1"), &entry.name).await.expect("opened");
    let mut read = Vec::new();
    loop {
        // Under way, as a rule, when it is dropped.
        let polled = {
            let mut call = reader.next_chunk(50_000);
            call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        };
        let chunk = match polled {
            Poll::Ready(chunk) => chunk,
            Poll::Pending => reader.next_chunk(50_000).await,
        };
        match chunk.expect("read") {
            Some(chunk) => read.extend_from_slice(&chunk),
            None => break,
        }
    }
    assert_eq!(read, bytes(1 << 20));
}

#[test]
fn outside_a_runtime_a_call_is_an_error() {
    let folder = Folder::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("built");
    let storage = runtime.block_on(folder.open());
    let mut read = pin!(async { storage.read(&job("1"), &name("1-1-1-1.ser")).await });
    match read.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Err(error)) => assert_eq!(error.kind(), ErrorKind::Unexpected),
        other => panic!("{other:?}"),
    }
}
