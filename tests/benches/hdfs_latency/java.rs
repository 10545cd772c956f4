//! Hadoop's own client, in a JVM of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use checkpoint_storage_tests::hdfs::HdfsCluster;
use checkpoint_storage_tests::{repository, target_directory};

/// `Writer` of `tests/java-hdfs`, configured as the cluster's clients are.
pub(crate) struct Java {
    child: Child,
    calls: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Java {
    /// Starts it on a cluster whose NameNode it reaches at this URI.
    pub(crate) fn start(cluster: &HdfsCluster, namenode: &str) -> Self {
        // The cluster runs from these jars: they are there.
        let jars = target_directory(repository()).join("java-hdfs/lib/*");
        let class_path = std::env::join_paths([cluster.configuration(), &jars]);
        let mut child = Command::new("java")
            .args(["-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp"])
            .arg(class_path.expect("no folder has a colon"))
            .args(["Writer", namenode])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("java");
        let calls = child.stdin.take().expect("piped");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, calls, answers }
    }

    /// Stores so many bytes; how long that took, as measured there.
    pub(crate) fn store(&mut self, len: usize, path: &str) -> Duration {
        Duration::from_nanos(self.call(&format!("store {len} {path}")).parse().expect("a number"))
    }

    /// Deletes a file.
    pub(crate) fn delete(&mut self, path: &str) {
        self.call(&format!("delete {path}"));
    }

    fn call(&mut self, call: &str) -> String {
        writeln!(self.calls, "{call}").expect("the JVM reads");
        let mut answer = String::new();
        let len = self.answers.read_line(&mut answer).expect("UTF-8");
        assert!(len > 0, "the JVM ended: {:?}", self.child.wait());
        answer.trim_end().to_owned()
    }
}

impl Drop for Java {
    fn drop(&mut self) {
        // It holds nothing that an end could lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
