//! The plugin's end: a `tracing` subscriber that hands everything on.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::future::Future;
use std::pin::Pin;
use std::sync::{OnceLock, PoisonError, RwLock};
use std::task::{Context, Poll};

use abi_stable::std_types::{RSlice, RStr};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher};

use super::{LEVELS, parent_kind, value_kind};
use crate::ffi::raw::HostApiRef;
use crate::ffi::types::{FfiCallsite, FfiFieldValue, FfiParent};
use crate::{Error, ErrorKind, Result};

static HOST: OnceLock<HostApiRef> = OnceLock::new();

/// Sends this library's log to `host`. The first host of a process keeps it: `tracing` can be
/// connected once per library. What the plugin's dependencies trace is left out: HTTP clients show
/// whole requests there, credentials included.
pub(in crate::ffi) fn install(host: HostApiRef, plugin_crate: &'static str) -> Result<()> {
    if HOST.set(host).is_err() {
        return Ok(());
    }
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "a plugin panicked: {panic}");
    }));
    dispatcher::set_global_default(Dispatch::new(ToHost::new(host, plugin_crate))).map_err(
        |error| {
            Error::new(ErrorKind::PluginFault, "connect the plugin's log", error.to_string())
                .with_advice("the plugin installs a tracing subscriber of its own: remove it")
        },
    )
}

struct ToHost {
    host: HostApiRef,
    /// The crate that is the plugin, as targets name it.
    plugin_crate: &'static str,
    /// The host's number of each callsite, by the address of its metadata.
    callsites: RwLock<HashMap<usize, u64>>,
    /// The callsite of each open span, which later fields are recorded for.
    spans: RwLock<HashMap<u64, &'static Metadata<'static>>>,
}

impl ToHost {
    fn new(host: HostApiRef, plugin_crate: &'static str) -> Self {
        Self { host, plugin_crate, callsites: RwLock::default(), spans: RwLock::default() }
    }

    fn callsite(&self, metadata: &Metadata<'_>) -> u64 {
        let callsites = self.callsites.read().unwrap_or_else(PoisonError::into_inner);
        callsites.get(&address(metadata)).copied().unwrap_or_default()
    }
}

/// Whether a target is the plugin's own, or this project's.
fn is_ours(target: &str, plugin_crate: &str) -> bool {
    let of = target.split("::").next().unwrap_or_default();
    of == plugin_crate || of.starts_with("checkpoint_storage_")
}

fn address(metadata: &Metadata<'_>) -> usize {
    std::ptr::from_ref(metadata).addr()
}

impl Subscriber for ToHost {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if *metadata.level() == Level::TRACE && !is_ours(metadata.target(), self.plugin_crate) {
            return Interest::never();
        }
        let fields: Vec<RStr<'_>> =
            metadata.fields().iter().map(|field| RStr::from_str(field.name())).collect();
        let level = LEVELS.iter().position(|level| level == metadata.level());
        let number = (self.host.register_callsite())(FfiCallsite {
            name: metadata.name().into(),
            target: metadata.target().into(),
            level: level.and_then(|level| u32::try_from(level).ok()).unwrap_or_default(),
            is_span: metadata.is_span(),
            file: metadata.file().unwrap_or_default().into(),
            line: metadata.line().unwrap_or_default(),
            module: metadata.module_path().unwrap_or_default().into(),
            fields: RSlice::from_slice(&fields),
        });
        let mut callsites = self.callsites.write().unwrap_or_else(PoisonError::into_inner);
        callsites.insert(address(metadata), number);
        // Asked each time: the host may change its filter, and cannot tell this library.
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        (self.host.enabled())(self.callsite(metadata))
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut values = Values::default();
        span.record(&mut values);
        let parent = parent(span.parent(), span.is_root());
        let callsite = self.callsite(span.metadata());
        let id = values.lend(|values| (self.host.new_span())(callsite, parent, values)).max(1);
        let mut spans = self.spans.write().unwrap_or_else(PoisonError::into_inner);
        spans.insert(id, span.metadata());
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, record: &Record<'_>) {
        let spans = self.spans.read().unwrap_or_else(PoisonError::into_inner);
        let Some(metadata) = spans.get(&span.into_u64()).copied() else { return };
        drop(spans);
        let mut values = Values::default();
        record.record(&mut values);
        let callsite = self.callsite(metadata);
        values.lend(|values| (self.host.record())(callsite, span.into_u64(), values));
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        (self.host.follows_from())(span.into_u64(), follows.into_u64());
    }

    fn event(&self, event: &Event<'_>) {
        let mut values = Values::default();
        event.record(&mut values);
        let parent = parent(event.parent(), event.is_root());
        let callsite = self.callsite(event.metadata());
        values.lend(|values| (self.host.event())(callsite, parent, values));
    }

    fn enter(&self, span: &Id) {
        (self.host.enter())(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        (self.host.exit())(span.into_u64());
    }

    fn clone_span(&self, span: &Id) -> Id {
        Id::from_u64((self.host.clone_span())(span.into_u64()).max(1))
    }

    fn try_close(&self, span: Id) -> bool {
        let closed = (self.host.try_close())(span.into_u64());
        if closed {
            let mut spans = self.spans.write().unwrap_or_else(PoisonError::into_inner);
            spans.remove(&span.into_u64());
        }
        closed
    }
}

fn parent(given: Option<&Id>, is_root: bool) -> FfiParent {
    match given {
        Some(id) => FfiParent { kind: parent_kind::GIVEN, id: id.into_u64() },
        None if is_root => FfiParent { kind: parent_kind::NONE, id: 0 },
        None => FfiParent { kind: parent_kind::CURRENT, id: 0 },
    }
}

/// The values of a span or event, gathered before they cross together.
#[derive(Default)]
struct Values(Vec<(u32, u32, u64, String)>);

impl Values {
    fn push(&mut self, field: &Field, kind: u32, bits: u64, text: String) {
        self.0.push((u32::try_from(field.index()).unwrap_or(u32::MAX), kind, bits, text));
    }

    fn lend<T>(&self, f: impl FnOnce(RSlice<'_, FfiFieldValue<'_>>) -> T) -> T {
        let values: Vec<_> = self
            .0
            .iter()
            .map(|(field, kind, bits, text)| FfiFieldValue {
                field: *field,
                kind: *kind,
                bits: *bits,
                text: RStr::from_str(text),
            })
            .collect();
        f(RSlice::from_slice(&values))
    }
}

impl Visit for Values {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // A `Debug` that fails is shown as far as it came.
        let _ = write!(text, "{value:?}");
        self.push(field, value_kind::DEBUG, 0, text);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, value_kind::BOOL, u64::from(value), String::new());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, value_kind::SIGNED, value.cast_unsigned(), String::new());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, value_kind::UNSIGNED, value, String::new());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, value_kind::FLOAT, value.to_bits(), String::new());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, value_kind::STRING, 0, value.to_owned());
    }
}

/// Runs `future` in the span that is current now, on whatever thread it is polled.
pub(in crate::ffi) fn in_current_span<F: Future + Send + 'static>(
    future: F,
) -> impl Future<Output = F::Output> + Send {
    let host = HOST.get().copied();
    let span = host.map_or(0, |host| (host.current_span())());
    InSpan {
        span: host.filter(|_| span != 0).map(|host| HeldSpan { host, id: span }),
        future: Box::pin(future),
    }
}

struct InSpan<F> {
    future: Pin<Box<F>>,
    span: Option<HeldSpan>,
}

/// One handle to a span of the host.
struct HeldSpan {
    host: HostApiRef,
    id: u64,
}

impl HeldSpan {
    fn enter(&self) -> Entered<'_> {
        (self.host.enter())(self.id);
        Entered(self)
    }
}

impl Drop for HeldSpan {
    fn drop(&mut self) {
        (self.host.try_close())(self.id);
    }
}

struct Entered<'a>(&'a HeldSpan);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        (self.0.host.exit())(self.0.id);
    }
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { future, span } = &mut *self;
        let _entered = span.as_ref().map(HeldSpan::enter);
        future.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_of_dependencies_are_told_apart() {
        for (target, ours) in [
            ("mine", true),
            ("mine::store", true),
            ("checkpoint_storage_filesystem::store", true),
            ("mineral", false),
            ("aws_smithy_runtime::client::orchestrator", false),
            ("", false),
        ] {
            assert_eq!(is_ours(target, "mine"), ours, "{target}");
        }
    }
}
