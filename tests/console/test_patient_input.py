"""The thread that reads keys sleeps, hears every key, and ends at once when it is told to."""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections.abc import Iterator

import pytest
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from ng_tui.terminal import patient_input
from ng_tui.terminal.patient_input import Leave, PatientDriver, PatientSelector, driver_for


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PatientSelector, Leave, int, int]]:
    """A selector of the thread, the event that ends it, and both ends of a pipe for keys. No key came lately."""
    monkeypatch.setattr(patient_input, "FOLLOWS_S", 0.0)
    leave = Leave()
    monkeypatch.setattr(patient_input._here, "leave", leave, raising=False)
    reader, writer = os.pipe()
    with PatientSelector() as selector:
        selector.register(reader, selectors.EVENT_READ)
        yield selector, leave, reader, writer
    os.close(reader)
    os.close(writer)


def test_it_sleeps_until_a_key(waiting: tuple[PatientSelector, Leave, int, int]) -> None:
    selector, _, reader, writer = waiting
    threading.Timer(0.4, os.write, (writer, b"x")).start()
    began = time.monotonic()
    found = selector.select(0.1)
    assert [key.fileobj for key, _ in found] == [reader]
    assert time.monotonic() - began > 0.3, "it was not looked in between"


def test_it_looks_often_after_a_key(
    waiting: tuple[PatientSelector, Leave, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    selector, _, reader, writer = waiting
    monkeypatch.setattr(patient_input, "FOLLOWS_S", 600.0)
    os.write(writer, b"\x1b")
    assert selector.select(0.1)
    os.read(reader, 1)
    assert selector.select(0.05) == [], "a lone escape is made a key of when nothing follows"


def test_it_ends_at_once_and_another_sleeps(waiting: tuple[PatientSelector, Leave, int, int]) -> None:
    selector, leave, _, _ = waiting
    threading.Timer(0.1, leave.set).start()
    assert selector.select(0.1) == [] and leave.is_set()
    assert selector.select(0.1) == [], "as often as it asks"
    leave.clear()
    threading.Timer(0.2, leave.set).start()
    began = time.monotonic()
    assert selector.select(0.0) == [] and time.monotonic() - began > 0.1


def test_the_driver_of_a_terminal_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux_driver, "selectors", selectors)
    assert driver_for(LinuxDriver) is PatientDriver
    assert vars(linux_driver)["selectors"].SelectSelector is PatientSelector
    assert driver_for(int) is int, "what somebody chose stays"
