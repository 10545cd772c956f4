//! What the tests run beside Rust: there, installed where that is possible, or named as missing.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{Result, run as run_command};

/// A program that tests need and this repository cannot build.
pub(crate) struct Tool {
    /// What it is called in messages.
    pub(crate) name: &'static str,
    /// Whether it is there.
    is_there: fn() -> bool,
    /// Debian's packages of it: the next is tried where the one before is not enough. None where all
    /// are too old.
    packages: &'static [&'static str],
}

/// Traces system calls.
pub(crate) const STRACE: Tool =
    Tool { name: "strace", is_there: || answers("strace", "-V"), packages: &["strace"] };

/// Runs and compiles Java.
pub(crate) const JDK: Tool = Tool {
    name: "a JDK of version 17 or later (java, javac)",
    is_there: || is_jdk("java") && is_jdk("javac"),
    packages: &["default-jdk-headless", "openjdk-17-jdk-headless"],
};

/// Builds the Java peer and fetches the engine's jars.
pub(crate) const MAVEN: Tool =
    Tool { name: "Maven (mvn)", is_there: || answers("mvn", "-v"), packages: &["maven"] };

/// Builds MinIO.
pub(crate) const GO: Tool =
    Tool { name: "Go of version 1.24 or later (go)", is_there: is_go, packages: &[] };

/// Makes realms and gives out tickets. The library that clients need comes with it.
pub(crate) const KERBEROS: Tool = Tool {
    name: "MIT Kerberos' server (krb5kdc, kadmin.local)",
    is_there: || is_program("krb5kdc") && is_program("kadmin.local"),
    packages: &["krb5-admin-server"],
};

const TOOLS: [&Tool; 5] = [&STRACE, &JDK, &MAVEN, &GO, &KERBEROS];

impl Tool {
    /// Whether it can be run.
    pub(crate) fn is_there(&self) -> bool {
        (self.is_there)()
    }

    fn install(&self) -> Result<()> {
        for package in self.packages {
            let mut install = Command::new("apt-get");
            install.args(["install", "-qy", package]);
            // Nobody answers what a package asks, such as the name of the realm.
            run_command(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
            if self.is_there() {
                break;
            }
        }
        Ok(())
    }
}

/// Installs what is missing where it may; says what is missing still.
pub(crate) fn install_missing() -> Result<()> {
    let missing: Vec<_> = TOOLS.into_iter().filter(|tool| !tool.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let updated = if missing.iter().all(|tool| tool.packages.is_empty()) {
        Ok(())
    } else {
        // Without it apt knows no packages, or versions that are gone.
        run_command(Command::new("apt-get").args(["update", "-q"]))
    };
    for tool in missing {
        let installed = if updated.is_ok() { tool.install() } else { Ok(()) };
        if tool.is_there() {
            continue;
        }
        let reason = updated.as_ref().err().or(installed.as_ref().err());
        let reason = reason.map(|error| format!(" ({error})")).unwrap_or_default();
        println!(
            "{} is missing and cannot be installed{reason}: its tests will be skipped",
            tool.name
        );
    }
    Ok(())
}

fn answers(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}

/// Where a program is: not every user's `PATH` has the folder of those that servers are made of.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn is_program(name: &str) -> bool {
    program(name).is_some()
}

fn is_jdk(program: &str) -> bool {
    let Ok(output) = Command::new(program).arg("-version").output() else { return false };
    // `java` prints it to standard error.
    let text = [output.stdout, output.stderr].concat();
    java_major(&String::from_utf8_lossy(&text)).is_some_and(|major| major >= 17)
}

/// The version in `javac 17.0.15` or `openjdk version "21" 2023-09-19`; 1 for `1.8.0`.
fn java_major(text: &str) -> Option<u32> {
    let number =
        text.split([' ', '"', '\n']).find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(['.', '-', '+']).next()?.parse().ok()
}

fn is_go() -> bool {
    let Ok(output) = Command::new("go").args(["env", "GOVERSION"]).output() else { return false };
    go_version(&String::from_utf8_lossy(&output.stdout)).is_some_and(|version| version >= (1, 24))
}

/// The version in `go1.26.8` or `go1.25rc1`.
fn go_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().strip_prefix("go")?.split_once('.')?;
    let minor = minor.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_java_version_is_found_in_what_the_programs_print() {
        for (text, major) in [
            ("javac 17.0.15\n", Some(17)),
            ("openjdk version \"21\" 2023-09-19\nOpenJDK", Some(21)),
            ("openjdk version \"18-ea\" 2022-03-22", Some(18)),
            ("java version \"1.8.0_392\"", Some(1)),
            ("no such thing", None),
        ] {
            assert_eq!(java_major(text), major, "{text}");
        }
    }

    #[test]
    fn a_go_version_is_found_in_what_it_prints() {
        for (text, version) in [
            ("go1.26.8\n", Some((1, 26))),
            ("go1.25rc1", Some((1, 25))),
            ("go1.24", Some((1, 24))),
            ("devel go", None),
            ("", None),
        ] {
            assert_eq!(go_version(text), version, "{text}");
        }
    }
}
