//! Whether something has become more frequent than it was: of the latest events, older ones counting less and less.

use crate::checkpoint::{put_u32, take_u32, take_up_to};

/// Sum of the weights of the latest events.
const WEIGHT: f32 = 64.0;
/// Events before which nothing is said.
pub const FIRST: u32 = 200;
/// Less weight than this is chance.
const LEAST: f32 = 6.0;
/// Events behind which nothing is left of a weight.
const FORGOTTEN: usize = 1024;

/// What is left of a weight after so many events.
static FADED: [f32; FORGOTTEN] = {
    let mut faded = [1.0; FORGOTTEN];
    let mut at = 1;
    while at < FORGOTTEN {
        faded[at] = faded[at - 1] * (1.0 - 1.0 / WEIGHT);
        at += 1;
    }
    faded
};

fn faded(events: u32) -> f32 {
    FADED.get(events as usize).copied().unwrap_or(0.0)
}

/// How much of something is among the latest events, when it came last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recent {
    weight: f32,
    at: u32,
    /// When it came after a pause, and how often since.
    began: u32,
    since: u32,
}

impl Recent {
    /// Counts it at the event `now`.
    pub fn step(&mut self, now: u32) {
        let passed = now.wrapping_sub(self.at);
        self.weight = self.weight * faded(passed) + 1.0;
        self.at = now;
        if passed > PAUSE {
            (self.began, self.since) = (now, 0);
        } else {
            self.since = self.since.saturating_add(1);
        }
    }

    /// How unlikely it is that there is so much of it, when it was seen `count` times in `total` events before; in decades, 0
    /// where that is no more than before.
    ///
    /// The bound of Chernoff, `P(share ≥ s) ≤ exp(−W·KL(s ‖ p))` for independent events with weights of at most 1 and the
    /// sum `W`: of the latest, or of those since the first after a pause while they are fewer. The share before, `p`, leaves the latest events out, as
    /// far as their weight goes.
    pub fn shift(&self, count: u32, total: u32) -> f64 {
        if total < FIRST || self.weight < LEAST && (self.since as f32) < LEAST {
            return 0.0;
        }
        let earlier = (f64::from(count) - f64::from(self.weight)).max(0.0) + 1.0;
        let before = earlier / (f64::from(total) - f64::from(WEIGHT) + 2.0);
        let of_latest = if self.weight < LEAST { 0.0 } else { bound(WEIGHT, self.weight / WEIGHT, before) };
        let events = self.at.wrapping_sub(self.began) as f32;
        let since = self.since as f32;
        let is_short = since >= LEAST && events <= WEIGHT;
        of_latest.max(if is_short { bound(events, since / events, before) } else { 0.0 })
    }

    /// The share of late and the share before of what [`Recent::shift`] is asked of.
    pub fn shares(&self, count: u32, total: u32) -> [f32; 2] {
        let earlier = (count as f32 - self.weight).max(0.0);
        let events = self.at.wrapping_sub(self.began) as f32;
        let share = if events < WEIGHT { self.since as f32 / events.max(1.0) } else { self.weight / WEIGHT };
        [share.min(1.0), earlier / (total as f32 - WEIGHT).max(1.0)]
    }

    /// Adds it to a saved state.
    pub fn save(&self, out: &mut Vec<u8>) {
        [self.weight.to_bits(), self.at, self.began, self.since].into_iter().for_each(|number| put_u32(out, number));
    }

    /// Takes it up again; none when it is not valid.
    pub fn restore(input: &mut &[u8]) -> Option<Self> {
        let weight = Some(f32::from_bits(take_u32(input)?)).filter(|weight| weight.is_finite())?;
        Some(Recent { weight, at: take_u32(input)?, began: take_u32(input)?, since: take_u32(input)? })
    }
}

/// Decades of the bound for events of the weight; 0 where the share is not well above that before.
fn bound(weight: f32, share: f32, before: f64) -> f64 {
    let share = f64::from(share).min(1.0);
    if share <= 1.5 * before {
        return 0.0;
    }
    let rest = if share < 1.0 { (1.0 - share) * ((1.0 - share) / (1.0 - before)).ln() } else { 0.0 };
    f64::from(weight) * (share * (share / before).ln() + rest) * std::f64::consts::LOG10_E
}

/// Decades that one event in a thousand has by chance.
const CHANCE: f32 = 3.0;
/// Decades from which on something is out of the ordinary, for so many events after the last such.
const OUT: f32 = 1.0;
const LASTS: u32 = 64;
/// Decades from which on an excursion is taken to be told; then it says nothing until it is half as far out again.
const TOLD: f32 = 5.0;
const FARTHER: f32 = 1.5;
/// What is left of the highest when another excursion has ended.
const LEFT: f32 = 0.98;

/// How far something was out of the ordinary at times. What comes in bursts by nature is as far out at each of them, and that is
/// no news when it has been so twice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Excursions {
    /// The highest of the present one, when it was out last, and what of it is told.
    peak: f32,
    last: u32,
    told: f32,
    /// The highest, and the second, of those that have ended.
    highest: f32,
    second: f32,
}

impl Excursions {
    /// By how many decades it is farther out at the event `now` than comes by chance, and than it was twice; 0 where that was
    /// told.
    pub fn step(&mut self, decades: f64, now: u32) -> f64 {
        let decades = decades as f32;
        if decades < OUT {
            return 0.0;
        }
        if now.wrapping_sub(self.last) > LASTS {
            self.end();
        }
        (self.peak, self.last) = (self.peak.max(decades), now);
        let beyond = (decades - self.second.max(CHANCE)).max(0.0);
        if beyond < FARTHER * self.told {
            return 0.0;
        }
        if beyond >= TOLD {
            self.told = beyond;
        }
        f64::from(beyond)
    }

    fn end(&mut self) {
        let peak = std::mem::take(&mut self.peak);
        self.told = 0.0;
        let highest = self.highest * LEFT;
        self.highest = highest.max(peak);
        self.second = (self.second * LEFT).max(peak.min(highest));
    }

    /// Adds them to a saved state.
    pub fn save(&self, out: &mut Vec<u8>) {
        [self.peak, self.told, self.highest, self.second].iter().for_each(|number| put_u32(out, number.to_bits()));
        put_u32(out, self.last);
    }

    /// Takes them up again; none when they are not valid.
    pub fn restore(input: &mut &[u8]) -> Option<Excursions> {
        let mut single = || take_u32(input).map(f32::from_bits).filter(|number| number.is_finite());
        let (peak, told, highest, second) = (single()?, single()?, single()?, single()?);
        Some(Excursions { peak, told, highest, second, last: take_u32(input)? })
    }
}

/// Events before anything is said of an onset, and those of them before it: what begins with the stream has no past.
const KNOWN: u32 = 50;
const PAST: u32 = 30;
/// Events without it behind which it begins anew.
const PAUSE: u32 = 16;

/// When something began to come, in a stream that is too young for [`Recent`]: all events from then on are the latest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Onset {
    /// Events, those in which it came, and where it came last.
    total: u32,
    count: u32,
    last: u32,
    /// Events, and those in which it came, before it began.
    began: u32,
    before: u32,
    excursions: Excursions,
}

impl Onset {
    /// Counts an event. Where it comes, by how many decades the share of it since it began is less likely than comes by chance,
    /// with that share and the one before; nothing from the 200th event on.
    pub fn step(&mut self, comes: bool) -> (f64, [f32; 2]) {
        let at = self.total;
        if at >= FIRST {
            return Default::default();
        }
        self.total += 1;
        if !comes {
            return Default::default();
        }
        if self.count == 0 || at - self.last > PAUSE {
            (self.began, self.before) = (at, self.count);
        }
        (self.count, self.last) = (self.count + 1, at);
        let (late, events) = (self.count - self.before, self.total - self.began);
        if self.total < KNOWN || self.began < PAST || late < LEAST as u32 {
            return Default::default();
        }
        let share = late as f32 / events as f32;
        let decades = bound(events as f32, share, f64::from(self.before + 1) / f64::from(self.began + 2));
        (self.excursions.step(decades, at), [share, self.before as f32 / self.began as f32])
    }

    /// Adds it to a saved state.
    pub fn save(&self, out: &mut Vec<u8>) {
        let Onset { total, count, last, began, before, excursions } = self;
        [total, count, last, began, before].into_iter().for_each(|number| put_u32(out, *number));
        excursions.save(out);
    }

    /// Takes it up again; none when it is not valid.
    pub fn restore(input: &mut &[u8]) -> Option<Onset> {
        let total = take_up_to(input, FIRST)?;
        let (count, last) = (take_up_to(input, total)?, take_up_to(input, total)?);
        let began = take_up_to(input, last)?;
        let before = take_up_to(input, count.min(began))?;
        Some(Onset { total, count, last, began, before, excursions: Excursions::restore(input)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excursion_is_news_twice_and_then_a_habit_that_is_forgotten() {
        let mut excursions = Excursions::default();
        let mut burst = |at: u32, decades: f64| (0..20).map(|i| excursions.step(decades, at + i)).fold(0.0, f64::max);
        assert_eq!([burst(1000, 9.0), burst(2000, 9.0)], [6.0, 6.0]);
        assert!(burst(3000, 9.0) < 1.0 && burst(4000, 14.0) > 5.0);
        (0..100).for_each(|i| _ = burst(5000 + 100 * i, 2.0));
        assert_eq!(burst(20_000, 9.0), 6.0);
        assert_eq!(burst(30_000, 2.9), 0.0);
    }

    #[test]
    fn an_excursion_that_goes_on_is_told_again_when_it_is_half_as_far_out_again() {
        let mut excursions = Excursions::default();
        let said: Vec<f64> = [6.0, 7.5, 9.0, 9.5, 12.0, 12.5].map(|decades| excursions.step(decades, 500)).into();
        assert_eq!(said, [3.0, 4.5, 6.0, 0.0, 9.0, 0.0]);
    }

    #[test]
    fn a_share_of_a_fifth_where_it_was_a_two_hundredth_is_one_in_ten_thousand_million() {
        let recent = |weight| Recent { weight, ..Recent::default() };
        let decades = recent(12.8).shift(5 + 13, 1064);
        assert!((13.0..16.0).contains(&decades), "{decades}");
        assert_eq!(recent(0.3).shift(5, 1000), 0.0);
        assert_eq!(recent(12.8).shift(5, 100), 0.0);
    }

    #[test]
    fn a_fifth_of_those_since_a_pause_is_unlikely_before_it_is_much_of_the_latest() {
        let mut recent = Recent::default();
        (1..=7).for_each(|time| recent.step(2000 + 5 * time));
        let (decades, alone) = (recent.shift(10 + 6, 2035), Recent { since: 0, ..recent }.shift(10 + 6, 2035));
        assert!(decades > 6.6 && alone < 5.5, "{decades} {alone}");
        assert!((recent.shares(10 + 6, 2035)[0] - 0.2).abs() < 1e-6);
        recent.step(2200);
        assert_eq!(recent.shift(10 + 7, 2200), 0.0, "a pause");
    }

    #[test]
    fn what_begins_to_come_in_a_young_stream_is_unlikely_and_what_it_began_with_is_not() {
        let most = |events: &dyn Fn(u32) -> bool| {
            let mut onset = Onset::default();
            (0..400).map(|at| onset.step(events(at)).0).fold(0.0, f64::max)
        };
        assert!(most(&|at| at >= 60 && at.is_multiple_of(2)) > 6.0, "every second from the sixtieth on");
        assert!(most(&|at| at >= 45) > 6.0, "it is told from the fiftieth on");
        assert_eq!(
            most(&|at| !(20..=240).contains(&at)),
            0.0,
            "it came from the beginning, and when it is for the shares"
        );
        assert_eq!(most(&|at| at.is_multiple_of(3)), 0.0);
        assert_eq!(most(&|at| at.is_multiple_of(17)), 0.0);
        let mut onset = Onset::default();
        let said: Vec<_> = (0..80).map(|at| onset.step(at == 9 || at >= 60)).filter(|said| said.0 > 0.0).collect();
        assert_eq!(said[0].1, [1.0, 1.0 / 60.0]);
    }

    #[test]
    fn weights_fade_by_a_sixty_fourth() {
        assert_eq!((faded(0), faded(1), faded(u32::MAX)), (1.0, 1.0 - 1.0 / 64.0, 0.0));
        assert!((faded(64) - 0.365).abs() < 0.001);
    }

    #[test]
    fn every_count_is_a_number() {
        for (recent, count, total) in [(64.0, 300, 300), (70.0, 0, 200), (5.0, 200, 200), (64.0, 1, 1 << 20)] {
            for (at, since) in [(7, 7), (1000, 999), (u32::MAX, 8)] {
                let decades = Recent { weight: recent, at, began: 0, since }.shift(count, total);
                assert!(decades.is_finite(), "{recent} {at} {since} {count} {total}");
            }
        }
    }
}
