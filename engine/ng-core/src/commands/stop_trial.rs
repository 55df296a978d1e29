//! Ends the trial that runs: by a command, or when its time is over.

use super::amended::{amended, reverted};
use super::{CommandType, Done, Steps, set_weights, steer};
use crate::command_context::CommandContext;
use crate::constitution::{self, AUTO_REVERT, Author, Change};
use crate::registry::Module;
use crate::world::World;
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::Command;

pub(super) static COMMAND: CommandType = CommandType {
    name: "stop_trial",
    right: steer,
    steps: |command| match command {
        Command::StopTrial { keep } => Some(Box::new(StopTrial { keep: *keep })),
        _ => None,
    },
};

struct StopTrial {
    keep: bool,
}

impl Steps for StopTrial {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        match context.overrides.constitution.trial {
            Some(_) => Ok(()),
            None => Err(Refusal::conflict("no trial runs")),
        }
    }

    fn amend(&self, next: &mut Overrides, _: &CommandContext<'_>, _: Author<'_>) -> Option<Change> {
        Some(constitution::stop_trial(&mut next.constitution, self.keep))
    }

    fn execute(&self, context: &mut CommandContext<'_>) {
        context.engine.trial.end();
    }

    fn event(&self, _: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        let (kind, verb) = if self.keep { ("cdna.trial.kept", "kept") } else { ("cdna.trial.reverted", "reverted") };
        amended(kind, &format!("trial {verb} by {}", done.actor), done.amendment)
    }
}

/// Called once a second after [`Engine::tick`](crate::engine::Engine::tick), with the seconds since the last call: takes a
/// trial back when its time is over. This is done even if it cannot be written down, for the next start does it again.
pub fn revert_expired_trial(context: &mut CommandContext<'_>, world: &mut dyn World, elapsed_s: f64) {
    let (totals, time_ns) = (context.store.totals(), world.now_ns());
    context.engine.trial.tick(elapsed_s, totals);
    let is_over = |trial| context.engine.trial.left_s(trial, time_ns) <= 0.0;
    if !context.overrides.constitution.trial.as_ref().is_some_and(is_over) {
        return;
    }
    let author = Author { time_ns, actor: AUTO_REVERT, measured: context.engine.trial.measured(totals) };
    let before = context.overrides.clone();
    let change = constitution::stop_trial(&mut context.overrides.constitution, false);
    constitution::record(context.overrides, &before, change, author);
    context.engine.registry.red(Module::Cdna).operations += 1;
    if let Err(error) = world.persist(context.overrides) {
        let text = format!("the end of a trial could not be written: {error}");
        context.engine.registry.error(Module::Cdna, time_ns, 1, text);
    }
    context.engine.trial.end();
    set_weights(context.engine, &context.overrides.constitution);
    if let Some(amendment) = context.overrides.constitution.history.last() {
        context.engine.note(context.store, time_ns, &reverted(amendment, "for its time is over"));
    }
}
