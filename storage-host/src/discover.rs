//! What lies in the plugins directory: every entry gets a verdict, and one bad file never hides
//! the good ones.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use checkpoint_storage_api::ffi::Manifest;
use rustix::io::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::inspect::inspect;

/// One entry of the plugins directory.
#[derive(Debug)]
pub struct Finding {
    /// Where it lies.
    pub file: PathBuf,
    /// What it is.
    pub verdict: Verdict,
}

/// What an entry of the plugins directory is. No code of it was run to find out.
#[derive(Debug)]
pub enum Verdict {
    /// A plugin that this host can load.
    Accepted {
        /// What it says of itself.
        manifest: Manifest,
        /// Other files that say they are the same plugin: opening it by this name fails.
        same_name: Vec<PathBuf>,
    },
    /// It looks like a plugin and cannot be loaded.
    Rejected(Error),
    /// It does not look like a plugin.
    Ignored(String),
}

/// Looks at every entry of `directory`, by file name.
pub(crate) fn discover(directory: &Path) -> Result<Vec<Finding>> {
    let failed = |error: io::Error| {
        let reason = format!("the plugins directory cannot be read: {error}");
        Error::new(ErrorKind::PluginsDirectory, directory.display(), reason)
            .with_advice("name the directory that holds the plugins with --plugins")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        files.push(entry.map_err(failed)?.path());
    }
    files.sort();
    let mut findings: Vec<_> =
        files.into_iter().map(|file| Finding { verdict: examine(&file), file }).collect();
    ignore_second_links(&mut findings);
    note_same_names(&mut findings);
    Ok(findings)
}

/// The manifest of the plugin at `file`; the rules are those of a plugins directory.
pub(crate) fn manifest_of(file: &Path) -> Result<Manifest> {
    match examine(file) {
        Verdict::Accepted { manifest, .. } => Ok(manifest),
        Verdict::Rejected(error) => Err(error),
        Verdict::Ignored(reason) => {
            Err(Error::new(ErrorKind::PluginRejected, file.display(), reason)
                .with_advice("name the library that the plugin was built into"))
        }
    }
}

fn examine(file: &Path) -> Verdict {
    let suffix = std::env::consts::DLL_SUFFIX;
    if !file.as_os_str().as_encoded_bytes().ends_with(suffix.as_bytes()) {
        return Verdict::Ignored(format!("its name does not end in {suffix}"));
    }
    let reject = |reason: String, advice: &str| {
        let error = Error::new(ErrorKind::PluginRejected, file.display(), reason);
        Verdict::Rejected(error.with_advice(advice))
    };
    // Follows links, and opens nothing: opening a pipe would wait for its writer.
    match std::fs::metadata(file) {
        Ok(found) if found.is_file() => match inspect(file) {
            Ok(manifest) => Verdict::Accepted { manifest, same_name: Vec::new() },
            Err(error) => Verdict::Rejected(error),
        },
        Ok(found) if found.is_dir() => {
            reject("it is a directory".into(), "move the plugin out of it")
        }
        Ok(_) => reject("it is not a regular file".into(), "remove it"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => reject(
            "there is no such file, or it is a link to one that is not there".into(),
            "restore the file or the link",
        ),
        Err(error) if Errno::from_io_error(&error) == Some(Errno::LOOP) => {
            reject("it is a link that leads back to itself".into(), "restore the link")
        }
        Err(error) => reject(
            format!("it cannot be looked at: {error}"),
            "make the file and its directory readable for this user",
        ),
    }
}

/// A plugin and a link to it are one plugin.
fn ignore_second_links(findings: &mut [Finding]) {
    let mut first_names: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for finding in findings {
        if !matches!(finding.verdict, Verdict::Accepted { .. }) {
            continue;
        }
        let Ok(target) = finding.file.canonicalize() else { continue };
        if let Some(first) = first_names.get(&target) {
            finding.verdict = Verdict::Ignored(format!("the same file as {}", first.display()));
        } else {
            first_names.insert(target, finding.file.clone());
        }
    }
}

fn note_same_names(findings: &mut [Finding]) {
    let mut by_name: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for finding in &*findings {
        if let Verdict::Accepted { manifest, .. } = &finding.verdict {
            by_name.entry(manifest.name.clone()).or_default().push(finding.file.clone());
        }
    }
    for Finding { file, verdict } in findings {
        if let Verdict::Accepted { manifest, same_name } = verdict {
            let others = by_name.get(&manifest.name).into_iter().flatten();
            *same_name = others.filter(|other| *other != file).cloned().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn rejection(finding: &Finding) -> String {
        match &finding.verdict {
            Verdict::Rejected(error) => error.to_string(),
            verdict => panic!("{}: {verdict:?}", finding.file.display()),
        }
    }

    #[test]
    fn every_entry_gets_its_own_verdict() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at(".so"), "some text").expect("written");
        std::fs::write(at("empty.so"), "").expect("written");
        std::fs::write(at("readme.txt"), "text").expect("written");
        std::fs::create_dir(at("folder.so")).expect("created");
        symlink(at("nowhere"), at("dangling.so")).expect("linked");
        symlink(at("loop.so"), at("loop.so")).expect("linked");
        std::fs::copy(std::env::current_exe().expect("known"), at("program.so")).expect("copied");
        let findings = discover(folder.path()).expect("readable");
        let names: Vec<_> =
            findings.iter().map(|f| f.file.file_name().expect("named").to_owned()).collect();
        let expected =
            [".so", "dangling.so", "empty.so", "folder.so", "loop.so", "program.so", "readme.txt"];
        assert_eq!(names, expected);
        for (index, part) in [
            (0, "not a shared library"),
            (1, "not there"),
            (2, "is empty"),
            (3, "is a directory"),
            (4, "leads back"),
            (5, "no symbol CKPT_PLUGIN_MANIFEST"),
        ] {
            let text = rejection(&findings[index]);
            assert!(text.contains(part), "{text}");
        }
        assert!(matches!(&findings[6].verdict, Verdict::Ignored(_)));
    }

    #[test]
    fn a_library_that_is_cut_off_anywhere_is_rejected() {
        let whole = std::fs::read(std::env::current_exe().expect("known")).expect("readable");
        let folder = tempfile::tempdir().expect("a folder");
        for permille in [1, 10, 100, 500, 900, 990, 999] {
            let name = folder.path().join(format!("{permille:03}.so"));
            std::fs::write(name, &whole[..whole.len() * permille / 1000]).expect("written");
        }
        let findings = discover(folder.path()).expect("readable");
        assert_eq!(findings.len(), 7);
        for finding in &findings {
            let text = rejection(finding);
            assert!(text.contains("cut off"), "{text}");
        }
    }

    #[test]
    fn a_directory_that_cannot_be_read_is_named() {
        let error = discover(Path::new("/nowhere/plugins")).expect_err("it is not there");
        assert_eq!(error.kind(), ErrorKind::PluginsDirectory);
        assert!(error.to_string().contains("/nowhere/plugins"), "{error}");
    }
}
