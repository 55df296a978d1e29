"""Processes that write history are killed, and doubled."""

from __future__ import annotations

import subprocess
import threading
from random import Random

import httpx
from context import say
from daemon import PATIENCE_S, Daemon, Ended
from fault_lab import Extra, Lab, Outcome, look, need_tracer
from oracle import Ledger, send

SENDERS = 3
SAME_FOLDER = 5
"""Rounds that go on with one history; then a new one is begun, so that reading it back stays short."""
WRITES = 200
"""Writes of a thread among which it is killed."""
ROUND_EVENTS = 3000
"""Most events that are acknowledged before a kill."""


def sender(daemon: Daemon, ledger: Ledger, chance: Random, enough: threading.Event) -> None:
    """Sends batches of 1 to 60 events until the engine is gone, or there are enough."""
    with daemon.client() as client:
        while not enough.is_set():
            try:
                send(client, ledger, chance.randint(1, 60))
            except httpx.HTTPError:
                return
            daemon.note_memory()


def killed_under_load(lab: Lab) -> Outcome:
    """Three senders are at work when the process is killed, after a random number of acknowledged events."""
    outcome = Outcome("kill -9 under load")
    for first in range(0, lab.repeats, SAME_FOLDER):
        ledger = Ledger()
        with Daemon(lab.binary, lab.fresh("killed")) as daemon:
            daemon.start()
            for turn in range(first, min(first + SAME_FOLDER, lab.repeats)):
                say(f"faults: {outcome.name}, round {turn + 1} of {lab.repeats}")
                before = len(ledger.acknowledged)
                kill_once(daemon, ledger, lab.chance, before + lab.chance.randint(1, ROUND_EVENTS))
                daemon.start()
                look(outcome, daemon, ledger, before)
            daemon.kill()
            outcome.close(daemon)
    return outcome


def kill_once(daemon: Daemon, ledger: Ledger, chance: Random, wanted: int) -> None:
    """Kills the engine while the senders send, when so many events are acknowledged. Raises TimeoutError."""
    enough = threading.Event()
    threads = [
        threading.Thread(target=sender, args=(daemon, ledger, Random(chance.random()), enough), daemon=True)
        for _ in range(SENDERS)
    ]
    for thread in threads:
        thread.start()
    is_there = ledger.wait_for(wanted, PATIENCE_S)
    threading.Event().wait(chance.random() * 0.02)  # The moment itself is by chance.
    daemon.kill()
    enough.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    if not is_there:
        raise TimeoutError(f"{wanted} acknowledged events: not within {PATIENCE_S:g} s")


def nth_writes(rounds: int) -> list[int]:
    """Numbers of writes, spread over all."""
    return [1 + turn * (WRITES - 1) // max(1, rounds - 1) for turn in range(rounds)]


def killed_at_a_write(lab: Lab) -> Outcome:
    """A tracer kills the process when one of its threads is about to do its Nth `pwrite64`."""
    need_tracer()
    rounds = min(WRITES, 2 * lab.repeats)
    outcome = Outcome("kill at the Nth write")
    at_start = 0
    writes = nth_writes(rounds)
    for first in range(0, rounds, SAME_FOLDER):
        ledger = Ledger()
        with Daemon(lab.binary, lab.fresh("nth")) as daemon:
            for nth in writes[first : first + SAME_FOLDER]:
                say(f"faults: {outcome.name}, {nth} of {WRITES}")
                before = len(ledger.acknowledged)
                at_start += not killed_by_tracer(daemon, ledger, lab.chance, nth)
                daemon.start()
                look(outcome, daemon, ledger, before)
                daemon.kill()
            outcome.close(daemon)
    outcome.extras.append(Extra("killed before it answered", [at_start], "rounds"))
    return outcome


def killed_by_tracer(daemon: Daemon, ledger: Ledger, chance: Random, nth: int) -> bool:
    """One sender sends until the engine is killed at this write; whether it had answered. Raises TimeoutError."""
    inject = ("-e", "trace=pwrite64", "-e", f"inject=pwrite64:signal=KILL:when={nth}")
    try:
        daemon.start("strace", "-f", "-qq", "-o", str(daemon.folder / "traced"), *inject)
    except Ended:
        return False
    enough = threading.Event()
    thread = threading.Thread(target=sender, args=(daemon, ledger, Random(chance.random()), enough), daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    enough.set()
    if thread.is_alive():
        daemon.kill()
        thread.join(PATIENCE_S)
        raise TimeoutError(f"write {nth} of a thread: not within {PATIENCE_S:g} s")
    assert daemon.process is not None
    daemon.process.wait(PATIENCE_S)
    return True


def two_processes(lab: Lab) -> Outcome:
    """A second engine on the same history ends with 75 and names the place; the first is not disturbed."""
    outcome = Outcome("two processes on one history")
    wrong, shown = 0, ""
    for _ in range(3):
        folder = lab.fresh("two")
        setting = f'history.folder="{folder}/shared"'
        ledger = Ledger()
        with Daemon(lab.binary, folder / "first", setting) as first, first.client() as client:
            first.start()
            send(client, ledger, 50)
            second = Daemon(lab.binary, folder / "second", setting)
            ended = subprocess.run(second.command, capture_output=True, timeout=PATIENCE_S, check=False, text=True)
            shown = (ended.stderr.strip().splitlines() or [""])[-1].replace(str(folder), "…")
            wrong += not (ended.returncode == 75 and f"{folder}/shared" in ended.stderr)
            if not send(client, ledger, 50).durable:
                wrong += 1
            first.kill()
            first.start()
            look(outcome, first, ledger)
            first.kill()
            outcome.close(first)
    outcome.extras.append(Extra("second not refused with 75 and the place", [wrong], "", most=0, note=shown))
    return outcome
