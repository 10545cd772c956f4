//! The stable ABI between a host and its plugins, on top of `abi_stable`.
//!
//! Both sides speak the safe traits of this crate. A plugin's storage becomes a [`RawStorageBox`]
//! (module `adapter`), crosses as such, and becomes a storage again in the host (module `foreign`); a
//! [`CheckpointReader`](crate::CheckpointReader) crosses in either direction. No other module of
//! the project touches `abi_stable`.
//!
//! # How the ABI may change
//!
//! Majors of this crate must match between host and plugin; minors may differ both ways.
//!
//! - [`RawStorage`], [`RawReader`]: append a method at the end, *with a default body* that answers
//!   [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported). Never move `last_prefix_field`.
//! - [`PluginModule`], [`HostApi`]: append a field at the end; the other side reads it as an option.
//! - [`FfiState`], [`FfiEntry`] and the other plain structs are frozen: what is new travels in an
//!   [`FfiMap`] that every call and every answer carries.
//! - Errors are numbers, and log values are numbered, so that new ones are no new layout.
//!
//! The layout of every released minor is recorded in `abi/`; a test compares.
//!
//! # Map
//!
//! - `bytes`, `types`, `convert`, `maintenance`: plain data and its conversion
//! - `raw`, `reader`: the objects that cross
//! - `manifest`: what a plugin file says of itself before it is loaded
//! - `unwind`: panics become errors
//! - `layout`: the layout as text, for the record
//! - `log`: the plugin's `tracing` in the host's spans
//! - `runtime`, `adapter`, `export` (feature `plugin`): the plugin's side
//! - `check`, `foreign` (feature `host`): the host's side

#![allow(unsafe_code)]

mod bytes;
mod layout;
mod manifest;
mod raw;
mod types;

// Each side uses one direction of what both share.
#[cfg(any(feature = "plugin", feature = "host"))]
#[cfg_attr(not(all(feature = "plugin", feature = "host")), allow(dead_code))]
mod convert;
#[cfg(any(feature = "plugin", feature = "host"))]
mod log;
#[cfg(any(feature = "plugin", feature = "host"))]
#[cfg_attr(not(all(feature = "plugin", feature = "host")), allow(dead_code))]
mod maintenance;
#[cfg(any(feature = "plugin", feature = "host"))]
mod reader;
#[cfg(any(feature = "plugin", feature = "host"))]
mod unwind;

#[cfg(feature = "plugin")]
mod adapter;
#[cfg(feature = "plugin")]
mod export;
#[cfg(feature = "plugin")]
mod runtime;

#[cfg(feature = "host")]
mod check;
#[cfg(feature = "host")]
mod foreign;

pub use bytes::FfiBytes;
pub use layout::{LayoutChange, changes_since, describe_layout};
pub use manifest::{MANIFEST_MAGIC, MANIFEST_SYMBOL, Manifest, ManifestSource, ROOT_SYMBOL};
pub use raw::{
    HostApi, HostApiRef, PluginModule, PluginModuleRef, RawReader, RawReaderBox, RawStorage,
    RawStorageBox,
};
pub use types::{
    FfiCallsite, FfiCheckpoint, FfiDeleteReport, FfiEntry, FfiError, FfiFieldValue, FfiMap,
    FfiParent, FfiReaderHead, FfiReclaimReport, FfiResult, FfiState,
};

#[cfg(feature = "host")]
pub use check::{check_header, module_from_root};
#[cfg(feature = "host")]
pub use foreign::PluginHandle;

/// What [`export_plugin!`](crate::export_plugin) expands to; not for direct use.
#[cfg(feature = "plugin")]
#[doc(hidden)]
pub mod private {
    pub use super::adapter::open;
    pub use super::export::{config_keys, init};
    pub use super::runtime::Calls;
    pub use abi_stable;
    pub use async_ffi;
}
