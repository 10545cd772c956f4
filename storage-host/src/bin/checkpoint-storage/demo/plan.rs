//! When to kill the job: a pure decision over what the worker told.

use std::collections::BTreeMap;

use checkpoint_storage_api::{CheckpointId, PipelineId};

use super::protocol::Message;

/// How many kills to try beyond those wanted, until one came inside a store.
const EXTRA_KILLS: usize = 20;

/// What the supervisor is to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    GoOn,
    /// Kill at once: a store has just begun.
    KillInsideStore,
    /// Kill soon, at a random moment.
    KillSoon,
}

/// What happened so far, over all restarts.
#[derive(Debug, Default)]
pub(super) struct Plan {
    wanted: usize,
    /// How many events the job has, and how far it came.
    events: u64,
    progress: u64,
    kills: usize,
    inside_store: usize,
    stored: usize,
    /// Acknowledged since the worker was started.
    stored_since_start: usize,
    decided: bool,
    begun: BTreeMap<PipelineId, CheckpointId>,
    acknowledged: BTreeMap<PipelineId, CheckpointId>,
}

impl Plan {
    /// So many kills, spread over the job.
    pub(super) fn new(wanted: usize, events: u64) -> Self {
        Self { wanted, events, ..Self::default() }
    }

    /// Takes note of what the worker told and decides. An error says what the storage lost.
    pub(super) fn heard(&mut self, message: &Message) -> Result<Decision, String> {
        match message {
            Message::Restored { pipeline, from } => {
                let acknowledged = self.acknowledged.get(pipeline).copied().unwrap_or_default();
                let restored = from.as_ref().map_or(0, |from| from.checkpoint);
                if restored < acknowledged {
                    return Err(format!(
                        "pipeline {pipeline} lost its acknowledged checkpoint {acknowledged}: it \
                         was restored from {restored}"
                    ));
                }
            }
            Message::StoreBegan { pipeline, checkpoint } => {
                self.begun.insert(*pipeline, *checkpoint);
                if self.may_kill() && self.kills.is_multiple_of(2) {
                    self.decided = true;
                    return Ok(Decision::KillInsideStore);
                }
            }
            Message::Stored { pipeline, checkpoint } => {
                self.stored += 1;
                self.stored_since_start += 1;
                self.begun.remove(pipeline);
                self.acknowledged.insert(*pipeline, *checkpoint);
                if self.may_kill() && !self.kills.is_multiple_of(2) {
                    self.decided = true;
                    return Ok(Decision::KillSoon);
                }
            }
            Message::CheckpointFailed { pipeline, .. } => drop(self.begun.remove(pipeline)),
            Message::Progress { events, .. } => self.progress = self.progress.max(*events),
            Message::Opened { .. }
            | Message::Pruned { .. }
            | Message::JobFailed { .. }
            | Message::Finished { .. } => {}
        }
        Ok(Decision::GoOn)
    }

    fn may_kill(&self) -> bool {
        let more = self.kills < self.wanted
            || (self.inside_store == 0 && self.kills < self.wanted + EXTRA_KILLS);
        let due = self.kills.min(self.wanted.saturating_sub(1)) as u64 + 1;
        let is_due = self.progress * (self.wanted as u64 + 1) >= self.events * due;
        self.wanted > 0 && more && is_due && !self.decided && self.stored_since_start > 0
    }

    /// The worker was killed and everything it had told was heard.
    pub(super) fn killed(&mut self) {
        self.kills += 1;
        self.inside_store += usize::from(!self.begun.is_empty());
        self.stored_since_start = 0;
        self.decided = false;
        self.begun.clear();
    }

    /// Whether the worker was killed as often as wanted, once inside a store at least.
    pub(super) fn is_fulfilled(&self) -> bool {
        self.kills >= self.wanted && (self.wanted == 0 || self.inside_store > 0)
    }

    pub(super) fn kills(&self) -> usize {
        self.kills
    }

    pub(super) fn inside_store(&self) -> usize {
        self.inside_store
    }

    pub(super) fn stored(&self) -> usize {
        self.stored
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::RestoredFrom;
    use super::*;

    fn began(checkpoint: i64) -> Message {
        Message::StoreBegan { pipeline: 1, checkpoint }
    }

    fn stored(checkpoint: i64) -> Message {
        Message::Stored { pipeline: 1, checkpoint }
    }

    fn restored(checkpoint: i64) -> Message {
        let from = RestoredFrom { name: String::new(), checkpoint, events: 0 };
        Message::Restored { pipeline: 1, from: Some(from) }
    }

    #[test]
    fn it_kills_only_after_a_new_acknowledgement_inside_a_store_and_between() {
        let mut plan = Plan::new(2, 0);
        assert_eq!(plan.heard(&began(1)), Ok(Decision::GoOn));
        assert_eq!(plan.heard(&stored(1)), Ok(Decision::GoOn));
        assert_eq!(plan.heard(&began(2)), Ok(Decision::KillInsideStore));
        plan.killed();
        assert_eq!((plan.kills(), plan.inside_store()), (1, 1));
        assert_eq!(plan.heard(&restored(1)), Ok(Decision::GoOn));
        assert_eq!(plan.heard(&began(2)), Ok(Decision::GoOn));
        assert_eq!(plan.heard(&stored(2)), Ok(Decision::KillSoon));
        assert_eq!(plan.heard(&began(3)), Ok(Decision::GoOn), "it was decided already");
        plan.killed();
        assert!(plan.is_fulfilled());
        assert_eq!(plan.heard(&stored(3)), Ok(Decision::GoOn));
        assert_eq!(plan.heard(&began(4)), Ok(Decision::GoOn));
    }

    #[test]
    fn a_store_that_ended_before_the_kill_does_not_count_and_is_tried_again() {
        let mut plan = Plan::new(1, 0);
        for attempt in 1..=EXTRA_KILLS + 1 {
            assert!(!plan.is_fulfilled(), "after {attempt}");
            plan.heard(&stored(1)).expect("nothing lost");
            plan.heard(&began(2)).expect("nothing lost");
            plan.heard(&stored(2)).expect("nothing lost");
            plan.killed();
        }
        plan.heard(&stored(3)).expect("nothing lost");
        assert_eq!(plan.heard(&began(4)), Ok(Decision::GoOn), "it gives up");
        assert!(!plan.is_fulfilled());
    }

    #[test]
    fn kills_are_spread_over_the_job() {
        let mut plan = Plan::new(3, 400);
        plan.heard(&stored(1)).expect("nothing lost");
        for (events, decision) in [(99, Decision::GoOn), (100, Decision::KillInsideStore)] {
            plan.heard(&Message::Progress { pipeline: 1, events }).expect("nothing lost");
            assert_eq!(plan.heard(&began(2)), Ok(decision), "at event {events}");
        }
    }

    #[test]
    fn a_lost_checkpoint_is_found_out() {
        let mut plan = Plan::new(1, 0);
        plan.heard(&stored(5)).expect("nothing lost");
        assert!(plan.heard(&restored(5)).is_ok());
        assert!(plan.heard(&restored(6)).is_ok(), "one that was never acknowledged may be there");
        assert!(plan.heard(&restored(4)).is_err());
        assert!(plan.heard(&Message::Restored { pipeline: 1, from: None }).is_err());
    }
}
