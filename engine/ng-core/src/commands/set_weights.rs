//! Sets the weights of the eight dimensions.

use super::amended::amended;
use super::{CommandType, Done, Steps, steer};
use crate::command_context::CommandContext;
use crate::constitution::{self, Author, Change};
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::{AmendmentKind, Command, DIMENSIONS};

pub(super) static COMMAND: CommandType = CommandType {
    name: "set_weights",
    right: steer,
    steps: |command| match command {
        Command::SetWeights { weights, profile } => Some(Box::new(SetWeights { weights, profile: profile.as_deref() })),
        _ => None,
    },
};

struct SetWeights<'a> {
    weights: &'a [f64; DIMENSIONS],
    profile: Option<&'a str>,
}

impl Steps for SetWeights<'_> {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        constitution::check_weights(&context.overrides.constitution, self.profile, Some(self.weights))
    }

    fn amend(&self, next: &mut Overrides, _: &CommandContext<'_>, _: Author<'_>) -> Option<Change> {
        constitution::set_weights(&mut next.constitution, self.profile, Some(self.weights));
        Some(AmendmentKind::Weights.into())
    }

    /// Weights are put in force after every command.
    fn execute(&self, _: &mut CommandContext<'_>) {}

    fn event(&self, _: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        amended("cdna.weights", &format!("weights set by {}", done.actor), done.amendment)
    }
}
