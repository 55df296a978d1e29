"""Containers that their children cover: what stands behind a child is not worked out line by line."""

from __future__ import annotations

from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import ContentSwitcher


class Bare(Vertical):
    """Children below each other, or as its style lays them out."""

    BLANK = True


class BareSwitcher(ContentSwitcher):
    """One of its children at a time."""

    BLANK = True


class BareScreen(Screen[None]):
    """A screen. Who fills it says what has the focus."""

    BLANK = True
    AUTO_FOCUS = ""
