//! The commands, one file each.

pub(crate) mod config;
pub(crate) mod delete;
pub(crate) mod doctor;
pub(crate) mod get;
pub(crate) mod jobs;
pub(crate) mod latest;
pub(crate) mod list;
pub(crate) mod plugins;
pub(crate) mod prune;
pub(crate) mod store;
pub(crate) mod verify;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use bytes::Bytes;

use crate::output::Output;
use crate::stop::Stop;

/// Writes states to a file, which is whole or not there; or to a device or pipe, which stays what it
/// is.
fn write_states(file: &Path, states: Option<&Bytes>, output: &Output) -> Result<(), Stop> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let failed = |error| Stop::io(format!("write {}", file.display()), error);
    if std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        let mut device = std::fs::OpenOptions::new().write(true).open(file).map_err(failed)?;
        return device.write_all(states_or_note(states, output)).map_err(failed);
    }
    let mut incoming = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    incoming.write_all(states_or_note(states, output)).map_err(failed)?;
    incoming.as_file().sync_all().map_err(failed)?;
    incoming.persist(file).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The bytes of states; says so if there are none.
fn states_or_note<'s>(states: Option<&'s Bytes>, output: &Output) -> &'s [u8] {
    if states.is_none() {
        output.note("this checkpoint was stored without states, which is not empty states");
    }
    states.map_or(&[], |states| states)
}

/// Refuses to begin what nobody can be asked about.
fn check_can_ask(is_settled: bool) -> Result<(), Stop> {
    if is_settled || io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Stop::Usage(
        "there is no terminal to ask on: confirm with --yes, or look first with --dry-run".into(),
    ))
}

/// Asks on the terminal.
fn confirmed(question: &str) -> Result<bool, Stop> {
    let failed = |error| Stop::io("ask", error);
    let mut stderr = io::stderr();
    write!(stderr, "{question} [y/N] ").map_err(failed)?;
    stderr.flush().map_err(failed)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
