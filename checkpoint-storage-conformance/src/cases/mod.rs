//! The cases: one module for each contract that a backend owes.

mod c01_durable;
mod c05_order;
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
    [c01_durable::cases(), c05_order::cases()].concat()
}
