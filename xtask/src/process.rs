//! Child processes: what runs is shown, and a failure names it.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

/// Why a task stopped.
#[derive(Debug)]
pub(crate) struct Error(String);

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Adds to an I/O error what was being done.
pub(crate) trait Context<T> {
    fn context(self, what: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Error(format!("{what}: {error}")))
    }
}

/// Cargo, in the repository.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::workspace::root());
    command
}

/// A program that the kernel ends when the thread that starts it does, whatever the reason, and
/// even if the program stands still.
pub(crate) fn tied(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    // Were it to stand still in this program's group, that would get SIGHUP when its owner ends.
    command.process_group(0);
    command
}

fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let program = program.rsplit('/').next().unwrap_or_default();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    std::iter::once(program.into()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Runs a command to its end, its output shown.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().context(shown(command))?;
    if status.success() { Ok(()) } else { Err(Error(format!("{}: {status}", shown(command)))) }
}

/// Runs a command to its end for what it prints.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } = command.output().context(shown(command))?;
    if !status.success() {
        let stderr = String::from_utf8_lossy(&stderr);
        return Err(Error(format!("{}: {status}\n{stderr}", shown(command))));
    }
    String::from_utf8(stdout).context(shown(command))
}
