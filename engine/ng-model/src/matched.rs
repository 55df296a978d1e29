//! What the patterns stage says of one event, and the detectors read.

/// No field.
pub const NO_FIELD: u16 = u16::MAX;

/// The pattern of one event and how rare everything about it was before the event itself was counted.
///
/// All rarities are in bits, `−log2((count + 0.5) / (total + 1))`, over counts of the event's own source that are halved
/// whenever their total reaches 2^20.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Number of the pattern; a number is never given twice.
    pub pattern: u32,
    /// No known pattern was similar enough: this event started the pattern.
    pub is_new: bool,
    /// Events of the pattern before this one.
    pub count: u64,
    /// Events of the source before this one.
    pub source_total: u64,
    /// Rarity of the pattern within its source.
    pub template_bits: f32,
    /// Rarity of the rarest token; 0 when the message has no constant token.
    pub rarest_token_bits: f32,
    /// Mean rarity of the constant tokens; 0 when there are none.
    pub mean_token_bits: f32,
    /// Seconds since the pattern was last seen, by the events' own time; infinite for a new pattern, never negative.
    pub since_last_s: f32,
    /// `|length − mean| / sd` of the length in bytes within the pattern, where `sd` is at least one byte; 0 for the
    /// first two events of a pattern.
    pub length_deviation: f32,
    /// Share of ASCII digits among the bytes of the message, 0 to 1.
    pub digit_ratio: f32,
    /// The pattern of the source's event before this one; absent for the first event of a source.
    pub previous: Option<u32>,
    /// Rarity of this pattern after `previous`; 0 when there is no previous event.
    pub transition_bits: f32,
    /// The rarest value of a field that takes few; 0 when there is no such field.
    pub max_field_bits: f32,
    /// Mean rarity over the fields that take few values; 0 when there are none.
    pub mean_field_bits: f32,
    /// How much less likely than by chance or ever the share is that the value of a field, the least likely, has of late, by
    /// that before; in decades.
    pub field_shift: f32,
    /// How unlikely it is that a field has a value that it never had, in decades; 0 when none has.
    pub unheard: f32,
    /// The same of the share that warnings or errors have in the source.
    pub level_shift: f32,
    /// Rarity of the level within the source, of warnings and what is worse; 0 for others.
    pub level_bits: f32,
    /// The field of `max_field_bits`, by its place in [`Parsed::fields`](crate::event::Parsed::fields); [`NO_FIELD`] where
    /// there is none.
    pub rarest_field: u16,
    /// The same of `field_shift`.
    pub shifted_field: u16,
    /// The same of `unheard`.
    pub unheard_field: u16,
    /// Of `field_shift`, the share of late and the share before.
    pub field_shares: [f32; 2],
    /// The same of `level_shift`.
    pub level_shares: [f32; 2],
}

impl Match {
    /// A match of `pattern` with every number 0.
    pub fn of(pattern: u32) -> Self {
        Match {
            pattern,
            is_new: false,
            count: 0,
            source_total: 0,
            template_bits: 0.0,
            rarest_token_bits: 0.0,
            mean_token_bits: 0.0,
            since_last_s: 0.0,
            length_deviation: 0.0,
            digit_ratio: 0.0,
            previous: None,
            transition_bits: 0.0,
            max_field_bits: 0.0,
            mean_field_bits: 0.0,
            field_shift: 0.0,
            unheard: 0.0,
            level_shift: 0.0,
            level_bits: 0.0,
            rarest_field: NO_FIELD,
            shifted_field: NO_FIELD,
            unheard_field: NO_FIELD,
            field_shares: [0.0; 2],
            level_shares: [0.0; 2],
        }
    }
}
