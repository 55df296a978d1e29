use super::*;

const AUTHOR: Author<'_> = Author { time_ns: 1_000, actor: "a", measured: None };

/// Makes a change and records it; how long the history is now.
fn recorded(overrides: &mut Overrides, change: impl FnOnce(&mut Overrides) -> Change) -> usize {
    let before = overrides.clone();
    let change = change(overrides);
    record(overrides, &before, change, AUTHOR);
    overrides.constitution.history.len()
}

fn weights(cognitive: f64) -> impl Fn(&mut Overrides) -> Change {
    move |overrides| {
        let mut weights = [1.0; DIMENSIONS];
        weights[4] = cognitive;
        set_weights(&mut overrides.constitution, None, Some(&weights));
        AmendmentKind::Weights.into()
    }
}

fn profile(name: &str) -> impl Fn(&mut Overrides) -> Change {
    move |overrides| {
        set_weights(&mut overrides.constitution, Some(name), None);
        AmendmentKind::Profile.into()
    }
}

#[test]
fn the_history_is_bounded_and_versions_that_left_it_are_named() {
    let mut overrides = Overrides::default();
    for number in 1..=250 {
        recorded(&mut overrides, weights(f64::from(number % 2) + 2.0));
    }
    let constitution = &overrides.constitution;
    assert_eq!((constitution.version, constitution.history.len()), (250, HISTORY));
    assert_eq!(version_of(constitution, 151).unwrap().weights[4], 3.0);
    let refusal = check_roll_back(constitution, 150).unwrap_err();
    assert_eq!(refusal.message, "version 150 is not remembered; there are 0 and 151 to 250");
    assert_eq!(version_of(constitution, 0).unwrap().weights, [1.0; DIMENSIONS]);
}

#[test]
fn what_changes_nothing_is_no_amendment() {
    let mut overrides = Overrides::default();
    assert_eq!(recorded(&mut overrides, weights(1.0)), 0);
    assert_eq!(recorded(&mut overrides, profile("neutral")), 0);
    assert_eq!(recorded(&mut overrides, |overrides| roll_back(overrides, 0)), 0);
    assert_eq!(recorded(&mut overrides, weights(2.0)), 1);
    assert_eq!(recorded(&mut overrides, weights(2.0)), 1);
}

#[test]
fn a_difference_names_profile_dimensions_and_rules() {
    let Constitution { profile, weights, .. } = Constitution::default();
    let from = Revision { profile, weights, rules: BTreeMap::from([("a.b".into(), SettingValue::Int(1))]) };
    let mut to = from.clone();
    to.profile = "explorer".into();
    to.weights[1] = 1.5;
    to.rules = BTreeMap::from([("a.c".into(), SettingValue::Text("x".into()))]);
    let expect =
        ["profile neutral → explorer", "sensory 1 → 1.5", "a.b 1 → as configured", "a.c as configured → \"x\""];
    assert_eq!(diff(&from, &to), expect);
    assert_eq!(diff(&from, &from), Vec::<String>::new());
}

#[test]
fn what_an_earlier_run_left_behind_is_put_in_order() {
    let mut overrides = Overrides::default();
    recorded(&mut overrides, weights(2.0));
    recorded(&mut overrides, |overrides| start_trial(&mut overrides.constitution, 60, Some("creative"), None, AUTHOR));
    let (reverted, refused) = recover(&mut overrides, 5_000);
    let reverted = reverted.unwrap();
    assert_eq!((reverted.kind, reverted.time_ns, refused), (AmendmentKind::TrialReverted, 5_000, None));
    assert_eq!((overrides.constitution.trial.clone(), overrides.constitution.weights[4]), (None, 2.0));
    assert_eq!(recover(&mut overrides, 6_000), (None, None), "once");

    overrides.constitution.weights[4] = 31.0;
    let refused = recover(&mut overrides, 7_000).1;
    assert_eq!(refused, Some("cdna.cognitive: expected a number from 0 to 30".into()));
    assert_eq!(overrides.constitution.weights, [1.0; DIMENSIONS]);

    let mut older = Overrides::default();
    older.settings.insert("guardian".into(), BTreeMap::from([("bounds.mode".into(), SettingValue::Text("x".into()))]));
    assert_eq!(recover(&mut older, 8_000), (None, None));
    assert_eq!(older.constitution.version, 1);
    assert_eq!(older.constitution.history[0].changes, ["bounds.mode as configured → \"x\""]);
}
