//! A JVM that holds nodes, called a line at a time.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::process::{Context, Error, Result, tied};

/// How long an answer can take on a machine that compiles at the same time.
const LIMIT: Duration = Duration::from_secs(120);

/// How much of the log a failure shows.
const LOG_LINES: usize = 30;

/// What every JVM of a cluster is started with.
pub(super) struct Launch {
    /// The folders of the nodes' configuration and of their jars.
    pub(super) class_path: Vec<PathBuf>,
    /// The most memory for objects, as Java's option `-Xmx` has it.
    pub(super) memory: &'static str,
    /// Where Kerberos is configured.
    pub(super) krb5_conf: Option<PathBuf>,
    /// A folder for what it writes by itself.
    pub(super) folder: PathBuf,
}

/// Ends at once when it is dropped, or with this program.
pub(super) struct Jvm {
    process: Child,
    answers: Receiver<String>,
    is_frozen: bool,
    log: PathBuf,
}

impl Jvm {
    /// Starts one that logs to a file of this name.
    pub(super) fn start(launch: &Launch, name: &str) -> Result<Self> {
        let log = launch.folder.join(format!("{name}.log"));
        let append = |path: &Path| OpenOptions::new().create(true).append(true).open(path);
        let stderr: File = append(&log).context(log.display())?;
        let temporary = launch.folder.join("tmp");
        std::fs::create_dir_all(&temporary).context(temporary.display())?;
        let class_path = std::env::join_paths(&launch.class_path).context("the class path")?;
        let mut java = tied("java");
        java.arg(format!("-Xmx{}", launch.memory))
            // It lives for seconds: what takes long to warm up does not pay.
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .args(["-Djava.net.preferIPv4Stack=true", "-Dorg.slf4j.simpleLogger.showDateTime=true"])
            .arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
            .arg(format!("-Djava.io.tmpdir={}", temporary.display()))
            .arg(format!("-Duser.home={}", launch.folder.display()));
        if let Some(krb5_conf) = &launch.krb5_conf {
            java.arg(format!("-Djava.security.krb5.conf={}", krb5_conf.display()));
        }
        java.arg("-cp").arg(class_path).arg("Nodes");
        // Nothing of the user's changes what it does: neither Hadoop's variables nor Kerberos'.
        java.env_clear()
            .envs(std::env::vars_os().filter(|(key, _)| key == "PATH" || key == "JAVA_HOME"))
            .env("HOME", &launch.folder)
            .env("LC_ALL", "C.UTF-8")
            .current_dir(&launch.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr);
        let mut process = java.spawn().context("java")?;
        let output = process.stdout.take().ok_or_else(|| Error::new("no pipe"))?;
        let (sender, answers) = mpsc::channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(std::io::Result::ok);
            for line in lines {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { process, answers, is_frozen: false, log })
    }

    /// Calls, without waiting for the answer.
    pub(super) fn call(&mut self, fields: &[&str]) -> Result<()> {
        if self.is_frozen {
            return Err(Error::new("its process is frozen"));
        }
        let input = self.process.stdin.as_mut().ok_or_else(|| Error::new("no pipe"))?;
        let line = fields.join("\t") + "\n";
        input.write_all(line.as_bytes()).map_err(|_| self.failure("its process has ended"))
    }

    /// The answer to the first call that has none yet.
    pub(super) fn answer(&mut self) -> Result<String> {
        let line = self.answers.recv_timeout(LIMIT).map_err(|error| match error {
            RecvTimeoutError::Timeout => self.failure(&format!("no answer within {LIMIT:?}")),
            RecvTimeoutError::Disconnected => self.failure("its process has ended"),
        })?;
        match line.split_once('\t') {
            Some(("ok", text)) => Ok(text.to_owned()),
            Some(("error", thrown)) => Err(Error::new(thrown)),
            _ => Err(Error::new(format!("an answer of {line:?}"))),
        }
    }

    /// Calls, and waits for the answer.
    pub(super) fn ask(&mut self, fields: &[&str]) -> Result<String> {
        self.call(fields)?;
        self.answer()
    }

    pub(super) fn freeze(&mut self) -> Result<()> {
        self.is_frozen = true;
        self.signal(Signal::STOP)?;
        // Some of its threads may still run; not when the kernel has told that it stands still.
        let pid = Pid::from_child(&self.process);
        waitpid(Some(pid), WaitOptions::UNTRACED).map(drop).context("a process that was frozen")
    }

    pub(super) fn thaw(&mut self) -> Result<()> {
        self.is_frozen = false;
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(Pid::from_child(&self.process), signal).context("a signal")
    }

    fn failure(&self, what: &str) -> Error {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let last = &lines[lines.len().saturating_sub(LOG_LINES)..];
        Error::new(format!("{what}; its log ends:\n{}", last.join("\n")))
    }
}

impl Drop for Jvm {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
