//! Switches a module on or off.

use super::{CommandType, Done, Steps, steer};
use crate::command_context::CommandContext;
use crate::constitution::{Author, Change};
use crate::registry::{MODULES, find, known};
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::Command;

pub(super) static COMMAND: CommandType = CommandType {
    name: "set_module",
    right: steer,
    steps: |command| match command {
        Command::SetModule { module, enabled } => Some(Box::new(SetModule { module, enabled: *enabled })),
        _ => None,
    },
};

struct SetModule<'a> {
    module: &'a str,
    enabled: bool,
}

impl Steps for SetModule<'_> {
    fn check(&self, _: &CommandContext<'_>) -> Result<(), Refusal> {
        let index = known(self.module)?;
        if !self.enabled && MODULES[index].off.is_none() {
            return Err(Refusal::conflict(format!("{} cannot be switched off", self.module)));
        }
        Ok(())
    }

    fn amend(&self, next: &mut Overrides, _: &CommandContext<'_>, _: Author<'_>) -> Option<Change> {
        next.enabled.insert(self.module.to_owned(), self.enabled);
        None
    }

    fn execute(&self, context: &mut CommandContext<'_>) {
        if let Some(index) = find(self.module) {
            context.engine.set_enabled(index, self.enabled);
        }
    }

    fn event(&self, _: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        let (kind, level, verb) =
            if self.enabled { ("module.enabled", "notice", "on") } else { ("module.disabled", "warn", "off") };
        let message = format!("{} switched {verb} by {}", self.module, done.actor);
        serde_json::json!({ "type": kind, "level": level, "message": message, "module": self.module })
    }
}
