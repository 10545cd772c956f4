//! HDFS on this machine, for the tests and the demo: NameNodes and DataNodes that listen on loopback
//! and end with whoever started them.
//!
//! Whoever needs it runs `cargo xtask hdfs` as a child: a [service](crate::service). It takes
//! [commands](command) that make trouble and that look at what is stored.

mod cluster;
mod command;
mod jvm;
mod site;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::java::{Jars, build_once};
use crate::kdc;
use crate::process::{Error, Result};
use crate::service::{Service, refuse, serve};
use crate::tools::{JDK, MAVEN};
use cluster::Cluster;

/// What a cluster is made of.
#[derive(Args)]
pub(crate) struct Options {
    /// Two NameNodes, the first of them active.
    #[arg(long)]
    ha: bool,
    /// How many DataNodes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    datanodes: usize,
    /// With Kerberos, and this protection of what is sent.
    #[arg(long, value_name = "QOP")]
    kerberos: Option<Protection>,
    /// The realm that `cargo xtask kdc` made in this folder; without it, one of its own.
    #[arg(long, value_name = "DIR", requires = "kerberos")]
    realm: Option<PathBuf>,
    /// A process for each node, so that one can be killed or frozen.
    #[arg(long)]
    separate: bool,
    /// Any of Hadoop's settings, for the nodes and for their clients.
    #[arg(value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
}

/// As in `hadoop.rpc.protection` and `dfs.data.transfer.protection`.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Protection {
    Authentication,
    Integrity,
    Privacy,
}

impl Protection {
    fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Integrity => "integrity",
            Self::Privacy => "privacy",
        }
    }
}

fn setting(text: &str) -> std::result::Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("it has no `=`")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Serves until standard input closes.
pub(crate) fn run(options: &Options) -> Result<()> {
    let without_kdc = || options.kerberos.and_then(|_| kdc::missing());
    if let Some(reason) = missing().or_else(without_kdc) {
        return refuse(reason);
    }
    let mut cluster = Cluster::start(options, &build_once(Jars::Hdfs)?)?;
    serve(&cluster.told(), |line| cluster.obey(line.parse()?))
}

/// Builds what starts it, unless there is nothing to build that with.
pub(crate) fn build_if_possible() -> Result<()> {
    match missing().or_else(kdc::missing) {
        Some(reason) => println!("{reason}: some of HDFS is not tested"),
        None => println!("{}", build_once(Jars::Hdfs)?.display()),
    }
    Ok(())
}

/// What is missing, if there can be no cluster.
fn missing() -> Option<String> {
    let missing = [JDK, MAVEN].into_iter().find(|tool| !tool.is_there());
    missing.map(|tool| format!("{} is missing, which HDFS needs", tool.name))
}

/// A cluster with one DataNode that ends when this is dropped.
pub(crate) fn start() -> Result<Service> {
    match missing() {
        Some(reason) => Err(Error::new(reason)),
        None => Service::start(&["hdfs"]),
    }
}
