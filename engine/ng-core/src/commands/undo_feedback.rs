//! Takes feedback back.

use super::{CommandType, Done, Steps, steer};
use crate::command_context::CommandContext;
use crate::constitution::{Author, Change};
use crate::feedback;
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::Command;

pub(super) static COMMAND: CommandType = CommandType {
    name: "undo_feedback",
    right: steer,
    steps: |command| match command {
        Command::UndoFeedback { number } => Some(Box::new(UndoFeedback { number: *number })),
        _ => None,
    },
};

struct UndoFeedback {
    number: u64,
}

impl Steps for UndoFeedback {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        feedback::find(&context.overrides.feedback, self.number).map(drop)
    }

    fn amend(&self, next: &mut Overrides, _: &CommandContext<'_>, _: Author<'_>) -> Option<Change> {
        feedback::undo(&mut next.feedback, self.number);
        None
    }

    fn execute(&self, context: &mut CommandContext<'_>) {
        feedback::apply(context.engine, &context.overrides.feedback);
    }

    fn event(&self, context: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        let undone = feedback::find(&done.before.feedback, self.number).expect("the number was checked");
        feedback::event(context.engine, undone, (&done.before.feedback, &context.overrides.feedback), done.actor)
    }
}
