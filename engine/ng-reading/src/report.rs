//! What reads the lines of a log, and how much it finds in them.

use crate::encoders::{Clock, ENCODERS};
use crate::formats::{Formats, name_of};
use crate::item::Item;
use crate::recogniser::Recogniser;
use ng_model::event::{Parsed, Reading};
use ng_model::symbols::Sym;
use ng_wire::Format;

/// Longest part of a line that is kept to be shown.
const SHOWN: usize = 500;

/// Gathers what reads the lines of one log.
pub struct Report {
    recogniser: Recogniser,
    parsed: Parsed,
    now_ns: i64,
    lines: u64,
    shares: Vec<Share>,
    first_unread: Option<(u64, Vec<u8>)>,
}

/// What one format reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Name of the declared format; that of the encoder where none reads the lines.
    pub name: &'static str,
    /// A declared format.
    pub is_declared: bool,
    /// Lines that it reads.
    pub lines: u64,
    /// Of these the ones that state a time.
    pub times: u64,
    /// Of these the ones that state a level.
    pub levels: u64,
}

impl Report {
    /// A report that tries these formats; stamps without a year are read as written at `now_ns`.
    pub fn new(formats: Formats, now_ns: i64) -> Report {
        let recogniser = Recogniser::new(Clock::utc()).trying(formats);
        Report { recogniser, parsed: Parsed::default(), now_ns, lines: 0, shares: Vec::new(), first_unread: None }
    }

    /// Takes what a reader hands on whose lines are not joined. What it cannot read is an error.
    pub fn take(&mut self, item: Item<'_>) -> Result<(), String> {
        match item {
            Item::Event(line) | Item::Cut { kept: line, .. } => self.line(line),
            Item::Hole(_) | Item::Ended { .. } => {}
            Item::Broken(problem) => return Err(problem.to_owned()),
        }
        Ok(())
    }

    /// Takes the next line. Empty ones are passed over.
    pub fn line(&mut self, raw: &[u8]) {
        self.lines += 1;
        let raw = raw.trim_ascii_end();
        if raw.is_empty() {
            return;
        }
        let now = self.now_ns;
        let reading = Reading { source: Sym::default(), received_ns: now, written_ns: now, format: Format::Text, raw };
        let encoder = ENCODERS[usize::from(self.recogniser.encode(&reading, &mut self.parsed))];
        let parsed = &self.parsed;
        let is_declared = parsed.declared != 0;
        let name = if is_declared { name_of(parsed.declared) } else { encoder.name };
        if !is_declared && encoder.format() == Format::Text && self.first_unread.is_none() {
            self.first_unread = Some((self.lines, raw[..raw.len().min(SHOWN)].to_vec()));
        }
        let same = |share: &Share| share.name == name && share.is_declared == is_declared;
        let place = self.shares.iter().position(same).unwrap_or_else(|| {
            self.shares.push(Share { name, is_declared, ..Share::default() });
            self.shares.len() - 1
        });
        let share = &mut self.shares[place];
        share.lines += 1;
        share.times += u64::from(parsed.time_ns.is_some());
        share.levels += u64::from(parsed.level.is_some());
    }

    /// What reads the lines so far, the largest share first.
    pub fn shares(&self) -> Vec<Share> {
        let mut shares = self.shares.clone();
        shares.sort_by_key(|share| std::cmp::Reverse(share.lines));
        shares
    }

    /// The first line that no declared format reads and that is nothing but text, with its number from 1 on.
    pub fn first_unread(&self) -> Option<(u64, &[u8])> {
        self.first_unread.as_ref().map(|(number, line)| (*number, line.as_slice()))
    }
}
