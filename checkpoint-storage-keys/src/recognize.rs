//! Known, misspelt, or unknown.

use std::collections::BTreeSet;

/// How many edits make a misspelling of a known key. Java and Hadoop ignore what they do not know,
/// so a misspelt key would silently mean its default.
const MISSPELLING: usize = 2;

/// What a key that somebody wrote is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognition<'k> {
    /// One that is known.
    Known,
    /// So near to this one that it must be meant.
    Misspelt(&'k str),
    /// Something else; this is the known one that shares the most words with it.
    Unknown(Option<&'k str>),
}

/// What `written` is among the spellings that are known.
///
/// ```
/// use checkpoint_storage_keys::{Recognition, recognize};
///
/// let known = ["fs.defaultFS", "fs.s3a.secret-key"];
/// assert_eq!(recognize("fs.defaultFS", &known), Recognition::Known);
/// assert_eq!(recognize("fs.defaultfs", &known), Recognition::Misspelt("fs.defaultFS"));
/// assert_eq!(recognize("K1", &known), Recognition::Unknown(None));
/// ```
pub fn recognize<'k>(written: &str, known: &[&'k str]) -> Recognition<'k> {
    let matches = |spelling: &&str| match spelling.strip_suffix('*') {
        Some(prefix) => written.len() > prefix.len() && written.starts_with(prefix),
        None => *spelling == written,
    };
    if known.iter().any(matches) {
        return Recognition::Known;
    }
    let lower = written.to_lowercase();
    let nearest = known
        .iter()
        .copied()
        .filter(|spelling| !spelling.ends_with('*'))
        .map(|spelling| (strsim::damerau_levenshtein(&spelling.to_lowercase(), &lower), spelling))
        // A short key is not a misspelling of another short one.
        .filter(|(edits, spelling)| *edits <= MISSPELLING && edits * 2 < spelling.chars().count())
        .min_by_key(|(edits, _)| *edits);
    match nearest {
        Some((_, spelling)) => Recognition::Misspelt(spelling),
        None => Recognition::Unknown(nearest_by_words(written, known)),
    }
}

/// The known spelling that shares the most words with `written`, if it shares any that say much.
pub fn nearest_by_words<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let wanted = words(written);
    known
        .iter()
        .map(|&spelling| {
            let own = words(spelling);
            let shared = own.intersection(&wanted).count();
            // Between two that share as much, the shorter says less that was not asked for.
            (shared, std::cmp::Reverse(own.len()), spelling)
        })
        .filter(|(shared, ..)| *shared > 0)
        .max_by_key(|(shared, length, _)| (*shared, *length))
        .map(|(.., spelling)| spelling)
}

/// The words of a key, without those that every second key has.
fn words(key: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    let mut was_lower = false;
    for c in key.chars().chain(['.']) {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.insert(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    for common in ["", "fs", "s3a", "s3", "dfs", "hadoop", "aws", "key", "org", "com"] {
        words.remove(common);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ALL, Section};

    fn plugin_keys() -> Vec<&'static str> {
        ALL.iter()
            .filter(|key| key.section == Section::PluginConfig)
            .flat_map(|key| key.spellings())
            .collect()
    }

    #[test]
    fn two_edits_are_a_misspelling() {
        for (written, meant) in [
            ("storageNamespace", "storageNameSpace"),
            ("storage_type", "storage-type"),
            ("fs.defaultF", "fs.defaultFS"),
            ("fs.s3a.secret_key", "fs.s3a.secret-key"),
            ("kerberosPrinciple", "kerberosPrincipal"),
            ("fs.s3.endpoint", "fs.s3a.endpoint"),
        ] {
            let found = recognize(written, &plugin_keys());
            assert!(matches!(found, Recognition::Misspelt(_)), "{written}: {found:?}");
            if let Recognition::Misspelt(spelling) = found {
                let row = |text: &str| ALL.iter().position(|key| key.is_spelt(text));
                assert_eq!(row(spelling), row(meant), "{written}");
            }
        }
    }

    #[test]
    fn keys_of_hadoop_that_nobody_here_reads_are_no_misspellings() {
        for written in [
            "K1",
            "K2",
            "fs.s3a.block.size",
            "fs.s3a.threads.core",
            "fs.s3a.multipart.purge",
            "fs.s3a.connection.maximum",
            "fs.s3a.connection.ttl",
            "fs.s3a.committer.name",
            "fs.s3a.impl",
            "io.file.buffer.size",
            "fs.hdfs.impl",
            "fs.cosn.userinfo.secretId",
            "fs.oss.accessKeyId",
        ] {
            let found = recognize(written, &plugin_keys());
            assert!(matches!(found, Recognition::Unknown(_)), "{written}: {found:?}");
        }
    }

    #[test]
    fn the_nearest_by_words_is_named() {
        assert_eq!(
            recognize("s3.endpoint.url", &plugin_keys()),
            Recognition::Unknown(Some("fs.s3a.endpoint"))
        );
        assert_eq!(recognize("dfs.replication", &plugin_keys()), Recognition::Known);
        assert_eq!(nearest_by_words("K1", &plugin_keys()), None);
    }
}
