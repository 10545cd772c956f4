//! How the demo ended.

use serde_json::{Value, json};

use super::protocol::RestoredFrom;

/// One restore of one pipeline.
pub(super) struct Restore {
    pub(super) kill: usize,
    pub(super) pipeline: i32,
    pub(super) from: RestoredFrom,
}

/// How the demo ended.
#[derive(Default)]
pub(super) struct Summary {
    pub(super) job: String,
    pub(super) plugin: String,
    pub(super) plugin_file: String,
    pub(super) events: u64,
    pub(super) stored: usize,
    pub(super) failed: usize,
    pub(super) pruned: usize,
    pub(super) kills: usize,
    pub(super) inside_store: usize,
    pub(super) restores: Vec<Restore>,
    pub(super) equal: bool,
}

impl Summary {
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "plugin       {} from {}\njob          {}\nevents       {}\ncheckpoints  {} stored, {} failed, {} pruned\n\
             kills        {}, {} of them inside a store\n",
            self.plugin,
            self.plugin_file,
            self.job,
            self.events,
            self.stored,
            self.failed,
            self.pruned,
            self.kills,
            self.inside_store
        );
        for Restore { kill, pipeline, from } in &self.restores {
            text.push_str(&format!(
                "restored     after kill {kill}: pipeline {pipeline} from {} at event {}\n",
                from.name, from.events
            ));
        }
        text.push_str(if self.equal {
            "counts       equal to an uninterrupted run's\n"
        } else {
            "counts       NOT equal to an uninterrupted run's\n"
        });
        text
    }

    pub(super) fn document(&self) -> Value {
        let restores = self.restores.iter().map(|restore| {
            json!({
                "kill": restore.kill,
                "pipeline": restore.pipeline,
                "name": restore.from.name,
                "checkpoint": restore.from.checkpoint,
                "events": restore.from.events,
            })
        });
        json!({
            "plugin": self.plugin,
            "plugin_file": self.plugin_file,
            "job": self.job,
            "events": self.events,
            "checkpoints": self.stored,
            "checkpoints_failed": self.failed,
            "checkpoints_pruned": self.pruned,
            "kills": self.kills,
            "kills_inside_store": self.inside_store,
            "restored": restores.collect::<Vec<_>>(),
            "equal": self.equal,
        })
    }
}
