//! What values may be. Each function here is the one rule about its kind of value.

use std::fmt;
use std::time::Duration;

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Keys of its own.
    Section,
    /// Any text.
    Text,
    /// The name of a plugin, or of what one claims to serve.
    Name,
    /// A path of a file or program on this machine.
    File,
    /// A directory, with `/` between its segments.
    Directory,
    /// A whole number of milliseconds, at least this.
    Milliseconds(u64),
    /// A whole number, at least this.
    Number(u64),
    /// `true` or `false`.
    Boolean,
    /// A time such as `30s` or `2min`; a bare number is milliseconds.
    Time,
    /// A number of bytes: `16777216`, `16M` or `16 MiB`.
    Size,
    /// An octal mode such as `0640`, with write permission for the owner.
    Mode,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A file system's URI, or a directory that begins with `/`.
    FileSystem,
}

/// Why a value does not fit, and what to write instead. Shows no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub advice: String,
}

impl Unfit {
    /// A value with this problem.
    pub fn new(problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { problem: problem.into(), advice: advice.into() }
    }
}

impl Value {
    /// Whether `text` fits.
    pub fn check(self, text: &str) -> Result<(), Unfit> {
        match self {
            Self::Section | Self::Text | Self::File => Ok(()),
            Self::Name => name(text).map(drop),
            Self::Directory => segments(text).map(drop),
            Self::Milliseconds(min) => milliseconds(text, min).map(drop),
            Self::Number(min) => number(text, min).map(drop),
            Self::Boolean => boolean(text).map(drop),
            Self::Time => time(text).map(drop),
            Self::Size => size(text).map(drop),
            Self::Mode => mode(text).map(drop),
            Self::OneOf(choices) => one_of(text, choices).map(drop),
            Self::FileSystem => file_system(text).map(drop),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Section => f.write_str("keys of its own"),
            Self::Text => f.write_str("text"),
            Self::Name => f.write_str("a name"),
            Self::File => f.write_str("a file"),
            Self::Directory => f.write_str("a directory"),
            Self::Milliseconds(min) => write!(f, "milliseconds, at least {min}"),
            Self::Number(min) => write!(f, "a whole number, at least {min}"),
            Self::Boolean => f.write_str("`true` or `false`"),
            Self::Time => f.write_str("a time such as `30s`; a bare number is milliseconds"),
            Self::Size => f.write_str("bytes, such as `16777216`, `16M` or `16 MiB`"),
            Self::Mode => f.write_str("an octal mode such as `0640`"),
            Self::OneOf(choices) => f.write_str(&choices_text(choices)),
            Self::FileSystem => f.write_str("a URI, or a directory that begins with `/`"),
        }
    }
}

fn choices_text(choices: &[&str]) -> String {
    let quoted: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
    match &quoted[..] {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// The name of a plugin, or of what one claims to serve.
pub fn name(text: &str) -> Result<&str, Unfit> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    match text.chars().all(is_part) {
        true => Ok(text),
        false => Err(Unfit::new(
            "this is no name",
            "write one word of letters, digits, `-`, `_` and `.`, without quotes",
        )),
    }
}

/// A number of milliseconds, at least `min`.
pub fn milliseconds(text: &str, min: u64) -> Result<Duration, Unfit> {
    let advice = || format!("write a whole number of milliseconds, at least {min}");
    match text.parse() {
        Ok(ms) if ms >= min => Ok(Duration::from_millis(ms)),
        Ok(ms) => Err(Unfit::new(format!("{ms} ms is too short"), advice())),
        Err(_) => Err(match humantime::parse_duration(text) {
            Ok(time) => Unfit::new(
                "the unit is fixed: milliseconds",
                format!("write `{}`", time.as_millis()),
            ),
            Err(_) => Unfit::new("this is no number of milliseconds", advice()),
        }),
    }
}

/// A whole number, at least `min`.
pub fn number(text: &str, min: u64) -> Result<u32, Unfit> {
    match text.parse::<u32>() {
        Ok(number) if u64::from(number) >= min => Ok(number),
        Ok(number) => {
            Err(Unfit::new(format!("{number} is too little"), format!("write {min} or more")))
        }
        Err(_) => Err(Unfit::new(
            "this is no whole number, or too great a one",
            format!("write digits only, {min} or more"),
        )),
    }
}

/// `true` or `false`.
pub fn boolean(text: &str) -> Result<bool, Unfit> {
    one_of(text, &["true", "false"]).map(|choice| choice == "true")
}

/// One of a few words.
pub fn one_of<'c>(text: &str, choices: &[&'c str]) -> Result<&'c str, Unfit> {
    choices.iter().find(|&&choice| choice == text).copied().ok_or_else(|| {
        Unfit::new("this is not one of its values", format!("write {}", choices_text(choices)))
    })
}

/// A time longer than none; a bare number is milliseconds.
pub fn time(text: &str) -> Result<Duration, Unfit> {
    let time = match text.parse() {
        Ok(milliseconds) => Some(Duration::from_millis(milliseconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    };
    time.filter(|time| !time.is_zero()).ok_or_else(|| {
        Unfit::new("this is no time", "write a time such as `30s`, or a number of milliseconds")
    })
}

/// A number of bytes; as in Hadoop, `K`, `M`, `G` and `T` count by 1024.
pub fn size(text: &str) -> Result<u64, Unfit> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text[digits.len()..].trim().to_ascii_lowercase();
    let shift = match unit.trim_end_matches("ib").trim_end_matches('b') {
        "" => Some(0),
        "k" => Some(10),
        "m" => Some(20),
        "g" => Some(30),
        "t" => Some(40),
        _ => None,
    };
    let number = digits.parse::<u64>().ok().filter(|&number| number > 0);
    number
        .zip(shift)
        .and_then(|(number, shift)| number.checked_mul(1 << shift))
        .ok_or_else(|| Unfit::new("this is no size", "write bytes, such as `16777216` or `16M`"))
}

/// An octal mode under which the owner can write.
pub fn mode(text: &str) -> Result<u32, Unfit> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    let octal = (!digits.is_empty() && digits.bytes().all(|digit| matches!(digit, b'0'..=b'7')))
        .then(|| u32::from_str_radix(digits, 8).ok())
        .flatten()
        .filter(|mode| *mode <= 0o7777);
    match octal {
        None => Err(Unfit::new("this is no octal mode", "write, for example, `0640` or `0750`")),
        Some(mode) if mode & 0o200 == 0 => Err(Unfit::new(
            "this mode lets not even its owner write",
            "add write permission for the owner",
        )),
        Some(mode) => Ok(mode),
    }
}

/// The segments of a directory, without empty ones; never `.` or `..`.
pub fn segments(path: &str) -> Result<Vec<&str>, Unfit> {
    let segments: Vec<_> =
        path.split('/').filter(|segment| !matches!(*segment, "" | ".")).collect();
    if segments.contains(&"..") {
        return Err(Unfit::new("this contains `..`", "write the directory that is meant"));
    }
    if path.contains('\0') {
        return Err(Unfit::new("this contains a NUL character", "no directory has such a name"));
    }
    Ok(segments)
}

/// What names a file system, as Hadoop reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSystem<'t> {
    /// A directory of the local disk, below which the namespace lies.
    Directory(Vec<&'t str>),
    /// A URI of this scheme, in lower case; `host:9000` counts as `hdfs`.
    Uri {
        /// The scheme.
        scheme: String,
        /// What follows the authority, without slashes at its ends.
        path: &'t str,
    },
}

/// A file system's URI, or a directory that begins with `/`.
pub fn file_system(text: &str) -> Result<FileSystem<'_>, Unfit> {
    if text.starts_with('/') {
        return segments(text).map(FileSystem::Directory);
    }
    let Some((scheme, rest)) = text.split_once(':') else {
        return Err(Unfit::new(
            "this is neither a URI nor a directory that begins with `/`",
            "write a URI such as `file:///` or `hdfs://namenode:9000`, or a directory such as \
             `/tmp/`",
        ));
    };
    let path = match rest.strip_prefix("//") {
        Some(after) => after.split_once('/').map_or("", |(_, path)| path),
        None => rest,
    };
    let scheme = match rest.starts_with('/') {
        true => scheme.to_ascii_lowercase(),
        false => "hdfs".to_owned(),
    };
    let path = if rest.starts_with('/') { path.trim_matches('/') } else { "" };
    Ok(FileSystem::Uri { scheme, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_where_it_is_not_fixed() {
        assert_eq!(milliseconds("10", 10), Ok(Duration::from_millis(10)));
        assert_eq!(milliseconds("6s", 10).expect_err("a unit").advice, "write `6000`");
        assert!(milliseconds("9", 10).is_err() && milliseconds("-1", 10).is_err());
        assert_eq!(time("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(time("250"), Ok(Duration::from_millis(250)));
        assert!(time("0").is_err() && time("0s").is_err() && time("a fortnight").is_err());
    }

    #[test]
    fn sizes_count_by_1024() {
        for (text, bytes) in
            [("1", 1), ("16M", 16 << 20), ("16 MiB", 16 << 20), ("2kb", 2048), ("1T", 1 << 40)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "0", "M", "1.5M", "16 parsecs", "99999999999T", "-1", "١M"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn modes_are_octal_and_let_the_owner_write() {
        assert_eq!((mode("640"), mode("0o2770")), (Ok(0o640), Ok(0o2770)));
        for text in ["rw-------", "0680", "+600", "17777", "0500", ""] {
            assert!(mode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_system_is_read_as_hadoop_reads_it() {
        let uri = |scheme: &str, path| FileSystem::Uri { scheme: scheme.to_owned(), path };
        for (text, expected) in [
            ("/tmp/", FileSystem::Directory(vec!["tmp"])),
            ("/a:/b", FileSystem::Directory(vec!["a:", "b"])),
            ("file:///", uri("file", "")),
            ("file:///data/", uri("file", "data")),
            ("file:/tmp", uri("file", "tmp")),
            ("HDFS://nameservice/", uri("hdfs", "")),
            ("hdfs://h:9000/a/b", uri("hdfs", "a/b")),
            ("h:9000", uri("hdfs", "")),
            ("s3a://bucket/x", uri("s3a", "x")),
        ] {
            assert_eq!(file_system(text), Ok(expected), "{text}");
        }
        assert!(file_system("data").is_err() && file_system("/tmp/..").is_err());
    }

    #[test]
    fn what_does_not_fit_is_not_shown() {
        for value in [
            Value::Name,
            Value::Milliseconds(10),
            Value::Number(1),
            Value::Boolean,
            Value::Time,
            Value::Size,
            Value::Mode,
            Value::OneOf(&["a", "b"]),
            Value::FileSystem,
        ] {
            let unfit = value.check("hush hush").expect_err("it does not fit");
            assert!(!format!("{unfit:?}").contains("hush"), "{unfit:?}");
        }
    }
}
