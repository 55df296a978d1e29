//! UTF-8 with the mark that some editors put before it.

use super::{Kind, Row, State, mark};

pub(super) static ROW: Row =
    Row { name: "UTF-8", begins: |head| mark(head, b"\xef\xbb\xbf"), open: || State::Plain, kind: Kind::Text };
