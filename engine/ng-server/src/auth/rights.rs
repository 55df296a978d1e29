//! The rights, and the roles that have them.

use crate::channels::{CHANNELS, Channel};
use ng_core::commands::CommandRight;
use ng_wire::{Command, Role};

/// The roles that a user can have.
pub const ROLES: [Role; 4] = [Role::Admin, Role::Developer, Role::Viewer, Role::Bot];

/// Something that a role may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Read a channel. Who may read `signals` may read records.
    Read(Channel),
    /// Switch and configure modules, set the modes of rules, amend the constitution, give feedback.
    Steer,
    /// Take the constitution back to what is configured.
    Reset,
    /// Send events.
    Ingest,
    /// Send messages to the subscribers of a channel.
    Broadcast,
    /// Make and revoke API keys.
    Keys,
}

impl Right {
    /// As it stands in a greeting, such as `read:signals`.
    pub fn name(self) -> String {
        match self {
            Right::Read(channel) => format!("read:{}", channel.name()),
            Right::Steer => "steer".into(),
            Right::Reset => "reset".into(),
            Right::Ingest => "ingest".into(),
            Right::Broadcast => "broadcast".into(),
            Right::Keys => "keys".into(),
        }
    }

    /// The right that a command needs.
    pub fn for_command(command: &Command) -> Right {
        match ng_core::commands::right(command) {
            CommandRight::Steer => Right::Steer,
            CommandRight::Reset => Right::Reset,
        }
    }

    /// The role has it.
    pub fn granted_to(self, role: Role) -> bool {
        match self {
            Right::Read(channel) => channel.readable_by(role),
            Right::Steer => matches!(role, Role::Admin | Role::Developer),
            Right::Ingest => matches!(role, Role::Admin | Role::Developer | Role::Bot),
            Right::Reset | Right::Broadcast | Right::Keys => role == Role::Admin,
        }
    }

    /// Every right of a role.
    pub fn of(role: Role) -> Vec<Right> {
        let reads = CHANNELS.iter().map(|row| Right::Read(row.channel));
        let rights = reads.chain([Right::Steer, Right::Reset, Right::Ingest, Right::Broadcast, Right::Keys]);
        rights.filter(|right| right.granted_to(role)).collect()
    }
}

/// The role as it is written.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Developer => "developer",
        Role::Viewer => "viewer",
        Role::Bot => "bot",
        Role::Anonymous => "anonymous",
    }
}

/// The role of this name that a user can have.
pub fn role_named(name: &str) -> Option<Role> {
    ROLES.into_iter().find(|role| role_name(*role) == name)
}
