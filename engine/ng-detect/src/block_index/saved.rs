//! The saved form of remembered vectors. Each comes back at its place, because of neighbours that are equally near the one
//! at the first place is named. Bounds and reaches are made anew: answers do not depend on them.

use super::{BlockPrunedIndex, Kind, MAX_KINDS, NOWHERE, Use};
use crate::kernel::{Block, Boxes, LANES, Scanner};
use ng_model::checkpoint::{put, put_singles, put_u32, take, take_singles, take_u32, take_up_to};
use ng_model::record::NO_SEQ;

/// The largest window that can be set.
const LARGEST_WINDOW: u32 = 1 << 16;

impl BlockPrunedIndex {
    /// Most vectors that are remembered.
    pub(crate) fn window(&self) -> usize {
        self.window
    }

    /// Adds what is remembered to a saved state, oldest first.
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        put_u32(out, self.window as u32);
        put_u32(out, self.uses.len() as u32);
        for usage in &self.uses {
            put_u32(out, usage.cluster);
            put_u32(out, usage.given.into());
        }
        put_u32(out, self.free.len() as u32);
        self.free.iter().for_each(|number| put_u32(out, *number));
        self.kinds.iter().for_each(|kind| put_u32(out, kind.open));
        put_u32(out, self.order.len() as u32);
        for (place, (vector, seq, _)) in self.order.iter().zip(self.latest(self.order.len())) {
            put_u32(out, *place);
            put(out, seq);
            put_singles(out, &vector);
        }
    }

    /// Takes it up again; none when it is not valid.
    pub(crate) fn restore(input: &mut &[u8], scanner: Scanner) -> Option<BlockPrunedIndex> {
        let window = take_up_to(input, LARGEST_WINDOW)? as usize;
        let mut memory = BlockPrunedIndex::new(window, scanner);
        // A kind has at most two blocks that are not full.
        let most = memory.window / LANES + 2 * MAX_KINDS;
        let blocks = take_up_to(input, most as u32)?;
        memory.blocks = vec![Block::FREE; blocks as usize];
        memory.boxes = vec![Boxes::EMPTY; (blocks as usize).div_ceil(LANES)];
        memory.seqs = vec![NO_SEQ; blocks as usize * LANES];
        for _ in 0..blocks {
            let (cluster, given) = (take_u32(input)?, take_up_to(input, LANES as u32)?);
            memory.uses.push(Use { cluster, given: given as u8, living: 0 });
        }
        for _ in 0..take_up_to(input, blocks)? {
            memory.free.push(take_u32(input)?);
        }
        for kind in 0..memory.kinds.len() {
            memory.kinds[kind].open = take_u32(input)?;
        }
        for _ in 0..take_up_to(input, memory.window as u32)? {
            let place = take_u32(input)?;
            memory.put_at(place, take(input)?, &take_singles(input)?)?;
        }
        memory.is_valid().then_some(memory)
    }

    /// Remembers a vector as the latest at a place that is not taken; none when there is no such place.
    fn put_at(&mut self, place: u32, seq: u64, vector: &[f32; 8]) -> Option<()> {
        let (number, lane) = (place as usize / LANES, place as usize % LANES);
        self.uses.get(number).filter(|usage| lane < usize::from(usage.given))?;
        if self.blocks[number].values[0][lane] < f32::INFINITY {
            return None;
        }
        self.put(number, lane, vector, seq);
        Some(())
    }

    /// Every block is either free, once, or holds something; what is open is a block of its kind.
    fn is_valid(&self) -> bool {
        let mut is_free = vec![false; self.uses.len()];
        let free_once = self
            .free
            .iter()
            .all(|number| is_free.get_mut(*number as usize).is_some_and(|is_free| !std::mem::replace(is_free, true)));
        let in_use = |(usage, is_free): (&Use, &bool)| (usage.living == 0) == *is_free;
        let is_open = |(number, kind): (usize, &Kind)| {
            let open = self.uses.get(kind.open as usize);
            kind.open == NOWHERE || open.is_some_and(|usage| self.kind(usage.cluster) == number && usage.living > 0)
        };
        free_once && self.uses.iter().zip(&is_free).all(in_use) && self.kinds.iter().enumerate().all(is_open)
    }
}
