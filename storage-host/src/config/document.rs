//! The shape of the file.

use std::fmt;

use checkpoint_storage_api::PluginConfig;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use crate::error::{Error, Result};

#[derive(Deserialize, Default)]
struct Document {
    seatunnel: Option<Seatunnel>,
}

#[derive(Deserialize)]
struct Seatunnel {
    engine: Option<Engine>,
}

#[derive(Deserialize)]
struct Engine {
    checkpoint: Option<CheckpointSection>,
}

/// `seatunnel.engine.checkpoint`, as it is written.
#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub(super) struct CheckpointSection {
    pub(super) interval: Option<u64>,
    pub(super) timeout: Option<u64>,
    pub(super) max_concurrent: Option<u32>,
    pub(super) tolerable_failure: Option<u32>,
    pub(super) storage: Option<StorageSection>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub(super) struct StorageSection {
    #[serde(rename = "type")]
    pub(super) plugin_type: Option<String>,
    pub(super) max_retained: Option<u32>,
    pub(super) plugin_config: Option<Pairs>,
}

/// Keys and values as they are written; the same key twice is fine if the value is the same.
#[derive(Default)]
pub(super) struct Pairs(pub(super) PluginConfig);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("keys and values, one per line")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = PluginConfig::default();
                while let Some((key, value)) = map.next_entry::<String, String>()? {
                    if pairs.get(&key).is_some_and(|earlier| earlier != value) {
                        let message = format!("the key `{key}` is given twice, with two values");
                        return Err(de::Error::custom(message));
                    }
                    pairs.set(key, value);
                }
                Ok(Pairs(pairs))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Pairs, E> {
                Ok(Pairs::default())
            }
        }

        deserializer.deserialize_map(PairsVisitor)
    }
}

/// Reads the section out of a file's text.
pub(super) fn checkpoint_section(text: &str, origin: &str) -> Result<CheckpointSection> {
    let document: Option<Document> = serde_yaml::from_str(text).map_err(|error| {
        let place = match error.location() {
            Some(at) => format!("{origin}:{}:{}", at.line(), at.column()),
            None => origin.to_owned(),
        };
        Error::config(place, format!("the configuration is not valid: {error}"))
    })?;
    let engine = document.and_then(|document| document.seatunnel?.engine);
    Ok(engine.and_then(|engine| engine.checkpoint).unwrap_or_default())
}
