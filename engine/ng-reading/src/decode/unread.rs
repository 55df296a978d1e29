//! Ways of packing that are known by their first bytes and not read.

use super::{Kind, Row, State, signature};

pub(super) static LZ4: Row = Row {
    name: "lz4",
    begins: |head| signature(head, b"\x04\x22\x4d\x18"),
    open: || State::Unread("it is packed with lz4, which is not read; unpack it with lz4cat"),
    kind: Kind::Unread,
};
pub(super) static LZIP: Row = Row {
    name: "lzip",
    begins: |head| signature(head, b"LZIP\x01"),
    open: || State::Unread("it is packed with lzip, which is not read; unpack it with lzip -dc"),
    kind: Kind::Unread,
};
pub(super) static COMPRESS: Row = Row {
    name: "compress",
    begins: |head| signature(head, b"\x1f\x9d"),
    open: || State::Unread("it is packed with compress, which is not read; unpack it with zcat"),
    kind: Kind::Unread,
};
pub(super) static ZIP: Row = Row {
    name: "zip",
    begins: |head| signature(head, b"PK\x03\x04"),
    open: || State::Unread("it is a zip archive, which is not read; unpack it with unzip -p"),
    kind: Kind::Unread,
};
pub(super) static SEVEN_ZIP: Row = Row {
    name: "7z",
    begins: |head| signature(head, b"7z\xbc\xaf\x27\x1c"),
    open: || State::Unread("it is a 7z archive, which is not read; unpack it with 7z x -so"),
    kind: Kind::Unread,
};
