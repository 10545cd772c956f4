//! JCEKS, the format of Java's keystores that can hold secrets: entries one after the other, then a
//! digest of them all that only the password's owner can make.
//!
//! Every length is checked against what is left of the file before anything is taken or kept.

mod cursor;
mod fault;
mod object;
mod seal;

use std::collections::BTreeMap;

use secrecy::SecretString;
use sha1::{Digest, Sha1};

use cursor::{Cursor, Malformed};
use fault::Fault;
use seal::Sealed;

const MAGIC: u32 = 0xCECE_CECE;
const VERSION: u32 = 2;

const PRIVATE_KEY: u32 = 1;
const CERTIFICATE: u32 = 2;
const SECRET_KEY: u32 = 3;

/// What Java hashes between password and entries.
const WHITENER: &[u8] = b"Mighty Aphrodite";
const DIGEST_LEN: usize = 20;

/// How many entries are tried to tell a wrong password from a file that was tampered with.
const TRIED: usize = 3;

/// The secret entries of a keystore, still sealed.
pub(crate) struct Keystore {
    /// By alias, as [`modified_utf8`] has it.
    entries: BTreeMap<Vec<u8>, Sealed>,
}

impl Keystore {
    /// Reads a whole file and checks it against the password.
    pub(crate) fn read(file: &[u8], password: &str) -> Result<Self, Fault> {
        if file.is_empty() {
            return Err(Fault::Empty);
        }
        let mut cursor = Cursor::new(file);
        if (cursor.u32(), cursor.u32()) != (Ok(MAGIC), Ok(VERSION)) {
            return Err(Fault::NotAKeystore);
        }
        let entries = entries(&mut cursor)?;
        let (content, digest) = file.split_at(cursor.at());
        if digest.len() != DIGEST_LEN {
            return Err(cursor.malformed("no digest follows the entries").into());
        }
        let keystore = Self { entries };
        if digest == expected_digest(content, password) {
            return Ok(keystore);
        }
        // What opens under the password was sealed under it.
        let opens = |sealed: &Sealed| sealed.open(password).is_ok();
        Err(if keystore.entries.values().take(TRIED).any(opens) {
            Fault::Tampered
        } else {
            Fault::WrongPasswordOrTampered
        })
    }

    /// The secret of an alias; `None` if there is no entry, or none of a secret.
    pub(crate) fn get(&self, alias: &str, password: &str) -> Option<Result<SecretString, Fault>> {
        let sealed = self.entries.get(&modified_utf8(&alias.to_lowercase()))?;
        Some(sealed.open(password).and_then(|key| key.into_text()))
    }
}

/// The entries that follow the header; the last of an alias counts, as in Java.
fn entries(cursor: &mut Cursor<'_>) -> Result<BTreeMap<Vec<u8>, Sealed>, Malformed> {
    let mut entries = BTreeMap::new();
    for _ in 0..cursor.u32()? {
        let kind = cursor.u32()?;
        let alias = cursor.text()?;
        let _created = cursor.array::<8>()?;
        let sealed = match kind {
            PRIVATE_KEY => {
                cursor.block()?;
                for _ in 0..cursor.u32()? {
                    skip_certificate(cursor)?;
                }
                None
            }
            CERTIFICATE => {
                skip_certificate(cursor)?;
                None
            }
            SECRET_KEY => Some(Sealed::read(cursor)?),
            _ => return Err(cursor.malformed("an entry is of no kind that there is")),
        };
        match sealed {
            Some(sealed) => entries.insert(alias.to_vec(), sealed),
            None => entries.remove(alias),
        };
    }
    Ok(entries)
}

fn skip_certificate(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    let _kind = cursor.text()?;
    cursor.block().map(drop)
}

fn expected_digest(content: &[u8], password: &str) -> [u8; DIGEST_LEN] {
    let mut sha1 = Sha1::new();
    for unit in password.encode_utf16() {
        sha1.update(unit.to_be_bytes());
    }
    sha1.update(WHITENER);
    sha1.update(content);
    sha1.finalize().into()
}

/// Java's own encoding of a text: that of UTF-16 units, and of NUL in two bytes.
fn modified_utf8(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for unit in text.encode_utf16() {
        let continuation = |shift: u16| 0x80 | (unit >> shift & 0x3f) as u8;
        match unit {
            1..=0x7f => bytes.push(unit as u8),
            0 | 0x80..=0x7ff => bytes.extend([0xc0 | (unit >> 6) as u8, continuation(0)]),
            _ => bytes.extend([0xe0 | (unit >> 12) as u8, continuation(6), continuation(0)]),
        }
    }
    bytes
}

#[cfg(test)]
mod tests;
