//! Incidents in what is saved for the next start: those that go on and those that are over, with their symptoms.

use super::incident::{Incident, MAX_SYMPTOMS, Weight};
use super::symptom::TEXT;
use super::{Incidents, MAX_OPEN, MAX_OVER};
use ng_model::bins::Bins;
use ng_model::checkpoint::{
    put, put_bytes, put_float, put_u32, take, take_bytes, take_count, take_finite, take_flag, take_u32, take_up_to,
};
use ng_model::elapsed::Elapsed;
use ng_wire::{Level, Symptom, SymptomKind};

/// Most bytes of the name of a source.
const NAME: usize = 64 << 10;
/// The kinds by their number in a saved state.
const KINDS: [SymptomKind; 6] = [
    SymptomKind::Anomaly,
    SymptomKind::NewError,
    SymptomKind::Silence,
    SymptomKind::Rate,
    SymptomKind::Session,
    SymptomKind::Overdue,
];

impl Incidents {
    /// Adds them to a saved state.
    pub fn save(&self, out: &mut Vec<u8>) {
        self.clock.save(out);
        put(out, self.numbered);
        put_u32(out, self.open.len() as u32);
        put_u32(out, self.over.len() as u32);
        self.open.iter().chain(&self.over).for_each(|incident| save(incident, out));
    }

    /// Takes them up again, into one that has seen nothing; none when they are not valid. Those that went
    /// on end with the first tick if they were quiet for long enough meanwhile.
    pub fn restore(self, input: &mut &[u8]) -> Option<Incidents> {
        let clock = Elapsed::restore(input)?;
        let numbered = take_count(input)?;
        let (open, over) = (take_up_to(input, MAX_OPEN as u32)?, take_up_to(input, MAX_OVER as u32)?);
        let open = (0..open).map(|_| restore(input)).collect::<Option<_>>()?;
        let over = (0..over).map(|_| restore(input)).collect::<Option<_>>()?;
        Some(Incidents { clock, numbered, open, over, ..self })
    }
}

fn save(incident: &Incident, out: &mut Vec<u8>) {
    let Incident { number, started_ns, last_ns, touched_ns, count, symptoms, left_out, .. } = incident;
    [*number, *started_ns as u64, *last_ns as u64, *touched_ns as u64, *count, *left_out]
        .into_iter()
        .for_each(|word| put(out, word));
    incident.bins.save(out);
    put_u32(out, incident.is_late.into());
    put_u32(out, incident.is_over.into());
    put_u32(out, incident.times);
    put_u32(out, symptoms.len() as u32);
    for (weight, symptom) in symptoms {
        put_u32(out, *weight as u32);
        put_u32(out, KINDS.iter().position(|kind| *kind == symptom.kind).unwrap_or(0) as u32);
        put_bytes(out, symptom.source.as_bytes());
        put_u32(out, symptom.pattern.is_some().into());
        put_u32(out, symptom.pattern.unwrap_or(0));
        put_u32(out, symptom.level as u32);
        [symptom.count, symptom.first_seq, symptom.last_seq, symptom.first_ns as u64, symptom.last_ns as u64]
            .into_iter()
            .for_each(|word| put(out, word));
        put_float(out, symptom.strength.into());
        put_bytes(out, symptom.text.as_bytes());
        put_bytes(out, symptom.why.as_bytes());
    }
}

fn restore(input: &mut &[u8]) -> Option<Incident> {
    let number = take_count(input)?;
    let (started_ns, last_ns, touched_ns) = (take(input)? as i64, take(input)? as i64, take(input)? as i64);
    let (count, left_out, bins) = (take_count(input)?, take_count(input)?, Bins::restore(input)?);
    let (is_late, is_over, times) = (take_flag(input)?, take_flag(input)?, take_u32(input)?);
    let symptoms = (0..take_up_to(input, MAX_SYMPTOMS as u32)?).map(|_| symptom(input)).collect::<Option<Vec<_>>>()?;
    let is_valid = !symptoms.is_empty() && touched_ns >= 0;
    is_valid.then_some(Incident {
        number,
        started_ns,
        last_ns,
        touched_ns,
        is_late,
        is_over,
        times,
        count,
        symptoms,
        left_out,
        bins,
    })
}

fn symptom(input: &mut &[u8]) -> Option<(Weight, Symptom)> {
    let weight = *Weight::ALL.get(take_u32(input)? as usize)?;
    let kind = *KINDS.get(take_u32(input)? as usize)?;
    let source = text(input, NAME)?;
    let (has_pattern, pattern) = (take_flag(input)?, take_u32(input)?);
    let level = *Level::ALL.get(take_u32(input)? as usize)?;
    let (count, first_seq, last_seq) = (take_count(input)?, take(input)?, take(input)?);
    let (first_ns, last_ns) = (take(input)? as i64, take(input)? as i64);
    let strength = take_finite(input)? as f32;
    let symptom = Symptom {
        kind,
        source,
        pattern: has_pattern.then_some(pattern),
        level,
        count,
        first_seq,
        last_seq,
        first_ns,
        last_ns,
        strength,
        text: text(input, TEXT)?,
        why: text(input, TEXT)?,
    };
    Some((weight, symptom))
}

fn text(input: &mut &[u8], most: usize) -> Option<String> {
    String::from_utf8(take_bytes(input, most)?.to_vec()).ok()
}
