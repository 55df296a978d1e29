//! The class of the exception that an event names.

use ng_model::event::Event;

/// Names of fields that hold it.
const FIELDS: [&[u8]; 2] = [b"exception", b"exception.type"];

/// What a field says, be it one of the event or one that its stack trace gave.
pub(super) fn class<'e>(event: &Event<'e>) -> Option<&'e [u8]> {
    let said = event.parsed.fields.iter().find(|field| FIELDS.contains(&field.key.of(event.raw)))?;
    let class = said.value.span.of(event.raw).trim_ascii();
    let end = class.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b':').unwrap_or(class.len());
    (end > 0).then(|| &class[..end])
}

/// What a word names, such as `java.io.IOException:`.
pub(super) fn of_word(word: &[u8]) -> Option<&[u8]> {
    let Some(b'n' | b'r' | b':' | b',' | b';') = word.last() else { return None };
    let class = word.strip_suffix(b":").or(word.strip_suffix(b",")).or(word.strip_suffix(b";")).unwrap_or(word);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$' | b'\\' | b':');
    let named = [&b"Exception"[..], b"Error"].iter().any(|end| class.len() > end.len() && class.ends_with(end));
    (named && class[0].is_ascii_alphabetic() && class.iter().all(is_name)).then_some(class)
}
