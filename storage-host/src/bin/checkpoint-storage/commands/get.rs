//! `get`: the states of one checkpoint.

use std::io::IsTerminal;

use checkpoint_storage_api::CheckpointStorage;

use crate::args::GetArgs;
use crate::commands::{states_or_note, write_states};
use crate::output::{Output, entry_document};
use crate::session::{Access, Session};
use crate::stop::Stop;

pub(crate) async fn run(session: &Session, output: &Output, args: GetArgs) -> Result<(), Stop> {
    let GetArgs { job, pipeline, checkpoint, output: file } = args;
    if file.is_none() && std::io::stdout().is_terminal() {
        return Err(Stop::Usage(
            "states are not for a terminal: name a file with -o, or redirect the output".into(),
        ));
    }
    let found = session
        .with_storage(Access::ReadOnly, |storage| {
            let job = job.clone();
            async move { Ok(storage.checkpoint(&job, pipeline, checkpoint).await?) }
        })
        .await?;
    let Some(found) = found else {
        let what = format_args!("job {job} pipeline {pipeline} checkpoint {checkpoint}");
        return Err(Stop::not_found("read", what));
    };
    match file {
        Some(file) => {
            write_states(&file, found.states.as_ref(), output)?;
            if output.is_json() { output.document(&entry_document(&found.entry)) } else { Ok(()) }
        }
        None => output.bytes(states_or_note(found.states.as_ref(), output)),
    }
}
