"""Connections to Unix sockets of this host. Nothing is sent before it is known who serves the other end.

Trusted are this user and root. Root speaks also to the engine of another user, whose socket root has named: when that
user, or root, owns the folder of the socket, and nobody else can write there, so that no third one can have put it
there.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import struct
from pathlib import Path

from ng_tui import _engine
from ng_tui.client.failures import Untrusted
from ng_tui.i18n import tr

_CREDENTIALS = struct.Struct("iII")
"""What the kernel says of the other end: pid, uid, gid."""
_NOBODY = 0xFFFFFFFF
"""The uid of an end that has not been connected."""


def connect(path: str, timeout_s: float | None = None) -> socket.socket:
    """A connection to the socket at a path. Raises OSError, and Untrusted when somebody else could serve it."""
    check_folder(path)
    one = socket.socket(socket.AF_UNIX)
    try:
        one.settimeout(timeout_s)
        one.connect(path)
        check_peer(one, path)
    except BaseException:
        one.close()
        raise
    return one


async def open_connection(path: str) -> socket.socket:
    """The same for an event loop: a socket that does not block."""
    check_folder(path)
    one = socket.socket(socket.AF_UNIX)
    try:
        one.setblocking(False)
        await asyncio.get_running_loop().sock_connect(one, path)
        check_peer(one, path)
    except BaseException:
        one.close()
        raise
    return one


def check_folder(path: str) -> None:
    """Raises Untrusted when the path is the usual one and its folder may be another user's."""
    if path != _engine.socket_path("") or not os.path.lexists(path):
        return
    folder = Path(path).parent
    found, me = folder.lstat(), os.geteuid()
    above = folder.parent.stat()
    if not stat.S_ISDIR(found.st_mode):
        what = tr("is no folder, but stands where that of the socket is to be")
    elif found.st_uid != me:
        what = tr("belongs to uid {uid}, expected uid {me}", uid=found.st_uid, me=me)
    elif found.st_mode & 0o077:
        what = tr("other users can get in: mode {mode}, expected 0700", mode=f"{stat.S_IMODE(found.st_mode):04o}")
    elif above.st_uid not in {me, 0}:
        what = tr("lies in {folder}, which belongs to uid {uid}", folder=folder.parent, uid=above.st_uid)
    elif above.st_mode & 0o022 and not above.st_mode & stat.S_ISVTX:
        what = tr("lies in {folder}, where other users can write", folder=folder.parent)
    else:
        return
    hint = tr(
        "remove it, or set XDG_RUNTIME_DIR to a folder of this user with mode 0700; "
        "without a serving engine there is --embedded"
    )
    raise Untrusted("NG-3304", what, where=str(folder), hint=hint)


def check_peer(one: socket.socket, path: str) -> None:
    """Raises Untrusted when the other end of a connection is not to be trusted, OSError when there is none."""
    _, uid, _ = _CREDENTIALS.unpack(one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    if uid == _NOBODY:
        raise TimeoutError
    me = os.geteuid()
    if uid in {me, 0} or (me == 0 and _has_put_it_there(uid, path)):
        return
    what = tr("uid {uid} serves it, not uid {me} nor root; nothing was sent", uid=uid, me=me)
    hint = tr("name the socket of your own engine, or reach that one over HTTP, with credentials")
    raise Untrusted("NG-3315", what, where=f"unix:{path}", hint=hint)


def _has_put_it_there(uid: int, path: str) -> bool:
    folder = Path(path).parent.stat()
    return folder.st_uid in {uid, 0} and not folder.st_mode & 0o022
