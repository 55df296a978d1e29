//! Ends a silence before its time.

use super::{CommandType, Done, Steps, steer};
use crate::command_context::CommandContext;
use crate::constitution::{Author, Change};
use crate::silences;
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::{Command, Silence, SilenceView};

pub(super) static COMMAND: CommandType = CommandType {
    name: "expire_silence",
    right: steer,
    steps: |command| match command {
        Command::ExpireSilence { number } => Some(Box::new(ExpireSilence { number: *number })),
        _ => None,
    },
};

struct ExpireSilence {
    number: u64,
}

impl Steps for ExpireSilence {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        let holds = |view: &SilenceView| view.silence.number == self.number;
        if context.engine.silences.view().iter().any(holds) {
            return Ok(());
        }
        Err(Refusal::bad_request(format!("there is no silence {}; it is over, or was never asked for", self.number)))
    }

    fn amend(&self, next: &mut Overrides, _: &CommandContext<'_>, _: Author<'_>) -> Option<Change> {
        next.silences.kept.retain(|silence| silence.number != self.number);
        None
    }

    fn execute(&self, context: &mut CommandContext<'_>) {
        context.engine.silences.replace(&context.overrides.silences, context.env);
    }

    fn event(&self, _: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        let is_it = |silence: &&Silence| silence.number == self.number;
        let subject = done.before.silences.kept.iter().find(is_it).map(|silence| silences::named(&silence.subject));
        let message = format!("silence {} of {} was ended by {}", self.number, subject.unwrap_or_default(), done.actor);
        serde_json::json!({
            "type": "silence.ended", "level": "notice", "message": message, "module": "action_controller",
            "silence": self.number,
        })
    }
}
