//! From a reading to its event: what wraps the line is found, and what is inside has a declared format, or is read by the first
//! encoder that accepts it.

use crate::encoders::{Clock, ENCODERS, Encoder, TEXT, stack_trace};
use crate::formats::{FormatDetector, Formats};
use crate::unwrap::Wrappers;
use ng_model::event::{Parsed, Reading};
use ng_model::symbols::Sym;
use ng_wire::Format;

/// Finds events in readings. What it remembers of a source follows from the lines of that source alone.
#[derive(Clone, Debug)]
pub struct Recogniser {
    /// How stamps are read that leave something open, and the words of levels and keys.
    pub clock: Clock,
    formats: FormatDetector,
}

impl Recogniser {
    /// One that knows no declared formats.
    pub fn new(clock: Clock) -> Recogniser {
        Recogniser { clock, formats: FormatDetector::default() }
    }

    /// The same for lines of text that may have declared formats.
    pub fn trying(self, formats: Formats) -> Recogniser {
        Recogniser { formats: FormatDetector::of(formats), ..self }
    }

    /// Finds the event in a reading and returns the index of the encoder that recognised it. Every reading is an event: what
    /// nothing else recognises is text.
    pub fn encode(&self, reading: &Reading<'_>, parsed: &mut Parsed) -> u8 {
        self.within_wrappers(reading, parsed, |inner, parsed| {
            let expects_row = self.formats.expects_columns(inner.source);
            if expects_row && self.accepts(ENCODERS[TEXT], inner, parsed) && parsed.declared != 0 {
                return TEXT as u8;
            }
            let found = ENCODERS.iter().position(|encoder| self.accepts(encoder, inner, parsed));
            found.unwrap_or(TEXT) as u8
        })
    }

    /// When the event that was found in a reading happened, nanoseconds since 1970, UTC. Text that states no time has that of
    /// the event before it; anything else, such as a number, happened when it was received.
    pub fn time_ns(&self, reading: &Reading<'_>, parsed: &Parsed) -> i64 {
        let is_text = parsed.format == Format::Text;
        self.clock.event_time_ns(parsed.time_ns, is_text, reading)
    }

    fn accepts(&self, encoder: &Encoder, reading: &Reading<'_>, parsed: &mut Parsed) -> bool {
        if encoder.format() == Format::Text {
            parsed.clear();
            if self.formats.read(reading, &self.clock, parsed) {
                parsed.format = Format::Text;
                stack_trace::read(reading.raw, parsed);
                return true;
            }
        }
        encoder.parse(reading, &self.clock, parsed)
    }

    /// Reads what is inside the wrappers of a reading, and adds what they say.
    fn within_wrappers<T>(
        &self,
        reading: &Reading<'_>,
        parsed: &mut Parsed,
        read: impl FnOnce(&Reading<'_>, &mut Parsed) -> T,
    ) -> T {
        let Some(wrappers) = Wrappers::of(reading.raw, &self.clock.vocabulary) else { return read(reading, parsed) };
        let inner = Reading { raw: &reading.raw[wrappers.inner()..], ..*reading };
        let time_ns = wrappers.time_ns(reading, &self.clock);
        let found = self.clock.within(time_ns, || read(&inner, parsed));
        wrappers.complete(reading, time_ns, &self.clock, parsed);
        found
    }
}

/// Finds the event in stored bytes of a known format, and of the declared format of a number. Gives what [`Recogniser::encode`]
/// gave when it chose these, but for the time where it has no zone: of that only the place is known, and the record has it.
pub fn reparse(format: Format, declared: u16, raw: &[u8], received_ns: i64, parsed: &mut Parsed) {
    let recogniser = Recogniser { clock: Clock::utc(), formats: FormatDetector::again(declared) };
    let reading = Reading { source: Sym::default(), received_ns, written_ns: received_ns, format, raw };
    let known = ENCODERS.iter().find(|encoder| encoder.format() == format);
    recogniser.within_wrappers(&reading, parsed, |inner, parsed| {
        if !known.is_some_and(|encoder| recogniser.accepts(encoder, inner, parsed)) {
            recogniser.accepts(ENCODERS[TEXT], inner, parsed);
        }
    });
}
