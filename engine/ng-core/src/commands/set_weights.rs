//! Sets the weights of the eight dimensions.

use super::amended::amended;
use super::{CommandType, Done, Steps, steer};
use crate::constitution::{self, Author, Change};
use crate::session::Session;
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
    fn check(&self, session: &Session<'_>) -> Result<(), Refusal> {
        constitution::check_weights(&session.overrides.constitution, self.profile, Some(self.weights))
    }

    fn amend(&self, next: &mut Overrides, _: &Session<'_>, _: Author<'_>) -> Option<Change> {
        constitution::set_weights(&mut next.constitution, self.profile, Some(self.weights));
        Some(AmendmentKind::Weights.into())
    }

    /// Weights are put in force after every command.
    fn execute(&self, _: &mut Session<'_>) {}

    fn event(&self, _: &Session<'_>, done: &Done<'_>) -> serde_json::Value {
        amended("cdna.weights", &format!("weights set by {}", done.actor), done.amendment)
    }
}
