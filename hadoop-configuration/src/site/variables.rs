//! `${…}` in values.

use super::Lookup;

/// How often a value is looked at again, as in Hadoop; variables that name each other end there.
const MAX_ROUNDS: usize = 20;

/// `text` with its variables replaced, the innermost first. As in Hadoop, the first that has no
/// value ends it: what follows stays as it is written.
pub(super) fn expand<'v>(
    text: &str,
    key: &dyn Fn(&str) -> Option<&'v str>,
    environment: Lookup<'_>,
) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_ROUNDS {
        let Some((begin, end)) = innermost(&text, 0) else { break };
        let name = &text[begin + 2..end];
        match value_of(name, key, environment) {
            // A variable that is its own value would never end.
            Some(value) if value != text[begin..=end] => {
                text.replace_range(begin..=end, &value);
            }
            _ => break,
        }
    }
    text
}

fn value_of<'v>(
    name: &str,
    key: &dyn Fn(&str) -> Option<&'v str>,
    environment: Lookup<'_>,
) -> Option<String> {
    let Some(variable) = name.strip_prefix("env.") else { return key(name).map(str::to_owned) };
    let found = |name: &str| environment(name).filter(|value| !value.is_empty());
    match (variable.split_once(":-"), variable.split_once('-')) {
        (Some((name, otherwise)), _) => Some(found(name).unwrap_or_else(|| otherwise.to_owned())),
        (None, Some((name, otherwise))) => {
            Some(environment(name).unwrap_or_else(|| otherwise.to_owned()))
        }
        (None, None) => environment(variable),
    }
}

/// Where the first `${…}` that holds no other begins and ends, from the byte `from` on.
fn innermost(text: &str, from: usize) -> Option<(usize, usize)> {
    let end = from + text.get(from..)?.find('}')?;
    match text[..end].rfind("${") {
        Some(begin) if !text[begin + 2..end].contains(['$', ' ']) && end > begin + 2 => {
            Some((begin, end))
        }
        _ => innermost(text, end + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(name: &str) -> Option<&'static str> {
        match name {
            "a" => Some("1"),
            "b" => Some("${a}${a}"),
            "loop" => Some("x${loop}"),
            "self" => Some("${self}"),
            "which" => Some("a"),
            _ => None,
        }
    }

    fn expanded(text: &str) -> String {
        let environment = |name: &str| match name {
            "HOME" => Some("/home/h".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        expand(text, &key, &environment)
    }

    #[test]
    fn variables_are_replaced_as_hadoop_does_it() {
        for (text, expected) in [
            ("plain", "plain"),
            ("${a}", "1"),
            ("<${b}>", "<11>"),
            ("${${which}}", "1"),
            ("${a}/${unknown}", "1/${unknown}"),
            ("${unknown}/${a}", "${unknown}/${a}"),
            ("${env.HOME}/x", "/home/h/x"),
            ("${env.NONE}", "${env.NONE}"),
            ("${env.NONE:-d}", "d"),
            ("${env.NONE-d}", "d"),
            ("${env.EMPTY:-d}", "d"),
            ("${env.EMPTY-d}", ""),
            ("${self}", "${self}"),
            ("${}", "${}"),
            ("${a", "${a"),
            ("a}${a}", "a}1"),
        ] {
            assert_eq!(expanded(text), expected, "{text}");
        }
    }

    #[test]
    fn what_names_itself_comes_to_an_end() {
        assert!(expanded("${loop}").len() < 100);
    }

    proptest! {
        #[test]
        fn any_text_comes_to_an_end(text in "[${}ab.env:-é]{0,40}") {
            expanded(&text);
        }
    }
}
