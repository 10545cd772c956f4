//! Any bytes at all end in a keystore or a fault; those of real keystores in the right one.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use secrecy::ExposeSecret;

use super::*;

/// A secret from Hadoop's shell among entries of other kinds from `keytool`, with 10,000 iterations.
const MIXED: &[u8] = include_bytes!("../../tests/data/mixed-entries.jceks");
const PASSWORD: &str = "hush-password";

fn fault(file: &[u8], password: &str) -> Fault {
    Keystore::read(file, password).err().expect("a fault")
}

/// A file with these bytes at the first place where those are.
fn replaced(file: &[u8], those: &[u8], these: &[u8]) -> Vec<u8> {
    let at = file.windows(those.len()).position(|window| window == those).expect("they are there");
    [&file[..at], these, &file[at + those.len()..]].concat()
}

/// A text as it stands in a file.
fn written(text: &str) -> Vec<u8> {
    let len = u16::try_from(text.len()).expect("short");
    [&len.to_be_bytes(), text.as_bytes()].concat()
}

/// The file as someone would make it who knows the password.
fn signed(file: &[u8], password: &str) -> Vec<u8> {
    let content = &file[..file.len() - DIGEST_LEN];
    [content, &expected_digest(content, password)].concat()
}

fn secret(file: &[u8], alias: &str) -> Option<Result<String, Fault>> {
    let keystore = Keystore::read(file, PASSWORD).unwrap_or_else(|fault| panic!("{fault:?}"));
    let secret = keystore.get(alias, PASSWORD)?;
    Some(secret.map(|secret| secret.expose_secret().to_owned()))
}

#[test]
fn a_secret_is_found_among_entries_of_other_kinds() {
    let found = secret(MIXED, "fs.s3a.secret.key");
    assert!(found == Some(Ok("hush-schlüssel-密😀".to_owned())), "another secret");
    assert_eq!(secret(MIXED, "server"), None, "a private key");
    assert_eq!(secret(MIXED, "authority"), None, "a certificate");
}

#[test]
fn what_is_no_text_or_has_a_password_of_its_own_fails_alone() {
    assert_eq!(secret(MIXED, "aes"), Some(Err(Fault::NotAText)), "random bytes");
    assert_eq!(secret(MIXED, "des"), Some(Err(Fault::NotAText)), "another class");
    assert_eq!(secret(MIXED, "other"), Some(Err(Fault::OtherPassword)));
}

#[test]
fn the_last_entry_of_an_alias_counts() {
    let alias = "fs.s3a.secret.key";
    for (later, expected) in [("aes", Some(Err(Fault::NotAText))), ("authority", None)] {
        let (later, same) = (written(later), written(alias));
        let file = signed(&replaced(MIXED, &later, &same), PASSWORD);
        assert_eq!(secret(&file, alias), expected);
    }
}

#[test]
fn a_wrong_password_is_told_from_a_file_that_was_tampered_with() {
    for password in ["", "none", "Hush-password", "hush-password "] {
        assert_eq!(fault(MIXED, password), Fault::WrongPasswordOrTampered);
    }
    let other_alias = replaced(MIXED, b"secret", b"sacred");
    assert_eq!(fault(&other_alias, PASSWORD), Fault::Tampered);
    assert_eq!(fault(&other_alias, "hush-other"), Fault::WrongPasswordOrTampered);

    let mut other_digest = MIXED.to_vec();
    *other_digest.last_mut().expect("a digest") ^= 1;
    assert_eq!(fault(&other_digest, PASSWORD), Fault::Tampered);
}

#[test]
fn what_is_no_keystore_is_not_taken_for_one() {
    assert_eq!(fault(b"", PASSWORD), Fault::Empty);
    assert_eq!(fault(&MIXED[..7], PASSWORD), Fault::NotAKeystore);
    let jks = replaced(MIXED, &MAGIC.to_be_bytes(), &[0xfe, 0xed, 0xfe, 0xed]);
    assert_eq!(fault(&jks, PASSWORD), Fault::NotAKeystore);
    let first_version = replaced(MIXED, &[0, 0, 0, 2], &[0, 0, 0, 1]);
    assert_eq!(fault(&first_version, PASSWORD), Fault::NotAKeystore);
}

#[test]
fn counts_and_lengths_beyond_the_file_reserve_nothing() {
    let header = [MAGIC.to_be_bytes(), VERSION.to_be_bytes(), u32::MAX.to_be_bytes()].concat();
    let key = [&header[..], &[0, 0, 0, 1], &[0; 10], &[0xff; 4]].concat();
    for file in [header, key] {
        let Fault::Malformed(malformed) = fault(&file, PASSWORD) else { panic!("a fault") };
        assert_eq!(malformed, Malformed { at: file.len(), what: "more bytes should follow" });
    }
}

#[test]
fn a_keystore_that_was_cut_off_or_goes_on_is_damaged() {
    for len in 0..MIXED.len() {
        let fault = fault(&MIXED[..len], PASSWORD);
        let expected = match len {
            0 => matches!(fault, Fault::Empty),
            1..8 => matches!(fault, Fault::NotAKeystore),
            _ => matches!(fault, Fault::Malformed(_)),
        };
        assert!(expected, "{len} bytes: {fault:?}");
    }
    let longer = [MIXED, b"\n"].concat();
    assert!(matches!(fault(&longer, PASSWORD), Fault::Malformed(_)));
}

#[test]
fn aliases_are_encoded_as_java_does() {
    let cases: [(&str, &[u8]); 4] = [
        ("fs.s3a", b"fs.s3a"),
        ("\0", &[0xc0, 0x80]),
        ("ü密", "ü密".as_bytes()),
        ("😀", &[0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]),
    ];
    for (text, encoded) in cases {
        assert_eq!(modified_utf8(text), encoded, "{text}");
    }
}

/// Bytes that a keystore could begin with.
fn beginnings() -> impl Strategy<Value = Vec<u8>> {
    (0..MIXED.len(), vec(any::<u8>(), 0..200))
        .prop_map(|(len, rest)| [&MIXED[..len], &rest].concat())
}

/// A real keystore with some bytes changed.
fn flipped() -> impl Strategy<Value = Vec<u8>> {
    vec((any::<Index>(), 1..=255u8), 1..4).prop_map(|flips| {
        let mut file = MIXED.to_vec();
        for (index, bits) in flips {
            file[index.index(MIXED.len())] ^= bits;
        }
        file
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_end_in_entries_or_a_fault(
        file in prop_oneof![vec(any::<u8>(), 0..500), beginnings(), flipped()],
    ) {
        let mut cursor = Cursor::new(file.get(8..).unwrap_or_default());
        match entries(&mut cursor) {
            Ok(_) => prop_assert!(cursor.at() + 8 <= file.len()),
            Err(malformed) => prop_assert!(malformed.at <= file.len()),
        }
    }
}

proptest! {
    // Each opens up to three entries.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_change_goes_unseen(file in flipped()) {
        prop_assume!(file != MIXED);
        prop_assert!(Keystore::read(&file, PASSWORD).is_err());
    }
}
