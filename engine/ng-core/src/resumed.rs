//! What an engine that is started again reads again: a file is followed from its last lines on, which were counted and told before.

use ng_model::checkpoint;

/// How long after the first event of the new start something may be what was read before, nanoseconds. Later the clock of a
/// source may be behind, and what it says is news.
const AGAIN_NS: i64 = 10_000_000_000;

/// How far the engine before had come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Resumed {
    /// The latest arrival.
    latest_ns: i64,
    /// That of the engine before, until it is of no use any more, and when that is.
    before_ns: Option<i64>,
    ends_ns: Option<i64>,
}

impl Resumed {
    /// An event arrives.
    pub(crate) fn note(&mut self, received_ns: i64) {
        self.latest_ns = self.latest_ns.max(received_ns);
    }

    /// An event that happened at a time and has arrived was known to the engine before.
    pub(crate) fn knows(&mut self, time_ns: i64, received_ns: i64) -> bool {
        let Some(before_ns) = self.before_ns else { return false };
        let ends_ns = *self.ends_ns.get_or_insert(received_ns.saturating_add(AGAIN_NS));
        if received_ns > ends_ns {
            self.before_ns = None;
        }
        time_ns <= before_ns && received_ns <= ends_ns
    }

    /// The latest arrival so far, nanoseconds since 1970, UTC; 0 before the first.
    pub(crate) fn latest_ns(&self) -> i64 {
        self.before_ns.unwrap_or(self.latest_ns)
    }

    /// For an engine that goes on behind one to which this was the latest arrival; 0 for none.
    pub(crate) fn behind(latest_ns: i64) -> Resumed {
        Resumed { latest_ns, before_ns: Some(latest_ns).filter(|latest| *latest > 0), ends_ns: None }
    }

    /// Adds it to a saved state.
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        checkpoint::put(out, self.latest_ns as u64);
    }

    /// What the engine that goes on has to know.
    pub(crate) fn restore(input: &mut &[u8]) -> Option<Resumed> {
        Some(Resumed::behind(checkpoint::take(input)? as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_is_known_at_the_start_and_not_later() {
        let mut before = Resumed::default();
        assert!(!before.knows(90, 100) && !before.knows(300, 300), "nothing was before it");
        [100, 300, 200].into_iter().for_each(|received_ns| before.note(received_ns));
        let mut bytes = Vec::new();
        before.save(&mut bytes);
        let mut after = Resumed::restore(&mut bytes.as_slice()).unwrap();
        assert!(after.knows(300, 1000) && !after.knows(301, 1000));
        assert!(
            after.knows(90, 1000 + AGAIN_NS) && !after.knows(90, 1001 + AGAIN_NS) && !after.knows(90, 1002 + AGAIN_NS)
        );
    }
}
