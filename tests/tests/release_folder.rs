//! What `cargo xtask dist` makes works with nothing but itself.

use std::path::Path;
use std::process::{Command, Output};

use checkpoint_storage_tests::{cargo, repository, run};

fn in_folder(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(folder.join("bin/checkpoint-storage"))
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .output()
        .expect("started")
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_folder_stores_lists_gets_and_deletes_and_misses_its_plugin() {
    let made = tempfile::tempdir().expect("a directory");
    run(cargo()
        .current_dir(repository())
        .args(["run", "--quiet", "--locked", "--package", "xtask", "--", "dist"])
        // The others take minutes more to build for release.
        .args(["--plugin", "localfile", "--out"])
        .arg(made.path().join("D")));
    // Another place, as on another machine.
    let folder = made.path().join("elsewhere");
    std::fs::rename(made.path().join("D"), &folder).expect("moved");
    let configuration = folder.join("config/seatunnel.yaml");
    let yaml = std::fs::read_to_string(&configuration).expect("a default configuration");
    let data = made.path().join("data");
    let here = yaml.replace("fs.defaultFS: /tmp/", &format!("fs.defaultFS: {}/", data.display()));
    assert_ne!(yaml, here, "the default configuration stores elsewhere than this test thinks");
    std::fs::write(&configuration, here).expect("written");

    let states = made.path().join("states");
    std::fs::write(&states, "some states").expect("written");
    let states = states.to_str().expect("UTF-8");
    let name = stdout(&in_folder(&folder, &["store", "job", "1", "7", states]));
    assert!(data.join("seatunnel/checkpoint/job").join(name.trim()).is_file());
    assert!(stdout(&in_folder(&folder, &["list", "job"])).contains(name.trim()));
    assert_eq!(stdout(&in_folder(&folder, &["get", "job", "1", "7"])), "some states");
    stdout(&in_folder(&folder, &["delete", "job", "--yes"]));
    assert_eq!(stdout(&in_folder(&folder, &["jobs"])), "");

    let plugins = folder.join("plugins");
    std::fs::remove_file(plugins.join("libcheckpoint_storage_localfile.so")).expect("removed");
    let output = in_folder(&folder, &["jobs"]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(&*plugins.to_string_lossy()), "{stderr}");
    assert!(stderr.contains("the plugins there are: none"), "{stderr}");
}
