//! Which plugin a configuration asks for. The host knows no backend: a plugin serves its own name
//! and what it claims.

use std::fmt;
use std::path::{Path, PathBuf};

use checkpoint_storage_api::PluginConfig;
use checkpoint_storage_api::ffi::Manifest;
use checkpoint_storage_keys::Key;
use checkpoint_storage_keys::rows::storage::{DEFAULT_FS, STORAGE_TYPE};
use checkpoint_storage_keys::values::{self, FileSystem};

use crate::discover::{Finding, Verdict};
use crate::error::{Error, ErrorKind, Result};

/// The storage type that stands for the whole Hadoop family, as in the Java engine.
const HADOOP_FAMILY: &str = "hdfs";

/// The storage type of the family when neither a type nor a file system is given, as in Java.
const DEFAULT_STORAGE_TYPE: &str = "local";

/// What a configuration asks of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The plugin of this name.
    Name(String),
    /// One that claims this storage type.
    StorageType(String),
    /// One that claims this URI scheme.
    Scheme(String),
}

impl Wanted {
    /// What `type: plugin_type` with this `plugin-config` asks for.
    pub(crate) fn by(plugin_type: &str, config: &PluginConfig) -> Self {
        if plugin_type != HADOOP_FAMILY {
            return Self::Name(plugin_type.to_owned());
        }
        match (first_given(&STORAGE_TYPE, config), first_given(&DEFAULT_FS, config)) {
            (Some(other), _) if other != HADOOP_FAMILY => Self::StorageType(other.to_owned()),
            (_, Some(file_system)) => Self::Scheme(scheme_of(file_system)),
            // Hadoop's own files may name the file system: the plugin knows where to look.
            (Some(_), None) => Self::Scheme(HADOOP_FAMILY.to_owned()),
            (None, None) => Self::StorageType(DEFAULT_STORAGE_TYPE.to_owned()),
        }
    }

    /// Why that is wanted, in the words of the configuration.
    pub(crate) fn because(plugin_type: &str, config: &PluginConfig) -> String {
        if plugin_type != HADOOP_FAMILY {
            return format!("`type` is `{plugin_type}`");
        }
        let reason = match (first_given(&STORAGE_TYPE, config), first_given(&DEFAULT_FS, config)) {
            (Some(other), _) if other != HADOOP_FAMILY => format!("`storage-type` is `{other}`"),
            (_, Some(file_system)) => {
                format!("the scheme of `fs.defaultFS` is `{}`", scheme_of(file_system))
            }
            (Some(_), None) => format!("`storage-type` is `{HADOOP_FAMILY}`"),
            (None, None) => format!(
                "neither `storage-type` nor `fs.defaultFS` is given, which means \
                 `{DEFAULT_STORAGE_TYPE}`"
            ),
        };
        format!("`type` is the Hadoop family, and {reason}")
    }

    fn is_served_by(&self, manifest: &Manifest) -> bool {
        match self {
            Self::Name(name) => manifest.name == *name,
            Self::StorageType(wanted) => manifest.storage_types.contains(wanted),
            Self::Scheme(wanted) => manifest.schemes.contains(wanted),
        }
    }

    /// What of a plugin answers this kind of wish, for the one who looks for the nearest.
    fn offers<'m>(&self, manifest: &'m Manifest) -> &'m [String] {
        match self {
            Self::Name(_) => std::slice::from_ref(&manifest.name),
            Self::StorageType(_) => &manifest.storage_types,
            Self::Scheme(_) => &manifest.schemes,
        }
    }

    fn text(&self) -> &str {
        let (Self::Name(text) | Self::StorageType(text) | Self::Scheme(text)) = self;
        text
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "is named `{name}`"),
            Self::StorageType(wanted) => write!(f, "serves the storage type `{wanted}`"),
            Self::Scheme(wanted) => write!(f, "serves the scheme `{wanted}`"),
        }
    }
}

/// The value of a key under its first spelling that has one; that spellings disagree is for the
/// review of the keys to tell.
fn first_given<'c>(key: &Key, config: &'c PluginConfig) -> Option<&'c str> {
    key.spellings().find_map(|spelling| config.get_any(&[spelling])).map(|(_, value)| value)
}

/// The scheme of what `fs.defaultFS` holds. What names no file system at all counts as a directory
/// would: the review of the keys tells it.
fn scheme_of(file_system: &str) -> String {
    match values::file_system(file_system) {
        Ok(FileSystem::Uri { scheme, .. }) => scheme,
        Ok(FileSystem::Directory(_)) | Err(_) => "file".to_owned(),
    }
}

/// The one plugin among `findings` that serves what is wanted.
pub(crate) fn resolve<'f>(
    wanted: &Wanted,
    directory: &Path,
    findings: &'f [Finding],
) -> Result<(&'f Path, &'f Manifest)> {
    let plugins: Vec<_> = findings.iter().filter_map(accepted).collect();
    let serving: Vec<_> =
        plugins.iter().filter(|(_, manifest)| wanted.is_served_by(manifest)).copied().collect();
    match serving[..] {
        [one] => Ok(one),
        [] => Err(not_found(wanted, directory, &plugins, findings)),
        _ => {
            let files: Vec<_> =
                serving.iter().map(|(file, _)| file.display().to_string()).collect();
            let reason =
                format!("{} plugins say that each {wanted}: {}", files.len(), files.join(", "));
            Err(Error::new(ErrorKind::PluginAmbiguous, directory.display(), reason)
                .with_advice("keep one of them in the plugins directory"))
        }
    }
}

fn accepted(finding: &Finding) -> Option<(&Path, &Manifest)> {
    match &finding.verdict {
        Verdict::Accepted { manifest, .. } => Some((&finding.file, manifest)),
        Verdict::Rejected(_) | Verdict::Ignored(_) => None,
    }
}

fn not_found(
    wanted: &Wanted,
    directory: &Path,
    plugins: &[(&Path, &Manifest)],
    findings: &[Finding],
) -> Error {
    let names: Vec<_> = plugins.iter().map(|(_, manifest)| manifest.name.as_str()).collect();
    let held = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let rejected: Vec<_> = findings
        .iter()
        .filter_map(|finding| match &finding.verdict {
            Verdict::Rejected(error) => {
                let name = finding.file.file_name().map(PathBuf::from).unwrap_or_default();
                Some(format!("{} ({})", name.display(), error.reason()))
            }
            _ => None,
        })
        .collect();
    let mut reason = format!("no plugin there {wanted}; the plugins there are: {held}");
    if !rejected.is_empty() {
        reason.push_str("; rejected: ");
        reason.push_str(&rejected.join(", "));
    }
    let nearest = plugins
        .iter()
        .flat_map(|(_, manifest)| wanted.offers(manifest))
        .map(|offer| (strsim::damerau_levenshtein(offer, wanted.text()), offer))
        .filter(|(distance, offer)| distance * 2 <= offer.len())
        .min();
    let advice = match (other_way(wanted, plugins), nearest) {
        (Some(advice), _) => advice,
        (None, Some((_, offer))) => format!("did you mean `{offer}`?"),
        (None, None) => {
            "put the plugin's library there, or name another directory with --plugins".into()
        }
    };
    Error::new(ErrorKind::PluginNotFound, directory.display(), reason).with_advice(advice)
}

/// How to write what was asked for, where a name stands for a storage type or the other way round.
fn other_way(wanted: &Wanted, plugins: &[(&Path, &Manifest)]) -> Option<String> {
    let mut manifests = plugins.iter().map(|(_, manifest)| manifest);
    match wanted {
        Wanted::Name(name) => manifests
            .any(|plugin| plugin.storage_types.contains(name) || plugin.schemes.contains(name))
            .then(|| format!("write `type: {HADOOP_FAMILY}` with `storage-type: {name}`")),
        Wanted::StorageType(name) => {
            let plugin = manifests.find(|plugin| plugin.name == *name)?;
            Some(match plugin.storage_types.first() {
                Some(own) => format!("write `storage-type: {own}`"),
                None => format!("write `type: {name}`"),
            })
        }
        Wanted::Scheme(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(name: &str, storage_types: &[&str], schemes: &[&str]) -> Finding {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        Finding {
            file: format!("/plugins/lib{name}.so").into(),
            verdict: Verdict::Accepted {
                manifest: Manifest {
                    name: name.into(),
                    version: "1.0.0".into(),
                    api_version: "1.0.0".into(),
                    storage_types: owned(storage_types),
                    schemes: owned(schemes),
                    deprecated: None,
                },
                same_name: Vec::new(),
            },
        }
    }

    fn all() -> Vec<Finding> {
        vec![
            plugin("localfile", &["local"], &["file"]),
            plugin("s3", &["s3"], &["s3a", "s3n", "s3"]),
            plugin("hdfs", &[], &["hdfs"]),
            plugin("oss", &["oss"], &["oss"]),
        ]
    }

    fn chosen(plugin_type: &str, config: &[(&str, &str)]) -> String {
        let config = config.iter().copied().collect();
        let findings = all();
        resolve(&Wanted::by(plugin_type, &config), Path::new("/plugins"), &findings)
            .map(|(_, manifest)| manifest.name.clone())
            .unwrap_or_else(|error| format!("{:?}", error.kind()))
    }

    #[test]
    fn a_type_is_a_plugin_s_name_unless_it_is_the_hadoop_family() {
        assert_eq!(chosen("localfile", &[]), "localfile");
        assert_eq!(chosen("localfile", &[("storage-type", "s3")]), "localfile");
        assert_eq!(chosen("s3", &[]), "s3");
        assert_eq!(chosen("nothing", &[]), "PluginNotFound");
    }

    #[test]
    fn the_hadoop_family_is_resolved_by_claims() {
        fn family(config: &[(&str, &str)]) -> String {
            chosen("hdfs", config)
        }
        assert_eq!(family(&[]), "localfile");
        assert_eq!(family(&[("storage-type", "")]), "localfile");
        assert_eq!(family(&[("storage-type", "s3"), ("fs.defaultFS", "hdfs://h:9000")]), "s3");
        assert_eq!(family(&[("storage.type", "oss")]), "oss");
        assert_eq!(family(&[("storage-type", "hdfs")]), "hdfs");
        for (file_system, plugin) in [
            ("hdfs://localhost:9000", "hdfs"),
            ("localhost:9000", "hdfs"),
            ("HDFS://nameservice/", "hdfs"),
            ("/tmp/", "localfile"),
            ("/a:/b", "localfile"),
            ("file:///", "localfile"),
            ("file:/tmp", "localfile"),
            ("s3a://bucket", "s3"),
            ("gs://bucket", "PluginNotFound"),
        ] {
            assert_eq!(family(&[("storage-type", "hdfs"), ("fs.defaultFS", file_system)]), plugin);
            assert_eq!(family(&[("fs.default.name", file_system)]), plugin, "{file_system}");
        }
    }

    #[test]
    fn a_name_that_matches_nothing_lists_what_is_there_and_the_nearest() {
        let mut findings = all();
        let bad = Error::new(ErrorKind::PluginRejected, "/plugins/bad.so", "it is empty");
        findings.push(Finding { file: "/plugins/bad.so".into(), verdict: Verdict::Rejected(bad) });
        let wanted = Wanted::Name("localfil".into());
        let error = resolve(&wanted, Path::new("/plugins"), &findings).expect_err("none");
        let text = error.to_string();
        for part in [
            "/plugins",
            "localfile, s3, hdfs, oss",
            "bad.so (it is empty)",
            "did you mean `localfile`?",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn two_that_serve_the_same_are_both_named() {
        let mut findings = all();
        findings.push(plugin("other", &["s3"], &[]));
        let wanted = Wanted::StorageType("s3".into());
        let error = resolve(&wanted, Path::new("/plugins"), &findings).expect_err("two");
        assert_eq!(error.kind(), ErrorKind::PluginAmbiguous);
        let text = error.to_string();
        assert!(text.contains("libs3.so") && text.contains("libother.so"), "{text}");
        assert!(resolve(&Wanted::Name("s3".into()), Path::new("/plugins"), &findings).is_ok());
    }
}
