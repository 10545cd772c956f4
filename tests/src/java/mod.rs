//! The Java engine's storage plugins, and this project's beside them.
//!
//! - `jars`: where a JVM finds its classes
//! - `jvm`: a storage plugin of the engine in a JVM
//! - `state`: a checkpoint as Java tells it
//! - `ours`: this project's storage in the same words
//! - `exchange`: what either side does with what the other stored, on every medium
//! - `credential_shell`: Hadoop's shell for keystores

mod credential_shell;
pub mod exchange;
mod jars;
mod jvm;
pub mod ours;
mod state;

pub use credential_shell::{CredentialShell, PasswordFrom};
pub use jars::{jars, s3a_jars};
pub use jvm::Java;
pub use state::{State, latest, sorted};
