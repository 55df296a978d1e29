"""What a row measured, and how it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass
class Figure:
    """One measured value: the median of `values`."""

    name: str
    values: Sequence[float]
    unit: str
    note: str = ""
    peer: bool = False
    """The value of another program in the same run."""

    most: float | None = None
    """What is wanted at most; None when nothing is, or it is `least`."""

    least: float | None = None
    """What is wanted at least."""

    @property
    def value(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def wanted(self) -> str:
        """What is wanted, in words; empty when nothing is."""
        if self.most is not None:
            return f"<= {number(self.most)}"
        return f">= {number(self.least)}" if self.least is not None else ""

    @property
    def is_reached(self) -> bool | None:
        """Whether the median is what is wanted; None when nothing is."""
        if self.most is not None:
            return self.value <= self.most
        return self.value >= self.least if self.least is not None else None


@dataclass
class Missing:
    """A peer that could not be measured, and why."""

    name: str
    reason: str


@dataclass
class Row:
    """One row of the bench."""

    name: str
    title: str
    method: str
    """Payload, warm-up and n, in one sentence or two."""

    figures: list[Figure] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def figure(
        self,
        name: str,
        values: Sequence[float] | float,
        unit: str,
        note: str = "",
        peer: bool = False,
        *,
        most: float | None = None,
        least: float | None = None,
    ) -> Figure:
        """Adds a measured value, and what is wanted of it."""
        listed = [values] if isinstance(values, int | float) else list(values)
        self.figures.append(Figure(name, listed, unit, note, peer, most, least))
        return self.figures[-1]

    def ratio(
        self, name: str, ours: Figure, peer: Figure, *, most: float | None = None, least: float | None = None
    ) -> None:
        """Adds the ratio of two values: the median over pairs when both were taken in the same rounds."""
        paired = len(ours.values) == len(peer.values)
        values = [a / b for a, b in zip(ours.values, peer.values, strict=True)] if paired else [ours.value / peer.value]
        self.figure(name, values, "x", most=most, least=least)


def to_json(host: dict[str, str], rows: Sequence[Row]) -> dict[str, Any]:
    """The whole result."""
    return {"host": host, "rows": [row_json(row) for row in rows]}


def row_json(row: Row) -> dict[str, Any]:
    """A row with the medians spelled out."""
    medians = [{**asdict(figure), "median": figure.value} for figure in row.figures]
    return {**asdict(row), "figures": medians}


def render(row: Row) -> str:
    """A row as a table."""
    lines = [f"{row.name}: {row.title}", f"  {row.method}"]
    width = max(
        [len(figure.name) for figure in row.figures] + [len(missing.name) for missing in row.missing], default=0
    )
    for figure in row.figures:
        spread = f"{number(min(figure.values))} .. {number(max(figure.values))}, n={len(figure.values)}"
        spread = spread if len(figure.values) > 1 else ""
        kind = "peer" if figure.peer else ""
        cells = f"  {kind:<5}{figure.name:<{width}}  {number(figure.value):>12} {figure.unit:<9} {spread:<30} "
        lines.append((cells + "; ".join(filter(None, [verdict(figure), figure.note]))).rstrip())
    lines += [
        f"  {'peer':<5}{missing.name:<{width}}  {'—':>12} not measured: {missing.reason}" for missing in row.missing
    ]
    return "\n".join(lines)


def verdict(figure: Figure) -> str:
    """What is wanted of a figure, and whether it is reached."""
    return f"wanted {figure.wanted}: {'reached' if figure.is_reached else 'MISSED'}" if figure.wanted else ""


def summary(rows: Sequence[Row]) -> str:
    """All that something is wanted of, as a table; empty when nothing is."""
    judged = [(row, figure) for row in rows for figure in row.figures if figure.wanted]
    if not judged:
        return ""
    lines = ["| what | measured | spread | wanted | |", "|---|---|---|---|---|"]
    for row, figure in judged:
        spread = f"{number(min(figure.values))} .. {number(max(figure.values))}" if len(figure.values) > 1 else ""
        reached = "reached" if figure.is_reached else "MISSED"
        measured = f"{number(figure.value)} {figure.unit}"
        lines.append(f"| {row.title}: {figure.name} | {measured} | {spread} | {figure.wanted} | {reached} |")
    missed = sum(not figure.is_reached for _, figure in judged)
    return "\n".join([*lines, f"{len(judged) - missed} of {len(judged)} reached"])


def heading(host: dict[str, str]) -> str:
    """The lines above the tables."""
    return "\n".join(f"{name:<9} {value}" for name, value in host.items())


def number(value: float) -> str:
    """A value with three significant digits or all before the point."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"
