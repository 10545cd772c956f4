//! How many replicas to ask for while DataNodes fail that the NameNode still counts on.
//!
//! A NameNode gives new blocks to a dead DataNode for some ten minutes, and this client cannot tell
//! it not to. On a cluster of few DataNodes every block would get it. So a file that cannot be had
//! with all its replicas is written with fewer, and the NameNode is told to make the others.

use std::time::Duration;

/// How often the full number is tried.
const FULL_TRIES: u32 = 3;
/// How often each number below is: of three DataNodes, two without the dead one come in a third of
/// the tries.
const TRIES: u32 = 6;
/// A try that took longer is not repeated: a DataNode hangs.
const SLOW_ATTEMPT: Duration = Duration::from_secs(2);

/// How many replicas the next try asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Replicas {
    /// How many there are to be, once that is known.
    full: Option<u32>,
    now: Option<u32>,
    /// The fewest that the cluster allows, as far as it has said.
    fewest: u32,
    tries: u32,
}

impl Replicas {
    /// `full` is the configured number; `None` for the cluster's own.
    pub(super) fn new(full: Option<u32>) -> Self {
        Self { full, now: full, fewest: 1, tries: 0 }
    }

    /// How many to ask for; `None` for the cluster's own number.
    pub(super) fn now(self) -> Option<u32> {
        self.now
    }

    /// How many the file is to have after all, if fewer are asked for now.
    pub(super) fn missing_from(self) -> Option<u32> {
        self.full.filter(|full| self.now.is_some_and(|now| now < *full))
    }

    /// DataNodes failed in a try that took so long. `given` is how many replicas the cluster gave its
    /// file, if it has told.
    pub(super) fn failed(&mut self, took: Duration, given: Option<u32>) {
        if self.full.is_none() {
            (self.full, self.now) = (given, given);
        }
        self.tries += 1;
        let tries = if self.missing_from().is_none() { FULL_TRIES } else { TRIES };
        if self.tries >= tries || took >= SLOW_ATTEMPT {
            self.lower();
        }
    }

    /// Whether no fewer can be tried.
    pub(super) fn are_fewest(self) -> bool {
        self.now.is_some_and(|now| now <= self.fewest)
    }

    /// The cluster does not allow so few.
    pub(super) fn too_few(&mut self) {
        self.fewest = self.now.unwrap_or_default() + 1;
        self.now = self.now.map(|now| now + 1);
    }

    fn lower(&mut self) {
        let Some(now) = self.now else { return };
        self.now = Some(now.saturating_sub(1).max(self.fewest).min(now));
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(10);

    fn after(mut replicas: Replicas, failures: u32, took: Duration) -> Replicas {
        for _ in 0..failures {
            replicas.failed(took, None);
        }
        replicas
    }

    #[test]
    fn one_fewer_is_asked_for_after_some_quick_failures_or_a_slow_one() {
        let all = Replicas::new(Some(3));
        assert_eq!(all.missing_from(), None);
        assert_eq!(after(all, FULL_TRIES - 1, QUICK).now(), Some(3));
        let fewer = after(all, FULL_TRIES, QUICK);
        assert_eq!((fewer.now(), fewer.missing_from()), (Some(2), Some(3)));
        assert!(!fewer.are_fewest());
        assert_eq!(after(fewer, TRIES, QUICK).now(), Some(1));
        assert_eq!(after(all, 2, SLOW_ATTEMPT).now(), Some(1));
        assert!(after(all, 2, SLOW_ATTEMPT).are_fewest());
        assert_eq!(after(all, 99, SLOW_ATTEMPT).now(), Some(1), "never none");
    }

    #[test]
    fn the_cluster_s_own_number_is_learned_first() {
        let mut own = Replicas::new(None);
        own.failed(SLOW_ATTEMPT, None);
        assert_eq!((own.now(), own.missing_from()), (None, None));
        own.failed(SLOW_ATTEMPT, Some(3));
        assert_eq!((own.now(), own.missing_from()), (Some(2), Some(3)));
        own.failed(SLOW_ATTEMPT, Some(2));
        assert_eq!((own.now(), own.missing_from()), (Some(1), Some(3)), "it was told to give two");
    }

    #[test]
    fn no_fewer_than_the_cluster_allows() {
        let mut replicas = after(Replicas::new(Some(3)), 2, SLOW_ATTEMPT);
        replicas.too_few();
        assert_eq!(replicas.now(), Some(2));
        assert_eq!(after(replicas, 99, SLOW_ATTEMPT).now(), Some(2));
        let mut all = Replicas::new(Some(1));
        all.failed(SLOW_ATTEMPT, None);
        assert_eq!((all.now(), all.missing_from()), (Some(1), None));
    }
}
