//! The vector of a line of text, made of what its pattern says.

use super::alert::CHANNELS;
use super::kernel::DIMS;
use ng_model::event::Event;
use ng_model::matched::Match;

/// The eight features of a line.
pub fn vector(event: &Event<'_>, matched: &Match) -> [f32; DIMS] {
    [
        matched.template_bits,
        matched.rarest_token_bits,
        matched.mean_token_bits,
        severity(event),
        log_since_last(matched),
        matched.transition_bits,
        matched.length_deviation.min(20.0),
        matched.digit_ratio,
    ]
}

/// What is surprising by itself, in the order of the channels.
pub fn plain(event: &Event<'_>, matched: &Match) -> [f64; 3] {
    [matched.template_bits.into(), matched.transition_bits.into(), severity(event).into()]
}

/// How rare what the channels speak of is, in decades: nothing surprises more than it is rare, however far it is beyond
/// everything before.
pub fn most(matched: &Match) -> [f64; CHANNELS] {
    [decades(matched.template_bits), decades(matched.transition_bits), decades(matched.level_bits), f64::INFINITY]
}

/// Bits as powers of ten.
pub(super) fn decades(bits: f32) -> f64 {
    f64::from(bits) * std::f64::consts::LOG10_2
}

/// The channel in which the fields of a line count.
pub(super) const FIELDS: usize = 3;

/// Severity as a number, 0 (trace) to 6 (fatal).
pub(super) fn severity(event: &Event<'_>) -> f32 {
    f32::from(event.head.level as u8)
}

/// log10 of the seconds since the pattern was last seen, from a millisecond to a million seconds, which also stands for
/// a new pattern.
pub(super) fn log_since_last(matched: &Match) -> f32 {
    matched.since_last_s.clamp(1e-3, 1e6).log10()
}
