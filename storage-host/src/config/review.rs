//! What the keys of `plugin-config` are to the plugin that gets them. Pure: it looks at nothing but
//! its arguments.

use checkpoint_storage_api::{ConfigKey, PluginConfig};
use checkpoint_storage_keys::rows::storage::{DEFAULT_FS, STORAGE_TYPE};
use checkpoint_storage_keys::{ALL, Key, Reader, Recognition, Section, recognize};

use super::diagnostic::Diagnostic;
use super::source::called;
use super::values::Origin;

/// The plugin that a configuration is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Audience<'p> {
    pub(crate) name: &'p str,
    /// The keys that it declares.
    pub(crate) declared: &'p [ConfigKey],
}

/// What is wrong with the keys of `plugin-config`, and with the values that this project's own
/// table knows. Without an audience, because its plugin is not there, the table alone decides.
pub(crate) fn review(
    config: &PluginConfig,
    origin: &Origin,
    audience: Option<Audience<'_>>,
) -> Vec<Diagnostic> {
    let known = known_spellings(audience);
    // A plugin that declares nothing may read anything.
    let is_complete = audience.is_none_or(|audience| !audience.declared.is_empty());
    let mut found = Vec::new();
    for key in config.keys() {
        found.extend(
            review_key(key, &known, is_complete)
                .map(|diagnostic| diagnostic.at(origin.key_place(key))),
        );
    }
    for row in ALL.iter().filter(|row| row.spellings().all(|spelling| known.contains(&spelling))) {
        found.extend(review_spellings(row, config, origin));
    }
    for row in ALL.iter().filter(|row| is_for(row, audience)) {
        review_value(row, config, origin, &mut found);
        found.extend(review_need(row, config, origin, &known));
    }
    if let Some(audience) = audience {
        found.extend(review_choice(config, origin, audience));
    }
    found
}

/// Keys for another plugin where nothing chose this one: checkpoints would be stored elsewhere than
/// whoever wrote those keys believes.
fn review_choice(
    config: &PluginConfig,
    origin: &Origin,
    audience: Audience<'_>,
) -> Option<Diagnostic> {
    let is_given = |row: &Key| row.spellings().any(|spelling| config.get(spelling).is_some());
    if is_given(&STORAGE_TYPE) || is_given(&DEFAULT_FS) {
        return None;
    }
    let others = |key: &str| {
        if audience.declared.iter().any(|declared| declared.name == key) {
            return None;
        }
        let row = ALL.iter().find(|row| {
            let spellings: Vec<_> = row.spellings().collect();
            row.section == Section::PluginConfig && recognize(key, &spellings) == Recognition::Known
        })?;
        match row.reader {
            Reader::Plugins(names) if !names.contains(&audience.name) => Some(names),
            _ => None,
        }
    };
    let (key, names) = config.keys().find_map(|key| Some((key, others(key)?)))?;
    let path = format!("{}{key}", Section::PluginConfig.prefix());
    let message = format!(
        "{} is for {}, but neither `storage-type` nor `fs.defaultFS` is given, so that `{}` is used",
        called(key),
        names.join(" or "),
        audience.name
    );
    let help = format!("write `storage-type: {}`, or remove the key", names[0]);
    Some(Diagnostic::warning(path, message).at(origin.key_place(key)).help(help))
}

fn is_for(row: &Key, audience: Option<Audience<'_>>) -> bool {
    row.section == Section::PluginConfig
        && audience.is_none_or(|audience| row.is_read_by(audience.name))
}

fn known_spellings<'k>(audience: Option<Audience<'k>>) -> Vec<&'k str> {
    let is_own = audience.is_none_or(|audience| {
        ALL.iter().any(
            |row| matches!(row.reader, Reader::Plugins(names) if names.contains(&audience.name)),
        )
    });
    let rows = ALL.iter().filter(|row| {
        row.section == Section::PluginConfig
            && (is_own || !matches!(row.reader, Reader::Plugins(_)))
    });
    let mut known: Vec<&'k str> = rows.flat_map(|row| row.spellings()).collect();
    for key in audience.map_or(&[][..], |audience| audience.declared) {
        known.push(&key.name);
        known.extend(key.aliases.iter().map(String::as_str));
    }
    known
}

fn review_key(key: &str, known: &[&str], is_complete: bool) -> Option<Diagnostic> {
    let path = format!("{}{key}", Section::PluginConfig.prefix());
    if let Recognition::Known = recognize(key, known) {
        return None;
    }
    if key.starts_with("//") {
        let message = "comments in YAML begin with `#`, not with `//`";
        return Some(Diagnostic::error(path, message).help("write `#`"));
    }
    if let Some(elsewhere) = misplaced(key, Section::PluginConfig) {
        return Some(elsewhere);
    }
    if let Some(row) =
        ALL.iter().find(|row| row.confusions.contains(&key) && known.contains(&row.name))
    {
        return Some(misspelt(path, key, row.name));
    }
    match recognize(key, known) {
        Recognition::Misspelt(meant) => Some(misspelt(path, key, meant)),
        Recognition::Unknown(nearest) if is_complete => Some(unknown(path, key, nearest)),
        _ => None,
    }
}

/// The error of a key that is another one, almost.
pub(super) fn misspelt(path: String, key: &str, meant: &str) -> Diagnostic {
    Diagnostic::error(path, format!("{} is not known; `{meant}` is", called(key)))
        .help(format!("write `{meant}`"))
}

/// The warning of a key that nobody reads.
pub(super) fn unknown(path: String, key: &str, nearest: Option<&str>) -> Diagnostic {
    let warning = Diagnostic::warning(path, format!("{} is not known and is ignored", called(key)));
    match nearest {
        Some(nearest) => {
            warning.help(format!("the known key that is nearest to it is `{nearest}`"))
        }
        None => warning.help("remove it if nothing else reads it"),
    }
}

/// The error of a key that is known, but in another section than this one.
pub(super) fn misplaced(key: &str, section: Section) -> Option<Diagnostic> {
    let row = ALL.iter().find(|row| row.section != section && row.is_spelt(key))?;
    let path = format!("{}{key}", section.prefix());
    let message = format!("`{key}` stands below `{}`, where nothing reads it", section.name());
    Some(Diagnostic::error(path, message).help(format!("write it below `{}`", row.section.name())))
}

/// Two spellings of a key with two values, whoever reads it.
fn review_spellings(row: &Key, config: &PluginConfig, origin: &Origin) -> Option<Diagnostic> {
    if row.section != Section::PluginConfig || row.name.ends_with('*') {
        return None;
    }
    let mut given = config.iter().filter(|(key, value)| row.is_spelt(key) && !value.is_empty());
    let (spelling, value) = given.next()?;
    let (other, _) = given.find(|(_, other)| *other != value)?;
    let unfit = row.contradiction(spelling, other);
    let help = match origin.key_place(spelling) {
        Some(place) => format!("{}; `{spelling}` stands in line {}", unfit.advice, place.line),
        None => unfit.advice,
    };
    Some(Diagnostic::error(row.path(), unfit.problem).at(origin.key_place(other)).help(help))
}

fn review_value(row: &Key, config: &PluginConfig, origin: &Origin, found: &mut Vec<Diagnostic>) {
    let given: Vec<(&str, &str)> =
        config.iter().filter(|(key, value)| row.is_spelt(key) && !value.is_empty()).collect();
    // A row that stands for many keys has no value of its own.
    if row.name.ends_with('*') {
        return;
    }
    for (spelling, value) in given {
        if let Err(unfit) = row.value.check(value) {
            let problem = format!("`{spelling}`: {}", unfit.problem);
            found.push(
                Diagnostic::error(row.path(), problem)
                    .at(origin.value_place(spelling))
                    .help(unfit.advice),
            );
        }
    }
}

/// A key without the other one that it needs.
fn review_need(
    row: &Key,
    config: &PluginConfig,
    origin: &Origin,
    known: &[&str],
) -> Option<Diagnostic> {
    let other = ALL.iter().find(|other| Some(other.name) == row.needs)?;
    let given = |row: &Key| {
        config
            .iter()
            .find(|(key, value)| row.is_spelt(key) && !value.is_empty())
            .map(|(key, _)| key)
    };
    let spelling = given(row)?;
    // One that is misspelt was meant, and is told already.
    let is_meant = config.keys().any(|key| match recognize(key, known) {
        Recognition::Misspelt(meant) => other.is_spelt(meant),
        _ => other.confusions.contains(&key),
    });
    // Whether it is there in the end, the plugin finds out.
    let may_be_within = |row: &&Key| other.within.contains(&row.name) && given(row).is_some();
    let is_elsewhere = ALL.iter().any(may_be_within);
    if given(other).is_some() || is_meant || is_elsewhere || origin.is_unreadable(other) {
        return None;
    }
    let problem = format!("`{spelling}` means nothing without `{}`", other.name);
    let help = format!("give both or neither: `{}`, {}", other.name, other.meaning);
    Some(Diagnostic::error(row.path(), problem).at(origin.key_place(spelling)).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(names: &[&str]) -> Vec<ConfigKey> {
        names
            .iter()
            .map(|name| ConfigKey {
                name: (*name).to_owned(),
                aliases: Vec::new(),
                default: None,
                secret: false,
                description: String::new(),
            })
            .collect()
    }

    fn findings(pairs: &[(&str, &str)], plugin: &str, keys: &[&str]) -> Vec<String> {
        let config = pairs.iter().copied().collect();
        let declared = declared(keys);
        let audience = Some(Audience { name: plugin, declared: &declared });
        review(&config, &Origin::default(), audience)
            .into_iter()
            .map(|found| format!("{}: {}", found.severity.as_str(), found.message))
            .collect()
    }

    #[test]
    fn what_a_plugin_declares_is_known_and_its_near_misses_are_named() {
        let keys = ["oss.bucket", "oss.endpoint"];
        assert_eq!(findings(&[("oss.bucket", "b")], "oss", &keys), Vec::<String>::new());
        assert_eq!(
            findings(&[("oss.buket", "b")], "oss", &keys),
            ["error: `oss.buket` is not known; `oss.bucket` is"]
        );
        assert_eq!(
            findings(&[("K1", "V1")], "oss", &keys),
            ["warning: `K1` is not known and is ignored"]
        );
    }

    #[test]
    fn a_plugin_from_outside_is_not_held_to_the_keys_of_others() {
        // Two edits from `s3.bucket`, which is nothing to a plugin that never heard of it.
        assert_eq!(findings(&[("os.bucket", "b")], "oss", &[]), Vec::<String>::new());
        assert_eq!(findings(&[("sync", "perhaps")], "oss", &["sync"]), Vec::<String>::new());
    }

    #[test]
    fn values_are_checked_for_the_plugin_that_reads_them() {
        assert_eq!(
            findings(&[("sync", "perhaps")], "localfile", &["sync"]),
            ["error: `sync`: this is not one of its values"]
        );
        assert_eq!(
            findings(&[("kerberosPrincipal", "me")], "hdfs", &["kerberosPrincipal"]),
            ["error: `kerberosPrincipal` means nothing without `kerberosKeytab`"]
        );
        assert_eq!(
            findings(
                &[("kerberosPrincipal", "me"), ("storage-type", "local")],
                "localfile",
                &["sync", "storage-type"]
            ),
            Vec::<String>::new()
        );
    }

    #[test]
    fn keys_for_another_plugin_than_the_one_that_nobody_chose_are_told() {
        for key in ["kerberosPrincipal", "hdfs_site_path", "seatunnel.hadoop.fs.defaultFS"] {
            let found = findings(&[(key, "x")], "localfile", &["sync"]);
            let [warning] = &found[..] else { panic!("{key}: {found:?}") };
            let expected = "but neither `storage-type` nor `fs.defaultFS` is given";
            assert!(warning.starts_with("warning: ") && warning.contains(expected), "{warning}");
        }
    }

    #[test]
    fn keys_of_other_sections_and_usual_confusions_are_errors() {
        assert_eq!(
            findings(&[("max-retained", "3")], "s3", &["s3.bucket"]),
            ["error: `max-retained` stands below `plugin-config`, where nothing reads it"]
        );
        assert_eq!(
            findings(&[("fs.s3a.access.secret", "hush")], "s3", &["s3.bucket"]),
            ["error: `fs.s3a.access.secret` is not known; `fs.s3a.secret-key` is"]
        );
    }
}
