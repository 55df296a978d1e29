//! Takes the weights of a profile.

use super::amended::amended;
use super::{CommandType, Done, Steps, steer};
use crate::constitution::{self, Author, Change};
use crate::session::Session;
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
    fn check(&self, session: &Session<'_>) -> Result<(), Refusal> {
        constitution::check_weights(&session.overrides.constitution, Some(self.profile), None)
    }

    fn amend(&self, next: &mut Overrides, _: &Session<'_>, _: Author<'_>) -> Option<Change> {
        constitution::set_weights(&mut next.constitution, Some(self.profile), None);
        Some(AmendmentKind::Profile.into())
    }

    /// Weights are put in force after every command.
    fn execute(&self, _: &mut Session<'_>) {}

    fn event(&self, _: &Session<'_>, done: &Done<'_>) -> serde_json::Value {
        amended("cdna.profile", &format!("profile {} chosen by {}", self.profile, done.actor), done.amendment)
    }
}
