//! Whether the samples of a format come out.

use super::declared::Declared;
use super::fault::Fault;
use super::fields::Meaning;
use super::sample::Sample;
use crate::encoders::Clock;
use ng_model::event::Parsed;

/// What is wrong with the samples of a format.
pub(super) fn samples(format: &Declared) -> Vec<Fault> {
    let mut parsed = Parsed::default();
    let mut faults = Vec::new();
    for sample in &format.samples {
        let mut tell = |what: String| faults.push(Fault { place: sample.place.clone(), what });
        parsed.clear();
        // Each is of a source of its own: times without a date depend on those before.
        if !format.read(&sample.reading(), &Clock::utc(), &mut parsed) {
            tell("sample: the pattern does not read this line".into());
            continue;
        }
        sample.differences(&parsed).into_iter().for_each(|what| tell(format!("sample: {what}")));
        shapes(format, sample, &parsed).into_iter().for_each(|what| tell(format!("sample: {what}")));
    }
    faults
}

/// Values that do not look like what their fields are.
fn shapes(format: &Declared, sample: &Sample, parsed: &Parsed) -> Vec<String> {
    let groups = format.patterns().iter().flat_map(|pattern| &pattern.groups);
    let mut found = Vec::new();
    for group in groups {
        let Some(field) = parsed.field(sample.line.as_bytes(), group.name) else { continue };
        let value = String::from_utf8_lossy(field.value.span.of(sample.line.as_bytes()));
        let expected = match &group.meaning {
            Meaning::Text(shape, _) => shape.expects(&value),
            Meaning::Number(..) if field.number.is_nan() => Some("a number"),
            _ => None,
        };
        let told = expected.map(|expected| format!("{} is {value}, expected {expected}", group.name));
        found.extend(told.filter(|told| !found.contains(told)).into_iter().collect::<Vec<_>>());
    }
    found
}
