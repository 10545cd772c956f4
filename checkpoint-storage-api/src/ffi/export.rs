//! The macro that turns a factory into a plugin, and what it calls.

use std::sync::OnceLock;

use abi_stable::std_types::RVec;

use super::raw::HostApiRef;
use super::types::{FfiMap, FfiResult};
use super::unwind::catch;
use super::{convert, log};
use crate::CheckpointStorageFactory;

/// Connects the plugin to its host and makes its factory.
pub fn init<F: CheckpointStorageFactory + Default>(
    factory: &'static OnceLock<F>,
    host: HostApiRef,
    crate_name: &'static str,
    _options: FfiMap,
) -> FfiResult<()> {
    convert::ffi_result(catch("initialize the plugin", || {
        log::install(host, crate_name)?;
        factory.get_or_init(F::default);
        Ok(())
    }))
}

/// The keys that a factory understands.
pub fn config_keys<F: CheckpointStorageFactory + Default>(
    factory: &'static OnceLock<F>,
) -> FfiResult<RVec<FfiMap>> {
    convert::ffi_result(catch("list configuration keys", || {
        let keys = factory.get_or_init(F::default).config_keys();
        Ok(keys.into_iter().map(convert::config_key_to_ffi).collect())
    }))
}

/// Makes a library a plugin: exports its manifest and its root module.
///
/// The library is a `cdylib`, the factory is [`Default`] and a [`CheckpointStorageFactory`]; it is
/// made once, when the plugin is loaded. `storage_types` and `schemes` say which storage types and URI
/// schemes of the Hadoop family (`type: hdfs`) the plugin serves beside its own name;
/// `deprecated`, if given, is what to write instead of that name.
///
/// As in any asynchronous Rust, methods must not block the thread they are polled on. A plugin whose
/// methods do says `blocking: true`, after the others: its calls then run on threads of its own.
///
/// ```
/// use std::sync::Arc;
/// use checkpoint_storage_api::{
///     CheckpointStorage, CheckpointStorageFactory, Error, OpenOptions, PluginConfig, async_trait,
/// };
///
/// #[derive(Default)]
/// struct NowhereFactory;
///
/// #[async_trait]
/// impl CheckpointStorageFactory for NowhereFactory {
///     async fn open(
///         &self,
///         _config: PluginConfig,
///         _options: OpenOptions,
///     ) -> Result<Arc<dyn CheckpointStorage>, Error> {
///         Err(Error::unsupported("open"))
///     }
/// }
///
/// checkpoint_storage_api::export_plugin! {
///     name: "nowhere",
///     factory: NowhereFactory,
///     storage_types: ["nowhere"],
///     schemes: [],
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_plugin {
    (
        name: $name:literal,
        factory: $factory:ty,
        storage_types: [$($storage_type:literal),* $(,)?],
        schemes: [$($scheme:literal),* $(,)?]
        $(, deprecated: $deprecated:literal)?
        $(, blocking: $blocking:literal)? $(,)?
    ) => {
        const _: () = {
            use $crate::ffi::private::abi_stable::{
                library::{
                    __call_root_module_loader, CheckTypeLayout, LibHeader, RootModuleResult,
                },
                prefix_type::PrefixTypeTrait,
                std_types::{RStr, RVec},
            };
            use $crate::ffi::private::Calls;
            use $crate::ffi::{
                FfiMap, FfiResult, HostApiRef, ManifestSource, PluginModule, PluginModuleRef,
                RawStorageBox,
            };

            #[cfg(panic = "abort")]
            compile_error!(
                "a plugin must be built with panic = \"unwind\": a panic would take its host down"
            );

            const SOURCE: ManifestSource = ManifestSource {
                name: $name,
                version: env!("CARGO_PKG_VERSION"),
                storage_types: &[$($storage_type),*],
                schemes: &[$($scheme),*],
                deprecated: concat!($($deprecated)?),
            };

            #[unsafe(no_mangle)]
            #[used]
            #[allow(unsafe_code)]
            static CKPT_PLUGIN_MANIFEST: [u8; SOURCE.encoded_len()] = SOURCE.encode();

            extern "C" fn name() -> RStr<'static> {
                RStr::from_str($name)
            }

            const CALLS: Calls =
                if false $(|| $blocking)? { Calls::Blocking } else { Calls::Async };

            static FACTORY: ::std::sync::OnceLock<$factory> = ::std::sync::OnceLock::new();

            extern "C" fn init(host: HostApiRef, options: FfiMap) -> FfiResult<()> {
                $crate::ffi::private::init(&FACTORY, host, env!("CARGO_CRATE_NAME"), options)
            }

            extern "C" fn config_keys() -> FfiResult<RVec<FfiMap>> {
                $crate::ffi::private::config_keys(&FACTORY)
            }

            extern "C" fn open(
                config: FfiMap,
                options: FfiMap,
            ) -> $crate::ffi::private::async_ffi::FfiFuture<FfiResult<RawStorageBox>> {
                $crate::ffi::private::open(&FACTORY, CALLS, config, options)
            }

            fn root() -> PluginModuleRef {
                PluginModule { name, init, config_keys, open }.leak_into_prefix()
            }

            extern "C" fn construct() -> RootModuleResult {
                __call_root_module_loader(root)
            }

            #[unsafe(no_mangle)]
            #[allow(unsafe_code)]
            // SAFETY: `construct` gives a `PluginModuleRef` and nothing else.
            static CKPT_PLUGIN_ROOT: LibHeader = unsafe {
                LibHeader::from_constructor::<PluginModuleRef>(construct, CheckTypeLayout::Yes)
            };
        };
    };
}
