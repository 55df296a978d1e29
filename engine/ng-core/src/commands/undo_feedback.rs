//! Takes feedback back.

use super::{CommandType, Done, Steps, steer};
use crate::constitution::{Author, Change};
use crate::feedback;
use crate::session::Session;
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
    fn check(&self, session: &Session<'_>) -> Result<(), Refusal> {
        feedback::find(&session.overrides.feedback, self.number).map(drop)
    }

    fn amend(&self, next: &mut Overrides, _: &Session<'_>, _: Author<'_>) -> Option<Change> {
        feedback::undo(&mut next.feedback, self.number);
        None
    }

    fn execute(&self, session: &mut Session<'_>) {
        feedback::apply(session.engine, &session.overrides.feedback);
    }

    fn event(&self, session: &Session<'_>, done: &Done<'_>) -> serde_json::Value {
        let undone = feedback::find(&done.before.feedback, self.number).expect("the number was checked");
        feedback::event(session.engine, undone, (&done.before.feedback, &session.overrides.feedback), done.actor)
    }
}
