//! The time that `docker logs -t` and `kubectl logs --timestamps` write before a line that states its own.

use super::{Wrapped, Wrapper};
use crate::container::behind_stamp;
use crate::encoders::heading;
use ng_model::event::Span;

pub(super) static WRAPPER: Wrapper = Wrapper {
    find: |raw, _| {
        let inner = behind_stamp(raw)?;
        // Where nothing states a time behind it, it is that of the event itself.
        let text = &raw[inner..];
        let is_event = text.first() == Some(&b'{') || heading::has_stamp(text);
        is_event.then(|| Wrapped { inner, time: Span::new(0, inner - 1), ..Wrapped::default() })
    },
};
