//! Tries weights for a time.

use super::amended::amended;
use super::{CommandType, Done, Steps, steer};
use crate::command_context::CommandContext;
use crate::constitution::{self, Author, Change};
use ng_model::duration::in_words;
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::{Command, DIMENSIONS};

pub(super) static COMMAND: CommandType = CommandType {
    name: "start_trial",
    right: steer,
    steps: |command| match command {
        Command::StartTrial { seconds, weights, profile } => {
            Some(Box::new(StartTrial { seconds: *seconds, weights: weights.as_ref(), profile: profile.as_deref() }))
        }
        _ => None,
    },
};

struct StartTrial<'a> {
    seconds: u32,
    weights: Option<&'a [f64; DIMENSIONS]>,
    profile: Option<&'a str>,
}

impl Steps for StartTrial<'_> {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        let constitution = &context.overrides.constitution;
        constitution::check_trial(constitution, self.seconds)?;
        constitution::check_weights(constitution, self.profile, self.weights)
    }

    fn amend(&self, next: &mut Overrides, _: &CommandContext<'_>, author: Author<'_>) -> Option<Change> {
        Some(constitution::start_trial(&mut next.constitution, self.seconds, self.profile, self.weights, author))
    }

    fn execute(&self, context: &mut CommandContext<'_>) {
        context.engine.trial.begin(context.store.totals());
    }

    fn event(&self, _: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        let long = in_words(i64::from(self.seconds) * 1_000_000_000);
        let what = format!("trial for {long} begun by {}", done.actor);
        amended("cdna.trial.started", &what, done.amendment)
    }
}
