//! The Java engine's storage plugins, and this project's beside them.

mod jars;
mod jvm;
pub mod ours;
mod state;

pub use jars::{jars, s3a_jars};
pub use jvm::Java;
pub use state::{State, latest, sorted};
