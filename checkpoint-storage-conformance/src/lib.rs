//! What every [`CheckpointStorage`](checkpoint_storage_api::CheckpointStorage) owes, as cases that
//! any storage can be put to: one that is linked, or one that was loaded from a plugin.
//!
//! A plugin's author adds one test:
//!
//! ```no_run
//! # mod mine {
//! # use std::sync::Arc;
//! # use checkpoint_storage_api::*;
//! # #[derive(Default)]
//! # pub struct MyFactory;
//! # #[async_trait]
//! # impl CheckpointStorageFactory for MyFactory {
//! #     async fn open(&self, _: PluginConfig, _: OpenOptions) -> Result<Arc<dyn CheckpointStorage>> {
//! #         Err(Error::unsupported("open"))
//! #     }
//! # }
//! # }
//! # use mine::MyFactory;
//! use checkpoint_storage_conformance::{FreshDirectories, suite};
//!
//! // Opens each storage with a directory of its own.
//! suite!(FreshDirectories::new(MyFactory, |directory| [("my.path", directory)].into()));
//! # fn main() {}
//! ```
//!
//! Who has a library only runs `checkpoint-storage plugins check FILE.so`.
//!
//! # Guarantees
//!
//! - A case is independent of the others: each has a place of its own, empty at its beginning.
//! - A case that panics or hangs has failed, and the others still run.
//! - A case that needs what the storage lacks is [`Verdict::Unsupported`] and says what: it never
//!   counts as passed.
//! - Ids are stable: a case keeps its number and name for as long as it exists.
//!
//! # What it does not guarantee
//!
//! No power is cut, no disk fills up and no server dies: those are for a backend's own tests.
//! Contracts 4 and 7 are the host's.
//!
//! # Map
//!
//! - `suite`: the cases that are run, one after the other
//! - `subject`, `medium`: what they are run on
//! - `case`: what a case is; `cases`: one module for each contract
//! - `report`: how they ended

mod case;
mod cases;
mod check;
mod context;
mod medium;
mod report;
mod subject;
mod suite;

pub use case::{Case, Needs};
pub use medium::{LocalDirectory, Medium};
pub use report::{CaseReport, Report, Verdict};
pub use subject::{FreshDirectories, Place, Subject};
pub use suite::Suite;

/// Makes a test, `conformance`, that puts every case to a [`Subject`], prints the report and fails
/// if a case has failed.
///
/// See the [crate's example](crate).
#[macro_export]
macro_rules! suite {
    ($subject:expr $(,)?) => {
        #[test]
        fn conformance() {
            let subject = ::std::sync::Arc::new($subject);
            $crate::Suite::all().run(subject, |_| ()).assert_passed();
        }
    };
}
