//! Takes the weights of a profile.

use super::amended::amended;
use super::{CommandType, Done, Steps, steer};
use crate::command_context::CommandContext;
use crate::constitution::{self, Author, Change};
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::{AmendmentKind, Command};

pub(super) static COMMAND: CommandType = CommandType {
    name: "switch_profile",
    right: steer,
    steps: |command| match command {
        Command::SwitchProfile { profile } => Some(Box::new(SwitchProfile { profile })),
        _ => None,
    },
};

struct SwitchProfile<'a> {
    profile: &'a str,
}

impl Steps for SwitchProfile<'_> {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        constitution::check_weights(&context.overrides.constitution, Some(self.profile), None)
    }

    fn amend(&self, next: &mut Overrides, _: &CommandContext<'_>, _: Author<'_>) -> Option<Change> {
        constitution::set_weights(&mut next.constitution, Some(self.profile), None);
        Some(AmendmentKind::Profile.into())
    }

    /// Weights are put in force after every command.
    fn execute(&self, _: &mut CommandContext<'_>) {}

    fn event(&self, _: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        amended("cdna.profile", &format!("profile {} chosen by {}", self.profile, done.actor), done.amendment)
    }
}
