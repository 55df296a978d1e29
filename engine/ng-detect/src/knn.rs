//! The `grid`: sliding windows of remembered vectors, searched exactly. This one is a plain ring in the order of time,
//! for numeric streams; `block_index.rs` serves the others.

use super::kernel::{self, Block, Boxes, DIMS, LANES, Query, Scanner};
use ng_model::checkpoint;
use ng_model::record::NO_SEQ;
use ng_model::settings::{Accepts, Row};

/// Settings of the module `grid`.
pub static SETTINGS: &[Row] = &[
    Row {
        key: "window",
        accepts: Accepts::Int(4096, 64, 65_536),
        unit: "",
        summary: "Remembered vectors of each stream; a quarter of it in the lite profile.",
    },
    Row {
        key: "k",
        accepts: Accepts::Int(64, 1, 256),
        unit: "",
        summary: "Neighbours whose mean distance makes text and JSON events unusual; failures come in flocks.",
    },
];

/// Values beyond this size are cut to it, so that squared distances stay finite.
const LARGEST: f32 = 1e18;

/// Queries by bounds between two that look at everything, in a stream whose bounds leave out little.
const PATIENCE: u32 = 64;

/// The latest vectors of one stream. Memory grows with what is remembered: 44 bytes a vector.
#[derive(Debug)]
pub struct VectorWindow {
    blocks: Vec<Block>,
    /// Bounds of every sixteen blocks. What follows each other is alike, so that most blocks are out of reach.
    boxes: Vec<Boxes>,
    /// Queries to come that look at everything, because the bounds left out too little.
    looks_at_all: u32,
    some: Vec<u32>,
    seqs: Vec<u64>,
    next: usize,
    window: usize,
    scanner: Scanner,
    found: Vec<u64>,
}

impl VectorWindow {
    /// Remembers at most `window` vectors, at least one.
    pub fn new(window: usize, scanner: Scanner) -> Self {
        VectorWindow {
            blocks: Vec::new(),
            boxes: Vec::new(),
            looks_at_all: 0,
            some: Vec::new(),
            seqs: Vec::new(),
            next: 0,
            window: window.max(1),
            scanner,
            found: Vec::new(),
        }
    }

    /// Number of remembered vectors.
    pub fn len(&self) -> usize {
        self.seqs.len()
    }

    /// Nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.seqs.is_empty()
    }

    /// Remembers a vector and the `seq` of its event in place of the oldest, and returns its place, below `window`.
    pub fn push(&mut self, vector: &[f32; DIMS], seq: u64) -> usize {
        let place = self.next;
        if place == self.seqs.len() {
            self.seqs.push(seq);
            if place.is_multiple_of(LANES) {
                if self.blocks.len().is_multiple_of(LANES) {
                    self.boxes.push(Boxes::EMPTY);
                }
                self.blocks.push(Block::FREE);
            }
        } else {
            self.seqs[place] = seq;
        }
        for (dim, value) in vector.iter().enumerate() {
            self.blocks[place / LANES].values[dim][place % LANES] = clamp(*value);
        }
        self.bound(place);
        self.next = (place + 1) % self.window;
        place
    }

    /// The `k` nearest places, at most 8, nearest first; read them with [`kernel::distance`] (squared) and
    /// [`kernel::place`].
    pub fn nearest(&mut self, vector: &[f32; DIMS], k: usize) -> &[u64] {
        let vector = vector.map(clamp);
        let mut query = Query { vector: &vector, weights: None, k, bound: f32::MAX };
        query.bound = self.bound_of_successors(&query);
        self.found.reserve(kernel::capacity(k).saturating_sub(self.found.len()));
        if self.looks_at_all > 0 {
            self.looks_at_all -= 1;
            self.scanner.nearest(&self.blocks, query, &mut self.found);
            return &self.found;
        }
        self.scanner.reachable(&self.boxes, query, &mut self.some);
        if self.some.len() > self.blocks.len() / 2 {
            self.looks_at_all = PATIENCE;
        }
        self.scanner.nearest_of(&self.blocks, &self.some, query, &mut self.found);
        &self.found
    }

    /// Follows a new vector with the bounds of its block: they grow, and are made anew when the block is full.
    fn bound(&mut self, place: usize) {
        let (number, lane) = (place / LANES, place % LANES);
        let (sixteen, part) = (&mut self.boxes[number / LANES], number % LANES);
        for (dim, values) in self.blocks[number].values.iter().enumerate() {
            let (low, high) = (&mut sixteen.low[dim][part], &mut sixteen.high[dim][part]);
            if lane == LANES - 1 {
                *low = values.iter().copied().fold(f32::INFINITY, f32::min);
                *high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            } else {
                *low = low.min(values[lane]);
                *high = high.max(values[lane]);
            }
        }
    }

    /// How far what came after the neighbours of the last query is: a stream moves little from one event to the next,
    /// so that this leaves out most of the memory. The result does not depend on it.
    fn bound_of_successors(&self, query: &Query<'_>) -> f32 {
        if self.found.len() != query.k {
            return f32::MAX;
        }
        let count = self.len();
        self.found.iter().fold(0.0, |bound: f32, found| {
            let place = (kernel::place(*found) + 1) % count;
            bound.max(kernel::distance_to(&self.blocks, place, query))
        })
    }

    /// The `seq` of the event remembered at a place.
    pub fn seq(&self, place: usize) -> u64 {
        self.seqs.get(place).copied().unwrap_or(NO_SEQ)
    }

    /// Changes the window and keeps the latest vectors that fit. Returns the old place of each kept vector, in the
    /// order of the new places.
    pub fn resize(&mut self, window: usize) -> Vec<usize> {
        let count = self.len();
        let mut next = VectorWindow::new(window, self.scanner);
        let oldest = if count == self.window { self.next } else { 0 };
        let skipped = count.saturating_sub(next.window);
        let kept: Vec<usize> = (skipped..count).map(|age| (oldest + age) % count).collect();
        for &place in &kept {
            let vector = std::array::from_fn(|dim| self.blocks[place / LANES].values[dim][place % LANES]);
            next.push(&vector, self.seqs[place]);
        }
        *self = next;
        kept
    }
}

impl VectorWindow {
    /// Most vectors that are remembered.
    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// Adds what is remembered to a saved state, in the order of places.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        checkpoint::put(out, self.window as u64);
        checkpoint::put(out, self.next as u64);
        checkpoint::put_all(out, self.seqs.iter().copied());
        for place in 0..self.len() {
            let vector: [f32; DIMS] = std::array::from_fn(|dim| self.blocks[place / LANES].values[dim][place % LANES]);
            checkpoint::put_singles(out, &vector);
        }
    }

    /// Takes it up again, every vector at its place.
    pub(super) fn restore(input: &mut &[u8], scanner: Scanner) -> Option<VectorWindow> {
        let window = usize::try_from(checkpoint::take(input)?).ok().filter(|window| (1..=1 << 16).contains(window))?;
        let next = usize::try_from(checkpoint::take(input)?).ok()?;
        let seqs = checkpoint::take_all(input, window)?;
        let is_valid = if seqs.len() < window { next == seqs.len() } else { next < window };
        if !is_valid {
            return None;
        }
        let mut memory = VectorWindow::new(window, scanner);
        for seq in seqs {
            memory.push(&checkpoint::take_singles(input)?, seq);
        }
        memory.next = next;
        Some(memory)
    }
}

/// Cuts a value to what the search can take.
pub(super) fn clamp(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(-LARGEST, LARGEST) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Kernel;

    fn memory(window: usize, values: impl IntoIterator<Item = f32>) -> VectorWindow {
        let mut memory = VectorWindow::new(window, Scanner::new(Kernel::Auto));
        for (seq, value) in values.into_iter().enumerate() {
            memory.push(&[value; DIMS], seq as u64);
        }
        memory
    }

    fn nearest_seqs(memory: &mut VectorWindow, value: f32, k: usize) -> Vec<u64> {
        let places: Vec<usize> = memory.nearest(&[value; DIMS], k).iter().map(|found| kernel::place(*found)).collect();
        places.iter().map(|place| memory.seq(*place)).collect()
    }

    #[test]
    fn the_oldest_vector_is_forgotten() {
        let mut memory = memory(20, (0..50).map(|value| value as f32));
        assert_eq!(memory.len(), 20);
        assert_eq!(nearest_seqs(&mut memory, 0.0, 2), [30, 31]);
    }

    #[test]
    fn the_bound_of_the_query_before_does_not_change_the_answer() {
        let scattered = || (0..100).map(|value| ((value * 37) % 100) as f32);
        let mut warm = memory(64, scattered());
        for i in 0..200 {
            let at = ((i * 61) % 100) as f32 + 0.25;
            let mut cold = memory(64, scattered());
            assert_eq!(nearest_seqs(&mut warm, at, 3), nearest_seqs(&mut cold, at, 3), "at {at}");
        }
    }

    #[test]
    fn bounds_leave_out_nothing_that_is_near() {
        // A walk, whose bounds leave out most, and then noise, whose bounds leave out little.
        let mut state = 1u64;
        let mut noise = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 16_777_216.0
        };
        let values: Vec<f32> = (0..6000).map(|i| if i < 3000 { (i as f32 / 50.0).sin() } else { noise() }).collect();
        let vectors: Vec<[f32; DIMS]> =
            values.windows(DIMS).map(|window| std::array::from_fn(|dim| window[dim])).collect();
        for window in [400, 1000, 1024] {
            let mut memory = memory(window, []);
            for (seq, vector) in vectors.iter().enumerate() {
                let latest = &vectors[seq.saturating_sub(window)..seq];
                let squares =
                    |known: &[f32; DIMS]| known.iter().zip(vector).fold(0.0f32, |sum, (a, b)| sum + (a - b) * (a - b));
                if seq % 7 == 0 {
                    let mut expected: Vec<f32> = latest.iter().map(squares).collect();
                    expected.sort_by(f32::total_cmp);
                    expected.truncate(3);
                    let found: Vec<f32> = memory.nearest(vector, 3).iter().map(|f| kernel::distance(*f)).collect();
                    assert_eq!(found, expected, "at {seq}, window {window}");
                }
                memory.push(vector, seq as u64);
            }
        }
    }

    #[test]
    fn a_smaller_window_keeps_the_latest() {
        let mut memory = memory(40, (0..50).map(|value| value as f32));
        memory.resize(16);
        assert_eq!(memory.len(), 16);
        assert_eq!(nearest_seqs(&mut memory, 0.0, 1), [34]);
        memory.push(&[0.0; DIMS], 50);
        assert_eq!(nearest_seqs(&mut memory, 0.0, 2), [50, 35]);
        memory.resize(32);
        assert_eq!(memory.len(), 16);
        assert_eq!(nearest_seqs(&mut memory, 0.0, 2), [50, 35]);
    }

    #[test]
    fn values_that_are_not_finite_do_not_break_the_search() {
        let mut memory = memory(8, [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0]);
        assert_eq!(nearest_seqs(&mut memory, f32::INFINITY, 1), [1]);
        assert_eq!(nearest_seqs(&mut memory, 0.9, 2), [3, 0]);
    }
}
