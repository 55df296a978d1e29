//! Commands: checked, written down, carried out, and told to the stream as an event. In that order.
//!
//! # Layout
//!
//! One file for each command, listed in [`COMMANDS`]; `amended.rs` tells of amendments of the constitution, `restore.rs`
//! carries out again what an earlier run wrote down.

mod amended;
mod configure;
mod expire_silence;
mod give_feedback;
mod restore;
mod roll_back;
mod set_learning;
mod set_module;
mod set_rule_mode;
mod set_weights;
mod silence;
mod start_trial;
mod stop_trial;
mod switch_profile;
#[cfg(test)]
mod tests;
mod undo_feedback;

pub use restore::{Restored, restore};
pub(crate) use set_learning::{MAX_FROZEN, MAX_FROZEN_BYTES};
pub use stop_trial::revert_expired_trial;

use crate::command_context::CommandContext;
use crate::constitution::{self, Author, Change};
use crate::engine::Engine;
use crate::registry::Module;
use crate::world::World;
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::{Amendment, Command, Constitution, ErrorCode, Frame, Request};

/// Every command, in the order of [`Command`].
pub static COMMANDS: &[&CommandType] = &[
    &set_module::COMMAND,
    &configure::COMMAND,
    &set_learning::COMMAND,
    &set_rule_mode::COMMAND,
    &set_weights::COMMAND,
    &switch_profile::COMMAND,
    &roll_back::COMMAND,
    &start_trial::COMMAND,
    &stop_trial::COMMAND,
    &give_feedback::COMMAND,
    &undo_feedback::COMMAND,
    &silence::COMMAND,
    &expire_silence::COMMAND,
];

/// What a client needs for a command besides being let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandRight {
    /// To steer modules, rules and weights.
    Steer,
    /// To take everything back to what is configured.
    Reset,
}

/// One kind of command.
pub struct CommandType {
    /// Its name on the wire, such as `set_module`.
    pub name: &'static str,
    /// What it needs; one command may need more than another of its kind.
    pub right: fn(&Command) -> CommandRight,
    /// The steps of a command of this kind; none for any other.
    steps: for<'a> fn(&'a Command) -> Option<Box<dyn Steps + 'a>>,
}

/// What is done with a command, in the order of the methods.
trait Steps {
    /// Refuses what cannot be carried out, and changes nothing.
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal>;

    /// Changes what is written down. The change is an amendment when it is one of the constitution.
    fn amend(&self, next: &mut Overrides, context: &CommandContext<'_>, author: Author<'_>) -> Option<Change>;

    /// Puts what was written down in force.
    fn execute(&self, context: &mut CommandContext<'_>);

    /// The event that tells who did what.
    fn event(&self, context: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value;
}

/// A command that was carried out.
struct Done<'a> {
    /// What held before.
    before: &'a Overrides,
    /// What it made of the constitution.
    amendment: Option<&'a Amendment>,
    /// Who sent it.
    actor: &'a str,
}

/// The right that a command needs.
pub fn right(command: &Command) -> CommandRight {
    (find(command).0.right)(command)
}

/// Carries out a command and returns its answer: what it came to, or why it was refused, which changes nothing.
pub fn apply(context: &mut CommandContext<'_>, world: &mut dyn World, request: &Request) -> Frame {
    match carry_out(context, world, request) {
        Ok(message) => Frame::Result { id: request.id, message: Some(message) },
        Err(Refusal { code, message }) => Frame::Error { id: request.id, code, message },
    }
}

fn carry_out(context: &mut CommandContext<'_>, world: &mut dyn World, request: &Request) -> Result<String, Refusal> {
    let (_, steps) = find(&request.command);
    steps.check(context)?;

    let time_ns = world.now_ns();
    let measured = context.engine.trial.measured(context.store.totals());
    let author = Author { time_ns, actor: &request.actor, measured };
    let mut next = context.overrides.clone();
    if let Some(change) = steps.amend(&mut next, context, author) {
        constitution::record(&mut next, context.overrides, change, author);
    }
    world.persist(&next).map_err(|error| Refusal {
        code: ErrorCode::Internal,
        message: format!("the state could not be written, so nothing was changed: {error}"),
    })?;

    let before = std::mem::replace(context.overrides, next);
    steps.execute(context);
    set_weights(context.engine, &context.overrides.constitution);

    let is_amended = before.constitution != context.overrides.constitution;
    context.engine.registry.red(Module::Cdna).operations += u64::from(is_amended);
    let amendment = context.overrides.constitution.history.last().filter(|_| is_amended);
    let mut event = steps.event(context, &Done { before: &before, amendment, actor: &request.actor });
    event["actor"] = request.actor.as_str().into();
    if let Some(amendment) = amendment {
        event["version"] = amendment.version.into();
    }
    context.engine.note(context.store, time_ns, &event.to_string());
    Ok(event["message"].as_str().unwrap_or_default().to_owned())
}

/// The row of a command, and its steps.
fn find(command: &Command) -> (&'static CommandType, Box<dyn Steps + '_>) {
    let mut rows = COMMANDS.iter().filter_map(|row| (row.steps)(command).map(|steps| (*row, steps)));
    rows.next().expect("every command has a row, which a test of the table holds")
}

/// Most commands ask for no more than this.
fn steer(_: &Command) -> CommandRight {
    CommandRight::Steer
}

/// Puts the weights in force.
fn set_weights(engine: &mut Engine, constitution: &Constitution) {
    engine.detect.set_weights(constitution::weights(constitution).map(|weight| weight as f32));
}
