//! Takes weights and rules of an earlier version up again.

use super::amended::amended;
use super::{CommandRight, CommandType, Done, Steps};
use crate::command_context::CommandContext;
use crate::constitution::{self, Author, Change};
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::Command;

pub(super) static COMMAND: CommandType = CommandType {
    name: "roll_back",
    right: |command| match command {
        Command::RollBack { version: 0 } => CommandRight::Reset,
        _ => CommandRight::Steer,
    },
    steps: |command| match command {
        Command::RollBack { version } => Some(Box::new(RollBack { version: *version })),
        _ => None,
    },
};

struct RollBack {
    version: u64,
}

impl Steps for RollBack {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        let revision = constitution::check_roll_back(&context.overrides.constitution, self.version)?;
        let guard = &context.engine.guard;
        let checked = guard.check_changes(&guard.changes_to(&revision.rules), context.env);
        checked.map_err(|error| Refusal::conflict(format!("guardian.{error}")))
    }

    fn amend(&self, next: &mut Overrides, _: &CommandContext<'_>, _: Author<'_>) -> Option<Change> {
        Some(constitution::roll_back(next, self.version))
    }

    fn execute(&self, context: &mut CommandContext<'_>) {
        let rules = context.overrides.settings.get("guardian").cloned().unwrap_or_default();
        let changes = context.engine.guard.changes_to(&rules);
        context.engine.guard.configure(&changes, context.env).expect("the rules were checked");
    }

    fn event(&self, _: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        let what = format!("version {} taken up again by {}", self.version, done.actor);
        amended("cdna.rollback", &what, done.amendment)
    }
}
