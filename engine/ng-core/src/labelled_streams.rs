//! Streams of metrics that labels tell apart, of which there may be any number: some have a stream of their own, and all
//! others of a name share one.

use crate::store::Store;
use ng_model::symbols::Sym;
use rustc_hash::FxHashMap;

/// Streams of one name.
const OF_A_NAME: usize = 1_000;
/// Streams of all names, so that there is room for the names of everything else.
const IN_ALL: usize = 16_384;
/// The segment that stands for the labels of all streams beyond.
const OTHER: &str = ".other";

/// The streams that have been given.
#[derive(Debug, Default)]
pub(crate) struct LabelledStreams {
    known: FxHashMap<Sym, usize>,
    count: usize,
    left_out: u64,
}

impl LabelledStreams {
    /// The stream of a topic whose labels begin at `named`. Beyond the bounds the labels of the topic become `other`.
    pub(crate) fn intern(&mut self, topic: &mut String, named: usize, store: &mut Store) -> Sym {
        if let Some(known) = store.symbols().find(topic) {
            return known;
        }
        let of_name = self.known.entry(store.intern(&topic[..named])).or_default();
        if *of_name < OF_A_NAME && self.count < IN_ALL {
            *of_name += 1;
            self.count += 1;
            return store.intern(topic);
        }
        self.left_out += 1;
        topic.truncate(named);
        topic.push_str(OTHER);
        store.intern(topic)
    }

    /// Events whose labels gave them no stream of their own.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn labels_without_end_share_one_stream() {
        let mut store = Store::new(16);
        let mut streams = LabelledStreams::default();
        let mut topics = |name: &str, count: usize| {
            let given: HashSet<Sym> = (0..count)
                .map(|label| {
                    let mut topic = format!("metric.{name}.{label}");
                    streams.intern(&mut topic, "metric.".len() + name.len(), &mut store)
                })
                .collect();
            (given.len(), streams.left_out)
        };
        assert_eq!(topics("few", 10), (10, 0));
        assert_eq!(topics("many", 3_000), (1_000 + 1, 2_000));
        assert_eq!(topics("few", 10), (10, 2_000), "what has a stream keeps it");
        let given: usize = (0..20).map(|name| topics(&format!("name{name}"), 1_000).0).sum();
        assert!((IN_ALL - 1_010..IN_ALL).contains(&given), "{given}");
        assert!(store.symbols().find("metric.many.other").is_some());
    }
}
