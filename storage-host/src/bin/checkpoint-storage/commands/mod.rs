//! The commands, one file each.

pub(crate) mod config;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod jobs;
pub(crate) mod latest;
pub(crate) mod list;
pub(crate) mod plugins;
pub(crate) mod store;

use std::io::Write;
use std::path::Path;

use bytes::Bytes;

use crate::output::Output;
use crate::stop::Stop;

/// Writes states to a file, which is whole or not there.
fn write_states(file: &Path, states: Option<&Bytes>, output: &Output) -> Result<(), Stop> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let failed = |error| Stop::io(format!("write {}", file.display()), error);
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
