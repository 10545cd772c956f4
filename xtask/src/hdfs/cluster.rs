//! A cluster: its folder, its processes, and what it is told to do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::command::{Command, Node, SafeMode};
use super::jvm::{Jvm, Launch};
use super::site::{self, Ports, Settings, Site};
use super::{Options, Protection};
use crate::kdc::{Kdc, Realm};
use crate::process::{Context, Error, Result};

/// How long it can take until the NameNode has heard of all DataNodes.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);

/// Ends, and what it stored is removed, when it is dropped.
pub(super) struct Cluster<'a> {
    // In the order in which they end.
    jvms: BTreeMap<String, Jvm>,
    _kdc: Option<Kdc>,
    realm: Option<Realm>,
    options: &'a Options,
    ports: Ports,
    launch: Launch,
    folder: TempDir,
}

impl<'a> Cluster<'a> {
    /// Starts it with what is in the folder of jars; it serves when this returns.
    pub(super) fn start(options: &'a Options, jars: &Path) -> Result<Self> {
        let mut attempts = 3;
        loop {
            attempts -= 1;
            match Self::try_to_start(options, jars) {
                // Another program may have taken a port.
                Err(error) if attempts > 0 && error.to_string().contains("BindException") => {}
                started => return started,
            }
        }
    }

    fn try_to_start(options: &'a Options, jars: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("checkpoint-storage-hdfs-").tempdir();
        let folder = folder.context("a temporary folder")?;
        let kdc = match (options.kerberos, &options.realm) {
            (Some(_), None) => Some(Kdc::start(&folder.path().join("realm"))?),
            _ => None,
        };
        let realm = match &kdc {
            Some(kdc) => Some(Realm::in_folder(kdc.realm.folder())),
            None => options.realm.as_deref().map(Realm::in_folder),
        };
        let launch = Launch {
            class_path: vec![folder.path().join("nodes"), jars.join("*")],
            memory: if options.separate { "256m" } else { "512m" },
            krb5_conf: realm.as_ref().map(Realm::krb5_conf),
            folder: folder.path().to_owned(),
        };
        let ports = Ports::free(if options.ha { 2 } else { 1 }, options.datanodes)?;
        let mut cluster =
            Self { jvms: BTreeMap::new(), _kdc: kdc, realm, options, ports, launch, folder };
        site::write(&cluster.folder.path().join("nodes"), &cluster.site().of_nodes())?;
        site::write(&cluster.for_clients(), &cluster.site().of_clients())?;
        cluster.start_nodes()?;
        Ok(cluster)
    }

    /// The way to it.
    pub(super) fn told(&self) -> Value {
        json!({
            "file_system": self.site().file_system(),
            "configuration": self.for_clients(),
            "namenodes": self.ports.addresses(),
            "datanodes": self.ports.datanodes(),
            "protection": self.options.kerberos.map(Protection::name),
            "realm": self.realm.as_ref().map(Realm::told),
            "folder": self.folder.path(),
        })
    }

    pub(super) fn obey(&mut self, command: Command) -> Result<String> {
        match command {
            Command::Start(node) => self.start_node(node),
            Command::Stop(node) => {
                let number = number(node);
                self.jvm(node)?.ask(&[&call("stop", node), &number])
            }
            Command::Kill(node) => self.kill(node),
            Command::Freeze(node) => self.own_jvm(node)?.freeze().map(|()| String::new()),
            Command::Thaw(node) => self.thaw(node),
            Command::Activate(number) => self.activate(number),
            Command::SafeMode(number, action) => {
                let action = match action {
                    SafeMode::Enter => "ENTER",
                    SafeMode::Leave => "LEAVE",
                };
                self.jvm(Node::Name(number))?.ask(&["safe-mode", &number.to_string(), action])
            }
            Command::State(number) => self.state(number),
            Command::Settle(datanodes) => self.settle(datanodes),
            Command::Pipeline(path) => self.pipeline(&path),
            Command::List(path) => self.ask_active(&["list", &path]),
            Command::Read(path) => self.ask_active(&["read", &path]),
            Command::Write(path, contents) => self.ask_active(&["write", &path, &contents]),
            Command::Open(path) => self.ask_active(&["open", &path]),
        }
    }

    fn site(&self) -> Site<'_> {
        let (options, ports, realm) = (self.options, &self.ports, self.realm.as_ref());
        Site { options, ports, realm, folder: self.folder.path() }
    }

    /// The folder with the clients' configuration.
    fn for_clients(&self) -> PathBuf {
        self.folder.path().join("client")
    }

    fn start_nodes(&mut self) -> Result<()> {
        let namenodes = (0..self.ports.namenodes()).map(Node::Name);
        let datanodes: Vec<_> = (0..self.ports.datanodes()).map(Node::Data).collect();
        // They load what they need at the same time.
        for node in namenodes.clone().chain(datanodes.iter().copied()) {
            self.launch(node)?;
        }
        for node in namenodes {
            let first = if node == Node::Name(0) { "format" } else { "bootstrap-standby" };
            self.call(node, first)?;
            self.jvm(node)?.answer()?;
            self.start_node(node)?;
        }
        if self.ports.namenodes() > 1 {
            self.activate(0)?;
        }
        for &node in &datanodes {
            self.call(node, &call("start", node))?;
        }
        for &node in &datanodes {
            self.jvm(node)?.answer()?;
        }
        self.settle(datanodes.len())?;
        self.ask_active(&["open", "/"]).map(drop)
    }

    /// Calls a node's JVM with the node's number and what is configured for it alone.
    fn call(&mut self, node: Node, what: &str) -> Result<()> {
        let settings: Settings = match node {
            Node::Name(number) => self.site().of_namenode(number),
            Node::Data(number) => self.site().of_datanode(number),
        };
        let settings = settings.into_iter().map(|(key, value)| format!("{key}={value}"));
        let fields: Vec<_> = [what.to_owned(), number(node)].into_iter().chain(settings).collect();
        let fields: Vec<_> = fields.iter().map(String::as_str).collect();
        self.jvm(node)?.call(&fields)
    }

    fn start_node(&mut self, node: Node) -> Result<String> {
        self.check(node)?;
        self.launch(node)?;
        self.call(node, &call("start", node))?;
        self.jvm(node)?.answer()
    }

    /// Starts the JVM for a node, unless it runs.
    fn launch(&mut self, node: Node) -> Result<()> {
        let name = self.jvm_of(node);
        if !self.jvms.contains_key(&name) {
            let jvm = Jvm::start(&self.launch, &name.replace(' ', "-"))?;
            self.jvms.insert(name, jvm);
        }
        Ok(())
    }

    fn kill(&mut self, node: Node) -> Result<String> {
        self.own_jvm(node)?;
        // It is killed when it is dropped.
        self.jvms.remove(&self.jvm_of(node));
        Ok(String::new())
    }

    fn thaw(&mut self, node: Node) -> Result<String> {
        if let (Node::Name(number), Ok(active)) = (node, self.active())
            && number != active
        {
            // Nothing else keeps two from writing at once: where there is more than a test, the
            // other one is fenced when one becomes active.
            return Err(Error::new(format!(
                "namenode {active} has become active: kill {node} and start it again"
            )));
        }
        self.own_jvm(node)?.thaw().map(|()| String::new())
    }

    /// The name of the JVM that holds a node.
    fn jvm_of(&self, node: Node) -> String {
        if self.options.separate { node.to_string() } else { "nodes".to_owned() }
    }

    fn check(&self, node: Node) -> Result<()> {
        let (number, count) = match node {
            Node::Name(number) => (number, self.ports.namenodes()),
            Node::Data(number) => (number, self.ports.datanodes()),
        };
        if number < count { Ok(()) } else { Err(Error::new(format!("there is no {node}"))) }
    }

    fn jvm(&mut self, node: Node) -> Result<&mut Jvm> {
        self.check(node)?;
        let jvm = self.jvms.get_mut(&self.jvm_of(node));
        jvm.ok_or_else(|| Error::new(format!("{node} does not run")))
    }

    fn own_jvm(&mut self, node: Node) -> Result<&mut Jvm> {
        if !self.options.separate {
            return Err(Error::new(format!(
                "{node} shares its process with the others: start the cluster with --separate"
            )));
        }
        self.jvm(node)
    }

    /// Calls the JVM of the active NameNode with its number after the first field.
    fn ask_active(&mut self, fields: &[&str]) -> Result<String> {
        let active = self.active()?;
        let number = active.to_string();
        let (what, rest) = fields.split_at(1);
        self.jvm(Node::Name(active))?.ask(&[what, &[number.as_str()], rest].concat())
    }

    fn active(&mut self) -> Result<usize> {
        let active = (0..self.ports.namenodes())
            .find(|&number| self.state(number).is_ok_and(|state| state.starts_with("active")));
        active.ok_or_else(|| Error::new("no NameNode is active"))
    }

    fn activate(&mut self, number: usize) -> Result<String> {
        self.check(Node::Name(number))?;
        for other in (0..self.ports.namenodes()).filter(|other| *other != number) {
            // One that does not run, or stands still, cannot be asked.
            if self.state(other).is_ok() {
                self.jvm(Node::Name(other))?.ask(&["to-standby", &other.to_string()])?;
            }
        }
        self.jvm(Node::Name(number))?.ask(&["to-active", &number.to_string()])
    }

    fn state(&mut self, number: usize) -> Result<String> {
        self.jvm(Node::Name(number))?.ask(&["state", &number.to_string()])
    }

    fn settle(&mut self, datanodes: usize) -> Result<String> {
        let wanted = format!("active serving {datanodes}");
        let began = Instant::now();
        loop {
            let states: Vec<_> =
                (0..self.ports.namenodes()).map(|number| self.state(number)).collect();
            if states.iter().flatten().any(|state| *state == wanted) {
                return Ok(String::new());
            }
            if began.elapsed() > SETTLE_LIMIT {
                return Err(Error::new(format!(
                    "after {SETTLE_LIMIT:?} no NameNode is `{wanted}`: {states:?}"
                )));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn pipeline(&mut self, path: &str) -> Result<String> {
        let ports = self.ask_active(&["pipeline", path])?;
        let number = |port: &str| {
            let number = port.parse().ok().and_then(|port| self.ports.datanode_at(port));
            number.map(|number| number.to_string())
        };
        let numbers: Option<Vec<_>> = ports.split_whitespace().map(number).collect();
        let numbers = numbers.ok_or_else(|| Error::new(format!("DataNodes at {ports}")))?;
        Ok(numbers.join(" "))
    }
}

/// What a node's JVM is called with.
fn call(what: &str, node: Node) -> String {
    match node {
        Node::Name(_) => format!("{what}-namenode"),
        Node::Data(_) => format!("{what}-datanode"),
    }
}

fn number(node: Node) -> String {
    match node {
        Node::Name(number) | Node::Data(number) => number.to_string(),
    }
}
