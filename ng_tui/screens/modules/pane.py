"""The modules: what each does, how fast, with which errors, and its switch and settings."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from ng_tui.client.wire import Command, ConfigureCommand, ModuleStatus, ModuleView, SetModuleCommand
from ng_tui.connection import refusal
from ng_tui.i18n import tr
from ng_tui.keymap import bindings
from ng_tui.kit.confirm import Confirm
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.pending import Awaited
from ng_tui.kit.sparkline import sparkline
from ng_tui.kit.table import Cell, Column, Row, Table
from ng_tui.screens.base import Pane, Send, Tell
from ng_tui.screens.modules.drawer import ModuleDrawer, why_fixed
from ng_tui.screens.modules.settings_form import SettingsForm
from ng_tui.state import State
from ng_tui.text import fmt_age, fmt_count, fmt_rate, fmt_us, now_ns, safe

UNDO_SECONDS = 10.0
SPARK_WIDTH = 10
WIDE = 110
"""Cells from which the drawer stands beside the table instead of below it."""


class ModulesPane(Pane):
    """The table of modules with a drawer for the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("modules"))
    DEFAULT_CSS = """
    ModulesPane .side { height: 1fr; padding-top: 1; }
    ModulesPane.-wide { layout: horizontal; }
    ModulesPane.-wide Table { width: 1fr; }
    ModulesPane.-wide .side { width: 44; padding: 0 0 0 2; }
    ModulesPane SettingsForm { display: none; }
    ModulesPane.-form SettingsForm { display: block; }
    ModulesPane.-form ModuleDrawer { display: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state = State()
        self._awaited: Awaited[bool] = Awaited()
        self._last_toggle: tuple[str, bool, float] | None = None
        self._table = Table(
            _columns, lambda: tr("No module has been heard of yet; they appear when the engine answers.")
        )
        self._drawer = ModuleDrawer()
        self._form = SettingsForm()

    def compose(self) -> ComposeResult:
        """Table and drawer."""
        yield self._table
        with Vertical(classes="side"):
            yield self._drawer
            yield self._form

    def on_enter(self) -> None:
        """Gives the keys to the table, or to the form when it is open."""
        if not self.has_class("-form"):
            self._table.focus()

    def present(self, state: State) -> None:
        """Shows the state."""
        self._state = state
        unheard = state.lost_at is not None
        self._awaited.settle(self._actual, state.modules, self._under_way, unheard=unheard)
        self._table.show([self._row(module) for module in state.modules.values()])
        self._drawer.show(state, self._table.cursor_key)
        if (module := self._module()) is not None and self.has_class("-form"):
            self._form.update_module(module)
        self._arrange()

    def on_resize(self) -> None:
        """Chooses the layout for the size."""
        self._arrange()

    @on(Table.Moved)
    def _moved(self) -> None:
        # The move may be told after the form was opened on the row that it went to.
        if self._form.module != self._table.cursor_key:
            self._close()
        self._drawer.show(self._state, self._table.cursor_key)

    def action_switch(self) -> None:
        """Switches the module under the cursor, after a question when something depends on it."""
        module = self._module()
        if module is None or self._awaited.wanted(module.id) is not None:
            return
        if why := refusal(self._state.link, "steer"):
            self.post_message(Tell(f"{safe(module.id)}: {why}", severity="warning"))
        elif not module.can_disable:
            self.post_message(Tell(f"{safe(module.id)}: {why_fixed(module)}", severity="warning"))
        elif module.enabled and (module.dependents or module.disable_warning):
            self._ask(module)
        else:
            self._set(module.id, not module.enabled)

    def action_undo(self) -> None:
        """Takes back the last switch within UNDO_SECONDS."""
        if self._last_toggle is None or monotonic() - self._last_toggle[2] > UNDO_SECONDS:
            self.post_message(Tell(tr("Nothing was switched in the last ten seconds.")))
            return
        if why := refusal(self._state.link, "steer"):
            self.post_message(Tell(why, severity="warning"))
            return
        module, before, _ = self._last_toggle
        self._set(module, before)
        self._last_toggle = None

    def action_configure(self) -> None:
        """Opens the settings of the module under the cursor."""
        if (module := self._module()) is not None:
            self.add_class("-form")
            self._arrange()
            self._form.open(module)

    @on(SettingsForm.Apply)
    def _apply(self, event: SettingsForm.Apply) -> None:
        self.post_message(Send(Command(configure=ConfigureCommand(event.module, event.values))))

    @on(SettingsForm.Closed)
    def _form_closed(self) -> None:
        self._close()
        self._table.focus()

    def _close(self) -> None:
        self.remove_class("-form")
        self._arrange()

    def _module(self) -> ModuleView | None:
        return self._state.modules.get(self._table.cursor_key or "")

    def _ask(self, module: ModuleView) -> None:
        reasons = [module.disable_warning] if module.disable_warning else []
        if module.dependents:
            reasons.append(tr("Used by: {modules}.", modules=", ".join(module.dependents)))

        def answered(yes: bool | None) -> None:
            if yes:
                self._set(module.id, False)

        title = tr("Switch {module} off?", module=module.id)
        self.app.push_screen(Confirm(title, reasons, yes=tr("switch off"), no=tr("keep it on")), answered)

    def _set(self, module: str, enabled: bool) -> None:
        self._last_toggle = (module, not enabled, monotonic())
        self._awaited.ask(module, enabled, self._state.modules)
        self.post_message(Send(Command(set_module=SetModuleCommand(module, enabled))))
        self.present(self._state)

    def _actual(self, module: str) -> bool | None:
        view = self._state.modules.get(module)
        return view.enabled if view else None

    def _under_way(self, module: str, enabled: bool) -> bool:
        command = Command(set_module=SetModuleCommand(module, enabled))
        return any(pending == command for pending in self._state.pending.values())

    def _arrange(self) -> None:
        wide = self.size.width >= WIDE
        self.set_class(wide, "-wide")
        if wide:
            self._table.styles.height = "1fr"
            return
        room = self.size.height
        rows = max(2, len(self._state.modules) + 1)
        share = room // 3 if self.has_class("-form") else room // 2 if room < 18 else room - 8
        self._table.styles.height = max(3, min(rows, share))

    def _row(self, module: ModuleView) -> Row:
        now = now_ns(self._state.metrics)
        history = self._state.history(f"module.{module.id}", 60)
        rate = self._state.mean(f"module.{module.id}")
        error = module.last_error
        text = f"{fmt_age(error.time_ns, now)} {safe(error.text)}" if error else ""
        rates = ((name, getattr(module, f"{name}_us")) for name in ("p50", "p95", "p99"))
        return Row(
            module.id,
            {
                "state": self._status(module),
                "id": Cell(safe(module.id)),
                "term": Cell(safe(module.term), "dim"),
                "rate": Cell(fmt_rate(rate), "", rate or 0.0),
                "errors": Cell(fmt_count(module.errors), "bad" if module.errors else "dim", module.errors),
                **{name: Cell(fmt_us(value), "", "" if value is None else value) for name, value in rates},
                "spark": Cell(sparkline(history, SPARK_WIDTH, seconds=60, end=now // 1_000_000_000)[0], "chart-1"),
                "error": Cell(text, "warn", float(error.time_ns) if error else ""),
            },
        )

    def _status(self, module: ModuleView) -> Cell:
        mark = glyphs()
        wanted = self._awaited.wanted(module.id)
        if wanted is not None:
            return Cell(f"{mark.pending} {tr('on') if wanted else tr('off')}", "warn", 1.0)
        match module.status:
            case ModuleStatus.ACTIVE:
                return Cell(f"{mark.active} {tr('active')}", "good", 3.0)
            case ModuleStatus.DISABLED:
                return Cell(f"{mark.off} {tr('off')}", "dim", 2.0)
            case _:
                return Cell(f"{mark.error} {tr('error')}", "bad", 0.0)


def _columns() -> list[Column]:
    return [
        Column("state", tr("state"), 8),
        Column("id", tr("module"), 18),
        Column("term", tr("what it is"), 24, drop=5),
        Column("rate", tr("rate"), 7, "right"),
        Column("errors", tr("errors"), 6, "right"),
        Column("p50", "p50", 6, "right", drop=3),
        Column("p95", "p95", 6, "right", drop=1),
        Column("p99", "p99", 6, "right", drop=2),
        Column("spark", tr("1 min"), SPARK_WIDTH, drop=4, sortable=False),
        Column("error", tr("last error"), 18, drop=6, grow=True),
    ]
