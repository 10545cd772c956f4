use std::sync::OnceLock;

use storage_host::StorageHost;
use storage_host::config::ConfigReading;

const SECRET: &str = "hush-hush";

/// Any text is a configuration or is told to be none; a secret that follows it is never shown.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    all_that_is_said(text);
    if !text.contains(SECRET) {
        let with_secret = format!("{text}\n          fs.s3a.secret-key: {SECRET}\n");
        let said = all_that_is_said(&with_secret);
        assert!(!said.contains(SECRET), "{said}");
    }
}

fn all_that_is_said(text: &str) -> String {
    let environment = |name: &str| (name == "SET").then(|| "a value".to_owned());
    let mut reading = ConfigReading::of_text(text, "seatunnel.yaml", &environment);
    let values = host().review(&mut reading);
    let mut said = format!("{}{values:?}", reading.diagnostics().render(true));
    // A carriage return alone ends a line as well.
    let lines = text.replace("\r\n", "\n").replace('\r', "\n").lines().count();
    for one in reading.diagnostics().iter() {
        let line = one.place.as_ref().map_or(1, |place| place.line);
        assert!((1..=lines + 1).contains(&line), "{line}");
    }
    said.push_str(&format!("{:?}", reading.diagnostics()));
    said
}

/// A host without plugins: the table of keys alone decides.
fn host() -> &'static StorageHost {
    static HOST: OnceLock<StorageHost> = OnceLock::new();
    HOST.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary directory");
        StorageHost::discover(folder.path()).expect("an empty plugins directory")
    })
}
