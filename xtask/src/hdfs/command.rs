//! What can be asked of a running cluster: a line of words each.

use std::fmt;
use std::str::{FromStr, SplitWhitespace};

use crate::process::{Context, Error, Result};

/// A NameNode or a DataNode, by its number from zero on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    Name(usize),
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

/// A line of standard input. Paths are percent-encoded, contents are in base 64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// `start NODE`: with what it stored before.
    Start(Node),
    /// `stop NODE`: as if it was told to end.
    Stop(Node),
    /// `kill NODE`: its process ends at once.
    Kill(Node),
    /// `freeze NODE`: its process stands still, its connections stay.
    Freeze(Node),
    /// `thaw NODE`: it goes on.
    Thaw(Node),
    /// `activate NAMENODE`: it becomes the active one; the other the standby, if it answers.
    Activate(usize),
    /// `safe-mode NAMENODE enter` or `leave`
    SafeMode(usize, SafeMode),
    /// `state NAMENODE`: `active` or `standby`, `serving` or `safe-mode`, and how many DataNodes it
    /// would give blocks to.
    State(usize),
    /// `settle COUNT`: waits until the active NameNode serves and would give blocks to so many
    /// DataNodes.
    Settle(usize),
    /// `pipeline PATH`: the numbers of the DataNodes that hold the file's last block, or write it.
    Pipeline(String),
    /// `list PATH`: the names in a directory.
    List(String),
    /// `read PATH`
    Read(String),
    /// `write PATH [CONTENTS]`
    Write(String, String),
    /// `open PATH`: makes a directory that any user may write to.
    Open(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SafeMode {
    Enter,
    Leave,
}

impl FromStr for Command {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self> {
        let mut words = Words(line.split_whitespace());
        let command = match words.next()? {
            "start" => Self::Start(words.node()?),
            "stop" => Self::Stop(words.node()?),
            "kill" => Self::Kill(words.node()?),
            "freeze" => Self::Freeze(words.node()?),
            "thaw" => Self::Thaw(words.node()?),
            "activate" => Self::Activate(words.number()?),
            "safe-mode" => Self::SafeMode(words.number()?, words.safe_mode()?),
            "state" => Self::State(words.number()?),
            "settle" => Self::Settle(words.number()?),
            "pipeline" => Self::Pipeline(words.text()?),
            "list" => Self::List(words.text()?),
            "read" => Self::Read(words.text()?),
            "write" => Self::Write(words.text()?, words.text().unwrap_or_default()),
            "open" => Self::Open(words.text()?),
            other => return Err(Error::new(format!("there is no command `{other}`"))),
        };
        match words.0.next() {
            Some(word) => Err(Error::new(format!("`{word}` is one word too many"))),
            None => Ok(command),
        }
    }
}

struct Words<'a>(SplitWhitespace<'a>);

impl<'a> Words<'a> {
    fn next(&mut self) -> Result<&'a str> {
        self.0.next().ok_or_else(|| Error::new("a word is missing at the end"))
    }

    fn text(&mut self) -> Result<String> {
        self.next().map(str::to_owned)
    }

    fn number(&mut self) -> Result<usize> {
        let word = self.next()?;
        word.parse().context(format!("`{word}`"))
    }

    fn node(&mut self) -> Result<Node> {
        match self.next()? {
            "namenode" => Ok(Node::Name(self.number()?)),
            "datanode" => Ok(Node::Data(self.number()?)),
            other => Err(Error::new(format!("`{other}` is neither `namenode` nor `datanode`"))),
        }
    }

    fn safe_mode(&mut self) -> Result<SafeMode> {
        match self.next()? {
            "enter" => Ok(SafeMode::Enter),
            "leave" => Ok(SafeMode::Leave),
            other => Err(Error::new(format!("`{other}` is neither `enter` nor `leave`"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command() {
        for (line, command) in [
            ("stop namenode 1", Command::Stop(Node::Name(1))),
            (" freeze  datanode 0\r", Command::Freeze(Node::Data(0))),
            ("safe-mode 0 enter", Command::SafeMode(0, SafeMode::Enter)),
            ("settle 3", Command::Settle(3)),
            ("write /a%20b YQ==", Command::Write("/a%20b".to_owned(), "YQ==".to_owned())),
            ("write /empty", Command::Write("/empty".to_owned(), String::new())),
        ] {
            assert_eq!(line.parse::<Command>().expect(line), command);
        }
    }

    #[test]
    fn a_line_that_is_none_says_which_word_is_wrong() {
        for (line, word) in [
            ("", "missing"),
            ("restart namenode 0", "`restart`"),
            ("stop", "missing"),
            ("stop 1", "`1`"),
            ("stop namenode one", "`one`"),
            ("safe-mode 0 maybe", "`maybe`"),
            ("settle 3 now", "`now`"),
        ] {
            let error = line.parse::<Command>().expect_err(line).to_string();
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
