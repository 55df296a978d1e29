//! What an earlier run wrote down is put in force again.

use super::amended::reverted;
use super::{find, set_weights};
use crate::command_context::CommandContext;
use crate::constitution;
use crate::feedback;
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

/// Puts the overrides of the context in force. A trial that ran is taken back.
pub fn restore(context: &mut CommandContext<'_>) -> Restored {
    let mut refused = Vec::new();
    let (enabled, settings) = (context.overrides.enabled.clone(), context.overrides.settings.clone());
    for (module, enabled) in enabled {
        refused.extend(attempt(context, Command::SetModule { module, enabled }));
    }
    for (module, values) in settings {
        // Together first: values that depend on each other, such as a smallest and a largest, fit only so.
        let together = Command::Configure { module: module.clone(), values: values.clone() };
        if attempt(context, together).is_none() {
            continue;
        }
        for (key, value) in values {
            let values = BTreeMap::from([(key, value)]);
            refused.extend(attempt(context, Command::Configure { module: module.clone(), values }));
        }
    }
    for source in &context.overrides.frozen {
        context.engine.set_learning(source, false);
    }
    feedback::restore(context.engine, &mut context.overrides.feedback);
    refused.extend(context.engine.silences.replace(&context.overrides.silences, context.env));
    let (amendment, fault) = constitution::recover(context.overrides, context.env.now_ns);
    refused.extend(fault);
    set_weights(context.engine, &context.overrides.constitution);
    let reverted = amendment.map(|amendment| reverted(&amendment, "for the engine was started again"));
    Restored { refused, reverted }
}

/// Carries out a command that needs no writing down; says why when it no longer fits.
fn attempt(context: &mut CommandContext<'_>, command: Command) -> Option<String> {
    let (_, steps) = find(&command);
    match steps.check(context) {
        Ok(()) => {
            steps.execute(context);
            None
        }
        Err(refusal) => Some(refusal.message),
    }
}
