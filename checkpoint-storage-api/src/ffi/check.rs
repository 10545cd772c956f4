//! Whether a plugin's ABI fits this host's, before anything of it is called.

use abi_stable::StableAbi;
use abi_stable::abi_stability::abi_checking::check_layout_compatibility;
use abi_stable::library::{AbiHeader, AbiHeaderRef, LibHeader, RootModule};
use abi_stable::sabi_types::VersionNumber;

use super::raw::PluginModuleRef;
use crate::{Error, ErrorKind, Result};

const CHECK: &str = "check the plugin's ABI";

fn incompatible(reason: String) -> Error {
    let own = PluginModuleRef::VERSION_STRINGS.version;
    Error::new(ErrorKind::PluginFault, CHECK, reason)
        .with_advice(format!("rebuild the plugin against checkpoint-storage-api {own}"))
}

/// Looks at the first bytes of what [`ROOT_SYMBOL`](super::ROOT_SYMBOL) names, as they stand in
/// the file: whether they are of an `abi_stable` that this host understands.
pub fn check_header(bytes: &[u8]) -> Result<()> {
    let own = AbiHeader::VALUE;
    let head = bytes.split_first_chunk::<32>().and_then(|(magic, rest)| {
        let (major, rest) = rest.split_first_chunk()?;
        let (minor, _) = rest.split_first_chunk()?;
        Some((magic, u32::from_ne_bytes(*major), u32::from_ne_bytes(*minor)))
    });
    match head {
        Some((magic, major, minor)) if *magic == own.magic_string => {
            if (major, minor) == (own.abi_major, own.abi_minor) {
                return Ok(());
            }
            Err(incompatible(format!(
                "it was built with abi_stable {major}.{minor}, this host with {}.{}",
                own.abi_major, own.abi_minor
            )))
        }
        _ => Err(incompatible("its root symbol does not begin as a module of abi_stable".into())),
    }
}

/// The module of a library that was just loaded, once it has proved compatible.
///
/// # Safety
///
/// `root` is the address of the symbol [`ROOT_SYMBOL`](super::ROOT_SYMBOL) in a library that was
/// exported by [`export_plugin!`](crate::export_plugin) and stays loaded for ever.
pub unsafe fn module_from_root(root: *const ()) -> Result<super::PluginHandle> {
    if root.is_null() {
        return Err(incompatible("its root symbol is null".into()));
    }
    // SAFETY: the reference is a transparent pointer to a header, which is what the caller says
    // lies at this address, for ever; `upgrade` looks at its magic before anything else of it.
    let header = unsafe { std::mem::transmute::<*const (), AbiHeaderRef>(root) };
    let header = header.upgrade().map_err(|error| incompatible(first_line(&error.to_string())))?;
    check_layout(header)?;
    // SAFETY: the layouts were just compared.
    let module = unsafe { header.unchecked_layout::<PluginModuleRef>() }.map_err(|error| {
        Error::new(ErrorKind::PluginFault, "start the plugin", first_line(&error.to_string()))
            .with_advice("report it to the plugin's author")
    })?;
    Ok(super::PluginHandle::new(module))
}

/// `abi_stable` accepts an implementation that has at least what the interface has, so the older
/// side is the interface.
fn check_layout(header: &'static LibHeader) -> Result<()> {
    let version = |strings| {
        VersionNumber::new(strings).map_err(|error| incompatible(first_line(&error.to_string())))
    };
    let own = version(PluginModuleRef::VERSION_STRINGS)?;
    let theirs = version(header.version_strings())?;
    if own.major != theirs.major {
        return Err(incompatible(format!(
            "it was built against API {theirs}, this host understands API {}.x",
            own.major
        )));
    }
    let own_layout = <PluginModuleRef as StableAbi>::LAYOUT;
    let their_layout =
        header.layout().ok_or_else(|| incompatible("it carries no layout".into()))?;
    let compared = if theirs.minor < own.minor {
        check_layout_compatibility(their_layout, own_layout)
    } else {
        check_layout_compatibility(own_layout, their_layout)
    };
    compared.map_err(|error| {
        incompatible(format!(
            "its API {theirs} differs from this host's API {own} other than by appending{}",
            place_of(&error.to_string())
        ))
    })
}

fn first_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("no reason given")
        .to_owned()
}

/// Where two layouts differ, out of a report of thousands of lines whose structure is private to
/// `abi_stable`: the innermost field that it names.
fn place_of(report: &str) -> String {
    let innermost = report
        .split("error(s)inside:")
        .skip(1)
        .map(|block| {
            block
                .lines()
                .map(str::trim)
                .take_while(|line| !line.starts_with("Layout of"))
                .filter_map(|line| line.strip_prefix("field_name:"))
                .filter(|field| field.starts_with(|c: char| c.is_alphabetic() || c == '_'))
                .collect::<Vec<_>>()
        })
        .max_by_key(Vec::len)
        .filter(|path| !path.is_empty());
    innermost.map(|path| format!(" (at {})", path.join("."))).unwrap_or_default()
}
