//! The documentation's two samples: they load as they stand, and store with their place filled in.

use std::process::Command;

use checkpoint_storage_tests::{repository, run, skip};

use crate::machine::service;
use crate::place::Place;

fn sample(name: &str) -> String {
    let file = repository().join("storage-host/tests/samples").join(name);
    std::fs::read_to_string(file).expect("the sample")
}

/// The same command under strace, which writes down where it connects to.
fn traced(command: &Command, log: &std::path::Path) -> Command {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o"]).arg(log);
    traced.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    traced
}

#[test]
fn the_samples_load_as_they_stand_and_nothing_is_sent() {
    let Some(place) = Place::new() else { return };
    if Command::new("strace").arg("-V").output().is_err() {
        return skip("strace is not installed");
    }
    let log = place.path("connections");
    for name in ["s3-static-keys.yaml", "s3-instance-profile.yaml"] {
        place.write_configuration(&sample(name));
        let check = place.command(&["config", "check"], &[]);
        let output = run(&mut traced(&check, &log));
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(shown.contains("libcheckpoint_storage_s3.so"), "{shown}");
        assert!(!shown.contains("your-secret-key"), "{shown}");
        let connections = std::fs::read_to_string(&log).expect("written");
        assert!(!connections.contains("AF_INET"), "{name}: {connections}");
    }
}

#[test]
fn the_sample_with_keys_stores() {
    let Some(place) = Place::new() else { return };
    let server = place.server();
    let text = sample("s3-static-keys.yaml");
    let line = text.lines().find(|line| line.contains("s3.bucket:")).expect("a bucket");
    let indent = &line[..line.len() - line.trim_start().len()];
    // It names no endpoint.
    let endpoint = format!("{line}\n{indent}fs.s3a.endpoint: {}", server.endpoint);
    let text = text
        .replace(line, &endpoint)
        .replace("your-bucket", place.bucket())
        .replace("your-access-key", &server.access_key)
        .replace("your-secret-key", &server.secret_key);
    place.write_configuration(&text);
    place.stores(&[]);
}

#[test]
fn the_sample_with_an_instance_profile_stores() {
    let Some(place) = Place::new() else { return };
    let service = service(&place);
    let text = sample("s3-instance-profile.yaml")
        .replace("your-bucket", place.bucket())
        .replace("your-endpoint", &place.server().endpoint);
    place.write_configuration(&text);
    place.stores(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &service.endpoint())]);
    assert_eq!(service.asked().credentials, 2);
}
