//! Says what an event was worth.

use super::{CommandType, Done, Steps, steer};
use crate::command_context::CommandContext;
use crate::constitution::{Author, Change};
use crate::feedback;
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::{Command, Feedback};

pub(super) static COMMAND: CommandType = CommandType {
    name: "give_feedback",
    right: steer,
    steps: |command| match command {
        Command::GiveFeedback { seq, verdict } => Some(Box::new(GiveFeedback { seq: *seq, verdict: *verdict })),
        _ => None,
    },
};

struct GiveFeedback {
    seq: u64,
    verdict: Feedback,
}

impl Steps for GiveFeedback {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        feedback::check(context.engine, context.store, &context.overrides.feedback, self.seq, self.verdict)
    }

    fn amend(&self, next: &mut Overrides, context: &CommandContext<'_>, author: Author<'_>) -> Option<Change> {
        feedback::give(&mut next.feedback, context.engine, context.store, (self.seq, self.verdict), author);
        None
    }

    fn execute(&self, context: &mut CommandContext<'_>) {
        feedback::apply(context.engine, &context.overrides.feedback);
        feedback::bind_latest(context.engine, context.store, &context.overrides.feedback);
    }

    fn event(&self, context: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        let after = &context.overrides.feedback;
        let given = after.kept.last().expect("it was just given");
        feedback::event(context.engine, given, (&done.before.feedback, after), done.actor)
    }
}
