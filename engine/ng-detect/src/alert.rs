//! From the surprises of a stream's channels to the strength of an alert.

use super::kernel::DIMS;
use ng_model::checkpoint;
use std::collections::VecDeque;

/// Channels of a detector; a detector with fewer leaves the rest at 0.
pub const CHANNELS: usize = 4;
/// An alert must rise above every event of this many before it; peaks closer than this are one.
const APART: usize = 80;
/// Earlier peaks that are remembered.
const PEAKS: usize = 1024;

/// The leaky channels of one stream and the alert layer on their sum.
#[derive(Clone, Debug, Default)]
pub struct Channels {
    leaky: [f64; CHANNELS],
    alerts: AlertLayer,
}

/// What the channels say of one event.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// Each channel's surprise at this event.
    pub channels: [f64; CHANNELS],
    /// The sum of the channels.
    pub of_event: f64,
    /// The same, of each channel what its leak has left of an earlier surprise where that is more.
    pub surprise: f64,
    /// Alert strength; 0 unless the event stands above the 80 events before it.
    pub strength: f64,
}

/// What a detector says of one event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The features of the event.
    pub vector: [f32; DIMS],
    /// Channels, surprise, strength.
    pub level: Level,
    /// Surprise of the distance to the nearest remembered vectors, before any leak.
    pub novelty: f64,
    /// `seq` of the nearest remembered event; `NO_SEQ` when there is none.
    pub nearest: u64,
    /// What it would alert for.
    pub cause: u32,
    /// Nothing was ever as far out, by a wide margin.
    pub is_record: bool,
    /// Its stream is frozen, and a fault lasts in it.
    pub is_fault: bool,
    /// What its stream usually shows, of a metric.
    pub usual: Option<[f64; 2]>,
    /// Events after an alert in which the stream tells nothing.
    pub quiet: u64,
}

impl Level {
    /// The channel that says most of this event; of equal ones the first.
    pub fn largest(&self) -> usize {
        (1..CHANNELS).fold(0, |best, next| if self.channels[next] > self.channels[best] { next } else { best })
    }
}

impl Channels {
    /// Takes the surprises of one event. A channel falls by at most `leak` from one event to the next. The strength is that of
    /// all channels together.
    pub fn step(&mut self, surprises: [f64; CHANNELS], leak: f64) -> Level {
        let level = self.fade(surprises, leak);
        Level { strength: self.alerts.step(level.surprise), ..level }
    }

    /// The same where the channels are as many looks at one thing: what is rare is so to all of them, so that the strength is
    /// that of the one surprise that tells.
    pub fn step_by_one(&mut self, surprises: [f64; CHANNELS], telling: f64, leak: f64) -> Level {
        let level = self.fade(surprises, leak);
        Level { strength: self.alerts.step(telling), ..level }
    }

    fn fade(&mut self, surprises: [f64; CHANNELS], leak: f64) -> Level {
        let (mut surprise, mut of_event) = (0.0, 0.0);
        for (leaky, now) in self.leaky.iter_mut().zip(surprises) {
            *leaky = now.max(*leaky - leak);
            surprise += *leaky;
            of_event += now;
        }
        Level { channels: surprises, of_event, surprise, strength: 0.0 }
    }
}

/// Lets only rising maxima pass, and the less the more often a stream has been as high before.
#[derive(Clone, Debug)]
pub struct AlertLayer {
    /// The surprises of the last events, as a ring.
    recent: [f64; APART],
    /// Event number and height of earlier peaks.
    peaks: VecDeque<(u64, f64)>,
    index: u64,
}

impl Default for AlertLayer {
    fn default() -> Self {
        AlertLayer { recent: [0.0; APART], peaks: VecDeque::new(), index: 0 }
    }
}

impl AlertLayer {
    /// `surprise − 2·log10(1 + earlier peaks as high)` for an event above the 80 before it, else 0.
    pub fn step(&mut self, surprise: f64) -> f64 {
        let strength = if self.recent.iter().all(|recent| surprise > *recent) { self.peak(surprise) } else { 0.0 };
        self.recent[(self.index % APART as u64) as usize] = surprise;
        self.index += 1;
        strength
    }

    fn peak(&mut self, surprise: f64) -> f64 {
        let as_high = self.peaks.iter().filter(|peak| peak.1 >= surprise).count();
        match self.peaks.back_mut() {
            Some(last) if self.index - last.0 <= APART as u64 => *last = (self.index, surprise),
            _ => {
                if self.peaks.len() == PEAKS {
                    self.peaks.pop_front();
                }
                self.peaks.push_back((self.index, surprise));
            }
        }
        (surprise - 2.0 * (1.0 + as_high as f64).log10()).max(0.0)
    }
}

impl Channels {
    /// Adds them to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        self.leaky.iter().for_each(|number| checkpoint::put_float(out, *number));
        self.alerts.save(out);
    }

    /// Takes them up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Channels> {
        let mut channels = Channels::default();
        for number in &mut channels.leaky {
            *number = checkpoint::take_float(input)?;
        }
        channels.alerts = AlertLayer::restore(input)?;
        Some(channels)
    }
}

impl AlertLayer {
    /// Adds it to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        self.recent.iter().for_each(|number| checkpoint::put_float(out, *number));
        checkpoint::put(out, self.index);
        checkpoint::put_all(out, self.peaks.iter().map(|peak| peak.0));
        self.peaks.iter().for_each(|peak| checkpoint::put_float(out, peak.1));
    }

    /// Takes it up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<AlertLayer> {
        let mut layer = AlertLayer::default();
        for number in &mut layer.recent {
            *number = checkpoint::take_float(input)?;
        }
        layer.index = checkpoint::take_count(input)?;
        for index in checkpoint::take_all(input, PEAKS)? {
            layer.peaks.push_back((index, 0.0));
        }
        for peak in &mut layer.peaks {
            peak.1 = checkpoint::take_float(input)?;
        }
        layer.peaks.iter().all(|peak| peak.0 <= layer.index).then_some(layer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strengths(surprises: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let mut layer = AlertLayer::default();
        surprises.into_iter().map(|surprise| layer.step(surprise)).collect()
    }

    #[test]
    fn only_a_rise_above_the_last_eighty_events_passes() {
        let strengths = strengths((0..200).map(|i| if i == 100 || i == 150 { 5.0 } else { 1.0 }));
        assert_eq!(strengths[100], 5.0);
        assert_eq!(strengths[150], 0.0);
        assert_eq!(strengths.iter().filter(|strength| **strength > 0.0).count(), 2);
    }

    #[test]
    fn the_same_height_counts_less_every_time() {
        let strengths = strengths((0..400).map(|i| if i % 100 == 99 { 5.0 } else { 0.5 }));
        let high: Vec<f64> = strengths.into_iter().filter(|strength| *strength > 1.0).collect();
        assert_eq!(high, [5.0, 5.0 - 2.0 * 2f64.log10(), 5.0 - 2.0 * 3f64.log10(), 5.0 - 2.0 * 4f64.log10()]);
    }

    #[test]
    fn a_channel_leaks() {
        let mut channels = Channels::default();
        channels.step([3.0, 0.0, 1.0, 0.0], 0.5);
        let level = channels.step([0.0, 2.0, 0.9, 0.0], 0.5);
        assert_eq!((level.channels, level.surprise), ([0.0, 2.0, 0.9, 0.0], 2.5 + 2.0 + 0.9));
        assert_eq!(channels.step([0.0; 4], 0.5).surprise, 2.0 + 1.5 + 0.4);
    }
}
