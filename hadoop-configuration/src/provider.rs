//! Where a provider's URI says its keystore is.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use crate::error::{Error, ErrorKind};

/// What is read, in the words of every error about something else.
const SUPPORTED: &str =
    "write jceks://file/PATH or localjceks://file/PATH for a keystore on this machine";

/// The files of a list of URIs with commas between them, in order.
pub(crate) fn files(list: &str) -> Result<Vec<PathBuf>, Error> {
    list.split(',').map(str::trim).filter(|uri| !uri.is_empty()).map(file).collect()
}

fn file(uri: &str) -> Result<PathBuf, Error> {
    let invalid = |reason: &str| Error::new(ErrorKind::InvalidPath, uri, reason, SUPPORTED);
    let (scheme, rest) = uri.split_once("://").ok_or_else(|| invalid("it is no uri"))?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if !matches!((scheme, authority), ("jceks" | "localjceks", "file")) {
        return Err(Error::new(ErrorKind::Unsupported, uri, "not supported", SUPPORTED));
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|_| invalid("not utf-8"))?;
    Ok(path.as_ref().into())
}
