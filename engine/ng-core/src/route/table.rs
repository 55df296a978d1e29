//! A hash table that finds a key with one access to memory.
//!
//! With many subscriptions the tables are larger than the caches, and a miss costs more than all else about a record. A
//! bucket is one line of the cache, and nothing else is read.

use rustc_hash::FxBuildHasher;
use std::hash::{BuildHasher, Hash};

/// Values by key; none is ever taken out alone.
pub(super) struct Table<K, V> {
    /// A power of two, or none.
    buckets: Vec<Bucket<K, V>>,
    len: usize,
}

#[repr(align(64))]
struct Bucket<K, V>(Option<(K, V)>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { buckets: Vec::new(), len: 0 }
    }
}

impl<K: Copy + Eq + Hash, V: Default> Table<K, V> {
    /// The value of a key.
    #[inline]
    pub(super) fn get(&self, key: K) -> Option<&V> {
        self.find(key).map(|place| self.at(place))
    }

    /// Where a key stands until another is added.
    #[inline]
    pub(super) fn find(&self, key: K) -> Option<usize> {
        if self.buckets.is_empty() {
            return None;
        }
        let place = self.place(key);
        self.buckets[place].0.is_some().then_some(place)
    }

    /// The value at a place that was found.
    #[inline]
    pub(super) fn at(&self, place: usize) -> &V {
        &self.buckets[place].0.as_ref().expect("the place was found").1
    }

    /// The value of a key, which is added when it is new.
    pub(super) fn entry(&mut self, key: K) -> &mut V {
        // Half empty, so that a key stands where it is looked for.
        if self.len * 2 >= self.buckets.len() {
            self.grow();
        }
        let place = self.place(key);
        let bucket = &mut self.buckets[place].0;
        self.len += usize::from(bucket.is_none());
        &mut bucket.get_or_insert_with(|| (key, V::default())).1
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The bucket that holds the key, or the empty one where it belongs. There are buckets, and one is empty.
    #[inline]
    fn place(&self, key: K) -> usize {
        let mask = self.buckets.len() - 1;
        let mut place = FxBuildHasher.hash_one(key) as usize & mask;
        while let Some((other, _)) = &self.buckets[place].0
            && *other != key
        {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        let count = (self.buckets.len() * 2).max(16);
        let empty = std::iter::repeat_with(|| Bucket(None)).take(count).collect();
        for (key, value) in std::mem::replace(&mut self.buckets, empty).into_iter().filter_map(|bucket| bucket.0) {
            let place = self.place(key);
            self.buckets[place].0 = Some((key, value));
        }
    }
}
