//! Every key of `seatunnel.engine.checkpoint`, a row each: how it is spelt, what its value may be,
//! what its absence means, and what it is for.
//!
//! The rows are what the host validates a file by, what plugins read their part with, what the
//! command line explains, and what `docs/configuration.md` is made of.
//!
//! # Guarantees
//!
//! - A rule about a value stands once: the function of [`values`] that reads it.
//! - No message shows a value: it may be a secret that went astray.
//! - A plugin needs no row here to be served: what it declares itself counts as much.
//!
//! # Map
//!
//! - [`rows`]: the table
//! - [`Key`]: what a row holds
//! - [`values`]: what values may be, and how they are read
//! - [`recognize`]: known, misspelt, or unknown
//! - [`reference`](mod@reference): the page for people

mod key;
mod recognize;
pub mod reference;
pub mod rows;
pub mod values;

pub use key::{Key, Reader, Section};
pub use recognize::{Recognition, nearest_by_words, recognize};
pub use rows::ALL;
pub use values::{Unfit, Value};
