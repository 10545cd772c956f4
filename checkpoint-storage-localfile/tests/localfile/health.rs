//! The health check tries what a store does and leaves nothing behind.

use std::fs;

use checkpoint_storage_api::{HealthOptions, HealthStatus, HealthStep};

use crate::support::{Folder, names};

fn status(steps: &[HealthStep], name: &str) -> Option<HealthStatus> {
    steps.iter().find(|step| step.name == name).map(|step| step.status)
}

#[tokio::test]
async fn a_disk_that_works_passes_and_is_left_as_it_was() {
    let folder = Folder::new();
    let storage = folder.open().await;
    let steps = storage.health(HealthOptions { write: false }).await.expect("checked");
    assert_eq!(status(&steps, "namespace"), Some(HealthStatus::Warned));
    assert!(steps[0].advice.is_some() && names(folder.path()).is_empty());

    let steps = storage.health(HealthOptions { write: true }).await.expect("checked");
    assert_eq!(status(&steps, "write"), Some(HealthStatus::Passed), "{steps:?}");
    assert_eq!(status(&steps, "list"), Some(HealthStatus::Passed), "{steps:?}");
    assert!(status(&steps, "space").is_some());
    assert!(names(&folder.namespace()).is_empty());

    let steps = storage.health(HealthOptions { write: false }).await.expect("checked");
    assert_eq!(status(&steps, "namespace"), Some(HealthStatus::Passed));
    assert_eq!(status(&steps, "write"), None);
}

#[tokio::test]
async fn what_does_not_work_is_a_failed_step_with_advice() {
    let folder = Folder::new();
    let storage = folder.open().await;
    fs::write(folder.path().join("name"), "a file").expect("written");
    let steps = storage.health(HealthOptions { write: true }).await.expect("checked");
    for name in ["namespace", "write"] {
        assert_eq!(status(&steps, name), Some(HealthStatus::Failed), "{steps:?}");
    }
    assert!(steps.iter().all(|step| step.advice.is_some()), "{steps:?}");
}
