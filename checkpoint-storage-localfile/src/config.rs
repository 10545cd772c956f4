//! From the keys of `plugin-config` to what the storage needs.

use std::path::PathBuf;

use checkpoint_storage_api::{ConfigKey, Error, ErrorKind, PluginConfig, Result};
use tracing::warn;

/// A key, its other spellings, its default, its meaning: one row for parsing and documentation.
struct Key {
    name: &'static str,
    aliases: &'static [&'static str],
    default: Option<&'static str>,
    description: &'static str,
}

const NAMESPACE: Key = Key {
    name: "storageNameSpace",
    aliases: &["namespace"],
    default: Some("/seatunnel/checkpoint"),
    description: "the directory that holds the jobs' directories, always absolute: a slash at \
                  either end makes no difference",
};
const DEFAULT_FS: Key = Key {
    name: "fs.defaultFS",
    aliases: &["fs.default.name"],
    default: Some("file:///"),
    description: "a bare directory such as /tmp/ is put before the namespace; of a file: URI the \
                  path is ignored, as Hadoop does",
};
const SYNC: Key = Key {
    name: "sync",
    aliases: &[],
    default: Some("true"),
    description: "whether a store returns only once its checkpoint would survive a power cut",
};
const FILE_MODE: Key = Key {
    name: "file-mode",
    aliases: &[],
    default: Some("0600"),
    description: "the permissions of new files, octal, whatever the umask",
};
const DIR_MODE: Key = Key {
    name: "dir-mode",
    aliases: &[],
    default: Some("0700"),
    description: "the permissions of new directories, octal, whatever the umask",
};
const STORAGE_TYPE: Key = Key {
    name: "storage-type",
    aliases: &["storage.type"],
    default: Some("local"),
    description: "chooses this plugin below `type: hdfs`; not looked at here",
};
const DISABLE_CACHE: Key = Key {
    name: "disable.cache",
    aliases: &[],
    default: None,
    description: "accepted for Hadoop's sake; there is nothing to cache",
};
const KEYS: [&Key; 7] =
    [&NAMESPACE, &DEFAULT_FS, &SYNC, &FILE_MODE, &DIR_MODE, &STORAGE_TYPE, &DISABLE_CACHE];

/// What the storage needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalFileConfig {
    /// The namespace, absolute and free of `.` and `..`.
    pub(crate) namespace: PathBuf,
    pub(crate) sync: bool,
    pub(crate) file_mode: u32,
    pub(crate) dir_mode: u32,
}

/// The keys that the plugin understands.
pub(crate) fn keys() -> Vec<ConfigKey> {
    KEYS.iter()
        .map(|key| ConfigKey {
            name: key.name.to_owned(),
            aliases: key.aliases.iter().map(|&alias| alias.to_owned()).collect(),
            default: key.default.map(str::to_owned),
            secret: false,
            description: key.description.to_owned(),
        })
        .collect()
}

impl LocalFileConfig {
    /// Keys that are not this plugin's are the host's business.
    pub(crate) fn parse(config: &PluginConfig) -> Result<Self> {
        for key in KEYS {
            key.check_spellings(config)?;
        }
        let prefix = prefix(config)?;
        let namespace = segments(&NAMESPACE, NAMESPACE.value_of(config))?;
        Ok(Self {
            namespace: PathBuf::from("/").join(prefix).join(namespace),
            sync: match SYNC.value_of(config) {
                "true" => true,
                "false" => false,
                _ => return Err(SYNC.invalid("is neither `true` nor `false`", "write one of them")),
            },
            file_mode: mode(&FILE_MODE, config)?,
            dir_mode: mode(&DIR_MODE, config)?,
        })
    }
}

impl Key {
    fn value_of<'a>(&self, config: &'a PluginConfig) -> &'a str
    where
        Self: 'static,
    {
        self.given(config).unwrap_or(self.default.unwrap_or_default())
    }

    fn given<'a>(&self, config: &'a PluginConfig) -> Option<&'a str> {
        self.spellings().find_map(|spelling| config.get_any(&[spelling])).map(|(_, value)| value)
    }

    fn spellings(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    fn check_spellings(&self, config: &PluginConfig) -> Result<()> {
        let given: Vec<_> =
            self.spellings().filter_map(|spelling| config.get_any(&[spelling])).collect();
        match given[..] {
            [(first, value), .., (second, other)] if value != other => Err(self.invalid(
                &format!("is given twice with different values, as `{first}` and `{second}`"),
                &format!("keep `{}` and remove the other", self.name),
            )),
            _ => Ok(()),
        }
    }

    /// Values are never shown, not even those of keys that are no secret.
    fn invalid(&self, problem: &str, advice: &str) -> Error {
        Error::new(ErrorKind::InvalidConfig, "open", format!("the value {problem}"))
            .with_subject(format_args!("`{}`", self.name))
            .with_advice(advice)
    }
}

/// The directory below which the namespace lies, relative to the root.
fn prefix(config: &PluginConfig) -> Result<PathBuf> {
    let Some(value) = DEFAULT_FS.given(config) else { return Ok(PathBuf::new()) };
    if value.starts_with('/') {
        return segments(&DEFAULT_FS, value);
    }
    match value.split_once(':') {
        Some(("file", rest)) => {
            if !rest.trim_matches('/').is_empty() {
                warn!(
                    key = DEFAULT_FS.name,
                    "the path in this URI is ignored, as Hadoop does; put it into `{}`",
                    NAMESPACE.name
                );
            }
        }
        Some(_) => warn!(
            key = DEFAULT_FS.name,
            "this names another file system and is ignored: checkpoints are kept on the local disk"
        ),
        None => {
            return Err(DEFAULT_FS.invalid(
                "is neither a URI nor a directory that begins with '/'",
                "write `file:///`, or a directory such as `/tmp/`",
            ));
        }
    }
    Ok(PathBuf::new())
}

fn segments(key: &Key, path: &str) -> Result<PathBuf> {
    let segments = path.split('/').filter(|segment| !matches!(*segment, "" | "."));
    if segments.clone().any(|segment| segment == "..") {
        return Err(key.invalid("contains `..`", "write the directory that is meant"));
    }
    if path.contains('\0') {
        return Err(key.invalid("contains a NUL character", "no directory has such a name"));
    }
    Ok(segments.collect())
}

fn mode(key: &'static Key, config: &PluginConfig) -> Result<u32> {
    let value = key.value_of(config);
    let digits = value.strip_prefix("0o").unwrap_or(value);
    let octal = (!digits.is_empty() && digits.bytes().all(|digit| matches!(digit, b'0'..=b'7')))
        .then(|| u32::from_str_radix(digits, 8).ok())
        .flatten()
        .filter(|mode| *mode <= 0o7777);
    match octal {
        None => Err(key.invalid("is no octal mode", "write, for example, `0640` or `0750`")),
        Some(mode) if mode & 0o200 == 0 => {
            Err(key.invalid("lets not even its owner write", "add write permission for the owner"))
        }
        Some(mode) => Ok(mode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<const N: usize>(pairs: [(&str, &str); N]) -> Result<LocalFileConfig> {
        LocalFileConfig::parse(&pairs.into())
    }

    fn namespace<const N: usize>(pairs: [(&str, &str); N]) -> String {
        parse(pairs).expect("valid").namespace.to_str().expect("text").to_owned()
    }

    #[test]
    fn nothing_given_means_the_defaults() {
        let expected = LocalFileConfig {
            namespace: "/seatunnel/checkpoint".into(),
            sync: true,
            file_mode: 0o600,
            dir_mode: 0o700,
        };
        assert_eq!(parse([]).expect("valid"), expected);
        let empty =
            [("storageNameSpace", ""), ("sync", ""), ("file-mode", ""), ("fs.defaultFS", "")];
        assert_eq!(parse(empty).expect("valid"), expected);
    }

    #[test]
    fn slashes_at_either_end_of_the_namespace_make_no_difference() {
        for spelling in ["/a/b", "a/b", "/a/b/", "a/b//", "//a/./b"] {
            assert_eq!(namespace([("storageNameSpace", spelling)]), "/a/b");
            assert_eq!(namespace([("namespace", spelling)]), "/a/b");
        }
    }

    #[test]
    fn only_a_bare_directory_of_default_fs_is_a_prefix() {
        for (default_fs, expected) in [
            ("/tmp/", "/tmp/a"),
            ("/tmp", "/tmp/a"),
            ("file:///", "/a"),
            ("file:///data/", "/a"),
            ("file:/data", "/a"),
            ("hdfs://namenode:9000", "/a"),
            ("namenode:9000", "/a"),
        ] {
            let pairs = [("storageNameSpace", "/a"), ("fs.defaultFS", default_fs)];
            assert_eq!(namespace(pairs), expected, "{default_fs}");
        }
        assert_eq!(namespace([("fs.default.name", "/tmp/")]), "/tmp/seatunnel/checkpoint");
    }

    #[test]
    fn what_is_wrong_is_named_without_its_value() {
        for (key, value) in [
            ("storageNameSpace", "/a/../b"),
            ("storageNameSpace", "a\0b"),
            ("fs.defaultFS", "/tmp/.."),
            ("fs.defaultFS", "data"),
            ("sync", "yes"),
            ("file-mode", "rw-------"),
            ("file-mode", "0680"),
            ("file-mode", "+600"),
            ("dir-mode", "17777"),
            ("dir-mode", "0500"),
        ] {
            let error = parse([(key, value)]).expect_err(value);
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert!(error.subject().contains(key) && !error.to_string().contains(value), "{error}");
        }
        assert_eq!(
            parse([("file-mode", "640"), ("dir-mode", "0o2770")]).expect("valid").dir_mode,
            0o2770
        );
    }

    #[test]
    fn two_spellings_agree_or_are_refused() {
        assert_eq!(namespace([("storageNameSpace", "/a"), ("namespace", "/a")]), "/a");
        assert_eq!(namespace([("storageNameSpace", ""), ("namespace", "/a")]), "/a");
        let message = parse([("storageNameSpace", "/a"), ("namespace", "/b")])
            .expect_err("contradiction")
            .to_string();
        assert!(message.contains("`storageNameSpace` and `namespace`"), "{message}");
    }

    #[test]
    fn what_is_none_of_its_business_is_left_alone() {
        let pairs = [("storage-type", "hdfs"), ("disable.cache", "x"), ("anything", "else")];
        assert_eq!(namespace(pairs), "/seatunnel/checkpoint");
    }

    #[test]
    fn every_key_is_documented() {
        assert!(keys().iter().all(|key| !key.description.is_empty() && !key.secret));
        assert_eq!(keys().len(), KEYS.len());
    }
}
