//! The eight dimensions with their ranges, and the profiles: sets of weights with a name.

use ng_model::settings::nearest;
use ng_wire::{DIMENSIONS, NEUTRAL, ProfileView, Zone};

/// A dimension: its name and the largest weight that is accepted.
#[derive(Debug)]
pub struct Dimension {
    /// Its name.
    pub name: &'static str,
    /// Largest weight; the smallest is 0.
    pub limit: f64,
}

/// The dimensions, in the order of the eight numbers of a vector.
pub static TABLE: [Dimension; DIMENSIONS] = [
    Dimension { name: "physical", limit: 20.0 },
    Dimension { name: "sensory", limit: 20.0 },
    Dimension { name: "motor", limit: 20.0 },
    Dimension { name: "emotional", limit: 20.0 },
    Dimension { name: "cognitive", limit: 30.0 },
    Dimension { name: "social", limit: 20.0 },
    Dimension { name: "temporal", limit: 20.0 },
    Dimension { name: "abstract", limit: 50.0 },
];

/// A set of weights with a name.
#[derive(Debug)]
pub struct Profile {
    /// Its name.
    pub name: &'static str,
    /// One sentence: what it is for.
    pub summary: &'static str,
    /// Its weights; those of a published profile may lie beyond a limit.
    pub weights: [f64; DIMENSIONS],
    /// Plasticity and rate of evolution as published, 0 to 1. Nothing here depends on them.
    published: Option<(f64, f64)>,
    /// How far a weight may be set from its own while the profile is in force.
    pub max_change: Option<f64>,
}

/// Every profile; the first is in force until another is chosen.
pub static PROFILES: [Profile; 5] = [
    Profile {
        name: NEUTRAL,
        summary: "All dimensions count alike: nothing is weighed.",
        weights: [1.0; DIMENSIONS],
        published: None,
        max_change: None,
    },
    Profile {
        name: "explorer",
        summary: "Weighs the later dimensions somewhat more, for streams that are not known yet.",
        weights: [1.0, 1.5, 1.2, 2.0, 3.0, 2.5, 2.0, 5.0],
        published: Some((0.8, 0.5)),
        max_change: None,
    },
    Profile {
        name: "analyzer",
        summary: "Looks at few dimensions closely: cognitive and abstract outweigh the others.",
        weights: [1.0, 1.0, 1.0, 1.5, 10.0, 5.0, 3.0, 20.0],
        published: Some((0.2, 0.1)),
        max_change: None,
    },
    Profile {
        name: "creative",
        summary: "Each dimension outweighs the one before it; temporal lies beyond its limit.",
        weights: [1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0],
        published: Some((0.95, 0.8)),
        max_change: None,
    },
    Profile {
        name: "quarantine",
        summary: "Nearly neutral, and its weights may be changed by no more than 0.5.",
        weights: [1.0, 1.0, 1.0, 1.0, 2.0, 1.5, 1.0, 3.0],
        published: Some((0.1, 0.0)),
        max_change: Some(0.5),
    },
];

impl Profile {
    /// The wire form.
    pub fn view(&self) -> ProfileView {
        ProfileView {
            name: self.name.into(),
            summary: self.summary.into(),
            weights: self.weights,
            plasticity: self.published.map(|(plasticity, _)| plasticity),
            evolution_rate: self.published.map(|(_, evolution_rate)| evolution_rate),
            max_change: self.max_change,
        }
    }

    /// Whether these weights may stand under the profile. Its own always may; the refusal names the dimension.
    pub fn accept(&self, weights: &[f64; DIMENSIONS]) -> Result<(), String> {
        if *weights == self.weights {
            return Ok(());
        }
        if let Some(fault) = faults(weights).into_iter().next() {
            return Err(fault);
        }
        let Some(most) = self.max_change else { return Ok(()) };
        for ((dimension, weight), own) in TABLE.iter().zip(weights).zip(self.weights) {
            if (weight - own).abs() > most {
                let (low, high) = ((own - most).max(0.0), (own + most).min(dimension.limit));
                let (name, profile) = (dimension.name, self.name);
                return Err(format!("{name}: expected a number from {low} to {high} in the profile {profile}"));
            }
        }
        Ok(())
    }
}

/// The profile of a name, or a refusal that names the one most like it.
pub fn find(name: &str) -> Result<&'static Profile, String> {
    PROFILES.iter().find(|profile| profile.name == name).ok_or_else(|| {
        let hint = nearest(name, PROFILES.iter().map(|profile| profile.name));
        let hint = hint.map_or(String::new(), |name| format!("; did you mean {name}?"));
        format!("unknown profile {name}{hint}")
    })
}

/// What is wrong with weights, dimension by dimension; empty when they are accepted.
pub fn faults(weights: &[f64; DIMENSIONS]) -> Vec<String> {
    let outside = TABLE.iter().zip(weights).filter(|(dimension, weight)| !(0.0..=dimension.limit).contains(*weight));
    let mut faults: Vec<String> = outside
        .map(|(dimension, _)| format!("{}: expected a number from 0 to {}", dimension.name, dimension.limit))
        .collect();
    if weights.iter().all(|weight| *weight == 0.0) {
        faults.push("weights: expected at least one above 0".into());
    }
    faults
}

/// Weights that are accepted and yet high, in words.
pub fn warnings(weights: &[f64; DIMENSIONS]) -> Vec<String> {
    let high = TABLE.iter().zip(weights).filter_map(|(dimension, weight)| {
        let share = match zone(*weight, dimension.limit) {
            Zone::Safe | Zone::Beyond => return None,
            Zone::Caution => "caution: more than half",
            Zone::Danger => "danger: more than three quarters",
        };
        Some(format!("{}: {weight} is in the zone {share} of {}", dimension.name, dimension.limit))
    });
    high.collect()
}

/// Where a weight stands below its limit.
pub fn zone(weight: f64, limit: f64) -> Zone {
    match weight / limit {
        share if share > 1.0 => Zone::Beyond,
        share if share > 0.75 => Zone::Danger,
        share if share > 0.5 => Zone::Caution,
        _ => Zone::Safe,
    }
}

/// Where the measured effect of a weight stands.
pub fn zone_of_effect(effect: f64) -> Zone {
    match effect {
        effect if effect > 0.5 => Zone::Danger,
        effect if effect > 0.25 => Zone::Caution,
        _ => Zone::Safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(dimension: usize, weight: f64) -> [f64; DIMENSIONS] {
        let mut weights = [1.0; DIMENSIONS];
        weights[dimension] = weight;
        weights
    }

    #[test]
    fn zones_begin_above_half_and_three_quarters() {
        for (weight, limit, expect) in [
            (0.0, 20.0, Zone::Safe),
            (10.0, 20.0, Zone::Safe),
            (10.1, 20.0, Zone::Caution),
            (15.0, 20.0, Zone::Caution),
            (15.1, 20.0, Zone::Danger),
            (20.0, 20.0, Zone::Danger),
            (20.1, 20.0, Zone::Beyond),
            (34.0, 50.0, Zone::Caution),
        ] {
            assert_eq!(zone(weight, limit), expect, "{weight} of {limit}");
        }
        assert_eq!(
            warnings(&[1.0, 1.0, 1.0, 1.0, 16.0, 1.0, 15.5, 1.0]),
            [
                "cognitive: 16 is in the zone caution: more than half of 30",
                "temporal: 15.5 is in the zone danger: more than three quarters of 20",
            ]
        );
    }

    #[test]
    fn faults_name_the_dimension() {
        let neutral = &PROFILES[0];
        for (weights, expect) in [
            (with(0, 20.1), "physical: expected a number from 0 to 20"),
            (with(4, 31.0), "cognitive: expected a number from 0 to 30"),
            (with(7, 50.5), "abstract: expected a number from 0 to 50"),
            (with(2, -0.1), "motor: expected a number from 0 to 20"),
            (with(2, f64::NAN), "motor: expected a number from 0 to 20"),
            (with(2, f64::INFINITY), "motor: expected a number from 0 to 20"),
            ([0.0; DIMENSIONS], "weights: expected at least one above 0"),
        ] {
            assert_eq!(neutral.accept(&weights), Err(expect.into()));
        }
        assert_eq!(neutral.accept(&with(4, 30.0)), Ok(()));
        assert_eq!(faults(&[21.0, 1.0, 1.0, 1.0, 1.0, 1.0, 21.0, 1.0]).len(), 2);
    }

    #[test]
    fn a_profile_accepts_its_own_weights_and_a_restricted_one_little_else() {
        for profile in &PROFILES {
            assert_eq!(profile.accept(&profile.weights), Ok(()), "{}", profile.name);
            assert!(profile.summary.ends_with('.'));
        }
        let creative = find("creative").unwrap();
        assert_eq!(zone(creative.weights[6], TABLE[6].limit), Zone::Beyond);
        let mut near = creative.weights;
        near[0] = 2.0;
        assert_eq!(creative.accept(&near), Err("temporal: expected a number from 0 to 20".into()));
        let quarantine = find("quarantine").unwrap();
        let mut near = quarantine.weights;
        near[4] = 2.5;
        assert_eq!(quarantine.accept(&near), Ok(()));
        near[4] = 2.6;
        let refusal = "cognitive: expected a number from 1.5 to 2.5 in the profile quarantine";
        assert_eq!(quarantine.accept(&near), Err(refusal.into()));
        assert_eq!(find("analyser").unwrap_err(), "unknown profile analyser; did you mean analyzer?");
    }
}
