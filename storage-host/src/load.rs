//! Loads a plugin that was looked at and found good; and ends the process around it.

#![allow(unsafe_code)]

use std::path::Path;

use checkpoint_storage_api::ffi::{Manifest, PluginHandle, ROOT_SYMBOL, module_from_root};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use crate::error::{Error, ErrorKind, Result};

/// Ends the process at once, as a program does that has loaded plugins: their threads run on, and what
/// they use, such as the library of Kerberos, must not be taken apart beneath them.
///
/// Nothing is flushed or dropped first.
pub fn exit(code: u8) -> ! {
    // SAFETY: it does not return, and runs none of the process's code.
    unsafe { libc::_exit(code.into()) }
}

/// Loads the library, checks that it is the plugin its manifest says, and connects it.
pub(crate) fn load(file: &Path, manifest: &Manifest) -> Result<PluginHandle> {
    let failed = |reason: String| Error::new(ErrorKind::PluginFailed, file.display(), reason);
    // SAFETY: running the library's initializers is what loading a plugin means; that the file is a
    // whole library with a plugin's manifest was just seen.
    let library = unsafe { Library::open(Some(file), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| {
        failed(format!("it cannot be loaded: {}", reason_of(&error)))
            .with_advice("install the libraries it needs, or a build for this system")
    })?;
    // SAFETY: only the symbol's address is taken, so its type does not matter.
    let root = unsafe { library.get::<*const ()>(ROOT_SYMBOL) }
        .map(|symbol| symbol.into_raw().cast_const().cast())
        .map_err(|error| {
            failed(format!("it has no symbol {ROOT_SYMBOL}: {}", reason_of(&error)))
        })?;
    // Never unloaded: its threads, its thread-local destructors and what it leaked to the host's
    // log point into its code for as long as the process lives.
    std::mem::forget(library);
    // SAFETY: the symbol was exported by `export_plugin!`, as the manifest beside it shows, and the
    // library stays loaded for ever.
    let plugin = unsafe { module_from_root(root) }
        .map_err(|error| Error::of_plugin(ErrorKind::PluginRejected, file.display(), error))?;
    if plugin.name() != manifest.name {
        let (module, manifest) = (plugin.name(), &manifest.name);
        return Err(failed(format!("its manifest says `{manifest}`, its module `{module}`"))
            .with_advice("report it to the plugin's author"));
    }
    plugin
        .init()
        .map_err(|error| Error::of_plugin(ErrorKind::PluginFailed, file.display(), error))?;
    Ok(plugin)
}

/// What the dynamic linker says; `libloading` keeps it as the cause.
fn reason_of(error: &libloading::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    }
}
