//! The events of the channels that are not streams of records: made once from what the engine and the server say, written
//! once in each dialect, and handed to everyone who subscribes.
//!
//! # Layout
//!
//! `metrics.rs` says what the numbers of `metrics` are and where they come from, `state.rs` has the events that tell how
//! something stands: `status`, `modules`, `guardian`. Here are the senders, and the task that feeds them.

mod metrics;
mod state;

pub use state::{guardian, modules, status};

use crate::channels::{CHANNELS, Channel};
use crate::clients::Movement;
use crate::forms::event::{self, Event, Style};
use crate::hub::{Hub, Phase};
use ng_wire::{ActionDone, Frame};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_tungstenite::tungstenite::Message;

/// Events that wait for a subscriber of a channel; who is further behind misses the oldest and is told how many.
const WAITING: usize = 256;

/// Something for the subscribers of a channel.
#[derive(Clone, Debug)]
pub enum Item {
    /// An event.
    Event {
        /// For most clients.
        plain: Message,
        /// For the seed's web page.
        web: Message,
    },
    /// A binary message, for those who asked for such.
    Binary(Message),
}

impl Item {
    /// The message for a subscriber; none when it takes no such messages.
    pub fn message(self, web: bool, binary: bool) -> Option<Message> {
        match self {
            Item::Event { plain, .. } if !web => Some(plain),
            Item::Event { web, .. } => Some(web),
            Item::Binary(message) => Some(message).filter(|_| binary),
        }
    }
}

/// The senders, one for each channel.
pub struct ChannelNews {
    senders: [broadcast::Sender<Item>; CHANNELS.len()],
}

impl Default for ChannelNews {
    fn default() -> Self {
        ChannelNews { senders: std::array::from_fn(|_| broadcast::channel(WAITING).0) }
    }
}

impl ChannelNews {
    /// What is told on a channel from here on.
    pub fn listen(&self, channel: Channel) -> broadcast::Receiver<Item> {
        self.senders[channel as usize].subscribe()
    }

    /// Tells an event to the subscribers of its channel.
    pub fn tell(&self, event: Event) {
        let channel = event.channel;
        if self.is_heard(channel) {
            let web = event.clone().message(Style { web: true, late: false });
            self.send(channel, Item::Event { plain: event.message(Style::default()), web });
        }
    }

    /// Tells a binary message to those subscribers of a channel who take such.
    pub fn tell_binary(&self, channel: Channel, message: Message) {
        self.send(channel, Item::Binary(message));
    }

    /// Tells that events of a channel never came to be.
    fn tell_missed(&self, channel: Channel, count: u64) {
        let message = event::missed(channel, count);
        self.send(channel, Item::Event { plain: message.clone(), web: message });
    }

    fn is_heard(&self, channel: Channel) -> bool {
        self.senders[channel as usize].receiver_count() > 0
    }

    fn send(&self, channel: Channel, item: Item) {
        // The last subscriber may just have left.
        let _ = self.senders[channel as usize].send(item);
    }
}

/// Makes events until the server ends.
pub(crate) async fn run(hub: Arc<Hub>) {
    let (mut news, mut movements, mut phase) = (hub.news(), hub.clients.movements(), hub.phase());
    let mut last = state::Last::default();
    let mut load = metrics::Load::default();
    let mut actions = 0;
    loop {
        tokio::select! {
            heard = news.recv() => match heard {
                Ok(heard) => match &*heard.frame {
                    Frame::Metrics(view) if load.is_due() => {
                        load.note(hub.meters.requests.get());
                        if hub.channel_news.is_heard(Channel::Metrics) {
                            hub.channel_news.tell(metrics::event(&hub, view, &load));
                        }
                    }
                    Frame::Modules(views) => last.modules(&hub, views),
                    Frame::Guardian(view) => last.guardian(&hub, view),
                    Frame::Action(done) => {
                        actions += 1;
                        hub.channel_news.tell(action(&hub, actions, done));
                    }
                    _ => {}
                },
                Err(RecvError::Lagged(count)) => {
                    // Views are replaced by later ones; an action would be missing.
                    hub.meters.missed.add(count);
                    hub.channel_news.tell_missed(Channel::Actions, count);
                }
                Err(RecvError::Closed) => return,
            },
            movement = movements.recv() => match movement {
                Ok(movement) => hub.channel_news.tell(connection(&movement)),
                Err(RecvError::Lagged(count)) => {
                    hub.meters.missed.add(count);
                    hub.channel_news.tell_missed(Channel::Connections, count);
                }
                Err(RecvError::Closed) => return,
            },
            changed = phase.changed() => {
                if changed.is_err() || matches!(*phase.borrow(), Phase::Stopping | Phase::Restarting) {
                    return;
                }
            }
        }
        last.status(&hub);
    }
}

/// What an alert rule did.
fn action(hub: &Hub, number: u64, done: &ActionDone) -> Event {
    let result = done.error.is_none().then(|| json!({ "rule": done.rule, "about": done.about }));
    let data = json!({
        "action_id": format!("{}-{number}", hub.run),
        "action_type": done.action,
        "status": done.status,
        "result": result,
        "execution_time_ms": done.took_us / 1e3,
        "error": done.error,
        "rule": done.rule,
        "about": done.about,
    });
    Event::new(Channel::Actions, done.time_ns, "action.executed", data)
}

/// Someone came or went.
fn connection(movement: &Movement) -> Event {
    let client = &movement.client;
    let data = json!({
        "client_id": client.id,
        "user_id": client.identity.user,
        "total_connections": movement.total,
        "role": client.identity.role,
        "address": client.address,
        "dialect": client.dialect,
    });
    let event_type = if movement.came { "client.connected" } else { "client.disconnected" };
    Event::new(Channel::Connections, crate::clock::now_ns(), event_type, data)
}
