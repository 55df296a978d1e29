//! The vector of a JSON object, made of its shape, its fields and its numbers, and its channels.

use super::alert::CHANNELS;
use super::kernel::DIMS;
use super::text::{decades, log_since_last, severity};
use ng_model::event::Event;
use ng_model::matched::Match;

/// The eight features of an object, whose largest number surprise is given.
pub fn vector(event: &Event<'_>, matched: &Match, number_surprise: f32) -> [f32; DIMS] {
    [
        matched.template_bits,
        matched.max_field_bits,
        matched.mean_field_bits,
        number_surprise,
        severity(event),
        log_since_last(matched),
        (event.raw.len().max(1) as f32).log10(),
        matched.transition_bits,
    ]
}

/// The channel in which the fields of an object count.
pub(super) const FIELDS: usize = 1;

/// What is surprising by itself, in the order of the channels.
pub fn plain(event: &Event<'_>, matched: &Match) -> [f64; 3] {
    [matched.template_bits.into(), matched.max_field_bits.into(), severity(event).into()]
}

/// How rare what the channels speak of is, in decades.
pub fn most(matched: &Match) -> [f64; CHANNELS] {
    [decades(matched.template_bits), decades(matched.max_field_bits), decades(matched.level_bits), f64::INFINITY]
}
