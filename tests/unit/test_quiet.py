"""The engines of the tests hear nothing by themselves, whichever sensors there are."""

from __future__ import annotations

import json

from ng_tui import _engine
from tests.quiet import QUIET, as_layers, quiet


def enabled(settings: tuple[str, ...]) -> set[str]:
    """The sensors that run with these settings, of all that the engine has."""
    resolved = json.loads(_engine.resolve_config(as_layers(settings)))
    return {path for path, (value, _) in resolved.items() if path.startswith("sensors.") and value is True} & {
        path for path in resolved if path.endswith(".enabled")
    }


def test_every_sensor_of_the_engine_is_off() -> None:
    assert enabled(()), "no sensor runs by default: this test shows nothing"
    assert enabled(QUIET) == set()


def test_one_sensor_may_be_left_as_it_is() -> None:
    assert enabled(quiet(but="host")) == {"sensors.host.enabled"}
