//! What the plugin `localfile` reads.

use crate::key::{Key, Reader, Section::PluginConfig};
use crate::values::Value;

const LOCALFILE: Reader = Reader::Plugins(&["localfile"]);

/// `sync`
pub static SYNC: Key = Key::new(
    PluginConfig,
    LOCALFILE,
    "sync",
    Value::Boolean,
    "whether a store returns only once its checkpoint would survive a power cut",
)
.default("true");

/// `file-mode`
pub static FILE_MODE: Key = Key::new(
    PluginConfig,
    LOCALFILE,
    "file-mode",
    Value::Mode,
    "the permissions of new files, octal, whatever the umask; `0640` lets a JVM under another user \
     of the group read them",
)
.default("0600");

/// `dir-mode`
pub static DIR_MODE: Key = Key::new(
    PluginConfig,
    LOCALFILE,
    "dir-mode",
    Value::Mode,
    "the permissions of new directories, octal, whatever the umask",
)
.default("0700");
