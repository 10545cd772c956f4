//! A configuration's text as messages may show it: by line, and without a secret.

use checkpoint_storage_keys::ALL;

/// What stands where a value is not shown.
pub(crate) const MASK: &str = "***";

/// What a program that gives credentials stands behind, in whatever case.
const PROGRAM: &str = "process:";

/// The longest key that is shown, in bytes.
const LONGEST_KEY: usize = 120;

/// The keys on the way to the section, which hold no value of their own.
const OUTER: [&str; 3] = ["seatunnel", "engine", "checkpoint"];

/// One line without the values that might be secrets: only a value of a key that is known and no
/// secret is shown. It need not be valid YAML.
pub(crate) fn masked(line: &str) -> String {
    let content = line.trim_start_matches(|c: char| c.is_whitespace() || "#/-\u{feff}".contains(c));
    let indent = &line[..line.len() - content.len()];
    let is_comment = indent.contains(['#', '/']);
    let is_prose = is_comment || content.starts_with("```");
    if content.is_empty() || (is_prose && !names_secret(content)) {
        return line.to_owned();
    }
    let end = content.find([':', '=', ' ', '\t']).unwrap_or(content.len());
    // `fs.s3a.secret-key :abc` and the like: the separator may stand off.
    let after = content[end..].trim_start_matches([' ', '\t']);
    let value = after.strip_prefix([':', '=']).unwrap_or(after).trim_start();
    let separator = &content[end..content.len() - value.len()];
    let key = &content[..end];
    let name = key.trim_matches(['"', '\'']);
    // Anything else may be the next line of a secret.
    let is_apart = value.is_empty() || separator.ends_with(' ');
    let is_key = is_known(name) || (separator.contains(':') && is_apart);
    match shown(name, value) {
        _ if !is_key => format!("{indent}{MASK}"),
        Some(value) => format!("{indent}{key}{separator}{value}"),
        // In a block to write instead, the quotes are the point.
        None if value.starts_with('\'') => format!("{indent}{key}{separator}'{MASK}'"),
        None => format!("{indent}{key}{separator}{MASK}"),
    }
}

/// Whether a text is about a key whose value must not be shown.
fn names_secret(text: &str) -> bool {
    let text = text.to_lowercase();
    let secrets = ALL.iter().filter(|row| row.secret);
    secrets.flat_map(|row| row.spellings()).any(|name| text.contains(name.trim_end_matches('*')))
        || ["secret", "password", "token", PROGRAM].iter().any(|word| text.contains(word))
}

/// Whether a value is nothing but the name of a variable.
fn is_reference(value: &str) -> bool {
    let name = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

fn is_known(key: &str) -> bool {
    OUTER.contains(&key) || ALL.iter().any(|row| row.is_spelt(key))
}

/// A key as messages call it; what does not look like one may be anything.
pub(crate) fn called(key: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    match key.len() <= LONGEST_KEY && !key.is_empty() && key.chars().all(is_part) {
        true => format!("`{key}`"),
        false => "this key".to_owned(),
    }
}

/// The value of `key` as it may be shown, if it may.
pub(crate) fn shown(key: &str, value: &str) -> Option<String> {
    let known = OUTER.contains(&key)
        || ALL.iter().any(|row| !row.secret && !row.name.ends_with('*') && row.is_spelt(key));
    let nested = value.starts_with(['{', '[', '|', '>']) || value.contains(": ");
    if value.is_empty() || is_reference(value) || (known && !nested) {
        Some(without_user_info(value))
    } else {
        None
    }
}

/// A URI without what may be a password, and no program: what it is called with may be a secret.
pub(super) fn without_user_info(value: &str) -> String {
    if value.to_lowercase().contains(PROGRAM) {
        let quote = &value[..value.len() - value.trim_start_matches(['"', '\'']).len()];
        return format!("{quote}{PROGRAM}{MASK}{quote}");
    }
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let end = rest.find(['/', ' ']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{MASK}{}", &rest[at..]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_keys_that_are_no_secrets_show_their_value() {
        for (line, expected) in [
            ("    type: hdfs # why", "    type: hdfs # why"),
            ("  fs.s3a.secret-key: hush", "  fs.s3a.secret-key: ***"),
            ("  fs.s3a.secret-key:hush", "  fs.s3a.secret-key:***"),
            ("\tfs.s3a.secret.key = hush", "\tfs.s3a.secret.key = ***"),
            ("  \"fs.s3a.secret-key\" : hush", "  \"fs.s3a.secret-key\" : ***"),
            ("  fs.s3a.secret-kee: hush", "  fs.s3a.secret-kee: ***"),
            ("  fs.s3a.secret-kee:hush", "  ***"),
            ("  hush-hush==", "  ***"),
            ("  fs.s3a.bucket.b.secret.key: hush", "  fs.s3a.bucket.b.secret.key: ***"),
            ("  # fs.s3a.secret-key: hush", "  # fs.s3a.secret-key: ***"),
            ("  // fs.s3a.secret-key: hush", "  // fs.s3a.secret-key: ***"),
            ("  hush", "  ***"),
            ("  - hush", "  - ***"),
            ("  // if you used kerberos, like this:", "  // if you used kerberos, like this:"),
            ("  # the old secret: hush", "  # ***"),
            ("  fs.s3a.secret-key: ${KEY}", "  fs.s3a.secret-key: ${KEY}"),
            ("  fs.s3a.secret-key: ${KEY:-hush}", "  fs.s3a.secret-key: ***"),
            ("  plugin-config: {a: hush}", "  plugin-config: ***"),
            ("  type: hdfs fs.s3a.secret-key: hush", "  type: ***"),
            ("  plugin-config:", "  plugin-config:"),
            ("``` yaml", "``` yaml"),
            ("  fs.defaultFS: hdfs://me:hush@h:1/p", "  fs.defaultFS: hdfs://***@h:1/p"),
            ("  hush hush", "  ***"),
            ("  type hdfs", "  type hdfs"),
            ("", ""),
        ] {
            assert_eq!(masked(line), expected);
        }
    }

    #[test]
    fn a_program_that_gives_credentials_is_not_shown() {
        let key = "fs.s3a.aws.credentials.provider";
        for value in [
            "process:/bin/get --pin hush",
            "process:PIN=hush /bin/get",
            "process:/bin/get,hush",
            "Process:/bin/get hush",
            "PROCESS:hush",
            "Simple,process:/bin/get hush",
        ] {
            assert_eq!(shown(key, value).as_deref(), Some("process:***"), "{value}");
            assert_eq!(masked(&format!("  {key}: {value}")), format!("  {key}: process:***"));
            assert_eq!(masked(&format!("  # {key}: {value}")), format!("  # {key}: process:***"));
            assert_eq!(masked(&format!("  {key}: '{value}'")), format!("  {key}: 'process:***'"));
            for line in [format!("  {value}"), format!("  # such as {value}"), format!("- {value}")]
            {
                assert!(!masked(&line).contains("hush"), "{line}");
            }
        }
    }
}
