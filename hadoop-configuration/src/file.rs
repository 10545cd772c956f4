//! Reading files whole, none larger than expected.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::{Error, ErrorKind};

/// The bytes of a file; [`io::ErrorKind::FileTooLarge`] for more than `longest`.
pub(crate) fn read(path: &Path, longest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(longest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

pub(crate) fn unreadable(path: &Path, error: io::Error, advice: impl Into<String>) -> Error {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "the user of this process may not read it".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::FileTooLarge => "it is far too large for what it should be".to_owned(),
        _ => format!("it cannot be read ({})", error.to_string().to_lowercase()),
    };
    Error::new(ErrorKind::Unreadable, path.display().to_string(), reason, advice).with_source(error)
}
