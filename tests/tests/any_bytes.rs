//! The properties that the fuzz targets of `fuzz/` look for exceptions of: on their seeds, and on a
//! bounded number of inputs that are drawn around them.

use std::fs;

use checkpoint_storage_tests::{properties, repository};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let directory = repository().join("fuzz/seeds").join(target);
    let files = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|file| fs::read(file.expect("readable").path()).expect("readable"));
    let mut seeds: Vec<_> = files.collect();
    seeds.sort();
    seeds
}

/// One change of an input.
#[derive(Debug, Clone)]
enum Edit {
    Set(u8),
    Flip(u8),
    Insert(u8),
    Remove,
    Cut,
    Repeat,
}

fn edit() -> impl Strategy<Value = (prop::sample::Index, Edit)> {
    let edit = prop_oneof![
        any::<u8>().prop_map(Edit::Set),
        (0..8_u8).prop_map(Edit::Flip),
        any::<u8>().prop_map(Edit::Insert),
        Just(Edit::Remove),
        Just(Edit::Cut),
        Just(Edit::Repeat),
    ];
    (any::<prop::sample::Index>(), edit)
}

fn apply(bytes: &mut Vec<u8>, at: prop::sample::Index, edit: &Edit) {
    if bytes.is_empty() {
        bytes.push(0);
    }
    let at = at.index(bytes.len());
    match *edit {
        Edit::Set(byte) => bytes[at] = byte,
        Edit::Flip(bit) => bytes[at] ^= 1 << bit,
        Edit::Insert(byte) => bytes.insert(at, byte),
        Edit::Remove => drop(bytes.remove(at)),
        Edit::Cut => bytes.truncate(at),
        Edit::Repeat => bytes.extend_from_within(at..bytes.len().min(at + 16)),
    }
}

fn holds(target: &str, cases: u32, property: fn(&[u8])) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty());
    for seed in &seeds {
        property(seed);
    }
    let inputs = (prop::sample::select(seeds), prop::collection::vec(edit(), 0..6)).prop_map(
        |(mut bytes, edits)| {
            for (at, edit) in &edits {
                apply(&mut bytes, *at, edit);
            }
            bytes
        },
    );
    let inputs = prop_oneof![4 => inputs, 1 => prop::collection::vec(any::<u8>(), 0..100)];
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&inputs, |bytes| {
            property(&bytes);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{target}: {error}"));
}

#[test]
fn names() {
    holds("names", 20_000, properties::names);
}

#[test]
fn codec() {
    holds("codec", 5_000, properties::codec);
}

#[test]
fn configuration() {
    holds("configuration", 5_000, properties::configuration);
}

#[test]
fn manifest() {
    holds("manifest", 20_000, properties::manifest);
}

#[test]
fn library() {
    holds("library", 2_000, properties::library);
}
