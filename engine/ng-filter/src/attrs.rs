//! Attributes: fields of the raw bytes, which are parsed again when a filter asks for one.

use ng_model::event::{Field, Parsed};
use ng_model::record::StoredRecord;
use ng_reading::encoders;
use ng_reading::recogniser::reparse;
use ng_wire::Format;
use std::borrow::Cow;

/// The value of attribute `key` as bytes, and as a number (NaN when it is none). Parses the raw bytes into `scratch`.
pub fn attr<'a>(stored: &StoredRecord<'a>, key: &str, scratch: &mut Parsed) -> Option<(Cow<'a, [u8]>, f64)> {
    parse(stored, scratch);
    find(stored, key, scratch).map(|(text, field)| (text, field.number))
}

/// Parses the raw bytes.
pub(super) fn parse(stored: &StoredRecord<'_>, parsed: &mut Parsed) {
    reparse(stored.head.format, stored.head.declared, stored.raw, stored.head.received_ns, parsed);
}

/// An attribute of an event that was parsed into `parsed`.
pub(super) fn find<'a>(stored: &StoredRecord<'a>, key: &str, parsed: &Parsed) -> Option<(Cow<'a, [u8]>, Field)> {
    let field = parsed.field(stored.raw, key)?;
    Some((text_of(stored, field), *field))
}

/// The value of a field as filters compare it.
pub fn text_of<'a>(stored: &StoredRecord<'a>, field: &Field) -> Cow<'a, [u8]> {
    encoders::message_text(stored.head.format, stored.raw, field.value)
}

/// The message is its bytes as they stand. Journald may write it as escaped text or as a list of byte values.
pub(super) fn is_plain(stored: &StoredRecord<'_>) -> bool {
    !stored.head.message.escaped && stored.head.format != Format::Journal
}

/// The message, decoded. Borrowed when it stands in the raw bytes as it is.
pub(super) fn message<'a>(stored: &StoredRecord<'a>) -> Cow<'a, [u8]> {
    encoders::message_text(stored.head.format, stored.raw, stored.head.message)
}

/// Names of the encoders, in the order of `encoders::ENCODERS`.
pub(super) fn encoder_names() -> Vec<&'static str> {
    encoders::ENCODERS.iter().map(|encoder| encoder.name).collect()
}
