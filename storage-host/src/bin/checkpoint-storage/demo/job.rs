//! The job: two pipelines that count the events of their share of the keys.

use std::collections::BTreeMap;
use std::io;

use checkpoint_storage_api::PipelineId;
use serde::{Deserialize, Serialize};

use super::source::{Events, Source};

/// The job's pipelines.
pub(super) const PIPELINES: [PipelineId; 2] = [1, 2];

/// How often each key was seen.
pub(super) type Counts = BTreeMap<String, u64>;

/// What a pipeline checkpoints.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Where in the source it goes on.
    pub(super) position: u64,
    /// How many events it has read, those of other pipelines included.
    pub(super) events: u64,
    /// What it counted so far.
    pub(super) counts: Counts,
}

/// One pipeline at work.
pub(super) struct Pipeline {
    id: PipelineId,
    state: State,
    events: Events,
    key: Vec<u8>,
}

impl Pipeline {
    /// Goes on from `state`.
    pub(super) fn restore(id: PipelineId, source: &Source, state: State) -> io::Result<Self> {
        let events = source.events_from(state.position)?;
        Ok(Self { id, state, events, key: Vec::new() })
    }

    /// What to checkpoint now.
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Reads one event; `false` at the source's end.
    pub(super) fn step(&mut self) -> io::Result<bool> {
        if !self.events.next(&mut self.key)? {
            return Ok(false);
        }
        self.state.position = self.events.position();
        self.state.events += 1;
        if pipeline_of(&self.key) == self.id {
            let key = String::from_utf8_lossy(&self.key);
            match self.state.counts.get_mut(&*key) {
                Some(count) => *count += 1,
                None => drop(self.state.counts.insert(key.into_owned(), 1)),
            }
        }
        Ok(true)
    }
}

fn pipeline_of(key: &[u8]) -> PipelineId {
    let sum = key.iter().fold(0_usize, |sum, byte| sum.wrapping_add(usize::from(*byte)));
    PIPELINES[sum % PIPELINES.len()]
}

/// What uninterrupted pipelines end with.
pub(super) fn run_uninterrupted(source: &Source) -> io::Result<BTreeMap<PipelineId, State>> {
    PIPELINES
        .into_iter()
        .map(|id| {
            let mut pipeline = Pipeline::restore(id, source, State::default())?;
            while pipeline.step()? {}
            Ok((id, pipeline.state))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_restored_anywhere_ends_as_one_that_ran_through() {
        let source = Source::MadeUp { events: 500 };
        let whole = run_uninterrupted(&source).expect("made up");
        let counted: u64 = whole.values().flat_map(|state| state.counts.values()).sum();
        assert_eq!(counted, 500, "each event is counted by one pipeline");
        for stop in [0, 1, 250, 499, 500] {
            let mut first = Pipeline::restore(2, &source, State::default()).expect("made up");
            for _ in 0..stop {
                assert!(first.step().expect("made up"));
            }
            let mut second = Pipeline::restore(2, &source, first.state().clone()).expect("made up");
            while second.step().expect("made up") {}
            assert_eq!(second.state, whole[&2]);
        }
    }
}
