//! What is stored on a cluster, as Hadoop's own client sees it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::cluster::HdfsCluster;
use super::faults::Node;

/// What would not be read as one word, or as what it is.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// Where Hadoop throws, its exception is the error. The superuser asks.
impl HdfsCluster {
    /// The names in a directory, sorted; none if it is not there.
    pub fn list(&self, directory: &str) -> Result<Vec<String>, String> {
        let names = self.ask("list", directory, "")?;
        let decoded = |name: &str| {
            percent_decode_str(name).decode_utf8().expect("UTF-8 was encoded").into_owned()
        };
        let mut names: Vec<_> = names.split_whitespace().map(decoded).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// What is in a file.
    pub fn read(&self, file: &str) -> Result<Bytes, String> {
        let contents = self.ask("read", file, "")?;
        Ok(BASE64_STANDARD.decode(contents).expect("it was encoded").into())
    }

    /// Makes a file that any user may change, and the directories above it; or replaces what is in
    /// it.
    pub fn write(&self, file: &str, bytes: &[u8]) -> Result<(), String> {
        self.ask("write", file, &BASE64_STANDARD.encode(bytes)).map(drop)
    }

    /// The DataNodes that hold the last block of a file, or that it is being written to: in the
    /// order in which they pass it on.
    pub fn pipeline(&self, file: &str) -> Result<Vec<Node>, String> {
        let numbers = self.ask("pipeline", file, "")?;
        let numbers = numbers.split_whitespace().map(|number| number.parse().expect("a number"));
        Ok(numbers.map(Node::Data).collect())
    }

    fn ask(&self, command: &str, path: &str, more: &str) -> Result<String, String> {
        let path = utf8_percent_encode(path, ENCODED);
        self.service.ask(&format!("{command} {path} {more}"))
    }
}
