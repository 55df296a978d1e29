//! From a run of events to a block.

use super::body;
use super::dictionary::Dictionary;
use super::event::EventHeader;
use super::header::BlockHeader;
use super::index::{Indexed, Indexer};
use super::run::Run;
use std::fmt;
use zstd::bulk::Compressor;

/// A block as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What is read of every block.
    pub header: Vec<u8>,
    /// The events, read when the block is opened.
    pub body: Vec<u8>,
}

/// Makes blocks of runs.
pub struct Sealer {
    compressor: Compressor<'static>,
    indexer: Indexer,
}

impl Sealer {
    /// One that compresses at a level of zstd: low while blocks are small and hot, higher for those that stay.
    pub fn new(level: i32) -> std::io::Result<Sealer> {
        Ok(Sealer { compressor: Compressor::new(level)?, indexer: Indexer::default() })
    }

    /// The block of a run that is not empty, with so many events of its file `before` it. What it adds to the dictionary has to
    /// be stored before it.
    ///
    /// `template` gives the words that are constant in a pattern, such as `Receiving block * src: *`, where they are known.
    pub fn seal(
        &mut self,
        run: &Run,
        before: u64,
        dictionary: &mut Dictionary,
        template: &mut dyn FnMut(u32) -> Option<String>,
    ) -> std::io::Result<Sealed> {
        let Indexed { pairs, pair_of, counted, filter, tells_minutes, has_other_letters } =
            self.indexer.index(run, dictionary, template);
        let most = |of: fn(&EventHeader) -> u8| run.headers.iter().map(of).max().unwrap_or(0);
        let seqs = || run.headers.iter().map(|header| header.seq);
        let times = || run.headers.iter().map(|header| header.time_ns);
        let header = BlockHeader {
            before,
            seqs: [seqs().next().unwrap_or(0), seqs().next_back().unwrap_or(0)],
            times_ns: [times().min().unwrap_or(0), times().max().unwrap_or(0)],
            events: run.len(),
            raw_len: run.raw_len(),
            novelty: most(|header| header.novelty),
            anomaly: most(|header| header.anomaly),
            surprise: most(|header| header.surprise),
            strength: most(|header| header.strength),
            tells_minutes,
            has_escapes: run.iter().any(|(header, raw)| header.may_hide(raw)),
            has_other_letters,
            pairs,
            counted,
            filter,
        };
        Ok(Sealed {
            header: header.to_bytes(&mut self.compressor)?,
            body: body::encode(run, &pair_of, &mut self.compressor)?,
        })
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}
