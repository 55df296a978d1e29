//! The eight features of a session.

use super::counts::Counts;
use super::open_sessions::OpenSession;
use crate::kernel::DIMS;

/// What the features say, as a reason.
pub(super) const NAMES: [&str; DIMS] = [
    "number of events",
    "number of different lines",
    "mean rarity of steps",
    "rarest step",
    "mixture of lines",
    "rarest line",
    "mean rarity of lines",
    "repetition of a line",
];

/// ln(1 + events), ln(1 + different lines), mean bits of its steps, ln(1 + bits of the rarest step), entropy of its lines in
/// bits, bits of the rarest line, mean bits of its lines, ln(1 + events of the commonest line); by what was common in the
/// other sessions.
pub(super) fn features(session: &OpenSession, counts: &Counts) -> [f32; DIMS] {
    let length = session.length.max(1) as f64;
    let (mut steps, mut step_bits, mut rarest_step) = (0.0, 0.0, 0.0f64);
    for &step in &session.steps {
        let bits = counts.step_bits(session, step);
        steps += f64::from(step.2);
        step_bits += bits * f64::from(step.2);
        rarest_step = rarest_step.max(bits);
    }
    let (mut entropy, mut rarest, mut line_bits, mut told, mut most) = (0.0, 0.0f64, 0.0, 0.0, 0u32);
    for &(pattern, count) in &session.lines {
        let bits = counts.line_bits(session, pattern);
        let share = f64::from(count) / length;
        entropy -= share * share.log2();
        rarest = rarest.max(bits);
        line_bits += bits * f64::from(count);
        told += f64::from(count);
        most = most.max(count);
    }
    // Lines beyond those that are told apart count as one kind.
    let rest = (length - told) / length;
    if rest > 0.0 {
        entropy -= rest * rest.log2();
    }
    let vector = [
        length.ln_1p(),
        (session.lines.len() as f64).ln_1p(),
        step_bits / f64::max(steps, 1.0),
        rarest_step.max(0.0).ln_1p(),
        entropy,
        rarest,
        line_bits / f64::max(told, 1.0),
        f64::from(most).ln_1p(),
    ];
    vector.map(|value| value as f32)
}
