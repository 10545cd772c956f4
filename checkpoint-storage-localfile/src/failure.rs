//! What an error number means to the caller, and what to do about it.

use std::fmt::Display;

use checkpoint_storage_api::{Error, ErrorKind};
use rustix::io::Errno;
use rustix::process::geteuid;

/// The error of `operation` on the file or directory `subject`.
pub(crate) fn failure(operation: &'static str, subject: impl Display, errno: Errno) -> Error {
    let (kind, reason, advice) = meaning(errno);
    let reason = match reason {
        "" => std::io::Error::from(errno).to_string().to_lowercase(),
        reason => reason.to_owned(),
    };
    let mut error = Error::new(kind, operation, reason)
        .with_subject(subject)
        .with_source(std::io::Error::from(errno));
    if kind == ErrorKind::PermissionDenied {
        let user = geteuid().as_raw();
        error = error.with_advice(format!("{advice} (this process runs as user {user})"));
    } else if !advice.is_empty() {
        error = error.with_advice(advice);
    }
    error
}

/// Kind, reason and advice; an empty reason stands for the system's own words.
fn meaning(errno: Errno) -> (ErrorKind, &'static str, &'static str) {
    use ErrorKind::*;
    match errno {
        Errno::NOSPC => (
            NoSpace,
            "no space is left on the device",
            "free space there or delete old checkpoints",
        ),
        Errno::DQUOT => (
            NoSpace,
            "the quota of disk space is used up",
            "raise the quota or delete old checkpoints",
        ),
        Errno::FBIG => (
            NoSpace,
            "the file would be larger than the file system or a limit allows",
            "raise the limit of file sizes (ulimit -f) or use another file system",
        ),
        Errno::ACCESS | Errno::PERM => (
            PermissionDenied,
            "permission denied",
            "give the user of this process access through owner and mode",
        ),
        Errno::ROFS => (
            ReadOnly,
            "the file system is mounted read-only",
            "mount it for writing, or configure another directory",
        ),
        Errno::NOTDIR => (
            InvalidConfig,
            "something that is no directory stands where a directory must be",
            "move it away, or configure another directory",
        ),
        Errno::LOOP => (
            InvalidConfig,
            "too many symbolic links",
            "replace the links by the directory that is meant",
        ),
        Errno::NAMETOOLONG => {
            (InvalidInput, "the name is longer than the file system allows", "use a shorter one")
        }
        Errno::MFILE => (
            Unavailable,
            "this process has too many files open",
            "raise its limit of open files (ulimit -n)",
        ),
        Errno::NFILE => (Unavailable, "the system has too many files open", "raise fs.file-max"),
        Errno::IO => (
            Unavailable,
            "the device failed to read or write",
            "look into the kernel's log and check the disk",
        ),
        Errno::STALE | Errno::NOTCONN | Errno::NODEV | Errno::NXIO => {
            (Unavailable, "", "check that the file system is mounted and answers")
        }
        Errno::TIMEDOUT => (TimedOut, "", "check that the file system answers"),
        Errno::NOENT => (NotFound, "there is nothing of that name", ""),
        Errno::EXIST => (AlreadyExists, "the name is taken; what is there was left as it is", ""),
        Errno::NOMEM => (Unavailable, "memory is used up", "give the process more memory"),
        _ => (Unexpected, "", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_can_change_comes_with_advice() {
        for (errno, kind) in [
            (Errno::NOSPC, ErrorKind::NoSpace),
            (Errno::DQUOT, ErrorKind::NoSpace),
            (Errno::ACCESS, ErrorKind::PermissionDenied),
            (Errno::PERM, ErrorKind::PermissionDenied),
            (Errno::ROFS, ErrorKind::ReadOnly),
            (Errno::NOTDIR, ErrorKind::InvalidConfig),
            (Errno::NAMETOOLONG, ErrorKind::InvalidInput),
            (Errno::MFILE, ErrorKind::Unavailable),
            (Errno::IO, ErrorKind::Unavailable),
        ] {
            let error = failure("store", "/data/1", errno);
            assert_eq!(error.kind(), kind);
            assert_eq!((error.operation(), error.subject()), ("store", "/data/1"));
            assert!(error.advice().is_some_and(|advice| !advice.is_empty()), "{error}");
        }
    }

    #[test]
    fn an_unknown_number_speaks_in_the_system_s_words() {
        let error = failure("store", "/data/1", Errno::XDEV);
        assert_eq!(error.kind(), ErrorKind::Unexpected);
        assert!(error.reason().contains("cross-device"), "{error}");
    }
}
