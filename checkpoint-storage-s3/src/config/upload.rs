//! How objects are written.

use checkpoint_storage_api::{PluginConfig, Result};
use checkpoint_storage_keys::Key;
use checkpoint_storage_keys::rows::s3::{
    CHECKSUM, CONDITIONAL_PUT, ENCRYPTION, ENCRYPTION_KEY, MULTIPART_SIZE, MULTIPART_THRESHOLD,
};
use checkpoint_storage_keys::values::{self, Unfit};

use super::{Endpoint, wrong};

/// What AWS takes as a part that is not the last.
const MIN_PART_LEN: u64 = 5 << 20;
/// What AWS takes in one request.
const MAX_PART_LEN: u64 = 5 << 30;
/// Encryption with a key of the server's own.
const AES256: &str = "AES256";

/// How objects are written.
#[derive(Debug, Clone)]
pub(crate) struct UploadConfig {
    /// From this size on an object is uploaded in parts.
    pub(crate) threshold: u64,
    pub(crate) part_len: u64,
    pub(crate) conditional: ConditionalPut,
    /// Whether the server is given a checksum of what it stores.
    pub(crate) checksum: bool,
    pub(crate) encryption: Option<Encryption>,
}

/// Whether the server is asked to refuse to write over what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConditionalPut {
    /// Until it answers that it cannot.
    Auto,
    On,
    Off,
}

/// How the server encrypts what it stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encryption {
    Aes256,
    /// With this key of KMS, or with the bucket's own.
    Kms(Option<String>),
}

impl UploadConfig {
    pub(super) fn read(config: &PluginConfig, endpoint: &Endpoint) -> Result<Self> {
        let part_len = MULTIPART_SIZE.read(config, |text| part_len(values::size(text)?))?;
        let choice =
            |key: &Key| key.read(config, |text| values::one_of(text, &["auto", "on", "off"]));
        let conditional = match choice(&CONDITIONAL_PUT)? {
            "auto" => ConditionalPut::Auto,
            "on" => ConditionalPut::On,
            _ => ConditionalPut::Off,
        };
        let checksum = match choice(&CHECKSUM)? {
            "auto" => endpoint.is_aws,
            choice => choice == "on",
        };
        let threshold = MULTIPART_THRESHOLD.read(config, values::size)?;
        Ok(Self {
            // A single request takes no more, whatever is configured.
            threshold: threshold.min(MAX_PART_LEN),
            part_len,
            conditional,
            checksum,
            encryption: Encryption::read(config)?,
        })
    }
}

fn part_len(size: u64) -> Result<u64, Unfit> {
    match size {
        MIN_PART_LEN..=MAX_PART_LEN => Ok(size),
        _ => Err(Unfit::new(
            "a part has from 5 MiB to 5 GiB",
            "write a size between them, such as `8M`",
        )),
    }
}

impl Encryption {
    fn read(config: &PluginConfig) -> Result<Option<Self>> {
        if ENCRYPTION.given(config)?.is_none() {
            return Ok(None);
        }
        let known = [AES256, "SSE-KMS", "aws:kms"];
        let algorithm = ENCRYPTION.read(config, |text| values::one_of(text, &known))?;
        let key = ENCRYPTION_KEY.given(config)?.map(str::to_owned);
        match algorithm {
            AES256 if key.is_some() => Err(wrong(
                &ENCRYPTION_KEY,
                "AES256 takes no key: the server has its own",
                format!("leave it out, or write `{}: SSE-KMS`", ENCRYPTION.name),
            )),
            AES256 => Ok(Some(Self::Aes256)),
            _ => Ok(Some(Self::Kms(key))),
        }
    }
}
