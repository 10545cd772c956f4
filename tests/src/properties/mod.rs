//! What must hold for any bytes at all, one function per subject. The fuzz targets of `fuzz/` and
//! the tests in `tests/any_bytes.rs` call the same ones; a function panics where it does not hold.

mod codec;
mod configuration;
mod library;
mod manifest;
mod names;
mod one_file;

pub use codec::codec;
pub use configuration::configuration;
pub use library::library;
pub use manifest::manifest;
pub use names::names;
