"""Stands for `ssh`: notes how it was called, and connects stdin and stdout with the socket that it is asked for."""

from __future__ import annotations

import os
import shlex
import socket
import sys
import threading


def main() -> int:
    """The arguments are those of ssh; with FAKE_SSH_FAILS it fails with that message."""
    with open(os.environ["FAKE_SSH_CALLS"], "a") as calls:
        calls.write(f"{os.getpid()} {shlex.join(sys.argv[1:])}\n")
    if message := os.environ.get("FAKE_SSH_FAILS"):
        sys.stderr.write(f"warning: something else\n{message}\n")
        return 255
    # As the shell of the other host would.
    words = shlex.split(" ".join(sys.argv[sys.argv.index("--") + 2 :]))
    assert words[:2] == ["neurograph-tui", "proxy"], words
    there = socket.socket(socket.AF_UNIX)
    there.connect(words[words.index("--socket") + 1] if "--socket" in words else os.environ["FAKE_SSH_SOCKET"])

    def back() -> None:
        while chunk := there.recv(65536):
            os.write(1, chunk)
        os._exit(0)

    threading.Thread(target=back, daemon=True).start()
    while chunk := os.read(0, 65536):
        there.sendall(chunk)
    return 0


if __name__ == "__main__":
    sys.exit(main())
