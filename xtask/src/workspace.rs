//! What the workspace holds, as Cargo tells it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::{Context, Error, Result, cargo, output_of};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The package and the name of the command line.
pub(crate) const HOST_PACKAGE: &str = "storage-host";
/// The command line's file.
pub(crate) const HOST_BINARY: &str = "checkpoint-storage";

/// A backend of this repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plugin {
    /// Its package.
    pub(crate) package: String,
    /// The file that Cargo builds for it.
    pub(crate) library: String,
}

/// What the tasks need to know of the workspace.
pub(crate) struct Workspace {
    /// Where Cargo puts what it builds.
    pub(crate) target: PathBuf,
    /// The backends: packages at the root of the repository that build a C library. Those of the
    /// tests lie deeper.
    pub(crate) plugins: Vec<Plugin>,
}

impl Workspace {
    pub(crate) fn load() -> Result<Self> {
        let text = output_of(cargo().args(["metadata", "--no-deps", "--format-version=1"]))?;
        let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
        let target = metadata["target_directory"].as_str();
        let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(Self {
            target: target.ok_or_else(|| Error::new("cargo metadata: no target directory"))?.into(),
            plugins: packages.iter().filter_map(plugin).collect(),
        })
    }

    /// The backend of this name, such as `localfile`.
    pub(crate) fn plugin(&self, name: &str) -> Result<&Plugin> {
        let package = format!("checkpoint-storage-{name}");
        let found = self.plugins.iter().find(|plugin| plugin.package == package);
        found.ok_or_else(|| {
            Error::new(format!("there is no backend {name:?}: no package {package}"))
        })
    }
}

fn plugin(package: &Value) -> Option<Plugin> {
    let manifest = Path::new(package["manifest_path"].as_str()?);
    if manifest.parent()?.parent()? != root() {
        return None;
    }
    let is_cdylib = |target: &&Value| {
        target["crate_types"].as_array().is_some_and(|types| types.iter().any(|t| t == "cdylib"))
    };
    let target = package["targets"].as_array()?.iter().find(is_cdylib)?;
    let library = target["name"].as_str()?.replace('-', "_");
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    Some(Plugin {
        package: package["name"].as_str()?.to_owned(),
        library: format!("{prefix}{library}{suffix}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backends_are_plugins_and_the_tests_own_are_not() {
        let plugins = Workspace::load().expect("cargo answers").plugins;
        let names: Vec<_> = plugins.iter().map(|plugin| plugin.package.as_str()).collect();
        assert!(names.contains(&"checkpoint-storage-localfile"), "{names:?}");
        assert!(names.contains(&"checkpoint-storage-s3"), "{names:?}");
        assert!(!names.contains(&"faulty-plugin"), "{names:?}");
    }
}
