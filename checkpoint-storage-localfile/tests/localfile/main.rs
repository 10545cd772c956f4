//! The storage by its contracts, on a real disk.

mod cancel;
mod contracts;
mod durability;
mod failures;
mod foreign;
mod golden;
mod health;
mod leftovers;
mod permissions;
mod sidecars;
mod support;
