//! Every way to credentials that the plugin `s3` knows stores on a real MinIO and reads back, and
//! every way that fails says why and what to do, without a secret.
//!
//! Commands run as children: environment variables belong to a process.

mod anonymous;
mod environment;
mod keys;
mod keystores;
mod machine;
mod order;
mod place;
mod refresh;
mod roles;
mod samples;
