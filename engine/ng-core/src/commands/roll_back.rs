//! Takes weights and rules of an earlier version up again.

use super::amended::amended;
use super::{CommandRight, CommandType, Done, Steps};
use crate::constitution::{self, Author, Change};
use crate::session::Session;
use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::Command;

pub(super) static COMMAND: CommandType = CommandType {
    name: "roll_back",
    right: |command| match command {
        Command::RollBack { version: 0 } => CommandRight::Reset,
        _ => CommandRight::Steer,
    },
    steps: |command| match command {
        Command::RollBack { version } => Some(Box::new(RollBack { version: *version })),
        _ => None,
    },
};

struct RollBack {
    version: u64,
}

impl Steps for RollBack {
    fn check(&self, session: &Session<'_>) -> Result<(), Refusal> {
        let revision = constitution::check_roll_back(&session.overrides.constitution, self.version)?;
        let guard = &session.engine.guard;
        let checked = guard.check_changes(&guard.changes_to(&revision.rules), session.env);
        checked.map_err(|error| Refusal::conflict(format!("guardian.{error}")))
    }

    fn amend(&self, next: &mut Overrides, _: &Session<'_>, _: Author<'_>) -> Option<Change> {
        Some(constitution::roll_back(next, self.version))
    }

    fn execute(&self, session: &mut Session<'_>) {
        let rules = session.overrides.settings.get("guardian").cloned().unwrap_or_default();
        let changes = session.engine.guard.changes_to(&rules);
        session.engine.guard.configure(&changes, session.env).expect("the rules were checked");
    }

    fn event(&self, _: &Session<'_>, done: &Done<'_>) -> serde_json::Value {
        let what = format!("version {} taken up again by {}", self.version, done.actor);
        amended("cdna.rollback", &what, done.amendment)
    }
}
