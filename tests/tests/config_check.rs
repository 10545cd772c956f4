//! `config check` on the command line.

use std::process::{Command, Output};

use checkpoint_storage_tests::{LocalSetup, command_line};
use serde_json::{Value, json};

fn check(setup: &LocalSetup, arguments: &[&str]) -> Output {
    setup.command([&["config", "check"], arguments].concat()).output().expect("started")
}

fn stdout(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn value<'d>(document: &'d Value, key: &str) -> &'d Value {
    let values = document["values"].as_array().expect("a list");
    values.iter().find(|value| value["key"] == key).unwrap_or_else(|| panic!("{key}: {document}"))
}

#[test]
fn every_value_is_shown_with_where_it_came_from() {
    let setup = LocalSetup::new();
    setup.configure("sync: ${SYNC}\nfile-mode: ${MODE:-0640}\nfs.s3a.secret-key: hush-hush");
    let output = setup
        .command(["config", "check", "--json"])
        .env("SYNC", "false")
        .output()
        .expect("started");
    let document: Value = serde_json::from_str(&stdout(&output)).expect("one document");
    let expected = |key: &str, value: Value, origin: &str, line: Value, variables: Value| {
        json!({
            "key": key, "value": value, "origin": origin, "line": line, "variables": variables,
            "ignored": false,
        })
    };
    let namespace = json!(setup.namespace());
    for (key, expected) in [
        ("interval", expected("interval", json!("300000"), "default", Value::Null, json!([]))),
        ("storage.type", expected("storage.type", json!("hdfs"), "file", json!(5), json!([]))),
        (
            "storage.plugin-config.storageNameSpace",
            expected(
                "storage.plugin-config.storageNameSpace",
                namespace,
                "file",
                json!(8),
                json!([]),
            ),
        ),
        (
            "storage.plugin-config.sync",
            expected(
                "storage.plugin-config.sync",
                json!("false"),
                "environment",
                json!(9),
                json!(["SYNC"]),
            ),
        ),
        (
            "storage.plugin-config.file-mode",
            expected(
                "storage.plugin-config.file-mode",
                json!("0640"),
                "file",
                json!(10),
                json!([]),
            ),
        ),
    ] {
        assert_eq!(*value(&document, key), expected, "{key}");
    }
    let secret = value(&document, "storage.plugin-config.fs.s3a.secret-key");
    assert_eq!((&secret["value"], &secret["ignored"]), (&json!("***"), &json!(true)));
    assert_eq!(document["plugin"]["name"], "localfile");
    let because = document["plugin"]["because"].as_str().expect("a reason");
    assert!(because.contains("`storage-type` is `local`"), "{because}");
    assert!(!setup.namespace().exists(), "a check changes nothing");
}

#[test]
fn in_a_pipe_there_is_a_line_for_each_key() {
    let setup = LocalSetup::new();
    let text = stdout(&check(&setup, &[]));
    assert!(text.contains("interval\t300000\tdefault\n"), "{text}");
    assert!(text.contains("storage.plugin-config.storage-type\tlocal\tline 7\n"), "{text}");
    assert!(text.contains("plugin\tlocalfile "), "{text}");
    assert!(text.contains("because\t"), "{text}");
}

#[test]
fn a_warning_is_shown_and_becomes_an_error_when_strict() {
    let setup = LocalSetup::new();
    setup.configure("K1: V1");
    let output = check(&setup, &[]);
    stdout(&output);
    assert_eq!(stderr(&output).matches("`K1` is not known").count(), 1, "{}", stderr(&output));
    let output = check(&setup, &["--strict"]);
    assert_eq!(output.status.code(), Some(2));
    for part in ["error: `K1` is not known", "seatunnel.yaml:9:11", "^^", "1 error"] {
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
    }
}

#[test]
fn all_errors_come_at_once_from_any_command() {
    let setup = LocalSetup::new();
    setup.configure("storageNamespace: /data\nsync: perhaps\non-corrupt: never");
    let check = check(&setup, &["--json"]);
    let jobs = setup.command(["--json", "jobs"]).output().expect("started");
    for output in [check, jobs] {
        assert_eq!(output.status.code(), Some(2));
        let document: Value = serde_json::from_slice(&output.stderr).expect("one document");
        let error = &document["error"];
        assert_eq!((&error["kind"], &error["retryable"]), (&json!("config"), &json!(false)));
        let problems = error["problems"].as_array().expect("a list");
        let places: Vec<_> =
            problems.iter().map(|one| (one["line"].as_u64(), one["column"].as_u64())).collect();
        assert_eq!(places, [(Some(9), Some(11)), (Some(10), Some(17)), (Some(11), Some(23))]);
        assert!(problems.iter().all(|one| one["help"].is_string()), "{document}");
    }
}

#[test]
fn what_only_the_plugin_can_tell_has_its_place_as_well() {
    let setup = LocalSetup::new();
    std::fs::write(setup.namespace(), "in the way").expect("written");
    let output = check(&setup, &[]);
    assert_ne!(output.status.code(), Some(0), "a file stands where the namespace should");
    assert!(stderr(&output).contains("checkpoints"), "{}", stderr(&output));
}

#[test]
fn a_plugin_that_is_not_there_is_told_with_what_is() {
    let setup = LocalSetup::new();
    let yaml = std::fs::read_to_string(setup.configuration()).expect("read");
    std::fs::write(setup.configuration(), yaml.replace("type: local", "type: s3"))
        .expect("written");
    let output = check(&setup, &[]);
    assert_eq!(output.status.code(), Some(2));
    for part in ["serves the storage type `s3`", "localfile"] {
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
    }
    let values = String::from_utf8_lossy(&output.stdout);
    assert!(values.contains("storage.plugin-config.storage-type\ts3\tline 7\n"), "{values}");
}

#[test]
fn a_file_without_the_section_is_warned_of() {
    let setup = LocalSetup::new();
    std::fs::write(setup.configuration(), "").expect("written");
    let output = check(&setup, &["--strict"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("the defaults apply"), "{}", stderr(&output));
}

#[test]
fn keys_are_explained() {
    let setup = LocalSetup::new();
    let text = stdout(&check(&setup, &["--explain", "namespace"]));
    for part in ["storageNameSpace", "/seatunnel/checkpoint", "a directory"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = stdout(&check(&setup, &["--explain", "fs.s3a.secret-key", "--json"]));
    let document: Value = serde_json::from_str(&json).expect("one document");
    assert_eq!(document["secret"], true);
    let output = check(&setup, &["--explain", "secret"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean"), "{}", stderr(&output));
}

#[test]
fn a_file_can_be_named_and_need_not_be_there() {
    let setup = LocalSetup::new();
    let nowhere = setup.namespace().join("nowhere.yaml");
    let named =
        |arguments: &[&str]| -> Command { command_line(&nowhere, setup.plugins(), arguments) };
    let output = named(&["config", "check"]).output().expect("started");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nowhere.yaml"), "{}", stderr(&output));
    let file = setup.configuration();
    let file = file.to_str().expect("UTF-8");
    stdout(&named(&["config", "check", file]).output().expect("started"));
}
