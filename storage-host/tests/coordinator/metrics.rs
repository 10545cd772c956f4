//! What is counted.

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use storage_host::coordinator::metrics as names;
use storage_host::{CoordinatorSettings, Shutdown};

use crate::support::{Scripted, Store, pass, settings, start};

#[test]
fn a_recorder_gets_every_metric_by_its_name() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("started").block_on(async {
            let storage = Scripted::default();
            storage.script([Store::Fails, Store::Takes(250), Store::Takes(250), Store::Takes(250)]);
            let settings =
                CoordinatorSettings { tolerable_failure: 1, max_retained: 1, ..settings() };
            let (coordinator, _events) = start(&storage, settings, &[500, 500, 500, 500]).await;
            pass(5500).await;
            coordinator.shutdown(Shutdown::Wait).await.expect("the job did not fail");
        });
    });
    let mut seen: BTreeMap<String, DebugValue> = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let mut labels: Vec<_> = key
            .key()
            .labels()
            .filter(|label| label.key() != "job")
            .map(|label| label.value().to_owned())
            .collect();
        labels.insert(0, key.key().name().to_owned());
        seen.insert(labels.join(" "), value);
    }
    let counter = |name: &str, labels: &str| match seen.get(format!("{name}{labels}").as_str()) {
        Some(DebugValue::Counter(count)) => *count,
        other => panic!("{name}{labels}: {other:?} in {seen:?}"),
    };
    let gauge = |name: &str| match seen.get(format!("{name} 1").as_str()) {
        Some(DebugValue::Gauge(value)) => value.into_inner(),
        other => panic!("{name}: {other:?} in {seen:?}"),
    };
    let histogram = |name: &str| match seen.get(name) {
        Some(DebugValue::Histogram(values)) => {
            values.iter().map(|v| v.into_inner()).collect::<Vec<_>>()
        }
        other => panic!("{name}: {other:?} in {seen:?}"),
    };
    assert_eq!(counter(names::TRIGGERED, " 1 checkpoint"), 5);
    assert_eq!(counter(names::ENDED, " 1 failed"), 1);
    assert_eq!(counter(names::ENDED, " 1 completed"), 4);
    assert_eq!(counter(names::PRUNED, ""), 3);
    assert_eq!(gauge(names::PENDING), 0.0);
    assert_eq!(gauge(names::CONSECUTIVE_FAILURES), 0.0);
    assert!(gauge(names::LAST_COMPLETED_AGE_SECONDS) < 1.0);
    assert_eq!(histogram(names::SNAPSHOT_SECONDS)[..3], [0.5; 3]);
    assert_eq!(histogram(names::STORE_SECONDS)[..3], [0.25; 3]);
    assert_eq!(histogram(names::SIZE_BYTES), [11.0; 4]);
}

#[test]
fn every_metric_is_documented() {
    let documentation = include_str!("../../../docs/coordination.md");
    for name in names::NAMES {
        assert!(documentation.contains(&format!("| `{name}` |")), "{name}");
    }
}
