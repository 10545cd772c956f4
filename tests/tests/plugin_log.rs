//! A plugin's `tracing` in the host's log. In a process of its own: the subscriber is global.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use checkpoint_storage_api::{CheckpointStorage, JobId, PipelineState, PluginConfig};
use checkpoint_storage_tests::plugins_directory;
use storage_host::{StorageHost, StorageSettings};
use tracing::Instrument;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(bytes.clone()).expect("UTF-8")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plugin_events_nest_in_the_host_s_spans_and_obey_its_filter() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_env_filter("info,faulty_plugin=debug,storage_host=debug")
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .init();
    let plugins = plugins_directory(&["faulty_plugin"]);
    let host = StorageHost::discover(plugins.path()).expect("readable");
    let storage = host
        .open_plugin("faulty", PluginConfig::default(), StorageSettings::default())
        .await
        .expect("opened");
    let state = PipelineState::new(JobId::new("7").expect("valid"), 1, 1, &b"states"[..]);
    let span = tracing::info_span!("engine", attempt = 3);
    storage.store(state.clone()).instrument(span).await.expect("stored");

    let text = log.text();
    let line = |part: &str| {
        let line = text.lines().find(|line| line.contains(part));
        line.unwrap_or_else(|| panic!("no `{part}` in\n{text}")).to_owned()
    };
    assert!(line("opened").contains("answer=42"), "{text}");
    let storing = line("storing");
    assert!(storing.contains("DEBUG"), "{storing}");
    let nested = ["engine{attempt=3}", "checkpoint_storage{", "faulty_store{late=7}", "job=7"];
    let mut rest = storing.as_str();
    for part in nested {
        let at = rest.find(part).unwrap_or_else(|| panic!("no `{part}` in order in {storing}"));
        rest = &rest[at + part.len()..];
    }

    let panicking = host
        .open_plugin(
            "faulty",
            PluginConfig::from([("fault", "panic-in-store")]),
            StorageSettings::default(),
        )
        .await
        .expect("opened");
    panicking.store(state).await.expect_err("it panics");
    assert!(log.text().contains("a plugin panicked"), "{}", log.text());
}
