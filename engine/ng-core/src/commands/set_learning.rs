//! Freezes what is remembered of a source, or lets it learn again.

use super::{CommandType, Done, Steps, steer};
use crate::command_context::CommandContext;
use crate::constitution::{Author, Change};
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_model::settings::nearest;
use ng_wire::Command;

/// Most sources that are frozen at a time.
pub(crate) const MAX_FROZEN: usize = 256;
/// Most bytes of their names together: the console is told all of them every second.
pub(crate) const MAX_FROZEN_BYTES: usize = 64 << 10;
/// Most bytes of the name of a source in a command.
const MAX_NAME_LEN: usize = 1024;

pub(super) static COMMAND: CommandType = CommandType {
    name: "set_learning",
    right: steer,
    steps: |command| match command {
        Command::SetLearning { source, learning, future } => {
            Some(Box::new(SetLearning { source, learning: *learning, future: *future }))
        }
        _ => None,
    },
};

struct SetLearning<'a> {
    source: &'a str,
    learning: bool,
    /// It is meant for a source that may be unknown yet.
    future: bool,
}

impl SetLearning<'_> {
    /// The source has spoken in this process, or what it said before is remembered.
    fn is_known(&self, context: &CommandContext<'_>) -> bool {
        let symbol = context.store.symbols().find(self.source);
        context.engine.sources.is_known(self.source)
            || symbol.is_some_and(|symbol| context.engine.patterns.knows(symbol))
    }
}

impl Steps for SetLearning<'_> {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        let frozen = context.engine.sources.frozen();
        if self.source.is_empty() || self.source.len() > MAX_NAME_LEN {
            return Err(Refusal::bad_request(format!("the name of a source has 1 to {MAX_NAME_LEN} bytes")));
        }
        if frozen.contains(self.source) {
            return Ok(());
        }
        if !self.future && !self.is_known(context) {
            let hint = nearest(self.source, context.engine.sources.names().chain(frozen.iter().map(String::as_str)));
            let hint = hint.map_or(String::new(), |name| format!("; did you mean {name}?"));
            return Err(Refusal::bad_request(format!("no source is called {}{hint}", self.source)));
        }
        if !self.learning && frozen.len() >= MAX_FROZEN {
            return Err(Refusal::conflict(format!("at most {MAX_FROZEN} sources can be frozen")));
        }
        let bytes = frozen.iter().map(String::len).sum::<usize>() + self.source.len();
        if !self.learning && bytes > MAX_FROZEN_BYTES {
            let most = "the names of all sources that are frozen have at most";
            return Err(Refusal::conflict(format!("{most} {MAX_FROZEN_BYTES} bytes together, and would have {bytes}")));
        }
        Ok(())
    }

    fn amend(&self, next: &mut Overrides, _: &CommandContext<'_>, _: Author<'_>) -> Option<Change> {
        if self.learning {
            next.frozen.remove(self.source);
        } else {
            next.frozen.insert(self.source.to_owned());
        }
        None
    }

    fn execute(&self, context: &mut CommandContext<'_>) {
        context.engine.set_learning(self.source, self.learning);
    }

    fn event(&self, context: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        let (kind, what) =
            if self.learning { ("source.learning", "learns again") } else { ("source.frozen", "frozen") };
        let unknown =
            if self.is_known(context) { String::new() } else { format!("; {} is not known yet", self.source) };
        let message = format!("{} {what}, by {}{unknown}", self.source, done.actor);
        serde_json::json!({
            "type": kind, "level": "notice", "message": message, "module": "intuition_engine", "source": self.source,
        })
    }
}
