//! What can happen to a cluster's nodes.

use std::fmt;

use super::cluster::HdfsCluster;

/// A node, by its number from zero on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// A NameNode.
    Name(usize),
    /// A DataNode.
    Data(usize),
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(number) => write!(f, "namenode {number}"),
            Self::Data(number) => write!(f, "datanode {number}"),
        }
    }
}

/// What a NameNode says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeState {
    /// It is the active one; where there is one alone, it is.
    pub is_active: bool,
    /// It takes no changes.
    pub is_in_safe_mode: bool,
    /// How many DataNodes it would give blocks to. One that is gone is among them for 11 s.
    pub datanodes: usize,
}

/// Each waits until it is done, and panics where it cannot be.
impl HdfsCluster {
    /// Stops a node as one that is told to end.
    pub fn stop(&self, node: Node) {
        self.command(format!("stop {node}"));
    }

    /// Starts a node that was stopped or killed, with what it stored. A NameNode that has started may
    /// be in safe mode: see [`settle`](Self::settle).
    pub fn start_node(&self, node: Node) {
        self.command(format!("start {node}"));
    }

    /// Kills a node's process (SIGKILL), which it must not share.
    pub fn kill(&self, node: Node) {
        self.command(format!("kill {node}"));
    }

    /// Stops a node's process (SIGSTOP), which it must not share: it answers nothing, and its
    /// connections stay open.
    pub fn freeze(&self, node: Node) {
        self.command(format!("freeze {node}"));
    }

    /// Lets a frozen node go on (SIGCONT). Not a NameNode when the other has become active.
    pub fn thaw(&self, node: Node) {
        self.command(format!("thaw {node}"));
    }

    /// Makes a NameNode the active one. The other becomes the standby, if it answers.
    pub fn activate(&self, namenode: usize) {
        self.command(format!("activate {namenode}"));
    }

    /// Lets a NameNode enter safe mode or leave it.
    pub fn set_safe_mode(&self, namenode: usize, is_on: bool) {
        let action = if is_on { "enter" } else { "leave" };
        self.command(format!("safe-mode {namenode} {action}"));
    }

    /// What a NameNode says of itself.
    pub fn state(&self, namenode: usize) -> NodeState {
        let text = self.command(format!("state {namenode}"));
        let words: Vec<_> = text.split(' ').collect();
        let [role, mode, datanodes] = words[..] else { panic!("a state of {text:?}") };
        NodeState {
            is_active: role == "active",
            is_in_safe_mode: mode == "safe-mode",
            datanodes: datanodes.parse().expect("a number"),
        }
    }

    /// Waits until the active NameNode takes changes, and would give blocks to so many DataNodes.
    pub fn settle(&self, datanodes: usize) {
        self.command(format!("settle {datanodes}"));
    }

    pub(super) fn command(&self, command: String) -> String {
        self.service.ask(&command).unwrap_or_else(|error| panic!("{command}: {error}"))
    }
}
