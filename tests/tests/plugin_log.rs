//! A plugin's `tracing` in the host's log. In a process of its own: the subscriber is global.

use checkpoint_storage_api::{CheckpointStorage, JobId, PipelineState, PluginConfig};
use checkpoint_storage_tests::{Log, storage};
use tracing::Instrument;

#[tokio::test(flavor = "multi_thread")]
async fn plugin_events_nest_in_the_host_s_spans_and_obey_its_filter() {
    let log = Log::begin("info,faulty_plugin=debug,storage_host=debug");
    let storage = storage::open("faulty", PluginConfig::default()).await;
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

    let panicking = storage::open("faulty", [("fault", "panic-in-store")].into()).await;
    panicking.store(state).await.expect_err("it panics");
    assert!(log.text().contains("a plugin panicked"), "{}", log.text());
}
