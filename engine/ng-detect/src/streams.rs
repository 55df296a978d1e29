//! A bounded set of per-stream state: the stream not seen for longest gives way.

use rustc_hash::FxHashMap;
use std::hash::Hash;

/// State by stream.
#[derive(Debug)]
pub(super) struct Streams<K, V> {
    places: FxHashMap<K, usize>,
    entries: Vec<Entry<K, V>>,
    most: usize,
    dropped: u64,
}

#[derive(Debug)]
struct Entry<K, V> {
    key: K,
    used: u64,
    state: V,
}

impl<K: Copy + Eq + Hash, V> Streams<K, V> {
    /// Holds at most `most` streams, at least one.
    pub(super) fn new(most: usize) -> Self {
        Streams { places: FxHashMap::default(), entries: Vec::new(), most: most.max(1), dropped: 0 }
    }

    /// The state of a stream, made when it is met for the first time or after it gave way. `used` is a number that grows
    /// with every use.
    pub(super) fn get(&mut self, key: K, used: u64, make: impl FnOnce() -> V) -> &mut V {
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => {
                if self.entries.len() >= self.most {
                    self.drop_oldest();
                }
                self.places.insert(key, self.entries.len());
                self.entries.push(Entry { key, used, state: make() });
                self.entries.len() - 1
            }
        };
        let entry = &mut self.entries[place];
        entry.used = used;
        &mut entry.state
    }

    /// Adds a stream that comes from a saved state, unless there is no room or it is already there.
    pub(super) fn add(&mut self, key: K, used: u64, state: V) {
        if self.entries.len() < self.most && !self.places.contains_key(&key) {
            self.get(key, used, || state);
        }
    }

    /// Changes how many streams are held.
    pub(super) fn resize(&mut self, most: usize) {
        self.most = most.max(1);
        while self.entries.len() > self.most {
            self.drop_oldest();
        }
    }

    /// Every state, in an order that depends only on what was met.
    pub(super) fn states(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|entry| &entry.state)
    }

    /// Every state, to be changed.
    pub(super) fn states_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|entry| &mut entry.state)
    }

    /// Every stream with its state, to be changed, in an order that depends only on what was met.
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = (K, &mut V)> {
        self.entries.iter_mut().map(|entry| (entry.key, &mut entry.state))
    }

    /// Every stream with the number of its last use and its state.
    pub(super) fn entries(&self) -> impl Iterator<Item = (K, u64, &V)> {
        self.entries.iter().map(|entry| (entry.key, entry.used, &entry.state))
    }

    /// The number of the last use of a stream and its state, if it is held; this is no use of it.
    pub(super) fn find(&self, key: K) -> Option<(u64, &V)> {
        self.places.get(&key).map(|place| (self.entries[*place].used, &self.entries[*place].state))
    }

    /// Streams that are held.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Streams that gave way.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// When the stream not seen for longest was seen last.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.entries.iter().map(|entry| entry.used).min()
    }

    /// Lets the stream not seen for longest give way.
    pub(super) fn drop_oldest(&mut self) {
        self.drop_first_by(|_| false);
    }

    /// Makes room for one more: the stream not seen for longest gives way, of those that are not to stay, if there are such.
    pub(super) fn make_room(&mut self, stays: impl Fn(&V) -> bool) {
        if self.entries.len() >= self.most {
            self.drop_first_by(stays);
        }
    }

    fn drop_first_by(&mut self, stays: impl Fn(&V) -> bool) {
        let order = |place: &usize| (stays(&self.entries[*place].state), self.entries[*place].used);
        if let Some(place) = (0..self.entries.len()).min_by_key(order) {
            let entry = self.entries.swap_remove(place);
            self.places.remove(&entry.key);
            if let Some(moved) = self.entries.get(place) {
                self.places.insert(moved.key, place);
            }
            self.dropped += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_not_seen_for_longest_gives_way() {
        let mut streams = Streams::new(2);
        for (used, key) in ["a", "b", "a", "c"].into_iter().enumerate() {
            *streams.get(key, used as u64, || 0) += 1;
        }
        assert_eq!(*streams.get("a", 4, || 0), 2);
        assert_eq!(*streams.get("b", 5, || 0), 0);
        assert_eq!((streams.len(), streams.dropped()), (2, 2));
        streams.resize(1);
        assert_eq!(*streams.get("b", 6, || 9), 0);
        assert_eq!((streams.len(), streams.dropped()), (1, 3));
    }
}
