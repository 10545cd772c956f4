//! What users get wrong with S3, and what servers do that nobody expects of them: each is told by an
//! error that says what happened, where, why and what to change, within seconds and without a
//! secret.
//!
//! - `storage`: storages of the loaded library, and what their operations answer
//! - `authority`: a server that shows a certificate

mod authority;
mod bucket;
mod credentials;
mod encryption;
mod not_s3;
mod other_servers;
mod proxy;
mod quarantine;
mod reach;
mod region_and_clock;
mod storage;
mod tls;
