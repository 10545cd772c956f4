//! The cases: one module for each contract that a backend owes.

mod c01_durable;
mod c02_files;
mod c02_import;
mod c02_whole;
mod c03_corrupt;
mod c05_order;
mod c06_delete;
mod c08_calls;
mod c09_side_by_side;
mod c10_names;
mod support;

use crate::case::Case;

/// A case, what it needs, and its body.
macro_rules! case {
    ($id:literal, $title:literal, [$($need:ident)*], $body:path) => {
        $crate::case::Case::new(
            $id,
            $title,
            $crate::case::Needs::default()$(.and($crate::case::Needs::$need))*,
            |context| Box::pin($body(context)),
        )
    };
}

use case;

/// Every case, in the order of the ids.
pub(crate) fn all() -> Vec<Case> {
    [
        c01_durable::cases(),
        c02_whole::cases(),
        c02_import::cases(),
        c02_files::cases(),
        c03_corrupt::cases(),
        c05_order::cases(),
        c06_delete::cases(),
        c08_calls::cases(),
        c09_side_by_side::cases(),
        c10_names::cases(),
    ]
    .concat()
}
