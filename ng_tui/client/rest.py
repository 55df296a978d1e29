"""Requests over HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
import msgspec

from ng_tui.client.answers import data_of, fault_of
from ng_tui.client.failures import BadAnswer, ConnectionFailed, Declined, Refused, filter_error
from ng_tui.client.reach import Reach
from ng_tui.client.sockets import own
from ng_tui.errors import ConsoleError, FilterError
from ng_tui.i18n import tr

T = TypeVar("T")

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
MOST_WAIT_S = 3600.0
"""Longest wait that an answer may ask for, seconds."""


class Rest:
    """Asks an engine over HTTP. Every method raises ConnectionFailed, BadAnswer, Refused, FilterError or Declined."""

    def __init__(self, reach: Reach, http: httpx.AsyncClient) -> None:
        self._reach = reach
        self._http = http

    async def get(self, path: str, shape: type[T], **query: object) -> T:
        """What stands at a path, in this shape. Parameters that are None are left out."""
        given = {name: str(value) for name, value in query.items() if value is not None}
        return self._read(await self._ask("GET", path, params=given), shape)

    async def put(self, path: str, body: object) -> None:
        """Sets what stands at a path."""
        await self._ask("PUT", path, content=msgspec.json.encode(body), headers={"Content-Type": "application/json"})

    async def send(self, verb: str, path: str, body: object, shape: type[T]) -> T:
        """Has something done with what stands at a path, and returns what it came to; None is no body."""
        if body is None:
            return self._read(await self._ask(verb, path), shape)
        headers = {"Content-Type": "application/json"}
        return self._read(await self._ask(verb, path, content=msgspec.json.encode(body), headers=headers), shape)

    async def post(self, path: str, data: bytes, shape: type[T], headers: Mapping[str, str], **query: object) -> T:
        """Sends bytes; their type stands in the headers."""
        given = {name: str(value) for name, value in query.items() if value is not None}
        return self._read(await self._ask("POST", path, content=data, headers=headers, params=given), shape)

    def _read(self, response: httpx.Response, shape: type[T]) -> T:
        try:
            return msgspec.json.decode(data_of(response.content), type=shape)
        except msgspec.MsgspecError as error:
            what = tr("{path} is not answered as expected: {error}", path=response.request.url.path, error=error)
            raise BadAnswer(what, where=self._reach.address.name) from None

    async def _ask(
        self,
        verb: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        sent = {**self._reach.headers(), **(headers or {})}
        try:
            response = await self._http.request(verb, path, content=content, headers=sent, params=params)
        except httpx.HTTPError as error:
            is_late = isinstance(error, httpx.TimeoutException)
            failure = self._reach.failed(TimeoutError() if is_late else cause_of(error))
            failure.was_sent = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            raise failure from None
        if response.is_success:
            return response
        raise self._refusal(response)

    def _refusal(self, response: httpx.Response) -> ConsoleError:
        where, status = self._reach.address.name, response.status_code
        fault = fault_of(response.content)
        what = fault.message if fault is not None else tr("answered with status {status}", status=status)
        if status in {401, 403}:
            return Refused(what, where=where, known=status == 403)
        wait = retry_after(response)
        if fault is None:
            # Something between us and the engine, or in its place.
            error = ConnectionFailed("NG-3311", what, where=where) if status >= 500 else BadAnswer(what, where=where)
            error.status, error.retry_after_s = status, wait
            return error
        column = fault.details.get("column")
        if isinstance(column, int):
            return filter_error(fault.message) or FilterError(column, fault.message)
        after = fault.details.get("retry_after")
        wait = float(after) if isinstance(after, int | float) else wait
        return Declined(fault.code, fault.message, status=status, retry_after_s=wait, details=fault.details)


@asynccontextmanager
async def rest(reach: Reach) -> AsyncIterator[Rest]:
    """Connections over HTTP for as long as the context lasts; the first is made when it is needed."""
    transport = httpx.AsyncHTTPTransport(uds=reach.socket, verify=False) if reach.socket is not None else None
    async with httpx.AsyncClient(
        base_url=reach.base,
        transport=transport,
        verify=reach.tls if reach.tls is not None else False,
        trust_env=not reach.is_near,
        timeout=TIMEOUT,
    ) as http:
        own(http)
        yield Rest(reach, http)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that an answer asks to wait, given as such or as a date; None when it does not ask."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), MOST_WAIT_S)
    try:
        return min(max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0), MOST_WAIT_S)
    except (TypeError, ValueError):
        return None


def cause_of(error: BaseException) -> BaseException:
    """The error of the operating system or of TLS behind an error of HTTP."""
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, OSError):
            return one
        one = one.__cause__ or one.__context__
    return error
