//! The values as they are written: the parse that decides what a file says.

use std::fmt;

use checkpoint_storage_keys::Section;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

/// A value of the checkpoint section, as it is written.
pub(super) struct Written {
    pub(super) section: Section,
    pub(super) key: String,
    pub(super) text: String,
}

/// Which values are to be left out: those that are no scalars where scalars belong.
pub(super) type Skip<'s> = &'s dyn Fn(Section, &str) -> bool;

/// Reads the section out of a file's text.
pub(super) fn read(text: &str, skip: Skip<'_>) -> Result<Vec<Written>, serde_yaml::Error> {
    let mut written = Vec::new();
    Level {
        place: Place::Outer(&["seatunnel", "engine", "checkpoint"]),
        skip,
        written: &mut written,
    }
    .deserialize(serde_yaml::Deserializer::from_str(text))?;
    Ok(written)
}

/// How far down the way a mapping lies.
#[derive(Clone, Copy)]
enum Place {
    /// Of these keys, only the first one is of interest.
    Outer(&'static [&'static str]),
    Inside(Section),
}

struct Level<'w, 's> {
    place: Place,
    skip: Skip<'s>,
    written: &'w mut Vec<Written>,
}

impl Level<'_, '_> {
    /// The mapping that the value of `key` is, if it is one on the way.
    fn below(&self, key: &str) -> Option<Place> {
        match self.place {
            Place::Outer([wanted]) if *wanted == key => Some(Place::Inside(Section::Checkpoint)),
            Place::Outer([wanted, rest @ ..]) if *wanted == key => Some(Place::Outer(rest)),
            Place::Inside(Section::Checkpoint) if key == Section::Storage.name() => {
                Some(Place::Inside(Section::Storage))
            }
            Place::Inside(Section::Storage) if key == Section::PluginConfig.name() => {
                Some(Place::Inside(Section::PluginConfig))
            }
            _ => None,
        }
    }

    fn skips(&self, key: &str) -> bool {
        match self.place {
            Place::Outer(_) => false,
            Place::Inside(section) => (self.skip)(section, key),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("keys and values, one per line")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if self.skips(&key) {
                map.next_value::<IgnoredAny>()?;
            } else if let Some(place) = self.below(&key) {
                map.next_value_seed(Level { place, skip: self.skip, written: self.written })?;
            } else if let Place::Inside(section) = self.place {
                let text = map.next_value()?;
                self.written.push(Written { section, key, text });
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        let written = read(text, &|_, key| key == "skipped").expect("valid");
        written
            .iter()
            .map(|one| format!("{}{}={}", one.section.prefix(), one.key, one.text))
            .collect()
    }

    #[test]
    fn scalars_stay_as_they_are_written() {
        let text = "seatunnel:\n  engine:\n    other: [1]\n    checkpoint:\n      a: 1e10\n      \
                    b: 0123\n      c: yes\n      d: ~\n      e: \"q\"\n      f: # nothing\n      \
                    g: 1.50\n      h: null\n";
        assert_eq!(
            values(text),
            ["a=1e10", "b=0123", "c=yes", "d=~", "e=q", "f=", "g=1.50", "h=null"]
        );
    }

    #[test]
    fn sections_are_followed_and_what_is_skipped_is_not() {
        let text = "seatunnel: {engine: {checkpoint: {skipped: {a: 1}, storage: {type: x, \
                    plugin-config: {a: 1, a: 2, skipped: [1]}}}}}";
        assert_eq!(
            values(text),
            ["storage.type=x", "storage.plugin-config.a=1", "storage.plugin-config.a=2"]
        );
    }

    #[test]
    fn what_is_not_there_has_no_values() {
        for text in ["", "seatunnel:\n", "seatunnel:\n  engine:\n", "other: 1\n", "# x\n"] {
            assert_eq!(values(text), Vec::<String>::new(), "{text:?}");
        }
    }
}
