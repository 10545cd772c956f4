//! Looks at a plugin file without loading it: loading runs its code, and a file that is cut off
//! ends the process that loads it.

use std::fs::File;
use std::path::Path;

use checkpoint_storage_api::ffi::{MANIFEST_SYMBOL, Manifest, ROOT_SYMBOL, check_header};
use object::elf::{EM_AARCH64, EM_RISCV, EM_X86_64, ET_DYN, FileHeader64, Machine};
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use object::{Endianness, FileKind, Object as _, ObjectSection as _, ObjectSymbol as _, ReadCache};

use crate::error::{Error, ErrorKind, Result};

/// Far more than any manifest holds.
const MAX_MANIFEST_LEN: u64 = 1 << 16;

/// The bytes of the root header that are looked at: magic, major, minor.
const ROOT_HEAD_LEN: u64 = 40;

/// Reads the manifest of the plugin at `path`, or says why it is none that this host can load.
pub(crate) fn inspect(path: &Path) -> Result<Manifest> {
    let reject = |(reason, remedy): (String, &str)| {
        Error::new(ErrorKind::PluginRejected, path.display(), reason).with_advice(remedy)
    };
    let file = File::open(path).map_err(|error| reject(unreadable(&error)))?;
    let len = file.metadata().map_err(|error| reject(unreadable(&error)))?.len();
    if len == 0 {
        return Err(reject(("it is empty".into(), COPY_AGAIN)));
    }
    let data = ReadCache::new(file);
    check_is_whole_library(&data, len).map_err(reject)?;

    let library = object::File::parse(&data).map_err(|_| reject(cut_off()))?;
    let manifest = symbol(&library, MANIFEST_SYMBOL, MAX_MANIFEST_LEN)
        .ok_or_else(|| reject((format!("it has no symbol {MANIFEST_SYMBOL}"), NO_PLUGIN)))?;
    let rejected = |error| Error::of_plugin(ErrorKind::PluginRejected, path.display(), error);
    let manifest = Manifest::parse(&manifest).map_err(rejected)?;
    let (own_major, _) = Manifest::own_api();
    if manifest.api_major() != own_major {
        let own = own_major.unwrap_or_default();
        let theirs = &manifest.api_version;
        return Err(reject((
            format!("it was built against API {theirs}, this host understands API {own}.x"),
            "install a build of the plugin for this host's API",
        )));
    }
    let root = symbol(&library, ROOT_SYMBOL, ROOT_HEAD_LEN)
        .ok_or_else(|| reject((format!("it has no symbol {ROOT_SYMBOL}"), NO_PLUGIN)))?;
    check_header(&root).map_err(rejected)?;
    Ok(manifest)
}

type Rejection = (String, &'static str);

const COPY_AGAIN: &str = "copy it again, beside the plugins, and move it into place";
const NO_PLUGIN: &str = "a plugin exports itself with `export_plugin!`; move other libraries away";
const OTHER_PLATFORM: &str = "install a build for this machine";

fn unreadable(error: &std::io::Error) -> Rejection {
    (format!("it cannot be read: {error}"), "make the file readable for this user")
}

fn cut_off() -> Rejection {
    ("it is cut off: the file is shorter than its own tables say".into(), COPY_AGAIN)
}

fn check_is_whole_library(data: &ReadCache<File>, len: u64) -> Result<(), Rejection> {
    let no_library = || ("it is not a shared library".to_owned(), NO_PLUGIN);
    match FileKind::parse(data) {
        Ok(FileKind::Elf64) => {}
        Ok(_) => return Err(("it is a library of another platform".into(), OTHER_PLATFORM)),
        Err(_) => return Err(no_library()),
    }
    let header = FileHeader64::<Endianness>::parse(data).map_err(|_| cut_off())?;
    let endian = header.endian().map_err(|_| no_library())?;
    let machine = header.e_machine(endian);
    let is_own_order = endian == Endianness::default();
    if !is_own_order || OWN_MACHINE.is_some_and(|own| own != machine) {
        let machine = machine_name(machine);
        return Err((format!("it was built for another machine ({machine})"), OTHER_PLATFORM));
    }
    if header.e_type(endian) != ET_DYN {
        return Err(no_library());
    }
    let ends_inside = |offset: u64, size: u64| offset.checked_add(size).is_some_and(|e| e <= len);
    let segments = header.program_headers(endian, data).map_err(|_| cut_off())?;
    let sections = header.section_headers(endian, data).map_err(|_| cut_off())?;
    let whole =
        segments
            .iter()
            .map(|segment| segment.file_range(endian))
            .chain(sections.iter().filter_map(|section| {
                object::read::elf::SectionHeader::file_range(section, endian)
            }))
            .all(|(offset, size)| ends_inside(offset, size));
    if whole { Ok(()) } else { Err(cut_off()) }
}

const OWN_MACHINE: Option<Machine> = if cfg!(target_arch = "x86_64") {
    Some(EM_X86_64)
} else if cfg!(target_arch = "aarch64") {
    Some(EM_AARCH64)
} else if cfg!(target_arch = "riscv64") {
    Some(EM_RISCV)
} else {
    None
};

fn machine_name(machine: Machine) -> String {
    match machine {
        EM_X86_64 => "x86_64".into(),
        EM_AARCH64 => "aarch64".into(),
        EM_RISCV => "riscv".into(),
        other => format!("ELF machine {}", other.0),
    }
}

/// The bytes behind an exported symbol, as they stand in the file.
fn symbol<'d>(
    library: &object::File<'d, &'d ReadCache<File>>,
    name: &str,
    max: u64,
) -> Option<Vec<u8>> {
    let symbol = library
        .dynamic_symbols()
        .find(|symbol| symbol.is_definition() && symbol.name() == Ok(name))?;
    let section = library.section_by_index(symbol.section_index()?).ok()?;
    let data = section.data_range(symbol.address(), symbol.size().min(max)).ok()??;
    Some(data.to_vec())
}
