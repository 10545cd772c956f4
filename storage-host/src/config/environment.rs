//! `${NAME}` and `${NAME:-default}` in values.

use checkpoint_storage_keys::Unfit;

/// Where variables are looked up; passed in, so that a test can hold them still.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// This process's own environment.
pub fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A value after its variables were put in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// The variables that had a value.
    pub(super) variables: Vec<String>,
}

/// Puts variables in. `$${` stands for `${`.
pub(super) fn expand(text: &str, environment: Environment<'_>) -> Result<Expanded, Unfit> {
    let mut expanded = String::with_capacity(text.len());
    let mut variables = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, reference) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = &reference[2..];
            continue;
        }
        expanded.push_str(before);
        let inner = reference[2..].split_once('}').filter(|(inner, _)| is_name(name_of(inner)));
        let Some((inner, after)) = inner else {
            return Err(Unfit::new(
                "`${` is not followed by the name of a variable and `}`",
                "write `${NAME}` or `${NAME:-default}`; `$${` stands for `${` itself",
            ));
        };
        let name = name_of(inner);
        let default = inner.split_once(":-").map(|(_, default)| default);
        match (environment(name).filter(|value| !value.is_empty()), default) {
            (Some(value), _) => {
                expanded.push_str(&value);
                variables.push(name.to_owned());
            }
            (None, Some(default)) => expanded.push_str(default),
            (None, None) => {
                return Err(Unfit::new(
                    format!("the environment variable {name} is not set"),
                    format!(
                        "set {name}, or give a default: `${{{name}:-…}}`; `$${{` stands for `${{` \
                         itself"
                    ),
                ));
            }
        }
        rest = after;
    }
    expanded.push_str(rest);
    Ok(Expanded { text: expanded, variables })
}

fn name_of(inner: &str) -> &str {
    inner.split_once(":-").map_or(inner, |(name, _)| name)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> String {
        let environment = |name: &str| match name {
            "KEY" => Some("hush".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        match expand(value, &environment) {
            Ok(expanded) => expanded.text,
            Err(unfit) => unfit.problem,
        }
    }

    #[test]
    fn variables_are_put_in_and_defaults_stand_in() {
        for (value, expected) in [
            ("plain", "plain"),
            ("${KEY}", "hush"),
            ("a${KEY}b${KEY}", "ahushbhush"),
            ("${NONE:-x}", "x"),
            ("${EMPTY:-x}", "x"),
            ("${NONE:-}", ""),
            ("${KEY:-x}", "hush"),
            ("$${KEY}", "${KEY}"),
            ("${a.b}", "`${` is not followed by the name of a variable and `}`"),
            ("${KEY", "`${` is not followed by the name of a variable and `}`"),
            ("${}", "`${` is not followed by the name of a variable and `}`"),
            ("$KEY", "$KEY"),
            ("${NONE}", "the environment variable NONE is not set"),
            ("${EMPTY}", "the environment variable EMPTY is not set"),
        ] {
            assert_eq!(text(value), expected, "{value}");
        }
    }

    #[test]
    fn the_variables_that_were_used_are_known() {
        let expanded = expand("${A:-x}${B}", &|name| (name == "B").then(|| "b".into()));
        assert_eq!(expanded.map(|expanded| expanded.variables), Ok(vec!["B".to_owned()]));
    }
}
