//! The command line on S3: a job that is killed and recovers, and how much memory large states take.

use checkpoint_storage_tests::job::{ensure_bounded_memory, ensure_recovery};
use checkpoint_storage_tests::s3::{S3Setup, minio};

#[test]
fn a_job_that_is_killed_recovers_from_a_bucket() {
    let Some(server) = minio() else { return };
    let setup = S3Setup::new(server);
    setup.configure("interval: 100", &[]);
    ensure_recovery(|arguments| setup.command(arguments));
}

#[test]
fn a_state_of_64_mib_needs_40_mib_beside_itself() {
    let Some(server) = minio() else { return };
    for threshold in ["1G", "5M"] {
        let setup = S3Setup::new(server);
        setup.configure("", &[("s3.multipart-threshold", threshold)]);
        ensure_bounded_memory(setup.folder(), |arguments| setup.command(arguments));
    }
}
