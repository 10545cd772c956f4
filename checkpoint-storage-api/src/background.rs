//! Stores that run while their caller does something else.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, RemoteHandle};

use crate::{CheckpointEntry, Result};

/// Runs a future to its end: how an engine lends its executor, since this crate has none.
///
/// Any `Fn(BoxFuture<'static, ()>)` is one.
pub trait Spawn {
    /// Runs `task` without waiting for it.
    fn spawn(&self, task: BoxFuture<'static, ()>);
}

impl<F: Fn(BoxFuture<'static, ()>)> Spawn for F {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self(task);
    }
}

/// A store in the background: a future of its result.
///
/// Dropping the handle cancels the store, as dropping a store's own future does;
/// [`detach`](Self::detach) lets it run on.
#[must_use = "dropping the handle cancels the store"]
pub struct StoreHandle(RemoteHandle<Result<CheckpointEntry>>);

impl StoreHandle {
    pub(crate) fn spawn(
        store: impl Future<Output = Result<CheckpointEntry>> + Send + 'static,
        spawner: &dyn Spawn,
    ) -> Self {
        let (task, handle) = store.remote_handle();
        spawner.spawn(task.boxed());
        Self(handle)
    }

    /// Lets the store end by itself; nobody learns how.
    pub fn detach(self) {
        self.0.forget();
    }
}

impl Future for StoreHandle {
    type Output = Result<CheckpointEntry>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_unpin(cx)
    }
}

impl fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreHandle")
    }
}
