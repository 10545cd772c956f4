//! What a plugin file says of itself, readable without loading it.
//!
//! The exported symbol [`MANIFEST_SYMBOL`] holds [`MANIFEST_MAGIC`], the length of what follows as
//! 32-bit little-endian, and lines of `key=value`. It contains no pointer, so that it reads the
//! same in the file as in memory.

use std::fmt;

use crate::{Error, ErrorKind, Result};

/// The symbol under which a plugin exports its manifest.
pub const MANIFEST_SYMBOL: &str = "CKPT_PLUGIN_MANIFEST";

/// The symbol under which a plugin exports the header of its root module.
pub const ROOT_SYMBOL: &str = "CKPT_PLUGIN_ROOT";

/// The first bytes of every manifest.
pub const MANIFEST_MAGIC: [u8; 8] = *b"CKPTPLG1";

const HEAD_LEN: usize = MANIFEST_MAGIC.len() + size_of::<u32>();

/// What a plugin declares when it is compiled; made by [`export_plugin!`](crate::export_plugin).
#[derive(Debug, Clone, Copy)]
pub struct ManifestSource {
    /// The name that configurations use: lower-case letters, digits, `-` and `_`.
    pub name: &'static str,
    /// The plugin's own version.
    pub version: &'static str,
    /// The storage types of the Hadoop family that it serves.
    pub storage_types: &'static [&'static str],
    /// The URI schemes that it serves.
    pub schemes: &'static [&'static str],
    /// What to write instead of the plugin's name; empty if the name is current.
    pub deprecated: &'static str,
}

impl ManifestSource {
    /// The version of this crate: the plugin's API version.
    const API_VERSION: &'static str = env!("CARGO_PKG_VERSION");

    /// The length of the encoded manifest.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        let mut sink = Sink { bytes: [0; 0], len: 0 };
        self.write(&mut sink);
        HEAD_LEN + sink.len
    }

    /// The encoded manifest.
    #[must_use]
    pub const fn encode<const N: usize>(&self) -> [u8; N] {
        let mut sink = Sink { bytes: [0; N], len: 0 };
        sink.push(&MANIFEST_MAGIC);
        let text_len = N - HEAD_LEN;
        assert!(text_len <= u32::MAX as usize, "the manifest is too long");
        sink.push(&(text_len as u32).to_le_bytes());
        self.write(&mut sink);
        sink.bytes
    }

    const fn write<const N: usize>(&self, sink: &mut Sink<N>) {
        assert!(is_name(self.name), "a plugin's name is of a-z, 0-9, '-' and '_'");
        sink.line("name", self.name);
        sink.line("version", self.version);
        sink.line("api", Self::API_VERSION);
        let mut i = 0;
        while i < self.storage_types.len() {
            sink.line("storage-type", self.storage_types[i]);
            i += 1;
        }
        let mut i = 0;
        while i < self.schemes.len() {
            sink.line("scheme", self.schemes[i]);
            i += 1;
        }
        if !self.deprecated.is_empty() {
            sink.line("deprecated", self.deprecated);
        }
    }
}

const fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !matches!(bytes[i], b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_') {
            return false;
        }
        i += 1;
    }
    !bytes.is_empty()
}

/// Writes at compile time; counts only where there is no room.
struct Sink<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Sink<N> {
    const fn push(&mut self, bytes: &[u8]) {
        let mut i = 0;
        while i < bytes.len() {
            if self.len < N {
                self.bytes[self.len] = bytes[i];
            }
            self.len += 1;
            i += 1;
        }
    }

    const fn line(&mut self, key: &str, value: &str) {
        let bytes = value.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            assert!(!bytes[i].is_ascii_control(), "a value of the manifest is one line of text");
            i += 1;
        }
        self.push(key.as_bytes());
        self.push(b"=");
        self.push(bytes);
        self.push(b"\n");
    }
}

/// A manifest that was read from a plugin's file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// The name that configurations use.
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// The version of the API it was compiled against.
    pub api_version: String,
    /// The storage types of the Hadoop family that it serves.
    pub storage_types: Vec<String>,
    /// The URI schemes that it serves.
    pub schemes: Vec<String>,
    /// What to write instead of its name, if that is deprecated.
    pub deprecated: Option<String>,
}

impl Manifest {
    /// Reads what [`MANIFEST_SYMBOL`] holds; bytes after the manifest and keys of later versions
    /// are ignored.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = text_of(bytes).ok_or_else(|| bad("it is cut off or not of this format"))?;
        let mut manifest = Self::default();
        for line in text.split_terminator('\n') {
            let (key, value) = line.split_once('=').ok_or_else(|| bad("a line has no '='"))?;
            // It will be shown on terminals.
            if value.contains(char::is_control) {
                return Err(bad("a value has a control character"));
            }
            let value = value.to_owned();
            match key {
                "name" => manifest.name = value,
                "version" => manifest.version = value,
                "api" => manifest.api_version = value,
                "storage-type" => manifest.storage_types.push(value),
                "scheme" => manifest.schemes.push(value),
                "deprecated" => manifest.deprecated = Some(value),
                _ => {}
            }
        }
        if !is_name(&manifest.name) {
            return Err(bad("its name is empty or has other characters than a-z, 0-9, '-', '_'"));
        }
        if manifest.api_major().is_none() {
            return Err(bad("its API version is missing or no version"));
        }
        Ok(manifest)
    }

    /// The major of the API version it was compiled against.
    pub fn api_major(&self) -> Option<u64> {
        major(&self.api_version)
    }

    /// The major and the whole version of the API on this side.
    pub fn own_api() -> (Option<u64>, &'static str) {
        (major(ManifestSource::API_VERSION), ManifestSource::API_VERSION)
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (API {})", self.name, self.version, self.api_version)
    }
}

fn major(version: &str) -> Option<u64> {
    version.split('.').next()?.parse().ok()
}

fn text_of(bytes: &[u8]) -> Option<&str> {
    let rest = bytes.strip_prefix(&MANIFEST_MAGIC)?;
    let (len, text) = rest.split_first_chunk()?;
    let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
    std::str::from_utf8(text.get(..len)?).ok()
}

fn bad(reason: &str) -> Error {
    Error::new(ErrorKind::PluginFault, "read the plugin's manifest", reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOURCE: ManifestSource = ManifestSource {
        name: "local-2_x",
        version: "3.2.1",
        storage_types: &["local", "disk"],
        schemes: &["file"],
        deprecated: "write `type: hdfs`",
    };
    const ENCODED: [u8; SOURCE.encoded_len()] = SOURCE.encode();

    #[test]
    fn a_manifest_made_at_compile_time_reads_back() {
        let manifest = Manifest::parse(&ENCODED).expect("readable");
        assert_eq!(manifest.to_string(), "local-2_x 3.2.1 (API 1.0.0)");
        assert_eq!(manifest.storage_types, ["local", "disk"]);
        assert_eq!(manifest.schemes, ["file"]);
        assert_eq!(manifest.deprecated.as_deref(), Some("write `type: hdfs`"));
        assert_eq!(manifest.api_major(), Manifest::own_api().0);
    }

    #[test]
    fn a_manifest_that_is_cut_off_anywhere_is_refused() {
        for len in 0..ENCODED.len() {
            assert!(Manifest::parse(&ENCODED[..len]).is_err(), "{len} bytes were accepted");
        }
    }

    #[test]
    fn keys_of_later_versions_are_ignored_and_bad_names_refused() {
        let with = |text: &str| {
            let mut bytes = MANIFEST_MAGIC.to_vec();
            bytes.extend(u32::try_from(text.len()).expect("short").to_le_bytes());
            bytes.extend(text.as_bytes());
            Manifest::parse(&bytes)
        };
        assert!(with("name=a\napi=1.4.0\nlicence=x=y\n").is_ok());
        for text in [
            "",
            "name=a\n",
            "name=\napi=1.0.0\n",
            "name=a/b\napi=1.0.0",
            "name=a\napi=x\n",
            "x",
            "name=a\napi=1.0.0\r\n",
            "name=a\napi=1.0.0\nversion=\x1b[2J",
        ] {
            assert!(with(text).is_err(), "{text:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Manifest::parse(&tail);
            let _ = Manifest::parse(&[&MANIFEST_MAGIC[..], &tail].concat());
        }
    }
}
