//! What can be read of an engine, and who may read it.

use ng_wire::Role;

/// A channel: one kind of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the rows of CHANNELS say what each is")]
pub enum Channel {
    Metrics,
    Signals,
    Actions,
    Logs,
    Status,
    Connections,
    Modules,
    Guardian,
}

/// One row of the table of channels.
#[derive(Debug)]
pub struct ChannelRow {
    /// The channel.
    pub channel: Channel,
    /// As it is written in messages.
    pub name: &'static str,
    /// One sentence: what it tells.
    pub summary: &'static str,
    /// The roles that may read it, besides admin.
    pub readers: &'static [Role],
}

use Role::{Anonymous, Bot, Developer, Viewer};

/// Every channel, in the order of [`Channel`].
pub static CHANNELS: [ChannelRow; 8] = [
    ChannelRow {
        channel: Channel::Metrics,
        name: "metrics",
        summary: "Throughput, load of the host, and counts, once a second.",
        readers: &[Developer, Viewer, Bot, Anonymous],
    },
    ChannelRow {
        channel: Channel::Signals,
        name: "signals",
        summary: "Every event that was admitted, with its scores.",
        readers: &[Developer, Bot],
    },
    ChannelRow {
        channel: Channel::Actions,
        name: "actions",
        summary: "What the alert rules did.",
        readers: &[Developer],
    },
    ChannelRow {
        channel: Channel::Logs,
        name: "logs",
        summary: "What the engine says of itself, every command included.",
        readers: &[Developer],
    },
    ChannelRow {
        channel: Channel::Status,
        name: "status",
        summary: "Whether the engine runs, and for how long.",
        readers: &[Developer, Viewer, Bot, Anonymous],
    },
    ChannelRow {
        channel: Channel::Connections,
        name: "connections",
        summary: "Who connects and disconnects.",
        readers: &[],
    },
    ChannelRow {
        channel: Channel::Modules,
        name: "modules",
        summary: "The modules with their state and metrics.",
        readers: &[Developer, Viewer],
    },
    ChannelRow {
        channel: Channel::Guardian,
        name: "guardian",
        summary: "The rules with their modes and counters.",
        readers: &[Developer, Viewer],
    },
];

impl Channel {
    /// The channel of this name.
    pub fn named(name: &str) -> Option<Channel> {
        CHANNELS.iter().find(|row| row.name == name).map(|row| row.channel)
    }

    /// Its row.
    pub fn row(self) -> &'static ChannelRow {
        &CHANNELS[self as usize]
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The role may read it.
    pub fn readable_by(self, role: Role) -> bool {
        role == Role::Admin || self.row().readers.contains(&role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enumeration() {
        for (index, row) in CHANNELS.iter().enumerate() {
            assert_eq!(row.channel as usize, index);
            assert_eq!(Channel::named(row.name), Some(row.channel));
            assert!(row.summary.ends_with('.'));
        }
    }
}
