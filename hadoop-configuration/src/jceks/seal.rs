//! What an entry's password opens: Java's `PBEWithMD5AndTripleDES` around a serialized key.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use der::asn1::OctetStringRef;
use der::{Decode, Reader, SliceReader};
use des::TdesEde3;
use md5::{Digest, Md5};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::cursor::{Cursor, Malformed};
use super::fault::Fault;
use super::object::{Object, STREAM};

const SEALED_CLASSES: [&[u8]; 2] =
    [b"com.sun.crypto.provider.SealedObjectForKeyProtector", b"javax.crypto.SealedObject"];
const ALGORITHM: &[u8] = b"PBEWithMD5AndTripleDES";
/// The class of the keys that Hadoop makes of secrets.
const KEY_CLASS: &[u8] = b"javax.crypto.spec.SecretKeySpec";

/// The most that Java writes; about a second's work.
const MOST_ITERATIONS: u32 = 5_000_000;
const SALT_LEN: usize = 8;
const KEY_LEN: usize = 24;
const IV_LEN: usize = 8;

/// A key that is still sealed.
pub(super) struct Sealed {
    salt: [u8; SALT_LEN],
    iterations: u32,
    content: Vec<u8>,
}

/// A key's serialized form: the password that opened it is the one that it was sealed with.
pub(super) struct Key(Zeroizing<Vec<u8>>);

impl Sealed {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let sealed = Object::read(cursor)?;
        if !SEALED_CLASSES.contains(&sealed.class) {
            return Err(cursor.malformed("an entry is no sealed object"));
        }
        if sealed.text("paramsAlg") != Some(ALGORITHM) {
            return Err(cursor.malformed("an entry is sealed by another algorithm than Java's"));
        }
        let parameters = sealed.bytes("encodedParams").and_then(parameters);
        let (salt, iterations) =
            parameters.ok_or(cursor.malformed("an entry is sealed with unknown parameters"))?;
        let content = sealed.bytes("encryptedContent");
        let content = content.ok_or(cursor.malformed("an entry is sealed without content"))?;
        Ok(Self { salt, iterations, content: content.to_vec() })
    }

    /// Opens it, which takes as long as its iterations ask for.
    pub(super) fn open(&self, password: &str) -> Result<Key, Fault> {
        let derived = derive(password.as_bytes(), self.salt, self.iterations);
        let (key, iv) = derived.split_at(KEY_LEN);
        let mut content = Zeroizing::new(self.content.clone());
        let len = cbc::Decryptor::<TdesEde3>::new_from_slices(key, iv)
            .ok()
            .and_then(|cipher| Some(cipher.decrypt_padded::<Pkcs7>(&mut content).ok()?.len()))
            .ok_or(Fault::OtherPassword)?;
        content.truncate(len);
        // Padding alone fits one wrong password in 256.
        if !content.starts_with(&STREAM) {
            return Err(Fault::OtherPassword);
        }
        Ok(Key(content))
    }
}

impl Key {
    /// The secret that Hadoop made the key of.
    pub(super) fn into_text(self) -> Result<SecretString, Fault> {
        let object = Object::read(&mut Cursor::new(&self.0)).map_err(|_| Fault::NotAText)?;
        let key = object.bytes("key").filter(|_| object.class == KEY_CLASS);
        let text = key.and_then(|key| std::str::from_utf8(key).ok()).ok_or(Fault::NotAText)?;
        Ok(text.into())
    }
}

/// Salt and number of iterations, as PKCS #5 encodes them.
fn parameters(encoded: &[u8]) -> Option<([u8; SALT_LEN], u32)> {
    let mut reader = SliceReader::new(encoded).ok()?;
    let (salt, iterations) = reader
        .sequence(|fields| {
            Ok::<_, der::Error>((<&OctetStringRef>::decode(fields)?, u32::decode(fields)?))
        })
        .ok()?;
    reader.finish().ok()?;
    let salt = salt.as_bytes().try_into().ok()?;
    (1..=MOST_ITERATIONS).contains(&iterations).then_some((salt, iterations))
}

/// Key and initialization vector: each half of the salt is hashed with the password over and over.
fn derive(
    password: &[u8],
    mut salt: [u8; SALT_LEN],
    iterations: u32,
) -> Zeroizing<[u8; KEY_LEN + IV_LEN]> {
    let (first, second) = salt.split_at_mut(SALT_LEN / 2);
    // Equal halves would give equal keys.
    if first == second {
        first.reverse();
    }
    let hash = |bytes: &[u8]| -> [u8; 16] {
        Md5::new().chain_update(bytes).chain_update(password).finalize().into()
    };
    let mut derived = Zeroizing::new([0; KEY_LEN + IV_LEN]);
    for (half, part) in salt.chunks(SALT_LEN / 2).zip(derived.chunks_mut(16)) {
        let last = (1..iterations).fold(hash(half), |hashed, _| hash(&hashed));
        part.copy_from_slice(&last);
    }
    derived
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a JDK's own cipher was seen to use for this password and three iterations.
    #[test]
    fn keys_are_derived_as_java_does() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let cases = [
            (
                [1, 2, 3, 4, 5, 6, 7, 8],
                "097e8e75ec1a8ff3fc4ee6acac685e8084efb6eaf6f4a683ce91bf7cf50fa78a",
            ),
            (
                [1, 2, 3, 4, 1, 2, 3, 4],
                "77465e26d3e7cff36cd1fb5ff00b367f097e8e75ec1a8ff3fc4ee6acac685e80",
            ),
        ];
        for (salt, derived) in cases {
            assert_eq!(hex(&*derive(b"hush-password", salt, 3)), derived);
        }
    }

    #[test]
    fn parameters_are_bounded() {
        let encoded = |iterations: &[u8]| {
            let len = 10 + u8::try_from(iterations.len()).expect("short");
            [&[0x30, len, 4, 8, 1, 2, 3, 4, 5, 6, 7, 8], iterations].concat()
        };
        let salt = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(parameters(&encoded(&[2, 3, 3, 13, 64])), Some((salt, 200_000)));
        assert_eq!(parameters(&encoded(&[2, 3, 0x4c, 0x4b, 0x40])), Some((salt, MOST_ITERATIONS)));
        for unfit in [&[2, 3, 0x4c, 0x4b, 0x41][..], &[2, 1, 0], &[2, 1, 0xff], &[2, 1, 1, 5, 0]] {
            assert_eq!(parameters(&encoded(unfit)), None, "{unfit:?}");
        }
        assert_eq!(parameters(&[0x30, 4, 4, 2, 1, 2]), None);
    }
}
