//! What each subscription gets of one batch.

/// Which slots get which positions: noted record by record, then sorted and handed on slot by slot. A slot that gets
/// nothing costs nothing.
#[derive(Default)]
pub(super) struct Deliveries {
    /// The receivers of one record after the other.
    slots: Vec<u32>,
    /// The position of each record that has receivers, and where they end in `slots`.
    records: Vec<(u64, usize)>,
    /// By slot.
    chains: Vec<Chain>,
    links: Vec<Link>,
    receivers: Vec<u32>,
}

/// The first and the last position of a slot, as places in `links`; [`NONE`] when it has none.
#[derive(Clone, Copy)]
struct Chain {
    first: u32,
    last: u32,
}

/// One position of a slot, and the place of the next, or [`NONE`].
struct Link {
    seq: u64,
    next: u32,
}

const NONE: u32 = u32::MAX;
const EMPTY: Chain = Chain { first: NONE, last: NONE };

impl Deliveries {
    /// Notes the record at `seq`: `find` adds the slots that get it. Returns how many those are.
    pub(super) fn note(&mut self, seq: u64, find: impl FnOnce(&mut Vec<u32>)) -> u64 {
        let before = self.slots.len();
        find(&mut self.slots);
        let end = self.slots.len();
        if end > before {
            self.records.push((seq, end));
        }
        (end - before) as u64
    }

    /// Sorts what was noted by slot, of which there are `count`, and returns those that get something.
    pub(super) fn sort(&mut self, count: usize) -> &[u32] {
        self.chains.resize(count, EMPTY);
        let mut start = 0;
        for (seq, end) in self.records.drain(..) {
            for slot in &self.slots[start..end] {
                let place = self.links.len() as u32;
                let chain = &mut self.chains[*slot as usize];
                match self.links.get_mut(chain.last as usize) {
                    Some(last) => last.next = place,
                    None => {
                        chain.first = place;
                        self.receivers.push(*slot);
                    }
                }
                chain.last = place;
                self.links.push(Link { seq, next: NONE });
            }
            start = end;
        }
        self.slots.clear();
        &self.receivers
    }

    /// Hands its positions to each slot, in the order in which they were noted, and forgets them. They are sorted.
    pub(super) fn hand_on(&mut self, mut put: impl FnMut(u32, &mut dyn Iterator<Item = u64>)) {
        for slot in self.receivers.drain(..) {
            let chain = std::mem::replace(&mut self.chains[slot as usize], EMPTY);
            let first = self.links.get(chain.first as usize);
            let links = std::iter::successors(first, |link| self.links.get(link.next as usize));
            put(slot, &mut links.map(|link| link.seq));
        }
        self.links.clear();
    }
}
