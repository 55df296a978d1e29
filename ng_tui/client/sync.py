"""The engine for programs without `await`, such as notebooks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ng_tui.client.address import Address, Profiles
from ng_tui.client.answers import Health, Module, ModuleConfig, Page, Receipt, Status
from ng_tui.client.background import Background
from ng_tui.client.library import Event, NeuroGraphClient
from ng_tui.client.wire import AlertView, Frame, GuardianView, IncidentView, Mode, Record, SettingValue, SilenceView

T = TypeVar("T")


class NeuroGraphClientSync:
    """NeuroGraphClient with methods that wait.

        with NeuroGraphClientSync("unix:") as client:
            print(client.health().status)

    It may also be used without `with`, and is then ended by `close`. Arguments, answers and errors are those of
    NeuroGraphClient. The methods may be called from any thread.
    """

    def __init__(
        self,
        address: str | Address,
        *,
        token: str | None = None,
        token_file: str | Path | None = None,
        profiles: Profiles | None = None,
    ) -> None:
        """Gets everything ready; the first connection is made by the first call. Raises ConsoleError."""
        self._client = NeuroGraphClient(address, token=token, token_file=token_file, profiles=profiles)
        self._background = Background(f"client of {self._client.address.name}")
        self._is_open = True
        try:
            self._wait(self._client.__aenter__())
        except BaseException:
            self._background.close()
            raise
        self.modules = SyncModules(self)
        self.guardian = SyncGuardian(self)
        self.alerts = SyncAlerts(self)
        self.incidents = SyncIncidents(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends every connection; may be called twice."""
        if self._is_open:
            self._is_open = False
            self._wait(self._client.__aexit__(None, None, None))
            self._background.close()

    def health(self) -> Health:
        """How the server stands; needs no credentials."""
        return self._wait(self._client.health())

    def status(self) -> Status:
        """The engine in a few numbers."""
        return self._wait(self._client.status())

    def emit(
        self,
        events: Event | Iterable[Event],
        *,
        source: str | None = None,
        idempotency_key: str | None = None,
        wait: bool = True,
    ) -> Receipt:
        """Sends one event or several, and waits until they are on disk, or with `wait=False` in the engine's ring."""
        return self._wait(self._client.emit(events, source=source, idempotency_key=idempotency_key, wait=wait))

    def query(
        self, filter: str = "", *, from_seq: int | None = None, limit: int | None = None, order: str | None = None
    ) -> Page:
        """A page of the records in memory and on disk that pass `filter`."""
        return self._wait(self._client.query(filter, from_seq=from_seq, limit=limit, order=order))

    def query_all(self, filter: str = "", *, from_seq: int | None = None, order: str = "asc") -> Iterator[Record]:
        """All records that `query` has page by page."""
        records = self._client.query_all(filter, from_seq=from_seq, order=order)
        try:
            while self._is_open and (record := self._wait(_next(records))) is not None:
                yield record
        finally:
            if self._is_open:
                self._wait(records.aclose())

    def events(
        self,
        filter: str = "",
        *,
        resume_from: int | None = None,
        max_rate: int | None = None,
        vectors: bool = False,
    ) -> Iterator[Frame]:
        """Frames as they come, over broken connections too; the connection ends with the iterator."""
        frames = self._client.events(filter, resume_from=resume_from, max_rate=max_rate, vectors=vectors)
        try:
            while self._is_open and (frame := self._wait(_next(frames))) is not None:
                yield frame
        finally:
            if self._is_open:
                self._wait(frames.aclose())

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        future = self._background.submit(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # An interrupt from the keyboard ends the work too.
            raise


async def _next(of: AsyncGenerator[T, None]) -> T | None:
    return await anext(of, None)


class SyncModules:
    """The parts of the engine; see NeuroGraphClientSync."""

    def __init__(self, client: NeuroGraphClientSync) -> None:
        self._client = client

    def list(self) -> list[Module]:
        """All modules, in the order of the pipeline."""
        return self._client._wait(self._client._client.modules.list())

    def get(self, id: str) -> Module:
        """One module."""
        return self._client._wait(self._client._client.modules.get(id))

    def config(self, id: str) -> ModuleConfig:
        """The settings of a module."""
        return self._client._wait(self._client._client.modules.config(id))

    def enable(self, id: str) -> None:
        """Switches a module on."""
        self._client._wait(self._client._client.modules.enable(id))

    def disable(self, id: str) -> None:
        """Switches a module off."""
        self._client._wait(self._client._client.modules.disable(id))

    def configure(self, id: str, values: Mapping[str, SettingValue]) -> None:
        """Changes settings; all, or none when one is refused."""
        self._client._wait(self._client._client.modules.configure(id, values))


class SyncGuardian:
    """The rules that every event is checked against; see NeuroGraphClientSync."""

    def __init__(self, client: NeuroGraphClientSync) -> None:
        self._client = client

    def get(self) -> GuardianView:
        """What was checked, and every rule."""
        return self._client._wait(self._client._client.guardian.get())

    def set_mode(self, rule: str, mode: Mode | str) -> None:
        """Makes a rule `observe` or `enforce`."""
        self._client._wait(self._client._client.guardian.set_mode(rule, mode))


class SyncAlerts:
    """The alert rules; see NeuroGraphClientSync."""

    def __init__(self, client: NeuroGraphClientSync) -> None:
        self._client = client

    def list(self) -> list[AlertView]:
        """All alert rules with their state."""
        return self._client._wait(self._client._client.alerts.list())


class SyncIncidents:
    """What is unusual at the same time, as one entry each, and silences; see NeuroGraphClientSync."""

    def __init__(self, client: NeuroGraphClientSync) -> None:
        self._client = client

    def list(self) -> list[IncidentView]:
        """Those that go on and the latest of those that are over, the latest first."""
        return self._client._wait(self._client._client.incidents.list())

    def silences(self) -> Sequence[SilenceView]:
        """The silences that hold, oldest first, and what each held back."""
        return self._client._wait(self._client._client.incidents.silences())

    def silence(
        self,
        *,
        seconds: int,
        event: int | None = None,
        rule: str | None = None,
        filter: str | None = None,
        reason: str = "",
    ) -> str:
        """Holds back what is said of the pattern of an event, of an alert rule, or of what passes a filter."""
        asked = self._client._client.incidents.silence(
            seconds=seconds, event=event, rule=rule, filter=filter, reason=reason
        )
        return self._client._wait(asked)

    def expire(self, number: int) -> str:
        """Ends a silence before its time."""
        return self._client._wait(self._client._client.incidents.expire(number))
