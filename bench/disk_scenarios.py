"""The disk under a history is full, fails, is taken away, or may not be written."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from context import say
from daemon import Daemon, until
from fault_lab import Extra, Lab, Outcome, keep_evidence, look, need_tracer, remount, small_disk
from oracle import Answer, Ledger, Verdict, passing, read_back, send

BATCH = 40
SOON_MS = 1000.0
"""Within this time a sender is to be told that something is not durable."""

MORE = 5
"""Batches that are sent when history is written again."""
TAKEN_UP_S = 10.0
"""Within this time history is to be written again by itself."""


def refused(client: httpx.Client, ledger: Ledger) -> Answer:
    """Sends until an answer is not durable. Raises TimeoutError."""

    def attempt() -> Answer | None:
        answer = send(client, ledger, BATCH)
        return None if answer.durable else answer

    answer = until("an answer that is not durable", attempt)
    assert answer is not None
    return answer


def taken_up(client: httpx.Client, ledger: Ledger) -> None:
    """Sends until an answer is durable, and some batches more. Raises TimeoutError, which has the last reason."""
    last = ""

    def attempt() -> bool:
        nonlocal last
        answer = send(client, ledger, 1)
        last = answer.reason
        return answer.durable

    try:
        until("a durable answer", attempt, TAKEN_UP_S)
    except TimeoutError as error:
        raise TimeoutError(f"{error}: {last}") from None
    for _ in range(MORE):
        send(client, ledger, BATCH)


def is_live(client: httpx.Client, answer: Answer) -> bool:
    """Whether the last event of a batch is in the stream, durable or not."""
    return bool(passing(client, f'"event {answer.numbers[-1]} "'))


def full_disk(lab: Lab) -> Outcome:
    """A disk of 8 MiB becomes full and has room again; every other time the engine is started anew in between."""
    outcome = Outcome("full disk, then room again")
    told: list[float] = []
    silent = hidden = 0
    for turn in range(max(2, lab.repeats * 3 // 10)):
        say(f"faults: {outcome.name}, round {turn + 1}")
        folder, ledger = lab.fresh("full"), Ledger()
        with (
            small_disk(folder / "disk", "8m") as disk,
            Daemon(lab.binary, folder / "engine", f'history.folder="{disk}/history"') as daemon,
            daemon.client() as client,
        ):
            daemon.history = disk / "history"
            daemon.start()
            for _ in range(lab.chance.randint(1, 20)):
                send(client, ledger, BATCH)
            fill(disk / "filler")
            answer = refused(client, ledger)
            told.append(answer.took_ms)
            silent += not answer.reason
            hidden += not is_live(client, answer)
            if turn % 2:
                daemon.kill()
                daemon.start()
                look(outcome, daemon, ledger)
            (disk / "filler").unlink()
            taken_up(client, ledger)
            daemon.kill()
            daemon.start()
            look(outcome, daemon, ledger)
            daemon.kill()
            outcome.close(daemon)
    outcome.extras += [
        Extra("until told", [max(told)], "ms", most=SOON_MS),
        Extra("not durable without a reason", [silent], "answers", most=0),
        Extra("not durable and not in the live stream", [hidden], "answers", most=0),
    ]
    return outcome


def fill(path: Path) -> None:
    """Writes a file until the disk is full."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 512, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue


def thread_of_history(daemon: Daemon) -> int:
    """The thread that writes history. Raises TimeoutError."""

    def found() -> int:
        tasks = Path(f"/proc/{daemon.pid}/task").iterdir()
        return next((int(task.name) for task in tasks if (task / "comm").read_text().strip() == "history"), 0)

    return until("the thread of history", found)


@contextmanager
def injected(daemon: Daemon, calls: str, when: str) -> Iterator[Callable[[], str]]:
    """Has a tracer fail these system calls of the thread that writes history; the value says in which file it has."""
    trace = daemon.folder / "traced"
    trace.unlink(missing_ok=True)
    inject = ("-e", f"trace={calls}", "-e", f"inject={calls}:error=EIO:when={when}")
    command = ["strace", "-y", "-o", str(trace), *inject, "-p", str(thread_of_history(daemon))]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
        try:
            assert tracer.stderr is not None
            tracer.stderr.readline()  # It says that it is attached.
            yield lambda: failed_in(trace)
        finally:
            tracer.terminate()


def failed_in(trace: Path) -> str:
    """Name of the file in which a call was failed; empty before."""
    lines = trace.read_text(errors="replace").splitlines() if trace.exists() else []
    line = next((line for line in lines if line.endswith("(INJECTED)")), "")
    return line.partition("<")[2].partition(">")[0].rpartition("/")[2]


CALLS = ("fsync,fdatasync", "pwrite64")
SUMMARIES = ("catalog.db", "mark")
"""Files that have no events and are made good by the next commit, so that nothing need be told."""


def errors_of_the_disk(lab: Lab) -> Outcome:
    """A system call of the thread that writes history fails with EIO: the Kth, once, or all until a sender is told."""
    need_tracer()
    outcome = Outcome("EIO at a sync or write")
    times = [str(1 + 5 * turn) for turn in range(max(1, min(40, lab.repeats * 2 // 5)))]
    faults = [(calls, when) for calls in CALLS for when in [*times, "1+"]]
    untold: list[str] = []
    summaries: list[str] = []
    ledger, daemon = Ledger(), Daemon(lab.binary, lab.fresh("eio"))
    with daemon, daemon.client() as client:
        daemon.start()
        for calls, when in faults:
            say(f"faults: {outcome.name}, {calls} {when}")
            before, known = len(ledger.acknowledged), len(problems(client))
            with injected(daemon, calls, when) as was_injected:
                if when.endswith("+"):
                    refused(client, ledger)
                    place = was_injected()
                else:
                    place = until(f"{calls} that fails", lambda: fails(client, ledger, was_injected))
            taken_up(client, ledger)
            if len(problems(client)) == known:
                (summaries if place.startswith(SUMMARIES) else untold).append(f"{calls} {when} of {place}")
            daemon.kill()
            daemon.start()
            look(outcome, daemon, ledger, before)
        daemon.kill()
        outcome.close(daemon)
    outcome.extras += [
        Extra("errors not told", [len(untold)], "", most=0, note="; ".join(untold)),
        Extra("errors not told, of files without events", [len(summaries)], "", note="; ".join(summaries)),
    ]
    return outcome


def fails(client: httpx.Client, ledger: Ledger, was_injected: Callable[[], str]) -> str:
    """Sends one batch; where the error has come by then."""
    send(client, ledger, BATCH)
    return was_injected()


def problems(client: httpx.Client) -> list[int]:
    """Numbers of what the engine has told of trouble with history."""
    return [record["seq"] for record in passing(client, "type:history.problem")]


def vanished_folder(lab: Lab) -> Outcome:
    """The folder is removed, or moved away, while the engine writes there: it says so, and begins a new one."""
    outcome = Outcome("folder that vanishes")
    untold = 0
    for turn in range(max(2, lab.repeats * 3 // 10)):
        say(f"faults: {outcome.name}, round {turn + 1}")
        folder, ledger = lab.fresh("vanished"), Ledger()
        place = folder / "disk" / "history"
        place.parent.mkdir(parents=True)
        with (
            Daemon(lab.binary, folder / "engine", f'history.folder="{place}"') as daemon,
            daemon.client() as client,
        ):
            daemon.history = place
            daemon.start()
            for _ in range(lab.chance.randint(1, 50)):
                send(client, ledger, BATCH)
            if turn % 2:
                place.rename(folder / "moved")
            else:
                shutil.rmtree(place)
            ledger.forget()
            answer = refused(client, ledger)
            untold += str(place) not in answer.reason
            taken_up(client, ledger)
            untold += not problems(client)
            daemon.kill()
            daemon.start()
            look(outcome, daemon, ledger)
            daemon.kill()
            outcome.close(daemon)
    outcome.extras.append(Extra("not told", [untold], "", most=0))
    return outcome


def read_only_start(lab: Lab) -> Outcome:
    """The engine is started on a history that may be read and not written; then it may be written again."""
    outcome = Outcome("read-only folder at the start")
    untold, stuck = 0, ""
    unread: list[float] = []
    for turn in range(2):
        folder, ledger = lab.fresh("readonly"), Ledger()
        with (
            small_disk(folder / "disk", "32m") as disk,
            Daemon(lab.binary, folder / "engine", f'history.folder="{disk}/history"') as daemon,
            daemon.client() as client,
        ):
            daemon.history = disk / "history"
            daemon.start()
            for _ in range(50):
                send(client, ledger, BATCH)
            if turn:
                daemon.kill()
            else:
                daemon.stop()
            remount(disk, "ro")
            daemon.start()
            answer = refused(client, ledger)
            untold += str(disk) not in answer.reason
            untold += not is_live(client, answer)
            untold += not problems(client)
            histogram = client.get("/api/v1/histogram", params={"filter": '"event " " from node-"'}).json()
            unread.append(max(0, len(ledger.acknowledged) - int(histogram.get("count", 0))))
            remount(disk, "rw")
            try:
                taken_up(client, ledger)
            except TimeoutError as error:
                stuck = str(error).replace(str(folder), "…")
                keep_evidence(f"{outcome.name}, not taken up", daemon, ledger, read_back(client), Verdict())
            daemon.kill()
            daemon.start()
            look(outcome, daemon, ledger)
            daemon.kill()
            outcome.close(daemon)
    outcome.extras += [
        Extra("not told", [untold], "", most=0),
        Extra("not written again by itself", [int(bool(stuck))], "", most=0, note=stuck),
        Extra("not readable while read-only, after a stop", [unread[0]], "events", most=0),
        Extra("not readable while read-only, after a kill", [unread[1]], "events"),
    ]
    return outcome
