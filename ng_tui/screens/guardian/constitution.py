"""The constitution: its version, the weights of the dimensions with their zones, and the trial that runs."""

from __future__ import annotations

from typing import Any

from ng_tui.client.wire import AmendmentKind, ConstitutionView, Effect, TrialView, WeightView, Zone
from ng_tui.i18n import tr
from ng_tui.kit.bar import bar
from ng_tui.kit.lines import Line, Lines, cut, rule
from ng_tui.state import State
from ng_tui.text import ABSENT, fit, fmt_duration, fmt_number, now_ns, safe

COLUMNS = 2
NAME, VALUE, ZONE, EFFECT = 9, 5, 8, 4

_TAGS = {Zone.SAFE: "", Zone.CAUTION: "warn", Zone.DANGER: "bad", Zone.BEYOND: "bad"}


class Constitution(Lines):
    """Shows the constitution; nothing before the engine has told it. Without room only its first rows."""

    DEFAULT_CSS = "Constitution { height: 0; }"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._state = State()

    def show(self, state: State) -> None:
        """Shows the state."""
        self._state = state
        self.redraw()

    def rows(self, room: int) -> int:
        """The rows that it takes of at most `room`: without the weights when these do not fit."""
        view = self._state.constitution
        if view is None:
            return 0
        head = 1 + (view.trial is not None)
        whole = head + -(-len(view.weights) // COLUMNS)
        return whole if whole <= room else max(0, min(head, room))

    def lines(self, width: int, height: int) -> list[Line]:
        """The title, the trial, and the weights in two columns."""
        del height
        view = self._state.constitution
        if view is None:
            return []
        result = [rule(tr("Constitution"), title(view), width)]
        if view.trial is not None:
            result.append(cut(trial_line(view.trial, now_ns(self._state.metrics)), width))
        each = width // COLUMNS
        deep = -(-len(view.weights) // COLUMNS)
        for place in range(deep):
            result.append([span for weight in view.weights[place::deep] for span in weight_line(weight, each)])
        return result


def title(view: ConstitutionView) -> str:
    """Version and profile, and whether the weights are the profile's own."""
    own = next((profile.weights for profile in view.profiles if profile.name == view.profile), None)
    changed = own is not None and own != [weight.value for weight in view.weights]
    name = tr("{profile}, changed", profile=safe(view.profile)) if changed else safe(view.profile)
    return tr("version {version} · {profile}", version=view.version, profile=name)


def weight_line(weight: WeightView, width: int) -> Line:
    """Name, bar, value, zone and effect of one weight in exactly `width` cells."""
    tag = _TAGS[weight.zone]
    room = width - NAME - VALUE - ZONE - EFFECT - 5
    share = weight.value / weight.limit if weight.limit else None
    drawn = [(text, style if style == "dim" else tag or "good") for text, style in bar(share, room, calm=True)]
    line: Line = [(" " + fit(safe(weight.name), NAME) + " ", "dim")]
    line += drawn if room >= 3 else []
    line += [(" " + fit(fmt_number(weight.value), VALUE, "right") + " ", tag), (fit(zone_text(weight.zone), ZONE), tag)]
    measured = ABSENT if weight.effect is None else fmt_number(round(100 * weight.effect)) + "%"
    line.append((fit(measured, EFFECT, "right"), tag or "dim"))
    line = cut(line, width)
    return [*line, (" " * (width - sum(len(text) for text, _ in line)), "")]


def zone_text(zone: Zone) -> str:
    """The word for a zone; nothing to say of a safe one."""
    match zone:
        case Zone.CAUTION:
            return tr("caution")
        case Zone.DANGER:
            return tr("danger")
        case Zone.BEYOND:
            return tr("beyond")
        case _:
            return tr("safe")


def trial_line(trial: TrialView, now: int) -> Line:
    """Who tries, how long still, and what it does beside what was before."""
    left = fmt_duration(max(0, trial.ends_ns - now) / 1e9)
    line: Line = [(" " + tr("trial") + " ", "accent"), (left, "strong")]
    line.append((" " + tr("left, then {profile}", profile=safe(trial.returns_to)), ""))
    for name, before, during in (
        (tr("rejected"), _of(trial.before, "rejected"), _of(trial.during, "rejected")),
        (tr("anomalies"), _of(trial.before, "alerts"), _of(trial.during, "alerts")),
        (tr("new"), _of(trial.before, "novel"), _of(trial.during, "novel")),
    ):
        line += [(f" · {name} ", "dim"), (f"{before} → {during}/min", "")]
    return [*line, (" · " + tr("by {actor}", actor=safe(trial.actor)), "dim")]


def previous(view: ConstitutionView) -> tuple[int, list[str]] | None:
    """The version before the present one, and what the present one changed; None when there is none."""
    if view.version == 0:
        return None
    made = [one for one in view.history if one.version == view.version and not one.on_trial]
    # The end of a trial names the version again; the oldest that does has made it.
    return view.version - 1, made[-1].changes if made and made[-1].kind != AmendmentKind.TRIAL_REVERTED else []


def _of(effect: Effect | None, what: str) -> str:
    return ABSENT if effect is None else fmt_number(round(getattr(effect, f"{what}_per_min"), 1))
