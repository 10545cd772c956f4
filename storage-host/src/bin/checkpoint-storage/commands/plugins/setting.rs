//! A key of `plugin-config` as it is typed, with a placeholder for a directory.

use std::str::FromStr;

/// Stands for a fresh directory.
pub(super) const DIRECTORY: &str = "{}";

/// A key and its value. The value may be a secret: it has no `Debug` and is shown nowhere.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) key: String,
    pub(super) value: String,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                Ok(Self { key: key.to_owned(), value: value.to_owned() })
            }
            _ => Err("a --set has no KEY=VALUE".to_owned()),
        }
    }
}

/// `pattern` with a directory in each of its placeholders.
pub(super) fn filled(pattern: &str, directory: &str) -> String {
    pattern.replace(DIRECTORY, directory)
}

/// Whether something of `pattern` is another in each directory.
pub(super) fn has_placeholder(pattern: &str) -> bool {
    pattern.contains(DIRECTORY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_a_key_and_whatever_follows() {
        let setting: Setting = "a.b=c=d".parse().expect("valid");
        assert_eq!((&*setting.key, &*setting.value), ("a.b", "c=d"));
        assert!("a=".parse::<Setting>().is_ok());
        for text in ["", "=", "=value", "key"] {
            assert!(text.parse::<Setting>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_placeholder_is_filled() {
        assert_eq!(filled("file:{}/a?b={}", "/tmp/x"), "file:/tmp/x/a?b=/tmp/x");
        assert!(has_placeholder("{}/a.db") && !has_placeholder("/a.db"));
    }
}
