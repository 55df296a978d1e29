"""Wishes that were sent to the engine and are shown as pending until its own view answers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Awaited(Generic[T]):
    """Wanted values by key. A wish ends when the view shows it, or when the engine was asked and the view differs."""

    _wishes: dict[str, tuple[T, object]] = field(default_factory=dict)

    def ask(self, key: str, wanted: T, view: object) -> None:
        """Remembers a wish and the view that was on the screen when it was sent."""
        self._wishes[key] = (wanted, view)

    def wanted(self, key: str) -> T | None:
        """What is awaited; None when nothing is."""
        wish = self._wishes.get(key)
        return wish[0] if wish else None

    def settle(
        self,
        actual: Callable[[str], T | None],
        view: object,
        under_way: Callable[[str, T], bool],
        *,
        unheard: bool = False,
    ) -> None:
        """Ends the wishes that `view` answers.

        A refusal leaves no trace in the view, so a wish also ends when its command is no longer under way and a view
        arrived after it was sent: what is shown from then on is the engine's own value. `unheard`: no view will come,
        because the connection is lost.
        """
        for key, (wanted, seen) in list(self._wishes.items()):
            if actual(key) == wanted or ((view is not seen or unheard) and not under_way(key, wanted)):
                del self._wishes[key]
