//! What a plugin says, without the values that it was given.

use checkpoint_storage_api::{ConfigKey, Error};
use checkpoint_storage_conformance::{Report, Verdict};

use super::setting::{Setting, has_placeholder};

/// What stands in the place of a value.
const MASK: &str = "***";

/// Shorter values are no secrets, and are parts of too many words.
const SHORTEST: usize = 4;

/// Values that must not be shown, whatever a plugin puts into its messages.
pub(super) struct Masked(Vec<String>);

impl Masked {
    /// All values but those of keys that the plugin declares to be no secret, and those that name a
    /// fresh directory.
    pub(super) fn new(settings: &[Setting], declared: &[ConfigKey]) -> Self {
        let is_open = |key: &str| {
            let means = |of: &&ConfigKey| of.name == key || of.aliases.iter().any(|a| a == key);
            declared.iter().find(means).is_some_and(|of| !of.secret)
        };
        let hidden = settings.iter().filter(|setting| {
            setting.value.len() >= SHORTEST
                && !has_placeholder(&setting.value)
                && !is_open(&setting.key)
        });
        Self(hidden.map(|setting| setting.value.clone()).collect())
    }

    pub(super) fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, value| text.replace(value, MASK))
    }

    pub(super) fn error(&self, error: &Error) -> Error {
        let masked =
            Error::new(error.kind(), self.text(error.operation()), self.text(error.reason()))
                .with_subject(self.text(error.subject()))
                .with_outcome(error.outcome())
                .with_retryable(error.is_retryable());
        match error.advice() {
            Some(advice) => masked.with_advice(self.text(advice)),
            None => masked,
        }
    }

    pub(super) fn report(&self, mut report: Report) -> Report {
        for case in &mut report.cases {
            if let Verdict::Failed(reason) | Verdict::Unsupported(reason) = &mut case.verdict {
                *reason = self.text(reason);
            }
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use checkpoint_storage_api::ErrorKind;

    fn key(name: &str, secret: bool) -> ConfigKey {
        let (name, description) = (name.to_owned(), String::new());
        ConfigKey { name, aliases: Vec::new(), default: None, secret, description }
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        let settings =
            ["password=hush-hush", "region=eu-west", "token=t0ken", "path={}/hush", "n=1"];
        let settings: Vec<Setting> =
            settings.iter().map(|text| text.parse().expect("valid")).collect();
        let masked = Masked::new(&settings, &[key("password", true), key("region", false)]);
        let error = Error::new(ErrorKind::InvalidConfig, "open", "hush-hush is wrong in eu-west")
            .with_subject("t0ken 1")
            .with_advice("not hush-hush");
        let text = masked.error(&error).to_string();
        assert_eq!(text, "open *** 1: *** is wrong in eu-west; not ***");
    }
}
