//! Changes settings of a module.

use super::{CommandType, Done, Steps, steer};
use crate::command_context::CommandContext;
use crate::constitution::{Author, Change, shown};
use crate::registry::{MODULES, Module, find, known};
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::{AmendmentKind, Command, SettingValue};
use std::collections::BTreeMap;

pub(super) static COMMAND: CommandType = CommandType {
    name: "configure",
    right: steer,
    steps: |command| match command {
        Command::Configure { module, values } => Some(Box::new(Configure { module, values })),
        _ => None,
    },
};

struct Configure<'a> {
    module: &'a str,
    values: &'a BTreeMap<String, SettingValue>,
}

impl Steps for Configure<'_> {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        let (index, engine) = (known(self.module)?, &context.engine);
        let checked = if index == Module::Guardian as usize {
            engine.guard.check_changes(self.values, context.env).map_err(|error| error.to_string())
        } else {
            let changed = engine.values[index].with(MODULES[index].settings, self.values);
            changed.map(drop).map_err(|error| error.to_string())
        };
        checked.map_err(|message| Refusal::bad_request(format!("{}.{message}", self.module)))
    }

    fn amend(&self, next: &mut Overrides, _: &CommandContext<'_>, _: Author<'_>) -> Option<Change> {
        next.settings.entry(self.module.to_owned()).or_default().extend(self.values.clone());
        // Guardian's settings belong to the constitution; those of the others change nothing of it.
        Some(AmendmentKind::Rules.into())
    }

    fn execute(&self, context: &mut CommandContext<'_>) {
        let (Some(index), engine) = (find(self.module), &mut context.engine) else { return };
        if index == Module::Guardian as usize {
            engine.guard.configure(self.values, context.env).expect("the changes were checked");
        } else {
            engine.configure(index, self.values).expect("the values were checked");
        }
    }

    fn event(&self, _: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        let changes: Vec<String> = self.values.iter().map(|(key, value)| format!("{key} = {}", shown(value))).collect();
        let message = format!("{} configured by {}: {}", self.module, done.actor, changes.join(", "));
        serde_json::json!({ "type": "module.configured", "level": "notice", "message": message, "module": self.module })
    }
}
