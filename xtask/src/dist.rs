//! The release folder: the command line, the plugins, the configurations.

use std::fs;
use std::path::Path;

use crate::process::{Context, Result, cargo, run as run_command};
use crate::workspace::{HOST_BINARY, HOST_PACKAGE, Plugin, Workspace, root};

/// How Cargo optimizes.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    Dev,
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// Makes the folder `out` with the backends of these names, or with all.
pub(crate) fn run(out: &Path, names: &[String]) -> Result<()> {
    let workspace = Workspace::load()?;
    let plugins = match names {
        [] => workspace.plugins.clone(),
        names => names.iter().map(|name| workspace.plugin(name).cloned()).collect::<Result<_>>()?,
    };
    assemble(&workspace, Profile::Release, &plugins, out)?;
    println!("{} is ready: try {}", out.display(), out.join("bin").join(HOST_BINARY).display());
    Ok(())
}

/// Builds the command line and these plugins and puts them into `out` with the configurations.
pub(crate) fn assemble(
    workspace: &Workspace,
    profile: Profile,
    plugins: &[Plugin],
    out: &Path,
) -> Result<()> {
    build(profile, plugins)?;
    let built = workspace.target.join(profile.folder());
    install(&built.join(HOST_BINARY), &out.join("bin"))?;
    for plugin in plugins {
        install(&built.join(&plugin.library), &out.join("plugins"))?;
    }
    let configurations = root().join("config");
    for file in fs::read_dir(&configurations).context(configurations.display())? {
        install(&file.context(configurations.display())?.path(), &out.join("config"))?;
    }
    Ok(())
}

/// Builds the command line and these plugins.
pub(crate) fn build(profile: Profile, plugins: &[Plugin]) -> Result<()> {
    let mut command = cargo();
    command.args(["build", "--locked", "--package", HOST_PACKAGE, "--bin", HOST_BINARY, "--lib"]);
    for plugin in plugins {
        command.args(["--package", &plugin.package]);
    }
    if let Profile::Release = profile {
        command.arg("--release");
    }
    run_command(&mut command)
}

/// Puts a file into a folder by renaming: a library that a running host has mapped must not change
/// under it. Until then its name is not one of a plugin.
fn install(file: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).context(folder.display())?;
    let name = file.file_name().unwrap_or_default();
    let incoming = tempfile::Builder::new()
        .prefix(".incoming-")
        .suffix(".tmp")
        .tempfile_in(folder)
        .context(folder.display())?;
    // Copies the permissions along.
    fs::copy(file, incoming.path()).context(file.display())?;
    incoming.persist(folder.join(name)).map(drop).context(folder.join(name).display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    #[test]
    fn a_file_is_replaced_not_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = folder.path().join("source.so");
        let installed = folder.path().join("plugins/source.so");
        let install = |text: &str| {
            fs::write(&source, text).expect("written");
            fs::set_permissions(&source, fs::Permissions::from_mode(0o755)).expect("set");
            super::install(&source, &folder.path().join("plugins")).expect("installed");
            fs::metadata(&installed).expect("there")
        };
        let (first, second) = (install("one"), install("two"));
        assert_ne!(first.ino(), second.ino());
        assert_eq!(second.mode() & 0o777, 0o755);
        assert_eq!(fs::read_to_string(&installed).expect("readable"), "two");
        assert_eq!(fs::read_dir(folder.path().join("plugins")).expect("readable").count(), 1);
    }
}
