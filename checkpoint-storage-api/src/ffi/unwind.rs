//! Panics become errors before they reach the boundary, where they would end the process.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use abi_stable::std_types::RResult;

use super::types::FfiResult;
use crate::{Error, ErrorKind, Outcome, Result};

/// The error that a panic in `operation` stands for. What became of the operation is unknown.
pub(super) fn panic_error(operation: &'static str, payload: Box<dyn Any + Send>) -> Error {
    let message = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into());
    // The payload's own destructor may panic.
    let _ = catch_unwind(AssertUnwindSafe(move || drop(payload)));
    Error::new(ErrorKind::PluginFault, operation, format!("the plugin panicked: {message}"))
        .with_outcome(Outcome::Unknown)
        .with_advice("report it to the plugin's author")
}

/// Runs `f` and turns a panic into an error.
pub(super) fn catch<T>(operation: &'static str, f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| Err(panic_error(operation, payload)))
}

/// Drops `value`; a panic in its destructor goes no further.
pub(super) fn drop_caught<T>(value: T) {
    let _ = catch_unwind(AssertUnwindSafe(move || drop(value)));
}

/// A future whose panics, in `poll` and in `drop`, go no further.
pub(super) struct Guarded<'a, T> {
    operation: &'static str,
    future: Option<Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>>,
}

impl<'a, T> Guarded<'a, T> {
    pub(super) fn new(
        operation: &'static str,
        future: impl Future<Output = Result<T>> + Send + 'a,
    ) -> Self {
        Self { operation, future: Some(Box::pin(future)) }
    }
}

impl<T> Future for Guarded<'_, T> {
    type Output = FfiResult<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let operation = self.operation;
        let Some(future) = &mut self.future else {
            let error = Error::new(ErrorKind::PluginFault, operation, "polled after its end");
            return Poll::Ready(RResult::RErr(error.into()));
        };
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => {
                drop_caught(self.future.take());
                Poll::Ready(result.map_err(Into::into).into())
            }
            Err(payload) => {
                drop_caught(self.future.take());
                Poll::Ready(RResult::RErr(panic_error(operation, payload).into()))
            }
        }
    }
}

impl<T> Drop for Guarded<'_, T> {
    fn drop(&mut self) {
        drop_caught(self.future.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    struct PanicsWhenDropped;
    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }

    #[test]
    fn a_panic_in_poll_is_an_error_with_unknown_outcome() {
        let future = Guarded::<()>::new("store", async { panic!("boom {}", 1) });
        let error = Error::from(
            future.now_or_never().expect("ready").into_result().expect_err("it panics"),
        );
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::PluginFault, Outcome::Unknown));
        assert!(error.to_string().contains("boom 1"), "{error}");
    }

    #[test]
    fn a_panic_in_drop_goes_no_further() {
        let bomb = PanicsWhenDropped;
        let future = Guarded::<()>::new("store", async move {
            let _bomb = bomb;
            std::future::pending().await
        });
        drop(future);
        let bomb = PanicsWhenDropped;
        let future = Guarded::new("store", async move {
            std::mem::forget(bomb);
            Ok(7)
        });
        assert_eq!(future.now_or_never().expect("ready").into_result().expect("no error"), 7);
        assert!(catch("x", || -> Result<()> { std::panic::panic_any(PanicsWhenDropped) }).is_err());
    }
}
