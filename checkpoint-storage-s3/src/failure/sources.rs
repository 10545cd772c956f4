//! What is behind an error.

use std::error::Error as StdError;
use std::io;

/// The first error of a type among an error and what caused it.
pub(super) fn find<'e, T: StdError + 'static>(
    error: &'e (dyn StdError + 'static),
) -> Option<&'e T> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The words of what caused an error in the first place.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// An error, what caused it, and so on.
pub(super) fn chain<'e>(
    error: &'e (dyn StdError + 'static),
) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    type Source<'e> = &'e (dyn StdError + 'static);
    std::iter::successors(Some(error), |&error: &Source<'e>| {
        match error.downcast_ref::<io::Error>() {
            // Its source is what caused the error that it holds, not that error.
            Some(holder) => holder.get_ref().map(|held| held as Source<'e>),
            None => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_within_errors_of_i_o_is_found() {
        let inner = rustls::Error::General("within".to_owned());
        let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, inner));
        assert!(find::<rustls::Error>(&error).is_some());
        assert_eq!(innermost(&error), "unexpected error: within");
        assert!(find::<std::fmt::Error>(&error).is_none());
    }
}
