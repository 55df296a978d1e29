//! Rules that are valid and hardly what was meant.

use crate::actions::AlertRule;
use ng_filter::Env;

#[test]
fn what_is_warned_of() {
    let never = "no event passes its filter, so that it never fires";
    let cases: &[(&str, &[&str])] = &[
        ("when level>=error then notify", &[]),
        ("when verdict:reject then notify", &[]),
        ("when type:alert.firing then notify", &[never]),
        ("when level>=error level<warn count >= 3 in 1m then log", &[never]),
        ("when anomaly>1 then log", &[never]),
        ("when type:alert.** absent for 1m then log", &["no event passes its filter, so that it always fires"]),
        ("when refused and timeout then log", &["and is searched for; a blank means and: refused timeout"]),
        (
            "when new source:app then log",
            &["new is searched for; events that are new are written behind the filter: when source:app new"],
        ),
        ("when new then log", &[]),
        ("when source:app new then log", &[]),
        ("when no backup for 10m then log", &["no is searched for; an absence is written FILTER absent for TIME"]),
        ("when \"no backup\" for 10m then log", &[]),
        ("when no route then log", &[]),
    ];
    let env = Env::default();
    for (text, expect) in cases {
        assert_eq!(AlertRule::parse("name", text, &env).expect(text).warnings(&env), *expect, "{text}");
    }
}
