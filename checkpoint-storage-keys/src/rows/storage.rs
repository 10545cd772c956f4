//! What stands in `plugin-config` for every storage, or chooses one.

use crate::key::{
    Key,
    Reader::{EveryStorage, HadoopFamily},
    Section::PluginConfig,
};
use crate::values::Value;

/// `storageNameSpace`
pub static NAMESPACE: Key = Key::new(
    PluginConfig,
    EveryStorage,
    "storageNameSpace",
    Value::Directory,
    "the directory that holds the jobs' directories, always absolute: a slash at either end makes \
     no difference, and empty means the default",
)
.or(&["namespace"])
.default("/seatunnel/checkpoint");

/// `storage-type`
pub static STORAGE_TYPE: Key = Key::new(
    PluginConfig,
    HadoopFamily,
    "storage-type",
    Value::Name,
    "with `type: hdfs`, which of the family: `s3`, `hdfs`, `local`, or what a plugin claims. \
     With `hdfs`, or without it, the scheme of `fs.defaultFS` chooses; with neither it is `local`",
)
.or(&["storage.type"]);

/// `fs.defaultFS`
pub static DEFAULT_FS: Key = Key::new(
    PluginConfig,
    HadoopFamily,
    "fs.defaultFS",
    Value::FileSystem,
    "the file system: `hdfs://host:port`, `hdfs://nameservice`, `file:///`, `s3a://bucket`. The \
     path of a URI is ignored with a warning, as Hadoop does; only a bare directory such as \
     `/tmp/` is put before the namespace, on the local disk",
)
.or(&["fs.default.name"]);

/// `disable.cache`
pub static DISABLE_CACHE: Key = Key::new(
    PluginConfig,
    HadoopFamily,
    "disable.cache",
    Value::Text,
    "accepted for Hadoop's sake: clients are shared only between equal configurations",
);

/// `on-corrupt`
pub static ON_CORRUPT: Key = Key::new(
    PluginConfig,
    EveryStorage,
    "on-corrupt",
    Value::OneOf(&["fail", "previous"]),
    "what a restore does when the latest checkpoint is corrupt: it fails, or takes the newest one \
     that can be read, with a warning",
)
.default("fail");

/// `operation-timeout`
pub static OPERATION_TIMEOUT: Key = Key::new(
    PluginConfig,
    EveryStorage,
    "operation-timeout",
    Value::Time,
    "how long one call on the storage may take",
)
.default("30s");

/// `read-only`
pub static READ_ONLY: Key = Key::new(
    PluginConfig,
    EveryStorage,
    "read-only",
    Value::Boolean,
    "whether every change is refused",
)
.default("false");
