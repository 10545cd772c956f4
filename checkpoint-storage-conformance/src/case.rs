//! What a case is.

use std::fmt;

use checkpoint_storage_api::Capabilities;
use futures_util::future::LocalBoxFuture;

use crate::check::Check;
use crate::context::Context;

/// What a case needs beside the operations that every storage has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// The optional operations.
    pub capabilities: Capabilities,
    /// Access to the files behind the storage.
    pub medium: bool,
}

impl Needs {
    pub(crate) const MEDIUM: Self = Self { capabilities: Capabilities::empty(), medium: true };
    pub(crate) const READER: Self = Self::operation(Capabilities::READER);
    pub(crate) const IMPORT: Self = Self::operation(Capabilities::IMPORT);
    pub(crate) const SCAN: Self = Self::operation(Capabilities::SCAN);
    pub(crate) const QUARANTINE: Self = Self::operation(Capabilities::QUARANTINE);
    pub(crate) const RECLAIM: Self = Self::operation(Capabilities::RECLAIM);
    pub(crate) const HEALTH: Self = Self::operation(Capabilities::HEALTH);
    pub(crate) const SAVEPOINT: Self = Self::operation(Capabilities::SAVEPOINT);
    pub(crate) const TELLS_MISSING: Self = Self::operation(Capabilities::TELLS_MISSING);

    const fn operation(capabilities: Capabilities) -> Self {
        Self { capabilities, medium: false }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            capabilities: self.capabilities | other.capabilities,
            medium: self.medium || other.medium,
        }
    }

    /// What of it is not `offered`, in words; `None` if nothing is.
    pub(crate) fn lacking(self, offered: Self) -> Option<String> {
        let mut lacking: Vec<String> = (self.capabilities - offered.capabilities)
            .iter_names()
            .map(|(name, _)| format!("the operation {}", name.to_lowercase()))
            .collect();
        if self.medium && !offered.medium {
            lacking.push("access to the files behind the storage".to_owned());
        }
        (!lacking.is_empty()).then(|| format!("it needs {}", lacking.join(" and ")))
    }
}

/// One thing that a storage owes, and how it is tried.
#[derive(Clone, Copy)]
pub struct Case {
    id: &'static str,
    title: &'static str,
    needs: Needs,
    body: Body,
}

pub(crate) type Body = for<'a> fn(&'a Context) -> LocalBoxFuture<'a, Check>;

impl Case {
    pub(crate) fn new(id: &'static str, title: &'static str, needs: Needs, body: Body) -> Self {
        Self { id, title, needs, body }
    }

    /// Its stable id: `c`, the contract's number, the case's number in it, and its name, such as
    /// `c5-02 equal-milliseconds`.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The number of the contract that it belongs to.
    pub fn contract(&self) -> u32 {
        let number = self.id.strip_prefix('c').and_then(|rest| rest.split_once('-'));
        number.and_then(|(number, _)| number.parse().ok()).unwrap_or_default()
    }

    /// What is owed, in a line.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// What it needs beside the operations that every storage has.
    pub fn needs(&self) -> Needs {
        self.needs
    }

    pub(crate) async fn run(&self, context: &Context) -> Check {
        (self.body)(context).await
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_named() {
        let needs = Needs::READER.and(Needs::MEDIUM);
        let lacking = needs.lacking(Needs::default()).expect("both");
        assert_eq!(
            lacking,
            "it needs the operation reader and access to the files behind the storage"
        );
        assert_eq!(needs.lacking(Needs::MEDIUM).expect("one"), "it needs the operation reader");
        assert_eq!(needs.lacking(needs), None);
        assert_eq!(Needs::default().lacking(Needs::default()), None);
    }
}
