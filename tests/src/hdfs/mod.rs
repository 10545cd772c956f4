//! HDFS as `cargo xtask` starts it, and what a plugin finds on it.
//!
//! - `cluster`: a cluster, shared by the tests of a process or a test's own
//! - `conformance`: the conformance suite on it
//! - `faults`: what can happen to its nodes
//! - `files`: what is stored on it, as Hadoop's own client sees that
//! - `kdc`: Kerberos, with a realm for this process
//! - `places`: namespaces on a cluster, for the conformance suite
//! - `relay`: what stands before a NameNode, and can lose its answers
//! - `setup`: a configuration for the command line

mod cluster;
mod conformance;
mod faults;
mod files;
mod kdc;
mod places;
mod relay;
mod setup;

pub use cluster::{HdfsCluster, HdfsOptions, Protection};
pub use faults::{Node, NodeState};
pub use kdc::{Kdc, User, kdc};
pub use places::HdfsPlaces;
pub use relay::NameNodeRelay;
pub use setup::HdfsSetup;
