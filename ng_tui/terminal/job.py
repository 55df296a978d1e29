"""The job that has the terminal: our group of processes, which a shell stops and lets go on as one."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def stop() -> None:
    """Stops the others of our group. A shell takes the terminal as soon as the one that it waits for has stopped, so it
    must have been given back before.
    """
    os.killpg(os.getpgrp(), signal.SIGTSTP)
    signal.sigtimedwait({signal.SIGTSTP}, 0)  # Ours, which is blocked.


def is_orphaned() -> bool:
    """No process of this session stands above our group that could let it go on, as a shell does by `fg`.

    So it is in a terminal that was opened for the console alone. The kernel does not stop such a group either.
    """
    group, session = os.getpgrp(), os.getsid(0)
    one = os.getppid()
    try:
        while one > 1 and os.getpgid(one) == group:
            one = parent_of(one)
        return one <= 1 or os.getsid(one) != session
    except OSError:
        return True  # It has ended meanwhile.


def parent_of(pid: int) -> int:
    """The parent of a process. Its name stands in brackets and may hold anything."""
    return int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
