//! Sets a rule of Guardian to observe or enforce.

use super::{CommandType, Done, Steps, steer};
use crate::command_context::CommandContext;
use crate::constitution::{Author, Change};
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::{AmendmentKind, Command, Mode, SettingValue};
use std::collections::BTreeMap;

pub(super) static COMMAND: CommandType = CommandType {
    name: "set_rule_mode",
    right: steer,
    steps: |command| match command {
        Command::SetRuleMode { rule, mode } => Some(Box::new(SetRuleMode { rule, mode: *mode })),
        _ => None,
    },
};

struct SetRuleMode<'a> {
    rule: &'a str,
    mode: Mode,
}

impl SetRuleMode<'_> {
    fn change(&self) -> BTreeMap<String, SettingValue> {
        BTreeMap::from([(format!("{}.mode", self.rule), SettingValue::Text(self.mode.name().into()))])
    }
}

impl Steps for SetRuleMode<'_> {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        let checked = context.engine.guard.check_changes(&self.change(), context.env);
        checked.map_err(|error| Refusal::bad_request(error.to_string()))
    }

    fn amend(&self, next: &mut Overrides, _: &CommandContext<'_>, _: Author<'_>) -> Option<Change> {
        next.settings.entry("guardian".into()).or_default().extend(self.change());
        Some(AmendmentKind::Rules.into())
    }

    fn execute(&self, context: &mut CommandContext<'_>) {
        context.engine.guard.configure(&self.change(), context.env).expect("the rule was checked");
    }

    fn event(&self, _: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        let message = format!("rule {} set to {} by {}", self.rule, self.mode.name(), done.actor);
        serde_json::json!({
            "type": "guardian.mode", "level": "notice", "message": message, "module": "guardian", "rule": self.rule,
        })
    }
}
