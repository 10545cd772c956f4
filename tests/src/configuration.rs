//! A `seatunnel.yaml`.

use std::fmt::Display;

/// What is in it, each part as lines that are not indented.
#[derive(Clone, Copy, Default)]
pub struct Configuration<'a> {
    /// The keys of `checkpoint`, but for `storage`.
    pub checkpoint: &'a str,
    /// The keys of `storage`, but for `plugin-config`: its `type`, at least.
    pub storage: &'a str,
    /// The keys of `plugin-config`.
    pub plugin: &'a str,
}

impl Configuration<'_> {
    /// The file's text.
    pub fn yaml(&self) -> String {
        format!(
            "seatunnel:\n  engine:\n    checkpoint:\n{}      storage:\n{}        plugin-config:\n{}",
            indented(self.checkpoint, 6),
            indented(self.storage, 8),
            indented(self.plugin, 10),
        )
    }
}

fn indented(lines: &str, by: usize) -> String {
    lines.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}

/// Lines of keys and their values, whatever is in the values.
pub fn lines<K: Display, V: Display>(pairs: impl IntoIterator<Item = (K, V)>) -> String {
    let line =
        |(key, value): (K, V)| format!("{key}: '{}'\n", value.to_string().replace('\'', "''"));
    pairs.into_iter().map(line).collect()
}
