"""Settings of an engine that hears only what a test tells it, from the product's own table of sensors."""

from __future__ import annotations

from ng_tui.config import LIVE_SENSORS, Layer


def quiet(*, but: str | None = None) -> tuple[str, ...]:
    """Every sensor is off, but perhaps for one: lines of `--set`."""
    return tuple(f"sensors.{sensor}.enabled=false" for sensor in LIVE_SENSORS if sensor != but)


QUIET = quiet()


def as_flags(settings: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a command line."""
    return tuple(word for setting in settings for word in ("--set", setting))


def as_layers(settings: tuple[str, ...]) -> list[Layer]:
    """The layers of a configuration for the binding."""
    return [("value", "test", *setting.split("=", 1)) for setting in settings]  # type: ignore[misc]
