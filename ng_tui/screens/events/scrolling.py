"""What a list that scrolls shows of it: which rows went where, and the thumb of the scroll bar."""

from __future__ import annotations

from typing import Any

from textual.scrollbar import ScrollBar, ScrollBarRender


def moved(before: list[int], after: list[int]) -> int:
    """By how many rows what stays in sight went up, below zero down; both are the `seq` of each row."""
    if before and after and before[0] != after[0]:
        if after[0] in before:
            return before.index(after[0])
        if before[0] in after:
            return -after.index(before[0])
    return 0


def thumb(height: int, count: int, top: int) -> tuple[int, int]:
    """Length and place of the thumb in eighths of a cell, as fine as it can be drawn; nothing where all is in sight."""
    if count <= height:
        return 0, 0
    return 8 * height * height // count, 8 * height * top // count


class NoThumb(ScrollBarRender):
    """A scroll bar on which nothing stands, whatever is in sight."""

    def __init__(self, **look: Any) -> None:
        super().__init__(**look | {"window_size": 0})


def show_thumb(bar: ScrollBar, height: int, count: int, top: int, *, runs: bool) -> None:
    """Has a scroll bar drawn for `height` of `count` rows, from the row `top` on; nothing on it where the rows run."""
    bar.renderer = NoThumb if runs else ScrollBar.renderer  # type: ignore[misc]
    bar.window_virtual_size, bar.window_size, bar.position = count, height, top
    bar.refresh()
