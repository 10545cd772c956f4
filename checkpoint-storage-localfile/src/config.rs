//! From the keys of `plugin-config` to what the storage needs.

use std::path::PathBuf;

use checkpoint_storage_api::{ConfigKey, PluginConfig, Result};
use checkpoint_storage_keys::Key;
use checkpoint_storage_keys::rows::localfile::{DIR_MODE, FILE_MODE, SYNC};
use checkpoint_storage_keys::rows::storage::{DEFAULT_FS, DISABLE_CACHE, NAMESPACE, STORAGE_TYPE};
use checkpoint_storage_keys::values::{self, FileSystem};
use tracing::warn;

/// The last two are the host's business and are accepted.
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
    KEYS.into_iter().map(ConfigKey::from).collect()
}

impl LocalFileConfig {
    /// Keys that are not this plugin's are the host's business.
    pub(crate) fn parse(config: &PluginConfig) -> Result<Self> {
        let mut namespace = PathBuf::from("/");
        namespace.extend(DEFAULT_FS.read(config, prefix)?);
        namespace.extend(NAMESPACE.read(config, values::segments)?);
        Ok(Self {
            namespace,
            sync: SYNC.read(config, values::boolean)?,
            file_mode: FILE_MODE.read(config, values::mode)?,
            dir_mode: DIR_MODE.read(config, values::mode)?,
        })
    }
}

/// The directory below which the namespace lies, from the root on.
fn prefix(file_system: &str) -> Result<Vec<&str>, values::Unfit> {
    if file_system.is_empty() {
        return Ok(Vec::new());
    }
    match values::file_system(file_system)? {
        FileSystem::Directory(segments) => return Ok(segments),
        FileSystem::Uri { scheme, .. } if scheme != "file" => warn!(
            key = DEFAULT_FS.name,
            "this names another file system and is ignored: checkpoints are kept on the local disk"
        ),
        FileSystem::Uri { path: "", .. } => {}
        FileSystem::Uri { .. } => warn!(
            key = DEFAULT_FS.name,
            "the path in this URI is ignored, as Hadoop does; put it into `{}`", NAMESPACE.name
        ),
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use checkpoint_storage_api::ErrorKind;

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
