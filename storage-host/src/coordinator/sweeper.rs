//! Retention beside the stores: never in their way, and never a reason for one to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use checkpoint_storage_api::{
    CheckpointEntry, CheckpointId, CheckpointName, CheckpointStorage, DeleteReport, JobId,
    ListQuery, PipelineId,
};
use tokio::sync::mpsc;

use super::event::Event;
use super::report::Reporter;
use crate::error::Error;
use crate::retention::{delete_in_batches, superfluous};

/// How many checkpoints of a pipeline that were given up are remembered.
const MAX_DISCARDED: usize = 1024;

/// What pipelines tell.
pub(super) enum Note {
    /// A checkpoint was stored.
    Completed(CheckpointName),
    /// A store was given up and may take effect all the same. The engine was told that this
    /// checkpoint failed: no restore is to find it.
    Discard { pipeline: PipelineId, checkpoint: CheckpointId },
}

/// What is known of one pipeline.
#[derive(Default)]
struct Known {
    /// The newest that was stored.
    good: Option<CheckpointName>,
    discarded: BTreeSet<CheckpointId>,
}

/// The one task of a job that deletes.
pub(super) struct Sweeper {
    job: JobId,
    storage: Arc<dyn CheckpointStorage>,
    max_retained: u32,
    reporter: Reporter,
    known: BTreeMap<PipelineId, Known>,
}

impl Sweeper {
    pub(super) fn new(
        job: JobId,
        storage: Arc<dyn CheckpointStorage>,
        max_retained: u32,
        reporter: Reporter,
    ) -> Self {
        Self { job, storage, max_retained, reporter, known: BTreeMap::new() }
    }

    /// Runs a round whenever there are notes, all that have come at once, until no pipeline is
    /// left to write one.
    pub(super) async fn run(mut self, mut notes: mpsc::UnboundedReceiver<Note>) {
        let mut heard = Vec::new();
        while notes.recv_many(&mut heard, usize::MAX).await > 0 {
            heard.drain(..).for_each(|note| self.hear(note));
            self.round().await;
        }
    }

    fn hear(&mut self, note: Note) {
        match note {
            Note::Completed(name) => {
                let known = self.known.entry(name.pipeline_id).or_default();
                known.good = known.good.max(Some(name));
            }
            Note::Discard { pipeline, checkpoint } => {
                let discarded = &mut self.known.entry(pipeline).or_default().discarded;
                discarded.insert(checkpoint);
                if discarded.len() > MAX_DISCARDED {
                    discarded.pop_first();
                }
            }
        }
    }

    async fn round(&mut self) {
        let mut report = DeleteReport::default();
        let swept = async {
            let query = match self.known.keys().next() {
                Some(only) if self.known.len() == 1 => ListQuery::all().of_pipeline(*only),
                _ => ListQuery::all(),
            };
            let entries = self.storage.list(&self.job, &query).await?;
            let names = self.to_delete(entries);
            delete_in_batches(&*self.storage, &self.job, &names, &mut report).await
        };
        let swept = swept.await;
        for name in report.deleted.iter().chain(&report.missing) {
            if let Some(known) = self.known.get_mut(&name.pipeline_id) {
                known.discarded.remove(&name.checkpoint_id);
            }
        }
        if !report.deleted.is_empty() || !report.failed.is_empty() {
            let failed = report.failed.into_iter();
            let failed = failed.map(|(name, error)| (name, Arc::new(error.into()))).collect();
            self.reporter.report(Event::Pruned { deleted: report.deleted, failed });
        }
        if let Err(error) = swept {
            let error = Arc::new(Error::from(error));
            self.reporter.report(Event::PruneFailed { error });
        }
    }

    /// What was given up, and what of the others retention does not keep; other pipelines are none
    /// of this coordinator's business, nor is one of which nothing was stored since it began.
    fn to_delete(&self, entries: Vec<CheckpointEntry>) -> Vec<CheckpointName> {
        let is_discarded = |entry: &CheckpointEntry| {
            let CheckpointName { pipeline_id, checkpoint_id, .. } = entry.name;
            let known = self.known.get(&pipeline_id);
            known.is_some_and(|known| known.discarded.contains(&checkpoint_id))
        };
        let (discarded, mut others): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_discarded);
        others.retain(|entry| {
            self.known.get(&entry.name.pipeline_id).is_some_and(|known| known.good.is_some())
        });
        let known_good = self.known.values().filter_map(|known| known.good).collect();
        let mut names = superfluous(&others, self.max_retained, &known_good);
        names.extend(discarded.iter().map(|entry| entry.name));
        names
    }
}
