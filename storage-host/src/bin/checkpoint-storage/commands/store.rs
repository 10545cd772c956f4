//! `store`: states from a file or standard input as a checkpoint.

use std::io::{self, IsTerminal, Read};
use std::path::Path;

use checkpoint_storage_api::{CheckpointStorage, PipelineState};

use crate::args::StoreArgs;
use crate::output::{Output, entry_document};
use crate::session::{Access, Session};
use crate::stop::Stop;

pub(crate) async fn run(session: &Session, output: &Output, args: StoreArgs) -> Result<(), Stop> {
    let StoreArgs { job, pipeline, checkpoint, file, savepoint } = args;
    let states = match &file {
        Some(file) => read_file(file)?,
        None => read_standard_input(output)?,
    };
    let mut state = PipelineState::new(job, pipeline, checkpoint, states);
    if savepoint {
        state = state.as_savepoint();
    }
    let entry = session
        .with_storage(Access::ReadWrite, |storage| async move { Ok(storage.store(state).await?) })
        .await?;
    if output.is_json() {
        output.document(&entry_document(&entry))
    } else {
        output.text(&format!("{}\n", entry.name))
    }
}

fn read_file(file: &Path) -> Result<Vec<u8>, Stop> {
    std::fs::read(file).map_err(|error| Stop::Other(format!("read {}: {error}", file.display())))
}

fn read_standard_input(output: &Output) -> Result<Vec<u8>, Stop> {
    if io::stdin().is_terminal() {
        output.note("reading the states from the terminal; end them with Ctrl-D");
    }
    let mut states = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut states)
        .map_err(|error| Stop::Other(format!("read standard input: {error}")))?;
    Ok(states)
}
