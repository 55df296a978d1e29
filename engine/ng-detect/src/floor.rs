//! The practical floor: besides being rare, a value has to be away from the usual by an amount that matters.

use super::tail_probability::TailProbability;
use ng_wire::Unit;

/// Shares of the history that are below and above what is usual.
pub(super) const TAIL: f64 = 0.01;

/// Least distances that matter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Floor {
    /// Points of a per cent.
    pub percent: f64,
    /// Share of the usual value, of everything but a per cent.
    pub share: f64,
    /// Of a count, if that is more than its share.
    pub count: f64,
    /// Of bytes per second, if that is more than its share.
    pub byte_rate: f64,
}

/// What the values of a stream usually are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    /// A hundredth is lower.
    pub low: f64,
    /// Half are lower.
    pub middle: f64,
    /// A hundredth is higher.
    pub high: f64,
}

impl Floor {
    /// The least distance that matters to a stream that is usually about `middle`.
    pub fn of(&self, unit: Unit, middle: f64) -> f64 {
        let share = self.share * middle.abs();
        match unit {
            Unit::Percent => self.percent,
            Unit::Count => self.count.max(share),
            Unit::BytesPerSecond => self.byte_rate.max(share),
            _ => share,
        }
    }
}

impl Usual {
    /// What a history says; none before it has two values.
    pub(super) fn of(history: &TailProbability) -> Option<Usual> {
        let [low, middle, high] = history.quantiles([TAIL, 0.5, 1.0 - TAIL])?;
        Some(Usual { low, middle, high })
    }

    /// How far a value lies beyond the usual; 0 inside.
    pub fn beyond(&self, value: f64) -> f64 {
        (value - self.high).max(self.low - value).max(0.0)
    }

    /// How far apart usual values lie.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}
