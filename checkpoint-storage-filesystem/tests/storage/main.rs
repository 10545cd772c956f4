//! The storage by its contracts, over a file system in memory.

mod contents;
mod golden;
mod lifecycle;
mod order;
mod streams;
mod support;
