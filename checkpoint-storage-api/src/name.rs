//! The name under which a checkpoint is stored, and the order that names give.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::{CheckpointId, CheckpointKind, Error, ErrorKind, PipelineId};

/// The suffix of every stored checkpoint, as the Java engine writes it.
const SUFFIX: &str = ".ser";

/// The name of a stored checkpoint, unique within its job:
/// `{timestamp}-{random}-{pipeline}-{checkpoint}.ser`, as the Java engine writes it.
///
/// Names are ordered by time stamp, then checkpoint id, then random part (contract 5): the
/// greatest name of a pipeline is its latest checkpoint.
///
/// ```
/// use checkpoint_storage_api::CheckpointName;
///
/// let name: CheckpointName = "1795474038044-523-1-7.ser".parse()?;
/// assert_eq!((name.pipeline_id, name.checkpoint_id), (1, 7));
/// assert!("notes.txt".parse::<CheckpointName>().is_err());
/// # Ok::<_, checkpoint_storage_api::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CheckpointName {
    /// When the checkpoint was stored, in milliseconds since 1970, as its writer's clock and the
    /// rule of [`next_timestamp`] gave it.
    pub timestamp_ms: u64,
    /// Tells apart what two writers stored in one millisecond, and savepoints from other
    /// checkpoints; both engines draw it from 0..1000 for those: see [`random_part`](Self::random_part).
    pub random: u32,
    /// The pipeline that the checkpoint belongs to.
    pub pipeline_id: PipelineId,
    /// The checkpoint's id within its pipeline; ids may begin again.
    pub checkpoint_id: CheckpointId,
}

impl CheckpointName {
    /// One more than the greatest random part of a checkpoint that is no savepoint. The Java engine
    /// draws from below it and never looks at this part of a name.
    pub const RANDOM_BOUND: u32 = 1000;

    /// The random part of a new name, drawn from 0..1000 for a checkpoint and from 1000..2000 for a
    /// savepoint; `number` is any evenly distributed one.
    ///
    /// ```
    /// use checkpoint_storage_api::{CheckpointKind, CheckpointName};
    ///
    /// assert_eq!(CheckpointName::random_part(61_523, CheckpointKind::Checkpoint), 523);
    /// assert_eq!(CheckpointName::random_part(61_523, CheckpointKind::Savepoint), 1523);
    /// ```
    pub fn random_part(number: u64, kind: CheckpointKind) -> u32 {
        let random = (number % u64::from(Self::RANDOM_BOUND)) as u32;
        match kind {
            CheckpointKind::Checkpoint => random,
            CheckpointKind::Savepoint => Self::RANDOM_BOUND + random,
        }
    }

    /// What the checkpoint is: a random part that no engine draws for others makes a savepoint, so
    /// that every listing and every copy keeps the mark, and Java reads the file as any other.
    pub fn kind(&self) -> CheckpointKind {
        if self.random < Self::RANDOM_BOUND {
            CheckpointKind::Checkpoint
        } else {
            CheckpointKind::Savepoint
        }
    }
}

impl Ord for CheckpointName {
    fn cmp(&self, other: &Self) -> Ordering {
        let key =
            |name: &Self| (name.timestamp_ms, name.checkpoint_id, name.random, name.pipeline_id);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for CheckpointName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for CheckpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { timestamp_ms, random, pipeline_id, checkpoint_id } = self;
        write!(f, "{timestamp_ms}-{random}-{pipeline_id}-{checkpoint_id}{SUFFIX}")
    }
}

impl FromStr for CheckpointName {
    type Err = Error;

    /// Reads exactly what [`Display`](fmt::Display) writes: another spelling of the same numbers
    /// is no checkpoint's name, so that a name and its text stand for each other.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).filter(|name| name.to_string() == text).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "parse checkpoint name",
                "not of the form TIMESTAMP-RANDOM-PIPELINE-CHECKPOINT.ser",
            )
            .with_subject(format_args!("{text:?}"))
        })
    }
}

fn parse(text: &str) -> Option<CheckpointName> {
    let (timestamp, rest) = text.strip_suffix(SUFFIX)?.split_once('-')?;
    let (random, rest) = rest.split_once('-')?;
    // A negative pipeline id begins with the separator.
    let end_of_pipeline = 1 + rest.get(1..)?.find('-')?;
    let (pipeline, checkpoint) = (&rest[..end_of_pipeline], &rest[end_of_pipeline + 1..]);
    Some(CheckpointName {
        timestamp_ms: timestamp.parse().ok()?,
        random: random.parse().ok()?,
        pipeline_id: pipeline.parse().ok()?,
        checkpoint_id: checkpoint.parse().ok()?,
    })
}

/// The time stamp of a job's next checkpoint: the clock's, unless what is stored is as new or newer
/// (contract 5). `None` when no greater time stamp exists.
///
/// ```
/// use checkpoint_storage_api::next_timestamp;
///
/// assert_eq!(next_timestamp(1_000, None), Some(1_000));
/// assert_eq!(next_timestamp(1_000, Some(1_000)), Some(1_001)); // two in one millisecond
/// assert_eq!(next_timestamp(1_000, Some(9_000)), Some(9_001)); // the clock was set back
/// ```
pub fn next_timestamp(now_ms: u64, newest_stored_ms: Option<u64>) -> Option<u64> {
    match newest_stored_ms {
        Some(newest) => Some(newest.checked_add(1)?.max(now_ms)),
        None => Some(now_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(timestamp_ms: u64, random: u32, checkpoint_id: i64) -> CheckpointName {
        CheckpointName { timestamp_ms, random, pipeline_id: 1, checkpoint_id }
    }

    #[test]
    fn ids_at_their_limits_are_read() {
        let text = "1795474038211-383--2147483648--9223372036854775808.ser";
        let name: CheckpointName = text.parse().expect("a Java-written name");
        assert_eq!((name.pipeline_id, name.checkpoint_id), (i32::MIN, i64::MIN));
        assert_eq!(name.to_string(), text);
    }

    #[test]
    fn other_spellings_and_foreign_names_are_refused() {
        for text in [
            "",
            ".ser",
            "1-2-3-4",
            "1-2-3.ser",
            "1-2-3-4-5.ser",
            "01-2-3-4.ser",
            "1-2-3-+4.ser",
            "1-2-3-4.ser ",
            "-1-2-3-4.ser",
            "1-2--.ser",
            "1-2-3-4.sertmp",
            ".1-2-3-4.ser",
            "1-2-3-99999999999999999999.ser",
            "1-2-٣-4.ser",
            "1-2-é",
        ] {
            assert!(text.parse::<CheckpointName>().is_err(), "{text:?} was taken for a name");
        }
    }

    #[test]
    fn order_is_time_then_checkpoint_then_random() {
        assert!(name(1, 999, 9) < name(2, 0, 1));
        assert!(name(2, 999, 1) < name(2, 0, 2));
        assert!(name(2, 1, 1) < name(2, 2, 1));
    }

    #[test]
    fn no_time_stamp_follows_the_last_one() {
        assert_eq!(next_timestamp(1, Some(u64::MAX)), None);
    }

    proptest! {
        #[test]
        fn a_name_survives_its_text(t: u64, r: u32, p: i32, c: i64) {
            let name = CheckpointName { timestamp_ms: t, random: r, pipeline_id: p, checkpoint_id: c };
            prop_assert_eq!(name.to_string().parse::<CheckpointName>().ok(), Some(name));
        }

        #[test]
        fn any_text_is_refused_or_is_the_name_s_own(text in "[-0-9.ser]{0,40}|\\PC{0,40}") {
            if let Ok(name) = text.parse::<CheckpointName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }

        #[test]
        fn a_name_tells_the_kind_it_was_drawn_for(number: u64) {
            for kind in [CheckpointKind::Checkpoint, CheckpointKind::Savepoint] {
                let random = CheckpointName::random_part(number, kind);
                prop_assert_eq!(name(1, random, 1).kind(), kind);
                prop_assert!(random < 2 * CheckpointName::RANDOM_BOUND);
            }
        }

        #[test]
        fn time_stamps_always_advance(now: u64, newest in 0..u64::MAX) {
            prop_assert!(next_timestamp(now, Some(newest)).is_some_and(|t| t > newest && t >= now));
        }
    }
}
