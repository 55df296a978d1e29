//! What an earlier run wrote down is put in force again.

use super::amended::reverted;
use super::{find, set_weights};
use crate::constitution;
use crate::feedback;
use crate::session::Session;
use ng_wire::Command;
use std::collections::BTreeMap;

/// What was found in the state of an earlier run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// Entries that no longer fit and were left out.
    pub refused: Vec<String>,
    /// The event that tells that a trial was taken back; the overrides are then to be written down.
    pub reverted: Option<String>,
}

/// Puts the overrides of the session in force. A trial that ran is taken back.
pub fn restore(session: &mut Session<'_>) -> Restored {
    let mut refused = Vec::new();
    let (enabled, settings) = (session.overrides.enabled.clone(), session.overrides.settings.clone());
    for (module, enabled) in enabled {
        refused.extend(attempt(session, Command::SetModule { module, enabled }));
    }
    for (module, values) in settings {
        // Together first: values that depend on each other, such as a smallest and a largest, fit only so.
        let together = Command::Configure { module: module.clone(), values: values.clone() };
        if attempt(session, together).is_none() {
            continue;
        }
        for (key, value) in values {
            let values = BTreeMap::from([(key, value)]);
            refused.extend(attempt(session, Command::Configure { module: module.clone(), values }));
        }
    }
    for source in &session.overrides.frozen {
        session.engine.set_learning(source, false);
    }
    feedback::restore(session.engine, &mut session.overrides.feedback);
    let (amendment, fault) = constitution::recover(session.overrides, session.env.now_ns);
    refused.extend(fault);
    set_weights(session.engine, &session.overrides.constitution);
    let reverted = amendment.map(|amendment| reverted(&amendment, "for the engine was started again"));
    Restored { refused, reverted }
}

/// Carries out a command that needs no writing down; says why when it no longer fits.
fn attempt(session: &mut Session<'_>, command: Command) -> Option<String> {
    let (_, steps) = find(&command);
    match steps.check(session) {
        Ok(()) => {
            steps.execute(session);
            None
        }
        Err(refusal) => Some(refusal.message),
    }
}
