//! `verify` on a local disk: what is damaged is found, whatever the damage, and moved aside, never
//! deleted.

use std::collections::BTreeMap;
use std::path::Path;

use checkpoint_storage_tests::{LocalSetup, files_in, repository, run};
use fastrand::Rng;
use serde_json::{Value, json};

const DAMAGES: usize = 10_000;
/// The checksum that ours end with, and its key.
const TRAILER_LEN: usize = 5;
/// The key of the states and their length, from 128 to 16383.
const STATES_KEY_LEN: usize = 3;

/// Stores states with the command line; the file's name and bytes.
fn store(setup: &LocalSetup, states: &[u8]) -> (String, Vec<u8>) {
    let input = setup.namespace().with_extension("states");
    std::fs::write(&input, states).expect("written");
    let output = run(setup.command(["store", "1", "1", "1"]).arg(&input));
    let name = String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned();
    let bytes = std::fs::read(setup.namespace().join("1").join(&name)).expect("stored");
    (name, bytes)
}

/// What `verify` says with these arguments, and its exit code.
fn verify(setup: &LocalSetup, arguments: &[&str]) -> (Value, Option<i32>) {
    setup.json(&[&["verify"], arguments].concat())
}

/// The verdict on each path.
fn verdicts(said: &Value) -> BTreeMap<&str, &str> {
    let items = said["items"].as_array().expect("a list").iter();
    items
        .map(|it| (it["path"].as_str().expect("text"), it["verdict"].as_str().expect("text")))
        .collect()
}

#[test]
fn every_one_of_ten_thousand_damages_is_found() {
    let setup = LocalSetup::new();
    let (_, whole) = store(&setup, &[7; 300]);
    let folder = setup.namespace().join("1");
    // What is cut off there is what Java would have written: with states, and without.
    let before_checksum = whole.len() - TRAILER_LEN;
    let before_states = before_checksum - 300 - STATES_KEY_LEN;
    let mut rng = Rng::with_seed(8);
    let mut java_like = Vec::new();
    for number in 0..DAMAGES {
        let name = format!("{number}-1-1-1.ser");
        let mut bytes = whole.clone();
        if rng.bool() {
            let bit = rng.usize(..bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        } else {
            bytes.truncate(rng.usize(..bytes.len()));
        }
        if [before_checksum, before_states].contains(&bytes.len()) {
            java_like.push(format!("1/{name}"));
        }
        std::fs::write(folder.join(name), bytes).expect("written");
    }
    let (said, code) = verify(&setup, &[]);
    assert_eq!(code, Some(4));
    let mut fine = Vec::new();
    for (path, verdict) in verdicts(&said) {
        match verdict {
            "corrupt" | "misplaced" => {}
            "no-checksum" if java_like.iter().any(|known| known == path) => {}
            _ => fine.push((path, verdict)),
        }
    }
    assert!(matches!(fine[..], [(_, "ok")]), "only the undamaged one is: {fine:?}");
    assert_eq!(verdicts(&said).len(), DAMAGES + 1);
}

/// Flips one bit after the other, every `step`-th, of a golden file, its sidecar beside each, and says
/// at which offsets `verify` sees nothing.
fn unseen_flips(folder: &str, file: &str, step: usize) -> Vec<usize> {
    let setup = LocalSetup::new();
    let golden = repository().join("tests/golden").join(folder);
    let whole = std::fs::read(golden.join(file)).expect("readable");
    let (_, ids) = file.split_once('-').expect("a time stamp");
    let sidecar = std::fs::read(golden.join(format!(".{file}.crc"))).ok();
    let job = setup.namespace().join(Path::new(folder).file_name().expect("a job"));
    std::fs::create_dir_all(&job).expect("made");
    for bit in (0..whole.len() * 8).step_by(step) {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(job.join(format!("{bit}-{ids}")), bytes).expect("written");
        if let Some(sidecar) = &sidecar {
            std::fs::write(job.join(format!(".{bit}-{ids}.crc")), sidecar).expect("written");
        }
    }
    let (said, code) = verify(&setup, &[]);
    assert_eq!(code, Some(4), "some are seen");
    let offset = |path: &str| -> usize {
        let (_, name) = path.split_once('/').expect("a job");
        name.split('-').next().and_then(|bit| bit.parse::<usize>().ok()).expect("a number") / 8
    };
    let unseen = verdicts(&said).into_iter().filter(|(_, verdict)| *verdict == "no-checksum");
    let mut offsets: Vec<_> = unseen.map(|(path, _)| offset(path)).collect();
    offsets.sort_unstable();
    offsets.dedup();
    offsets
}

#[test]
fn in_java_s_files_nothing_sees_a_flip_within_the_states() {
    let (folder, file) = ("localfile/1", "1795474038417-741-2-1.ser");
    let len = std::fs::read(repository().join("tests/golden").join(folder).join(file))
        .expect("readable")
        .len();
    let unseen = unseen_flips(folder, file, 1);
    assert_eq!(
        unseen,
        (len - unseen.len()..len).collect::<Vec<_>>(),
        "the last bytes, and no other"
    );
}

#[test]
fn in_java_s_files_with_a_sidecar_every_flip_is_seen() {
    let unseen = unseen_flips("hdfs-local/1", "1795474038044-523-1-1.ser", 7);
    assert_eq!(unseen, [0; 0]);
}

#[test]
fn everything_is_named_and_what_is_damaged_is_moved_aside() {
    let setup = LocalSetup::new();
    let (name, whole) = store(&setup, b"states");
    let job = setup.namespace().join("1");
    let lay = |name: &str, bytes: &[u8]| std::fs::write(job.join(name), bytes).expect("written");
    let mut corrupt = whole.clone();
    corrupt[8] ^= 1;
    lay("5-1-1-1.ser", &corrupt);
    lay("6-1-2-1.ser", &whole);
    lay("7-1-1-1.ser", &whole[..whole.len() - TRAILER_LEN]);
    lay("notes.txt", b"foreign");
    let before = files_in(&job);

    let (said, code) = verify(&setup, &[]);
    assert_eq!(code, Some(4));
    let expected = json!({"ok": 1, "corrupt": 1, "misplaced": 1, "no-checksum": 1, "foreign": 1});
    assert_eq!(said["summary"], expected);
    let path = format!("1/{name}");
    let expected = [
        (path.as_str(), "ok"),
        ("1/5-1-1-1.ser", "corrupt"),
        ("1/6-1-2-1.ser", "misplaced"),
        ("1/7-1-1-1.ser", "no-checksum"),
        ("1/notes.txt", "foreign"),
    ];
    assert_eq!(verdicts(&said), expected.into());
    assert_eq!(files_in(&job), before, "nothing was touched");
    let (of_another, code) = verify(&setup, &["2"]);
    assert_eq!((of_another["items"].as_array().map(Vec::len), code), (Some(0), Some(0)));

    let (said, code) = verify(&setup, &["--quarantine", "--problems"]);
    assert_eq!((said["items"].as_array().map(Vec::len), code), (Some(2), Some(4)));
    for item in said["items"].as_array().expect("a list") {
        let place = item["quarantined_as"].as_str().expect("moved");
        assert!(Path::new(place).exists(), "{place}");
        assert!(item["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{item}");
    }
    let (said, code) = verify(&setup, &[]);
    assert_eq!(code, Some(0));
    let expected = json!({"ok": 1, "no-checksum": 1, "foreign": 1, "quarantined": 2});
    assert_eq!(said["summary"], expected);
}
