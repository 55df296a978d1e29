//! Performs what alert rules and detectors decided.

use super::{EventLoop, mono_ns};
use crate::actions::{Alert, Deed, Effect};
use ng_wire::{ActionDone, ActionStatus, Frame, Notice};

impl EventLoop {
    /// Performs what was decided, also what is decided about the events of that.
    pub(super) fn perform(&mut self) {
        loop {
            let effects: Vec<Effect> = self.setup.engine.drain_effects().collect();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Alert(alert) => self.act(&alert),
                    Effect::Note { json } => self.note(&json),
                }
            }
        }
    }

    /// Records what a rule has to say, does what it does, and tells how each action went.
    fn act(&mut self, alert: &Alert) {
        let begun_ns = mono_ns();
        self.note(&alert.event());
        for action in alert.actions.iter().filter(|_| !alert.is_end) {
            let time_ns = self.setup.world.now_ns();
            let failed = match action.deed {
                Deed::Record => None,
                Deed::Notice => {
                    let (origin, text) = (alert.rule.clone(), alert.text.clone());
                    let told = self.tell(Frame::Notice(Notice { time_ns, level: alert.level, origin, text }));
                    (!told).then(|| "nobody takes the engine's frames".to_owned())
                }
            };
            self.tell(Frame::Action(ActionDone {
                time_ns,
                rule: alert.rule.clone(),
                action: action.name.into(),
                status: if failed.is_none() { ActionStatus::Completed } else { ActionStatus::Failed },
                error: failed,
                took_us: mono_ns().saturating_sub(begun_ns) as f64 / 1e3,
                about: alert.last_seq,
            }));
        }
    }
}
