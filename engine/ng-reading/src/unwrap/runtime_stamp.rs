//! The time that `docker logs -t` and `kubectl logs --timestamps` write before a line that states its own.

use super::{Wrapped, Wrapper};
use crate::container::behind_stamp;
use crate::encoders::heading;
use crate::trace_shape::{Shape, shape};
use memchr::memchr;
use ng_model::event::Span;

pub(super) static WRAPPER: Wrapper = Wrapper {
    find: |raw, _| {
        let inner = behind_stamp(raw)?;
        // Where neither a time nor a trace begins behind it, it is that of the event itself.
        let text = &raw[inner..];
        let line = &text[..memchr(b'\n', text).unwrap_or(text.len())];
        let is_event = text.first() == Some(&b'{') || shape(line) != Shape::Plain || heading::has_stamp(text);
        is_event.then(|| Wrapped { inner, time: Span::new(0, inner - 1), ..Wrapped::default() })
    },
};
