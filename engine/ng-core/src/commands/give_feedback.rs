//! Says what an event was worth.

use super::{CommandType, Done, Steps, steer};
use crate::constitution::{Author, Change};
use crate::feedback;
use crate::session::Session;
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
    fn check(&self, session: &Session<'_>) -> Result<(), Refusal> {
        feedback::check(session.engine, session.store, &session.overrides.feedback, self.seq, self.verdict)
    }

    fn amend(&self, next: &mut Overrides, session: &Session<'_>, author: Author<'_>) -> Option<Change> {
        feedback::give(&mut next.feedback, session.engine, session.store, (self.seq, self.verdict), author);
        None
    }

    fn execute(&self, session: &mut Session<'_>) {
        feedback::apply(session.engine, &session.overrides.feedback);
        feedback::bind_latest(session.engine, session.store, &session.overrides.feedback);
    }

    fn event(&self, session: &Session<'_>, done: &Done<'_>) -> serde_json::Value {
        let after = &session.overrides.feedback;
        let given = after.kept.last().expect("it was just given");
        feedback::event(session.engine, given, (&done.before.feedback, after), done.actor)
    }
}
