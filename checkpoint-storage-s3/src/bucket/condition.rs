//! Whether writes ask the server to refuse a name that is taken (`If-None-Match`).

use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::ConditionalPut;
use crate::failure::Cause;

/// What is known of the server. With [`ConditionalPut::Auto`], a write that it refuses as something
/// that it does not know is tried once more without the condition: if it takes that, the condition
/// is what it does not know, and no later write asks.
pub(super) struct Condition {
    choice: ConditionalPut,
    is_asked: AtomicBool,
}

impl Condition {
    pub(super) fn new(choice: ConditionalPut) -> Self {
        Self { choice, is_asked: AtomicBool::new(choice != ConditionalPut::Off) }
    }

    /// Whether the next write asks.
    pub(super) fn asks(&self) -> bool {
        self.is_asked.load(Ordering::Relaxed)
    }

    /// Whether a write that asked, if `asked`, and failed is worth a try without it.
    pub(super) fn may_be_unknown(&self, asked: bool, cause: &Cause) -> bool {
        asked && self.choice == ConditionalPut::Auto && cause.is_not_implemented()
    }

    /// Concludes from a write that the server took. `true` the first time that it follows that the
    /// server does not know the condition.
    pub(super) fn note_success(&self, asked: bool) -> bool {
        !asked && self.is_asked.swap(false, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_implemented() -> Cause {
        Cause::of_key("NotImplemented".to_owned(), String::new())
    }

    #[test]
    fn a_condition_is_given_up_when_a_write_without_it_is_taken() {
        let condition = Condition::new(ConditionalPut::Auto);
        assert!(condition.asks());
        assert!(!condition.note_success(true), "the server may know it");
        assert!(condition.may_be_unknown(true, &not_implemented()));
        assert!(condition.asks(), "the server may lack something else");
        assert!(condition.note_success(false) && !condition.asks());
        assert!(!condition.note_success(false), "it is known already");
    }

    #[test]
    fn only_a_write_that_asked_and_was_not_understood_is_tried_without_it() {
        let condition = Condition::new(ConditionalPut::Auto);
        assert!(!condition.may_be_unknown(false, &not_implemented()));
        for code in ["PreconditionFailed", "AccessDenied", "SlowDown", ""] {
            let cause = Cause::of_key(code.to_owned(), String::new());
            assert!(!condition.may_be_unknown(true, &cause), "{code}");
        }
    }

    #[test]
    fn what_is_configured_stays() {
        let on = Condition::new(ConditionalPut::On);
        assert!(on.asks() && !on.may_be_unknown(true, &not_implemented()));
        let off = Condition::new(ConditionalPut::Off);
        assert!(!off.asks() && !off.note_success(false) && !off.asks());
    }
}
