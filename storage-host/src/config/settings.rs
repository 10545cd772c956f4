//! How the host treats a storage, whatever its plugin.

use std::time::Duration;

/// What a restore does when the latest checkpoint is corrupt (contract 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnCorrupt {
    /// It fails, and names the corrupt checkpoint.
    #[default]
    Fail,
    /// It takes the newest checkpoint that can be read, with a warning.
    Previous,
}

/// How the host treats a storage, whatever its plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageSettings {
    /// `on-corrupt`.
    pub on_corrupt: OnCorrupt,
    /// `operation-timeout`: how long one call may take.
    pub operation_timeout: Duration,
    /// `read-only`: nothing is changed.
    pub read_only: bool,
}
