//! The Java engine's storage plugins, and this project's beside them.
//!
//! - `jars`: where a JVM finds its classes
//! - `jvm`: a storage plugin of the engine in a JVM
//! - `state`: a checkpoint as Java tells it
//! - `ours`: this project's storage in the same words
//! - `place`: a place that both store on
//! - `exchange`: what either side does with what the other stored, on every medium
//! - `aside`: what lies beside the checkpoints, on every medium
//! - `credential_shell`: Hadoop's shell for keystores

pub mod aside;
mod credential_shell;
pub mod exchange;
mod jars;
mod jvm;
pub mod ours;
mod place;
mod state;

pub use credential_shell::{CredentialShell, PasswordFrom};
pub use jars::{jars, s3a_jars};
pub use jvm::Java;
pub use place::SharedPlace;
pub use state::{State, latest, sorted};
