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
        "file" | "file@" => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(list: &str) -> (ErrorKind, String) {
        let error = files(list).expect_err(list);
        assert!(error.advice().contains("jceks://file/PATH"), "{error}");
        (error.kind(), error.reason().to_owned())
    }

    #[test]
    fn files_are_named_as_hadoop_reads_them() {
        let cases = [
            ("jceks://file/etc/s3.jceks", "/etc/s3.jceks"),
            ("localjceks://file/etc/s3.jceks", "/etc/s3.jceks"),
            ("jceks://file@/etc/s3.jceks", "/etc/s3.jceks"),
            ("jceks://file//etc/./s3.jceks", "/etc/s3.jceks"),
            ("jceks://file/no/where/../../etc/s3.jceks", "/etc/s3.jceks"),
            ("jceks://file/a%20b%2C%c3%a9+é", "/a b,é+é"),
            ("jceks://file/a?b#c", "/a?b#c"),
            ("jceks://file/a%2520b", "/a%20b"),
            ("localjceks://file/a%2520b", "/a b"),
        ];
        for (uri, path) in cases {
            assert_eq!(files(uri).expect(uri), [PathBuf::from(path)], "{uri}");
        }
    }

    #[test]
    fn several_stand_in_order() {
        let list = "jceks://file/b, localjceks://file/a ,,jceks://file/b,";
        assert_eq!(files(list).expect(list), ["/b", "/a", "/b"].map(PathBuf::from));
        assert!(files(" ").expect("nothing").is_empty());
    }

    #[test]
    fn what_is_not_on_this_machine_is_not_supported() {
        let cases = [
            ("jceks://hdfs@namenode:8020/s3.jceks", "keystores in hdfs@namenode:8020"),
            ("jceks://s3a@bucket/s3.jceks", "keystores in s3a@bucket"),
            ("jceks://file@host/s3.jceks", "keystores in file@host"),
            ("localjceks://hdfs/s3.jceks", "keystores in hdfs"),
            ("user:///", "providers of the kind user"),
            ("bcfks://file/s3.bcfks", "providers of the kind bcfks"),
            ("JCEKS://file/s3.jceks", "providers of the kind JCEKS"),
        ];
        for (uri, reason) in cases {
            let (kind, refused) = refused(uri);
            assert_eq!(kind, ErrorKind::Unsupported, "{uri}");
            assert!(refused.starts_with(reason), "{uri}: {refused}");
        }
    }

    #[test]
    fn what_names_no_file_is_invalid() {
        let cases = [
            ("jceks:///s3.jceks", "in which file system"),
            ("jceks://file", "names no file"),
            ("jceks://file/", "names no file"),
            ("jceks://file/etc/", "names no file"),
            ("jceks://file/a%00b", "names no file"),
            ("jceks://file/a%2", "percent-encoded"),
            ("jceks://file/a%zz", "percent-encoded"),
            ("jceks://file/a%é0", "percent-encoded"),
            ("jceks://file/a%ff", "percent-encoded"),
            ("localjceks://file/a%25", "percent-encoded"),
        ];
        for (uri, reason) in cases {
            let (kind, refused) = refused(uri);
            assert_eq!(kind, ErrorKind::InvalidPath, "{uri}");
            assert!(refused.contains(reason), "{uri}: {refused}");
        }
    }

    #[test]
    fn a_secret_that_went_astray_is_not_shown() {
        let error = files("jceks://file/a,hush-secret").expect_err("no URI");
        assert_eq!(error.kind(), ErrorKind::InvalidPath);
        assert!(!format!("{error}{error:?}").contains("hush"), "shown");
    }
}
