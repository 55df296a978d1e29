//! Events that tell how something stands: to a new subscriber, and to all of them when it changes.

use crate::channels::Channel;
use crate::clock;
use crate::forms::event::Event;
use crate::hub::{Hub, Phase};
use crate::rest;
use ng_wire::{GuardianView, Mode, ModuleStatus, ModuleView, SettingValue};
use serde_json::json;
use std::collections::BTreeMap;

/// How the server stands: `starting`, `running`, `degraded` (a module reports errors, or something
/// has failed), `stopping` or `restarting`.
pub fn status(hub: &Hub) -> Event {
    told(hub, word(hub))
}

fn told(hub: &Hub, status: &str) -> Event {
    let data = json!({
        "status": status,
        "uptime_seconds": hub.started.elapsed().as_secs(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    Event::new(Channel::Status, clock::now_ns(), format!("status.{status}"), data)
}

fn word(hub: &Hub) -> &'static str {
    let phase = *hub.phase().borrow();
    match phase {
        Phase::Starting => "starting",
        Phase::Running if hub.is_degraded() => "degraded",
        Phase::Running => "running",
        Phase::Stopping => "stopping",
        Phase::Restarting => "restarting",
    }
}

/// Every module, an event each: the data is the module as REST tells it.
pub fn modules(views: &[ModuleView]) -> Vec<Event> {
    views.iter().map(module).collect()
}

fn module(view: &ModuleView) -> Event {
    Event::new(Channel::Modules, clock::now_ns(), "module.state", json!(rest::module(view)))
}

/// The rules with their modes and counters.
pub fn guardian(view: &GuardianView) -> Event {
    Event::new(Channel::Guardian, clock::now_ns(), "guardian.state", json!(view))
}

/// What was told last. The counters of a module do not change how it stands; those of a rule do.
#[derive(Default)]
pub(super) struct Last {
    status: Option<&'static str>,
    modules: BTreeMap<String, (ModuleStatus, bool, BTreeMap<String, SettingValue>)>,
    guardian: Vec<(Mode, String, u64)>,
}

impl Last {
    /// Tells the status when it has changed.
    pub(super) fn status(&mut self, hub: &Hub) {
        let now = word(hub);
        if self.status.replace(now) != Some(now) {
            hub.channel_news.tell(told(hub, now));
        }
    }

    /// Tells the modules that have changed.
    pub(super) fn modules(&mut self, hub: &Hub, views: &[ModuleView]) {
        for view in views {
            let now = (view.status, view.enabled, view.values.clone());
            if self.modules.get(&view.id) != Some(&now) {
                self.modules.insert(view.id.clone(), now);
                hub.channel_news.tell(module(view));
            }
        }
    }

    /// Tells the rules when one has changed or objected.
    pub(super) fn guardian(&mut self, hub: &Hub, view: &GuardianView) {
        let now: Vec<_> = view.rules.iter().map(|rule| (rule.mode, rule.terms.clone(), rule.hits)).collect();
        if self.guardian != now {
            self.guardian = now;
            hub.channel_news.tell(guardian(view));
        }
    }
}
