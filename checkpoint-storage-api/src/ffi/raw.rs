//! The objects that cross: a plugin's root module and its storages, the host's log, readers.

// What `abi_stable`'s macros expand to is not ours to document or to scope.
#![allow(missing_docs, non_local_definitions, unreachable_pub, clippy::undocumented_unsafe_blocks)]

use abi_stable::library::RootModule;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RBox, ROption, RSlice, RStr, RString, RVec};
use abi_stable::{StableAbi, declare_root_module_statics, package_version_strings, sabi_trait};
use async_ffi::{BorrowingFfiFuture, FfiFuture};

use super::FfiBytes;
use super::types::{
    FfiCallsite, FfiCheckpoint, FfiDeleteReport, FfiEntry, FfiFieldValue, FfiMap, FfiParent,
    FfiReaderHead, FfiReclaimReport, FfiResult, FfiState,
};

/// A storage that crossed, owned.
pub type RawStorageBox = RawStorage_TO<'static, RBox<()>>;

/// A reader that crossed, owned.
pub type RawReaderBox = RawReader_TO<'static, RBox<()>>;

/// [`CheckpointStorage`](crate::CheckpointStorage) at the boundary.
#[sabi_trait]
pub trait RawStorage: Send + Sync {
    fn capabilities(&self) -> u64;
    fn store(&self, state: FfiState, options: FfiMap) -> FfiFuture<FfiResult<FfiEntry>>;
    fn list(&self, job: RString, options: FfiMap) -> FfiFuture<FfiResult<RVec<FfiEntry>>>;
    fn read(
        &self,
        job: RString,
        name: RString,
        options: FfiMap,
    ) -> FfiFuture<FfiResult<FfiCheckpoint>>;
    fn open_reader(
        &self,
        job: RString,
        name: RString,
        options: FfiMap,
    ) -> FfiFuture<FfiResult<RawReaderBox>>;
    fn import(&self, source: RawReaderBox, options: FfiMap) -> FfiFuture<FfiResult<FfiEntry>>;
    fn delete_names(
        &self,
        job: RString,
        names: RVec<RString>,
        options: FfiMap,
    ) -> FfiFuture<FfiResult<FfiDeleteReport>>;
    fn delete_job(&self, job: RString, options: FfiMap) -> FfiFuture<FfiResult<FfiDeleteReport>>;
    fn jobs(&self, options: FfiMap) -> FfiFuture<FfiResult<RVec<RString>>>;
    fn scan(&self, options: FfiMap) -> FfiFuture<FfiResult<RVec<FfiMap>>>;
    fn quarantine(
        &self,
        job: RString,
        name: RString,
        options: FfiMap,
    ) -> FfiFuture<FfiResult<RString>>;
    fn reclaim_leftovers(&self, options: FfiMap) -> FfiFuture<FfiResult<FfiReclaimReport>>;
    fn health(&self, options: FfiMap) -> FfiFuture<FfiResult<RVec<FfiMap>>>;
    #[sabi(last_prefix_field)]
    fn close(&self, options: FfiMap) -> FfiFuture<FfiResult<()>>;
}

/// [`CheckpointReader`](crate::CheckpointReader) at the boundary, in either direction.
#[sabi_trait]
pub trait RawReader: Send {
    fn head(&self) -> FfiReaderHead;
    /// The reader's side polls on the caller's thread, so that it may borrow.
    #[sabi(last_prefix_field)]
    fn next_chunk(&mut self, max_len: u64) -> BorrowingFfiFuture<'_, FfiResult<ROption<FfiBytes>>>;
}

/// What a plugin's library exports.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginModuleRef, prefix_fields = PluginModuleFields)))]
#[sabi(missing_field(option))]
pub struct PluginModule {
    /// The plugin's name, as in its manifest.
    pub name: extern "C" fn() -> RStr<'static>,
    /// Connects the plugin to its host; called before anything else, and again by every further
    /// host in the process.
    pub init: extern "C" fn(HostApiRef, FfiMap) -> FfiResult<()>,
    /// The keys of `plugin-config` that the plugin understands.
    pub config_keys: extern "C" fn() -> FfiResult<RVec<FfiMap>>,
    /// Opens a storage with a configuration and the host's options.
    #[sabi(last_prefix_field)]
    pub open: extern "C" fn(FfiMap, FfiMap) -> FfiFuture<FfiResult<RawStorageBox>>,
}

impl RootModule for PluginModuleRef {
    declare_root_module_statics! {PluginModuleRef}
    const BASE_NAME: &'static str = "checkpoint_storage_plugin";
    const NAME: &'static str = "checkpoint_storage_plugin";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}

/// What the host offers a plugin: its log.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = HostApiRef, prefix_fields = HostApiFields)))]
#[sabi(missing_field(option))]
pub struct HostApi {
    /// Makes a callsite known; the answer stands for it from then on.
    pub register_callsite: extern "C" fn(FfiCallsite<'_>) -> u64,
    /// Whether anyone wants what comes from a callsite.
    pub enabled: extern "C" fn(u64) -> bool,
    /// Opens a span of a callsite and gives its id.
    pub new_span: extern "C" fn(u64, FfiParent, RSlice<'_, FfiFieldValue<'_>>) -> u64,
    /// Records fields of a span: callsite, span, values.
    pub record: extern "C" fn(u64, u64, RSlice<'_, FfiFieldValue<'_>>),
    /// Says that the first span follows from the second.
    pub follows_from: extern "C" fn(u64, u64),
    /// Logs an event of a callsite.
    pub event: extern "C" fn(u64, FfiParent, RSlice<'_, FfiFieldValue<'_>>),
    /// Enters a span on this thread.
    pub enter: extern "C" fn(u64),
    /// Leaves it.
    pub exit: extern "C" fn(u64),
    /// Counts one more handle to a span.
    pub clone_span: extern "C" fn(u64) -> u64,
    /// Counts one less; whether it was the last.
    pub try_close: extern "C" fn(u64) -> bool,
    /// One more handle to this thread's current span; 0 if there is none.
    #[sabi(last_prefix_field)]
    pub current_span: extern "C" fn() -> u64,
}
