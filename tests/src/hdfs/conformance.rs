//! The conformance suite on a cluster.

use std::sync::Arc;

use checkpoint_storage_conformance::Suite;
use storage_host::LoadedPlugin;

use super::cluster::HdfsCluster;
use super::places::HdfsPlaces;
use crate::plugin;

impl HdfsCluster {
    /// Ends the test unless the plugin's library does on this cluster all that is owed.
    pub fn ensure_conformance(&'static self) {
        let plugin = LoadedPlugin::of_file(plugin("checkpoint_storage_hdfs")).expect("accepted");
        let report = Suite::all().run(Arc::new(HdfsPlaces::new(plugin, self)), |_| ());
        report.assert_passed();
        assert_eq!(report.unsupported(), [] as [&str; 0]);
    }
}
