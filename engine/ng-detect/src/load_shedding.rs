//! Chooses the profile by load: lite when the way in stays crowded, full again when it has been calm for longer.

/// The way in is crowded from this share of its places on.
const CROWDED: f64 = 0.75;
/// It is calm up to this share.
const CALM: f64 = 0.25;
/// Seconds of crowding after which the lite profile is taken.
const CROWDED_S: f64 = 5.0;
/// Seconds of calm after which the full profile is taken again. Longer, so that the profile does not swing.
const CALM_S: f64 = 60.0;

/// How long the way in has been crowded or calm.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadShedding {
    crowded_s: f64,
    calm_s: f64,
    is_lite: bool,
    switches: u64,
}

impl LoadShedding {
    /// Takes the share of the way in that is taken, 0 to 1, and the seconds since the last call. Returns whether the profile
    /// is to be lite, when that changes.
    pub fn tick(&mut self, share: f64, elapsed_s: f64) -> Option<bool> {
        self.crowded_s = if share >= CROWDED { self.crowded_s + elapsed_s } else { 0.0 };
        self.calm_s = if share <= CALM { self.calm_s + elapsed_s } else { 0.0 };
        let is_lite = if self.is_lite { self.calm_s < CALM_S } else { self.crowded_s >= CROWDED_S };
        let changed = is_lite != self.is_lite;
        self.is_lite = is_lite;
        self.switches += u64::from(changed);
        changed.then_some(is_lite)
    }

    /// The lite profile is in force for the load.
    pub fn is_lite(&self) -> bool {
        self.is_lite
    }

    /// Changes of the profile since the start.
    pub fn switches(&self) -> u64 {
        self.switches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_follows_lasting_load_only() {
        let mut load = LoadShedding::default();
        let mut run = |share: f64, seconds: u32| (0..seconds).filter_map(|_| load.tick(share, 1.0)).collect::<Vec<_>>();
        assert_eq!(run(1.0, 4), Vec::<bool>::new());
        assert_eq!(run(0.5, 1), Vec::<bool>::new(), "the crowding was over");
        assert_eq!(run(1.0, 10), [true]);
        assert_eq!(run(0.0, 59), Vec::<bool>::new());
        assert_eq!(run(0.5, 1), Vec::<bool>::new(), "the calm was over");
        assert_eq!(run(0.0, 100), [false]);
        assert_eq!(load.switches(), 2);
    }
}
