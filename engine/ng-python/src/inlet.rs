//! The way of a remote engine's frames into a ring of this process.

use crate::errors::wire_error;
use crate::ring::Ring;
use ng_core::convert::{self, Names};
use ng_core::store::Store;
use ng_model::event::Parsed;
use ng_model::record::NO_SEQ;
use ng_wire::{Frame, Gap, Packed, Record};
use pyo3::prelude::*;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Numbers of records that are remembered when they are given new ones, for the reference to the nearest record.
const REMEMBERED: usize = 100_000;

/// Takes in what one engine says over its connections, one after the other.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct Inlet {
    ring: Ring,
    /// Stands before the names of sources, so that engines in one ring can be told apart; empty for one engine alone.
    prefix: String,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    names: Names,
    parsed: Parsed,
    /// The first record of the engine that has not come yet.
    next_seq: Option<u64>,
    /// Records get new numbers, because the ring has others of the same.
    renumbers: bool,
    /// Number at the engine and in the ring of the latest records; used when they are given new ones.
    numbers: VecDeque<(u64, u64)>,
}

#[pymethods]
impl Inlet {
    /// An inlet into `ring`. `prefix` stands before the names of sources; with one, records get numbers of the ring.
    #[new]
    fn new(ring: &Ring, prefix: String) -> Self {
        let inside = Inside { renumbers: !prefix.is_empty(), ..Inside::default() };
        Inlet { ring: ring.clone(), prefix, inside: Mutex::new(inside) }
    }

    /// Takes in one Frame as MessagePack. Records and gaps go into the ring, and the number of records is returned; any
    /// other frame is left to the caller: None. Raises ValueError for what is no frame.
    fn absorb(&self, py: Python<'_>, data: &[u8]) -> PyResult<Option<usize>> {
        let frame: Frame = rmp_serde::from_slice(data)
            .map_err(|error| pyo3::exceptions::PyValueError::new_err(format!("no frame: {error}")))?;
        let taken = py.detach(|| {
            let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
            let mut store = self.ring.store().lock();
            match frame {
                Frame::Packed(packed) => inside.packed(&mut store, &packed, &self.prefix).map(Some),
                Frame::Records(records) => Ok(Some(inside.records(&mut store, &records, &self.prefix))),
                Frame::Gap(gap) => {
                    inside.gap(&mut store, &gap, &self.prefix);
                    Ok(Some(0))
                }
                _ => Ok(None),
            }
        });
        taken.map_err(wire_error)
    }

    /// The first record of the engine that has not come yet; None before the first one.
    fn next_seq(&self) -> Option<u64> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).next_seq
    }

    /// Records have other numbers in the ring than at the engine.
    fn renumbers(&self) -> bool {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).renumbers
    }

    /// Nothing before this record is missed: for a connection that begins with the next record.
    fn begin_at(&self, seq: u64) {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).next_seq = Some(seq);
    }
}

impl Inside {
    fn packed(&mut self, store: &mut Store, packed: &Packed, prefix: &str) -> Result<usize, &'static str> {
        if !self.names.learn(packed) {
            return Err("names do not follow the ones before");
        }
        for record in &packed.records {
            let mut head = self.names.unpack(record, prefix, store.symbols_mut(), &mut self.parsed);
            self.number(store, &mut head.seq, &mut head.detection.nearest);
            store.push(&head, &record.raw);
        }
        Ok(packed.records.len())
    }

    fn records(&mut self, store: &mut Store, records: &[Record], prefix: &str) -> usize {
        for record in records {
            let (mut head, raw) = convert::restore(record, store.symbols_mut());
            if !prefix.is_empty() {
                head.source = store.intern(&format!("{prefix}{}", record.source));
            }
            self.number(store, &mut head.seq, &mut head.detection.nearest);
            store.push(&head, &raw);
        }
        records.len()
    }

    fn gap(&mut self, store: &mut Store, gap: &Gap, prefix: &str) {
        let (mut head, raw) =
            convert::gap_row(gap, &format!("{prefix}engine"), crate::clock::now_ns(), store.symbols_mut());
        self.number(store, &mut head.seq, &mut head.detection.nearest);
        store.push(&head, &raw);
        self.next_seq = Some(gap.to_seq);
    }

    /// Gives a record its number in the ring.
    fn number(&mut self, store: &Store, seq: &mut u64, nearest: &mut u64) {
        self.next_seq = Some(seq.saturating_add(1));
        // An engine that has begun anew may give out numbers that the ring has already.
        self.renumbers |= *seq < store.next_seq();
        if !self.renumbers {
            return;
        }
        let (remote, local) = (*seq, store.next_seq());
        *seq = local;
        if *nearest != NO_SEQ {
            let found = self.numbers.binary_search_by_key(nearest, |(remote, _)| *remote);
            *nearest = found.map_or(NO_SEQ, |place| self.numbers[place].1);
        }
        if self.numbers.back().is_some_and(|(last, _)| *last >= remote) {
            self.numbers.clear();
        }
        if self.numbers.len() == REMEMBERED {
            self.numbers.pop_front();
        }
        self.numbers.push_back((remote, local));
    }
}
