//! Whether the NameNodes have ever answered, and what it means if they have not.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::failure::{Cause, Class};

/// How many connections must break one after the other to be no accident.
const HANG_UPS: u32 = 3;

/// What is known of the NameNodes. Until one has answered, the configuration may be wrong.
#[derive(Debug, Default)]
pub(crate) struct Contact {
    has_answered: AtomicBool,
    /// How many connections broke before that.
    broken: AtomicU32,
}

impl Contact {
    /// Whether a NameNode has answered anything, be it with an error.
    pub(crate) fn is_made(&self) -> bool {
        self.has_answered.load(Ordering::Relaxed)
    }

    /// Takes note of an answer.
    pub(crate) fn answered(&self) {
        self.has_answered.store(true, Ordering::Relaxed);
    }

    /// Takes note of a failure, and says what it means: a NameNode that requires a login closes the
    /// connection of whoever has none, and the client reports no more than that.
    pub(crate) fn failed(&self, cause: Cause, has_login: bool) -> Cause {
        if cause.is_an_answer() {
            self.answered();
        }
        let is_broken = cause.class == Class::Unanswered && !has_login && !self.is_made();
        match is_broken && self.broken.fetch_add(1, Ordering::Relaxed) + 1 >= HANG_UPS {
            true => Cause::hung_up(),
            false => cause,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use hdfs_native::HdfsError;

    use super::*;

    fn reset() -> Cause {
        Cause::of(&HdfsError::IOError(io::ErrorKind::ConnectionReset.into()))
    }

    fn class_of_third_reset(contact: &Contact, has_login: bool) -> Class {
        for _ in 1..HANG_UPS {
            assert_eq!(contact.failed(reset(), has_login).class, Class::Unanswered);
        }
        contact.failed(reset(), has_login).class
    }

    #[test]
    fn connections_that_break_before_any_answer_mean_that_a_login_may_be_required() {
        assert_eq!(class_of_third_reset(&Contact::default(), false), Class::HungUp);
        assert_eq!(class_of_third_reset(&Contact::default(), true), Class::Unanswered);
        let met = Contact::default();
        met.answered();
        assert_eq!(class_of_third_reset(&met, false), Class::Unanswered);
    }

    #[test]
    fn an_error_of_the_namenode_is_an_answer_and_one_of_the_client_is_none() {
        let contact = Contact::default();
        for error in [
            HdfsError::OperationFailed("Failed to load libgssapi_krb".to_owned()),
            HdfsError::NoSASLMechanism,
        ] {
            contact.failed(Cause::of(&error), true);
            assert!(!contact.is_made(), "{error}");
        }
        contact.failed(Cause::of(&HdfsError::FileNotFound(String::new())), true);
        assert!(contact.is_made());
    }
}
