//! A place that Java and this project store on.

use storage_host::ManagedStorage;

use super::Java;

/// An empty place that both sides store on.
pub trait SharedPlace {
    /// Opens Java's storage.
    fn java(&self) -> Java;

    /// Opens this project's.
    fn ours(&self) -> impl Future<Output = ManagedStorage>;

    /// The names of all files of a job, sorted, and whatever lies elsewhere.
    fn files(&self, job: &str) -> impl Future<Output = Vec<String>>;

    /// Lays a copy of a job's file beside it.
    fn copy(&self, job: &str, from: &str, to: &str) -> impl Future<Output = ()>;

    /// The file that Java keeps beside one of this name, if it does.
    fn beside(&self, name: &str) -> Option<String>;

    /// Whether nothing is left of a job, nor of its directory.
    fn is_gone(&self, job: &str) -> impl Future<Output = bool>;
}
