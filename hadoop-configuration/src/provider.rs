//! Where a provider's URI says its keystore is.

use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::error::{Error, ErrorKind};

const ADVICE: &str =
    "write jceks://file/PATH or localjceks://file/PATH, the keystore's path on this machine";

/// The files of a list of URIs with commas between them, in order.
pub(crate) fn files(list: &str) -> Result<Vec<PathBuf>, Error> {
    list.split(',').map(str::trim).filter(|uri| !uri.is_empty()).map(file).collect()
}

fn file(uri: &str) -> Result<PathBuf, Error> {
    let Some((scheme, rest)) = uri.split_once("://") else {
        // It may be a secret that went astray, and is not shown.
        let subject = "hadoop's credential provider path";
        return Err(Error::new(ErrorKind::InvalidPath, subject, "a part of it is no uri", ADVICE));
    };
    let failure = |kind, reason: String| Error::new(kind, uri, reason, ADVICE);
    let invalid = |reason: &str| failure(ErrorKind::InvalidPath, reason.to_owned());
    // How often Hadoop decodes the path of a provider of this scheme.
    let decodings = match scheme {
        "jceks" => 1,
        "localjceks" => 2,
        _ => {
            let reason = format!("providers of the kind {scheme} are not supported");
            return Err(failure(ErrorKind::Unsupported, reason));
        }
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority {
        "file" => {}
        "" => return Err(invalid("it does not say in which file system the keystore is")),
        _ => {
            let reason = format!("keystores in {authority} are not supported, only those in files");
            return Err(failure(ErrorKind::Unsupported, reason));
        }
    }
    let mut path = path.to_owned();
    for _ in 0..decodings {
        path = decoded(&path).ok_or_else(|| invalid("its path is not percent-encoded utf-8"))?;
    }
    if path.contains('\0') || path.ends_with('/') || path.is_empty() {
        return Err(invalid("it names no file"));
    }
    Ok(normalized(&path))
}

/// `None` for what is no escape, or no text.
fn decoded(path: &str) -> Option<String> {
    let digits = |escape: &str| escape.bytes().take(2).filter(u8::is_ascii_hexdigit).count();
    if path.split('%').skip(1).any(|escape| digits(escape) < 2) {
        return None;
    }
    Some(percent_decode_str(path).decode_utf8().ok()?.into_owned())
}

/// Without `..`, which Hadoop resolves without a look at the file system.
fn normalized(path: &str) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::ParentDir => _ = normal.pop(),
            other => normal.push(other),
        }
    }
    normal
}
