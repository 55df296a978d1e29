"""The engine for programs: `async with NeuroGraphClient(url) as client`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import msgspec

from ng_tui.client.address import Address, Profiles, resolve
from ng_tui.client.answers import Health, Module, ModuleConfig, Page, Receipt, Status
from ng_tui.client.follow import Follower, ResumePoint
from ng_tui.client.reach import Reach, reach
from ng_tui.client.rest import Rest, rest
from ng_tui.client.sender import Away, Refusal, Sender
from ng_tui.client.session import PROTO, Session, decode
from ng_tui.client.wire import (
    AlertView,
    EventSilenceTarget,
    FilterSilenceTarget,
    Frame,
    GuardianView,
    Hello,
    IncidentsView,
    IncidentView,
    Mode,
    Record,
    RuleSilenceTarget,
    SettingValue,
    SilenceTarget,
    SilenceView,
)

Event = Mapping[str, Any] | str | float
"""What can be sent: the fields of an event, a line of text, or a number."""


class NeuroGraphClient:
    """One engine, asked over HTTP and heard over a WebSocket.

        async with NeuroGraphClient("http://127.0.0.1:8089", token_file="~/token") as client:
            await client.modules.disable("signal_system")
            async for frame in client.events(filter="novelty>0.9"):
                for record in frame.records or ():
                    ...

    Every method raises a subclass of `ng_tui.errors.ConsoleError`: `ConnectionFailed` (the engine cannot be reached, or
    the connection broke), `BadAnswer` (what answers is no engine), `Refused` (no credentials, or too few rights),
    `Declined` (the engine does not carry it out; `word` is its stable code), `FilterError` (with the column).
    """

    modules: Modules
    """The parts of the engine."""
    guardian: Guardian
    """The rules that every event is checked against."""
    alerts: Alerts
    """The alert rules."""
    incidents: Incidents
    """What is unusual at the same time, and what is held back."""

    def __init__(
        self,
        address: str | Address,
        *,
        token: str | None = None,
        token_file: str | Path | None = None,
        profiles: Profiles | None = None,
    ) -> None:
        """`address` is `http://…`, `https://…`, `unix:PATH`, `ssh://[USER@]HOST`, or the name of one of `profiles`.

        Without `token` and `token_file` the token is that of the profile, or over HTTP the environment variable
        NEUROGRAPH_TOKEN. Raises BadAddress. Nothing is connected before `async with`.
        """
        self.address = resolve(address, profiles) if isinstance(address, str) else address
        if token_file is not None:
            self.address = replace(self.address, token_file=Path(token_file).expanduser())
        self._token = token
        self._stack = AsyncExitStack()
        self._followers: set[Follower] = set()
        self._opened: tuple[Reach, Rest] | None = None

    async def __aenter__(self) -> Self:
        """Gets everything ready; the first connection is made by the first call."""
        way = await self._stack.enter_async_context(reach(self.address, self._token))
        asking = await self._stack.enter_async_context(rest(way))
        self._opened = way, asking
        self.modules, self.guardian = Modules(asking), Guardian(asking)
        self.alerts, self.incidents = Alerts(asking), Incidents(asking)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends every connection, those of `events` too."""
        for follower in list(self._followers):
            await follower.close()
        self._opened = None
        await self._stack.aclose()

    async def health(self) -> Health:
        """How the server stands; needs no credentials."""
        return await self._rest.get("/api/v1/health", Health)

    async def status(self) -> Status:
        """The engine in a few numbers."""
        return await self._rest.get("/api/v1/status", Status)

    async def emit(
        self,
        events: Event | Iterable[Event],
        *,
        source: str | None = None,
        idempotency_key: str | None = None,
        wait: bool = True,
    ) -> Receipt:
        """Sends one event or several, and waits until they are on disk, or with `wait=False` in the engine's ring.

        `source` is shown as `http:SOURCE`; at most 128 of `A-Z a-z 0-9 . _ / -`. A request with an `idempotency_key`
        (at most 255 visible ASCII characters, a new one for each request) may be sent again within ten minutes: what
        was taken in is not taken in twice. Events that are not understood are told in the receipt; Declined is raised
        when none was taken in.
        """
        headers = {"Content-Type": "application/json"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        several = [events] if isinstance(events, Mapping | str | int | float) else list(events)
        body = msgspec.json.encode(several)
        waits = None if wait else "false"
        return await self._rest.post("/api/v1/ingest", body, Receipt, headers, source=source, wait=waits)

    def sender(
        self,
        *,
        source: str | None = None,
        retry_for_s: float | None = None,
        wait: bool = True,
        refused: Callable[[Refusal], None] = lambda _: None,
        away: Callable[[Away], None] = lambda _: None,
        back: Callable[[Away], None] = lambda _: None,
    ) -> Sender:
        """Sends events one after the other, over restarts of the engine, without losing one or telling it twice.

            async with client.sender(source="pump") as sender:
                await sender.send({"message": "started"})
                await sender.drain()

        `retry_for_s` is how long the engine may be away, None = without end. Its arguments are those of `Sender`.
        """
        return Sender(
            lambda: self.address,
            source=source,
            token=self._token,
            retry_for_s=retry_for_s,
            wait=wait,
            refused=refused,
            away=away,
            back=back,
        )

    async def query(
        self, filter: str = "", *, from_seq: int | None = None, limit: int | None = None, order: str | None = None
    ) -> Page:
        """A page of the records in memory and on disk that pass `filter`, from `from_seq` on.

        It has at most `limit` of them (1 to 1000, otherwise 100). `order` is `asc`, from old to new, or `desc`. The
        page tells where the next one begins.
        """
        return await self._rest.get(
            "/api/v1/events", Page, filter=filter or None, from_seq=from_seq, limit=limit, order=order
        )

    async def query_all(
        self, filter: str = "", *, from_seq: int | None = None, order: str = "asc"
    ) -> AsyncGenerator[Record, None]:
        """All records that `query` has page by page, each page when its first record is asked for."""
        while True:
            page = await self.query(filter, from_seq=from_seq, limit=1000, order=order)
            for record in page.records:
                yield record
            if not page.more or page.next_seq is None:
                return
            from_seq = page.next_seq

    async def events(
        self,
        filter: str = "",
        *,
        resume_from: int | None = None,
        max_rate: int | None = None,
        vectors: bool = False,
    ) -> AsyncGenerator[Frame, None]:
        """Frames as they come: `records` that pass `filter`, a `gap` for records that are missing, views, notices.

        Begins with the next record, or with `resume_from` as far as the engine still holds it. A broken connection is
        made again forever, begins with a frame `hello`, and goes on where it was: a frame `gap` tells exactly what was
        missed. `max_rate` is the most records a second; what is above is left out and told as a gap. `vectors`: records
        carry their eight features and the shares of the channels. Raises what the engine refuses, and ConnectionFailed
        when already the first attempt fails.
        """
        way, place = self._reach, ResumePoint(resume_from)

        def hello() -> Hello:
            return Hello(
                PROTO,
                filter=filter or None,
                max_rate=max_rate,
                resume_from=place.next_seq,
                run=place.run,
                vectors=vectors,
            )

        def greeted(session: Session) -> bool:
            place.greet(session.welcome)
            return True

        follower = Follower(way, hello, greeted, forever=False, patience_s=60.0)
        self._followers.add(follower)
        try:
            async with aclosing(aiter(follower)) as messages:
                async for message in messages:
                    frame = decode(message, way)
                    place.take(frame)
                    yield frame
        finally:
            self._followers.discard(follower)

    @property
    def _reach(self) -> Reach:
        return self._parts[0]

    @property
    def _rest(self) -> Rest:
        return self._parts[1]

    @property
    def _parts(self) -> tuple[Reach, Rest]:
        if self._opened is None:
            raise RuntimeError("use it inside `async with`")
        return self._opened


class Modules:
    """The parts of the engine; see NeuroGraphClient."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def list(self) -> list[Module]:
        """All modules, in the order of the pipeline."""
        return (await self._rest.get("/api/v1/modules", _Modules)).modules

    async def get(self, id: str) -> Module:
        """One module. Declined with `NOT_FOUND` for an unknown one."""
        return (await self._rest.get(f"/api/v1/modules/{quote(id, safe='')}", _Module)).module

    async def config(self, id: str) -> ModuleConfig:
        """The settings of a module: their values, and what each accepts."""
        return await self._rest.get(f"/api/v1/modules/{quote(id, safe='')}/config", ModuleConfig)

    async def enable(self, id: str) -> None:
        """Switches a module on; in effect when it returns, and seen in `list` at the latest a second later."""
        await self._switch(id, True)

    async def disable(self, id: str) -> None:
        """Switches a module off, as `enable` switches it on. Declined with `CONFLICT` when it cannot be."""
        await self._switch(id, False)

    async def configure(self, id: str, values: Mapping[str, SettingValue]) -> None:
        """Changes settings; those that are absent keep their value. None is changed when one is refused."""
        await self._rest.put(f"/api/v1/modules/{quote(id, safe='')}/config", {"config": dict(values)})

    async def _switch(self, id: str, enabled: bool) -> None:
        await self._rest.put(f"/api/v1/modules/{quote(id, safe='')}/enabled", {"enabled": enabled})


class Guardian:
    """The rules that every event is checked against; see NeuroGraphClient."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def get(self) -> GuardianView:
        """What was checked, and every rule."""
        return await self._rest.get("/api/v1/guardian", GuardianView)

    async def set_mode(self, rule: str, mode: Mode | str) -> None:
        """Makes a rule `observe` (flag only) or `enforce` (reject); in effect when it returns."""
        await self._rest.put(f"/api/v1/guardian/rules/{quote(rule, safe='')}/mode", {"mode": Mode(mode).value})


class Alerts:
    """The alert rules; see NeuroGraphClient."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def list(self) -> list[AlertView]:
        """All alert rules with their state."""
        return (await self._rest.get("/api/v1/alerts", _Alerts)).alerts


class Incidents:
    """What is unusual at the same time, as one entry each, and silences; see NeuroGraphClient."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def list(self) -> list[IncidentView]:
        """Those that go on and the latest of those that are over, the latest first."""
        return (await self._view()).incidents

    async def silences(self) -> Sequence[SilenceView]:
        """The silences that hold, oldest first, and what each held back."""
        return (await self._view()).silences

    async def silence(
        self,
        *,
        seconds: int,
        event: int | None = None,
        rule: str | None = None,
        filter: str | None = None,
        reason: str = "",
    ) -> str:
        """Holds back what is said of the pattern of an event, of an alert rule, or of what passes a filter.

        Exactly one of the three is given; `seconds` is 1 to a year, and `reason` has at most 200 characters. Returns
        what it came to, in words, with the number of the silence. Declined with `BAD_REQUEST` or `CONFLICT`.
        """
        if sum(one is not None for one in (event, rule, filter)) != 1:
            raise ValueError("one of event, rule and filter is silenced")
        target = SilenceTarget(
            event=EventSilenceTarget(event) if event is not None else None,
            rule=RuleSilenceTarget(rule) if rule is not None else None,
            filter=FilterSilenceTarget(filter) if filter is not None else None,
        )
        body = {"target": target, "seconds": seconds, "reason": reason}
        return (await self._rest.send("POST", "/api/v1/silences", body, _Done)).message

    async def expire(self, number: int) -> str:
        """Ends a silence before its time. Declined with `NOT_FOUND` when there is none of this number."""
        return (await self._rest.send("DELETE", f"/api/v1/silences/{number}", None, _Done)).message

    async def _view(self) -> IncidentsView:
        return await self._rest.get("/api/v1/incidents", IncidentsView)


class _Modules(msgspec.Struct):
    modules: list[Module]


class _Module(msgspec.Struct):
    module: Module


class _Alerts(msgspec.Struct):
    alerts: list[AlertView]


class _Done(msgspec.Struct):
    message: str = ""
