//! The host's end: what plugins log, replayed into the host's dispatcher.
//!
//! Spans are entered and left on threads of the plugin, where only a dispatcher that was set
//! globally is seen.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::std_types::{RSlice, RStr};
use tracing_core::callsite::{self, Callsite};
use tracing_core::dispatcher;
use tracing_core::field::{FieldSet, Value, ValueSet, display};
use tracing_core::metadata::Kind;
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Event, Metadata};

use super::{LEVELS, parent_kind, value_kind};
use crate::ffi::raw::{HostApi, HostApiRef};
use crate::ffi::types::{FfiCallsite, FfiFieldValue, FfiParent};

/// What every plugin of this process is given.
pub(in crate::ffi) fn host_api() -> HostApiRef {
    static API: OnceLock<HostApiRef> = OnceLock::new();
    *API.get_or_init(|| {
        HostApi {
            register_callsite,
            enabled,
            new_span,
            record,
            follows_from,
            event,
            enter,
            exit,
            clone_span,
            try_close,
            current_span,
        }
        .leak_into_prefix()
    })
}

/// Every callsite of every plugin; its number is its place here plus one. A plugin is never
/// unloaded and its callsites are few: they are kept for ever, as `tracing` keeps the host's own.
static CALLSITES: RwLock<Vec<&'static PluginCallsite>> = RwLock::new(Vec::new());

struct PluginCallsite {
    metadata: OnceLock<Metadata<'static>>,
    interest: AtomicU8,
}

const NEVER: u8 = 0;
const SOMETIMES: u8 = 1;
const ALWAYS: u8 = 2;

impl Callsite for PluginCallsite {
    fn set_interest(&self, interest: Interest) {
        let interest = match () {
            () if interest.is_never() => NEVER,
            () if interest.is_always() => ALWAYS,
            () => SOMETIMES,
        };
        self.interest.store(interest, Ordering::Relaxed);
    }

    fn metadata(&self) -> &Metadata<'_> {
        self.metadata.get().expect("set before the callsite is registered")
    }
}

fn callsite(number: u64) -> Option<&'static PluginCallsite> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    CALLSITES.read().unwrap_or_else(PoisonError::into_inner).get(index).copied()
}

/// A panic of the host's subscriber must not cross into the plugin.
fn guarded<T>(otherwise: T, f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or(otherwise)
}

fn leaked(text: RStr<'_>) -> &'static str {
    Box::leak(text.as_str().to_owned().into_boxed_str())
}

extern "C" fn register_callsite(raw: FfiCallsite<'_>) -> u64 {
    guarded(0, || {
        let site: &'static PluginCallsite = Box::leak(Box::new(PluginCallsite {
            metadata: OnceLock::new(),
            interest: AtomicU8::new(SOMETIMES),
        }));
        let names: Vec<_> = raw.fields.iter().map(|name| leaked(*name)).collect();
        let level = usize::try_from(raw.level).ok().and_then(|level| LEVELS.get(level));
        let not_empty = |text: RStr<'_>| (!text.is_empty()).then(|| leaked(text));
        let metadata = Metadata::new(
            leaked(raw.name),
            leaked(raw.target),
            level.copied().unwrap_or(tracing_core::Level::TRACE),
            not_empty(raw.file),
            (raw.line != 0).then_some(raw.line),
            not_empty(raw.module),
            FieldSet::new(names.leak(), tracing_core::identify_callsite!(site)),
            if raw.is_span { Kind::SPAN } else { Kind::EVENT },
        );
        site.metadata.get_or_init(|| metadata);
        callsite::register(site);
        let mut callsites = CALLSITES.write().unwrap_or_else(PoisonError::into_inner);
        callsites.push(site);
        callsites.len() as u64
    })
}

extern "C" fn enabled(number: u64) -> bool {
    guarded(false, || {
        callsite(number).is_some_and(|site| match site.interest.load(Ordering::Relaxed) {
            NEVER => false,
            ALWAYS => true,
            _ => dispatcher::get_default(|dispatch| dispatch.enabled(site.metadata())),
        })
    })
}

/// Gives `f` the metadata of a callsite and the values for it.
fn with_values<T>(
    number: u64,
    raw: RSlice<'_, FfiFieldValue<'_>>,
    f: impl FnOnce(&'static Metadata<'static>, &ValueSet<'_>) -> T,
) -> Option<T> {
    let metadata = callsite(number)?.metadata.get()?;
    let mut values: Vec<Option<Box<dyn Value + '_>>> = Vec::new();
    values.resize_with(metadata.fields().len(), || None);
    for value in raw.iter() {
        let slot = usize::try_from(value.field).ok().and_then(|field| values.get_mut(field));
        if let Some(slot) = slot {
            *slot = Some(host_value(value));
        }
    }
    let values: Vec<Option<&dyn Value>> = values.iter().map(Option::as_deref).collect();
    Some(f(metadata, &metadata.fields().value_set_all(&values)))
}

fn host_value<'a>(value: &FfiFieldValue<'a>) -> Box<dyn Value + 'a> {
    match value.kind {
        value_kind::BOOL => Box::new(value.bits != 0),
        value_kind::SIGNED => Box::new(value.bits.cast_signed()),
        value_kind::UNSIGNED => Box::new(value.bits),
        value_kind::FLOAT => Box::new(f64::from_bits(value.bits)),
        value_kind::STRING => Box::new(value.text.as_str()),
        _ => Box::new(display(value.text.as_str().to_owned())),
    }
}

fn id(raw: u64) -> Option<Id> {
    (raw != 0).then(|| Id::from_u64(raw))
}

extern "C" fn new_span(
    number: u64,
    parent: FfiParent,
    values: RSlice<'_, FfiFieldValue<'_>>,
) -> u64 {
    guarded(0, || {
        with_values(number, values, |metadata, values| {
            let attributes = match (parent.kind, id(parent.id)) {
                (parent_kind::CURRENT, _) => Attributes::new(metadata, values),
                (parent_kind::NONE, _) | (_, None) => Attributes::new_root(metadata, values),
                (_, Some(id)) => Attributes::child_of(id, metadata, values),
            };
            dispatcher::get_default(|dispatch| dispatch.new_span(&attributes).into_u64())
        })
        .unwrap_or_default()
    })
}

extern "C" fn record(number: u64, span: u64, values: RSlice<'_, FfiFieldValue<'_>>) {
    guarded((), || {
        with_values(number, values, |_, values| {
            if let Some(span) = id(span) {
                dispatcher::get_default(|dispatch| dispatch.record(&span, &Record::new(values)));
            }
        });
    });
}

extern "C" fn follows_from(span: u64, follows: u64) {
    guarded((), || {
        if let (Some(span), Some(follows)) = (id(span), id(follows)) {
            dispatcher::get_default(|dispatch| dispatch.record_follows_from(&span, &follows));
        }
    });
}

extern "C" fn event(number: u64, parent: FfiParent, values: RSlice<'_, FfiFieldValue<'_>>) {
    guarded((), || {
        with_values(number, values, |metadata, values| match (parent.kind, id(parent.id)) {
            (parent_kind::CURRENT, _) => Event::dispatch(metadata, values),
            (parent_kind::NONE, _) => Event::child_of(None, metadata, values),
            (_, given) => Event::child_of(given, metadata, values),
        });
    });
}

extern "C" fn enter(span: u64) {
    guarded((), || {
        if let Some(span) = id(span) {
            dispatcher::get_default(|dispatch| dispatch.enter(&span));
        }
    });
}

extern "C" fn exit(span: u64) {
    guarded((), || {
        if let Some(span) = id(span) {
            dispatcher::get_default(|dispatch| dispatch.exit(&span));
        }
    });
}

extern "C" fn clone_span(span: u64) -> u64 {
    guarded(span, || {
        id(span).map_or(0, |span| {
            dispatcher::get_default(|dispatch| dispatch.clone_span(&span).into_u64())
        })
    })
}

extern "C" fn try_close(span: u64) -> bool {
    guarded(false, || {
        id(span).is_some_and(|span| {
            dispatcher::get_default(|dispatch| dispatch.try_close(span.clone()))
        })
    })
}

extern "C" fn current_span() -> u64 {
    guarded(0, || {
        dispatcher::get_default(|dispatch| {
            dispatch.current_span().id().map_or(0, |id| dispatch.clone_span(id).into_u64())
        })
    })
}
