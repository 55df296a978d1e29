//! The ids of the latest events: an event that is sent again is taken in once.

use sha2::{Digest, Sha256};
use std::collections::{HashSet, VecDeque};

/// Ids that are remembered.
const IDS: usize = 65_536;

/// An id of one sender and source, so far that no two are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id([u8; 16]);

impl Id {
    /// The id of an event of a sender under the name of a source.
    pub(super) fn of(sender: &str, source: &str, id: &str) -> Id {
        let mut hash = Sha256::new();
        for part in [sender, source, id] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hash.finalize()[..16]);
        Id(short)
    }
}

/// The latest ids, of all senders.
#[derive(Default)]
pub(super) struct Window {
    known: HashSet<Id>,
    order: VecDeque<Id>,
}

impl Window {
    /// The id was seen lately.
    pub(super) fn knows(&self, id: &Id) -> bool {
        self.known.contains(id)
    }

    /// Remembers an id; the oldest makes room.
    pub(super) fn note(&mut self, id: Id) {
        if !self.known.insert(id) {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > IDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_ids_are_forgotten() {
        let mut window = Window::default();
        let id = |number: usize| Id::of("me", "http", &number.to_string());
        (0..=IDS).for_each(|number| window.note(id(number)));
        assert!(!window.knows(&id(0)));
        assert!(window.knows(&id(1)) && window.knows(&id(IDS)));
        assert_eq!((window.known.len(), window.order.len()), (IDS, IDS));
    }

    #[test]
    fn ids_belong_to_their_sender_and_source() {
        let ids = [("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("a", "b", "d")];
        let ids: HashSet<Id> = ids.into_iter().map(|(sender, source, id)| Id::of(sender, source, id)).collect();
        assert_eq!(ids.len(), 4);
    }
}
