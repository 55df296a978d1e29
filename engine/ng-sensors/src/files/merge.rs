//! Several files that are read from their beginning are merged by time.
//!
//! Of the next events of all files the earliest comes first, and of several at one time that of the file which was named
//! first. The order inside a file stays as it is. So the order follows from the files alone, and neither from how fast they
//! are read nor from how much of them at a time. Named pipes are not merged: nobody knows when their next event comes.
//!
//! Of each file one portion is read ahead, and all portions together have at most [`AHEAD`] bytes, but [`LEAST`] at least;
//! besides, each file may have one open event, and a portion that is compressed holds what it unpacks to.

use super::followed::{TURN, Turn};
use super::follower::Follower;
use super::place::Id;
use super::read_ahead::{Next, Times};
use ng_model::intake::Shutdown;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::binary_heap::{BinaryHeap, PeekMut};

/// Bytes that are read ahead of all files together.
const AHEAD: usize = 32 << 20;
/// Bytes that are read ahead of one file, at most and at least.
const MOST: usize = 64 << 10;
const LEAST: usize = 4 << 10;

impl Follower {
    /// Merges the files that are open now, which are those that were there at the start; `ranks` tells which is first.
    pub(super) fn begin_merge(&mut self, ranks: &HashMap<Id, u32>) {
        let is_from_beginning = self.options.by_time && self.options.tail_lines.is_none();
        let files = self.open.iter().filter(|file| !file.is_fifo).count();
        if !is_from_beginning || files < 2 {
            return;
        }
        let portion = (AHEAD / files).clamp(LEAST, MOST);
        for file in self.open.iter_mut().filter(|file| !file.is_fifo) {
            file.begin_first_pass(ranks.get(&file.id).copied().unwrap_or(u32::MAX), portion);
        }
        self.merging = Some(Times::of(self.options.recogniser.clone()));
    }

    /// Hands on events of the files that are merged, up to the limit of a turn.
    pub(super) fn merge(&mut self) -> Result<Turn, Shutdown> {
        let Follower { open, merging, ingest, buffer, .. } = self;
        let Some(times) = merging else { return Ok(Turn::default()) };
        let mut heads = BinaryHeap::with_capacity(open.len());
        for (index, file) in open.iter_mut().enumerate() {
            let Some(rank) = file.first_pass.as_ref().map(|pass| pass.rank) else { continue };
            match file.next(ingest, buffer, times)? {
                Next::Event(time) => heads.push(Reverse((time, rank, index))),
                Next::NotYet => return Ok(Turn::default()),
                Next::Over => {}
            }
        }
        let Some(Reverse((_, _, first))) = heads.peek() else {
            self.merging = None;
            return Ok(Turn::default());
        };
        let mut builder = ingest.fill(&open[*first].source);
        let mut turn = Turn { any: true, more: true };
        let mut handed_on = 0;
        while handed_on < TURN
            && let Some(mut head) = heads.peek_mut()
        {
            let file = &mut open[head.0.2];
            handed_on += file.hand_on(&mut builder)?;
            match file.next(ingest, buffer, times)? {
                Next::Event(time) => head.0.0 = time,
                Next::Over => drop(PeekMut::pop(head)),
                Next::NotYet => {
                    turn.more = false;
                    break;
                }
            }
        }
        builder.flush()?;
        Ok(turn)
    }
}
