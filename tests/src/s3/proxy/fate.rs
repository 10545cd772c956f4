//! What becomes of a request.

/// Which shares of the requests meet with trouble, each between 0 and 1, together at most 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shares {
    /// Refused with `503 SlowDown`; the server does not see them.
    pub refused: f64,
    /// Their connection is reset: before the server sees them, in the middle of their body, or
    /// after the first bytes of the answer.
    pub reset: f64,
    /// Of what writes: carried out by the server, whose answer is lost: the connection just closes.
    /// What only reads is passed on instead.
    pub unanswered: f64,
}

/// How many requests came, and what became of those that met with trouble.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Troubles {
    /// All requests.
    pub requests: u64,
    /// Refused with `503 SlowDown`.
    pub refused: u64,
    /// Reset before the server saw them.
    pub reset_before: u64,
    /// Reset in the middle of their body.
    pub reset_inside: u64,
    /// Carried out, and reset after the first bytes of the answer.
    pub reset_after: u64,
    /// Carried out, and closed without an answer.
    pub unanswered: u64,
}

impl Troubles {
    pub(super) fn count(&mut self, fate: Fate) {
        self.requests += 1;
        match fate {
            Fate::PassedOn => {}
            Fate::Refused => self.refused += 1,
            Fate::ResetBefore => self.reset_before += 1,
            Fate::ResetInside => self.reset_inside += 1,
            Fate::ResetAfter { .. } => self.reset_after += 1,
            Fate::Unanswered => self.unanswered += 1,
        }
    }
}

/// What of a request decides what can become of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    /// It can change what is stored.
    pub(super) writes: bool,
    /// It has a body.
    pub(super) has_body: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    PassedOn,
    Refused,
    ResetBefore,
    ResetInside,
    /// After so many bytes of the answer, head included.
    ResetAfter {
        bytes: u64,
    },
    Unanswered,
}

impl Fate {
    pub(super) fn of(request: Request, shares: Shares, random: &mut fastrand::Rng) -> Self {
        let mut roll = random.f64();
        let mut falls_into = |share: f64| {
            roll -= share;
            roll < 0.0
        };
        if falls_into(shares.refused) {
            return Self::Refused;
        }
        if falls_into(shares.reset) {
            return match random.u8(..3) {
                0 => Self::ResetBefore,
                1 if request.has_body => Self::ResetInside,
                // Fewer than the shortest answer has.
                _ => Self::ResetAfter { bytes: random.u64(1..64) },
            };
        }
        if falls_into(shares.unanswered) && request.writes {
            return Self::Unanswered;
        }
        Self::PassedOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE: Request = Request { writes: true, has_body: true };
    const READ: Request = Request { writes: false, has_body: false };

    fn troubles(shares: Shares, request: Request, seed: u64) -> Troubles {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut troubles = Troubles::default();
        for _ in 0..10_000 {
            troubles.count(Fate::of(request, shares, &mut random));
        }
        troubles
    }

    #[test]
    fn trouble_comes_in_the_shares_asked_for() {
        let shares = Shares { refused: 0.10, reset: 0.15, unanswered: 0.05 };
        let is_about = |count: u64, expected: u64| count.abs_diff(expected) < expected / 4;
        let write = troubles(shares, WRITE, 7);
        assert_eq!(write.requests, 10_000);
        assert!(is_about(write.refused, 1000), "{write:?}");
        for reset in [write.reset_before, write.reset_inside, write.reset_after] {
            assert!(is_about(reset, 500), "{write:?}");
        }
        assert!(is_about(write.unanswered, 500), "{write:?}");
        let read = troubles(shares, READ, 7);
        assert!(is_about(read.reset_before + read.reset_after, 1500), "{read:?}");
        assert_eq!((read.reset_inside, read.unanswered), (0, 0));
    }

    #[test]
    fn the_same_seed_brings_the_same_trouble() {
        let shares = Shares { refused: 0.3, reset: 0.3, unanswered: 0.3 };
        assert_eq!(troubles(shares, WRITE, 1), troubles(shares, WRITE, 1));
        assert_ne!(troubles(shares, WRITE, 1), troubles(shares, WRITE, 2));
    }

    #[test]
    fn none_or_all() {
        let well = troubles(Shares::default(), WRITE, 3);
        assert_eq!(well, Troubles { requests: 10_000, ..Troubles::default() });
        let refused = troubles(Shares { refused: 1.0, ..Shares::default() }, READ, 3);
        assert_eq!(refused.refused, 10_000);
    }
}
