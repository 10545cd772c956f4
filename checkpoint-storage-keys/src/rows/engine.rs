//! What the engine's coordinator acts on, and the way to the storage.

use crate::key::{Key, Reader::Engine, Section::Checkpoint, Section::Storage};
use crate::values::Value;

/// The shortest interval and time-out, in milliseconds, as in the Java engine.
const SHORTEST_MS: u64 = 10;

/// `interval`
pub static INTERVAL: Key = Key::new(
    Checkpoint,
    Engine,
    "interval",
    Value::Milliseconds(SHORTEST_MS),
    "the time from one checkpoint's trigger to the next one's",
)
.default("300000");

/// `timeout`
pub static TIMEOUT: Key = Key::new(
    Checkpoint,
    Engine,
    "timeout",
    Value::Milliseconds(SHORTEST_MS),
    "how long one checkpoint may take, from its trigger until it is stored",
)
.default("30000");

/// `schema-change-timeout`
pub static SCHEMA_CHANGE_TIMEOUT: Key = Key::new(
    Checkpoint,
    Engine,
    "schema-change-timeout",
    Value::Milliseconds(SHORTEST_MS),
    "how long a checkpoint for a change of schema may take; accepted for the Java engine's sake",
)
.default("30000");

/// `max-concurrent`
pub static MAX_CONCURRENT: Key = Key::new(
    Checkpoint,
    Engine,
    "max-concurrent",
    Value::Number(1),
    "how many checkpoints may be under way at once",
)
.default("1");

/// `tolerable-failure`
pub static TOLERABLE_FAILURE: Key = Key::new(
    Checkpoint,
    Engine,
    "tolerable-failure",
    Value::Number(0),
    "how many checkpoints in a row may fail before the job does",
)
.default("0");

/// `storage`
pub static STORAGE: Key =
    Key::new(Checkpoint, Engine, "storage", Value::Section, "where checkpoints are kept");

/// `storage.type`
pub static TYPE: Key = Key::new(
    Storage,
    Engine,
    "type",
    Value::Name,
    "the name of a plugin, or `hdfs` for the Hadoop family, within which `storage-type` and \
     `fs.defaultFS` choose. The default is deprecated: write `hdfs` with `storage-type: local`",
)
.default("localfile");

/// `storage.max-retained`
pub static MAX_RETAINED: Key = Key::new(
    Storage,
    Engine,
    "max-retained",
    Value::Number(1),
    "how many checkpoints of each pipeline to keep; older ones are deleted",
)
.default("20");

/// `storage.plugin-config`
pub static PLUGIN_CONFIG: Key = Key::new(
    Storage,
    Engine,
    "plugin-config",
    Value::Section,
    "the plugin's own keys, and those that are the same for every storage",
);
