//! A plugin's `tracing` in the host's log.
//!
//! Each side has its own copy of `tracing`. The plugin's subscriber (`plugin`) hands callsites,
//! spans and events to the host (`host`), which replays them into its own dispatcher: the ids of a
//! plugin's spans are the host's ids, and the host's filter decides.

#[cfg(feature = "host")]
mod host;
#[cfg(feature = "plugin")]
mod plugin;

#[cfg(feature = "host")]
pub(super) use host::host_api;
#[cfg(feature = "plugin")]
pub(super) use plugin::{in_current_span, install};

/// How a level crosses.
const LEVELS: [tracing_core::Level; 5] = [
    tracing_core::Level::ERROR,
    tracing_core::Level::WARN,
    tracing_core::Level::INFO,
    tracing_core::Level::DEBUG,
    tracing_core::Level::TRACE,
];

/// How a field's value crosses: [`FfiFieldValue::kind`](super::FfiFieldValue::kind).
mod value_kind {
    pub(super) const BOOL: u32 = 0;
    pub(super) const SIGNED: u32 = 1;
    pub(super) const UNSIGNED: u32 = 2;
    pub(super) const FLOAT: u32 = 3;
    pub(super) const STRING: u32 = 4;
    #[cfg(feature = "plugin")]
    pub(super) const DEBUG: u32 = 5;
}

/// How a parent crosses: [`FfiParent::kind`](super::FfiParent::kind).
mod parent_kind {
    pub(super) const CURRENT: u32 = 0;
    pub(super) const NONE: u32 = 1;
    #[cfg(feature = "plugin")]
    pub(super) const GIVEN: u32 = 2;
}
