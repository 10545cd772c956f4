//! The coordinator at the edges of each of its settings, on time that stands still until everybody
//! waits.

mod failures;
mod ids;
mod metrics;
mod random;
mod retention;
mod shutdown;
mod support;
mod triggers;
