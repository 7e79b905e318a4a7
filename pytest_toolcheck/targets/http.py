"""JSON services over HTTP: each tool a method and a path, or an operation of an OpenAPI document."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import itertools
import json
import re
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ..errors import MissingExtra, TargetError
from ..spec.model import HttpTarget, Spec, ToolSpec
from ..spec.path_holes import unfilled
from ._clients import certificates, sniff_no_more
from ._openapi import Operation, read_operations
from ._remote import ServedSession
from ._started import StartedServer
from ._text_values import NotCarriedError, in_url, properties_of, types_of, uncarried
from .base import NOT_CARRIED, CallError, Outcome, Request, ToolDescription
from .classify import code_kind
from .owner import Connection, shared_owner

if TYPE_CHECKING:
    import httpx

_OPEN_LIMIT_S = 30.0
_IN_QUERY = ("GET", "HEAD", "DELETE", "OPTIONS")
_BROKEN = object()
_HOLE = re.compile(r"{([^{}]+)}")
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class _Message:
    method: str
    url: str
    query: list[tuple[str, str | int | float | bool | None]]
    headers: dict[str, str]
    body: Any


class HttpService:
    """A service under a base URL, started for the tests where the spec says how."""

    kind = "http"

    def __init__(self, spec: Spec) -> None:
        assert isinstance(spec.target, HttpTarget)
        if importlib.util.find_spec("httpx") is None:
            raise MissingExtra("an http target", "http")
        self._spec = spec
        self.target = spec.target
        folder = spec.path.resolve().parent
        self.server = StartedServer(self.target.start, url=self.target.url, ready=self.target.ready, folder=folder)
        self._documented: list[tuple[ToolDescription, Operation]] | None = None

    def describe(self) -> Sequence[ToolDescription]:
        """Return the operations of the OpenAPI document, then the spec's tools. Raises TargetError."""
        found = {tool.name: self._called(tool, operation.path) for tool, operation in self.documented()}
        for tool in self._spec.tools.values():
            if tool.call is not None:
                found[tool.name] = self._called(self._described(tool), self.operation(tool).path)
        return list(found.values())

    def _called(self, tool: ToolDescription, path: str) -> ToolDescription:
        """Say of a tool what of its path would stay empty: a mistake of the spec that names it, or of the document."""
        written = self._spec.tools.get(tool.name)
        schema = tool.input_schema if written is None or written.input is None else written.input
        reason = unfilled(path, schema) if schema is not None else None
        if reason is None:
            return tool
        return replace(tool, uncallable=reason) if written is None else replace(tool, missing=reason)

    def _described(self, tool: ToolSpec) -> ToolDescription:
        """Return what the document says of the operation that `call` names, under the tool's own name."""
        operation = self.operation(tool)
        for known, other in self.documented():
            if other is operation:
                return ToolDescription(
                    tool.name,
                    known.description,
                    known.input_schema,
                    known.output_schema,
                    known.annotations,
                    known.source,
                )
        return ToolDescription(tool.name, source=tool.call)

    def operation(self, tool: ToolSpec) -> Operation:
        """Return how `tool` is called. Raises TargetError where neither the spec nor the document says."""
        if tool.call is None:
            for known, operation in self.documented():
                if known.name == tool.name:
                    return operation
            raise TargetError(f"no operation is named {tool.name!r}: say `call: METHOD /path` in the spec")
        method, _, path = tool.call.partition(" ")
        for _, operation in self.documented():
            if (operation.method, operation.path) == (method, path):
                return operation
        return Operation(method, path)

    def documented(self) -> list[tuple[ToolDescription, Operation]]:
        """Return the operations of the OpenAPI document, fetched once. Raises TargetError."""
        if self._documented is None:
            has_path = urlsplit(self.target.url).path.strip("/") != ""
            found = read_operations(self._document(), ignore_base=has_path) if self.target.openapi else ()
            self._documented = list(found)
        return self._documented

    def _document(self) -> Any:
        import httpx

        self.server.ensure()
        url = self.url(str(self.target.openapi))
        try:
            headers, trusted = dict(self.target.headers), certificates(httpx)
            answer = httpx.get(url, headers=headers, timeout=_OPEN_LIMIT_S, follow_redirects=True, verify=trusted)
            answer.raise_for_status()
            return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise TargetError(f"cannot read the OpenAPI document {url}: {type(error).__name__}: {error}") from error

    def url(self, path: str) -> str:
        """Return `path` below the base URL; a whole URL as it is."""
        return path if urlsplit(path).scheme else self.target.url.rstrip("/") + "/" + path.lstrip("/")

    def url_of(self, operation: Operation, path: str) -> str:
        """Return the URL of a filled path: below the document's own base where it is the document's operation."""
        return self.url(operation.base + path)

    def open(self) -> HttpSession:
        """Start the server where there is one to start, and return a client's session. Raises TargetError."""
        self.server.ensure()
        self.documented()  # here, not in a call: it would block the loop that all connections share
        connection: Connection[httpx.AsyncClient] = Connection(self._client, owner=shared_owner())
        return HttpSession(self, connection, connection.open(limit_s=_OPEN_LIMIT_S))

    @contextlib.asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        import httpx

        sniff_no_more()
        client = httpx.AsyncClient(
            headers=dict(self.target.headers),
            verify=certificates(httpx),
            timeout=None,
            # The limit of a call is ours; a pool's own limits would only make concurrent calls wait for each other.
            limits=httpx.Limits(max_connections=None),
            follow_redirects=True,
        )
        async with client:
            yield client

    def close(self) -> None:
        """Stop the server that was started."""
        self.server.stop()


class HttpSession(ServedSession["httpx.AsyncClient"]):
    """One client with its pool of connections."""

    def __init__(
        self, service: HttpService, connection: Connection[httpx.AsyncClient], client: httpx.AsyncClient
    ) -> None:
        super().__init__(f"http-{next(_numbers)}", connection, service.server)
        self._service = service
        self._client = client
        self._has_failed = False
        """Whether the last answer was an internal error: behind it many servers close the connection, and not at once."""

    async def _ping(self) -> None:
        """Ask for what the server says of itself; whatever it answers, it has answered."""
        target = self._service.target
        method = "GET" if target.ready is not None else "HEAD"
        await self._client.request(method, self._service.url(target.ready or target.openapi or "/"))

    async def _nothing(self) -> bool:
        """Send `OPTIONS *`, which asks for no resource and is a no-op by RFC 9110, 9.3.7: most answer 404 or 405, or 501."""
        url = self._service.url("/")
        answer = await self._client.request("OPTIONS", url, extensions={"target": b"*"}, follow_redirects=False)
        return answer.status_code == 501 or (answer.status_code < 500 and answer.status_code != 429)

    async def _call(self, request: Request) -> Outcome:
        try:
            message = self._message(request)
        except NotCarriedError as error:
            return Outcome("refused", 0, error=CallError(type=NOT_CARRIED, message=str(error)))
        except TargetError as error:
            return Outcome("crashed", 0, error=CallError(type="TargetError", message=str(error)))
        may_be_closed, self._has_failed = self._has_failed, False
        outcome = await self._sent(request, message)
        if outcome.kind == "lost" and may_be_closed and not self._server.has_died():
            self._alive = True
            outcome = await self._sent(request, message)
        return outcome

    async def _sent(self, request: Request, message: _Message) -> Outcome:
        import httpx

        heard = self._service.server.listen()
        started = time.perf_counter_ns()
        try:
            async with asyncio.timeout(request.timeout_s):
                answer = await self._client.request(
                    message.method,
                    message.url,
                    params=httpx.QueryParams(message.query) if message.query else None,
                    **_content(message),
                )
        except TimeoutError:
            return self._timed_out(request, time.perf_counter_ns() - started, noise=heard())
        except (httpx.InvalidURL, UnicodeError) as error:
            return Outcome("refused", 0, error=CallError(type=NOT_CARRIED, message=f"no URL can say this: {error}"))
        except (httpx.TooManyRedirects, httpx.DecodingError) as error:
            reason = f"the answer breaks HTTP: {error}"
            told = CallError(type=type(error).__name__, message=reason)
            return Outcome("crashed", time.perf_counter_ns() - started, error=told, noise=heard())
        except httpx.HTTPError as error:
            return await self._lost(error, time.perf_counter_ns() - started, heard())
        self._has_failed = answer.status_code >= 500
        return _outcome(request, answer, time.perf_counter_ns() - started, heard())

    def _message(self, request: Request) -> _Message:
        if reason := uncarried(request.arguments):
            raise NotCarriedError(reason)
        operation = self._service.operation(request.tool)
        schemas = properties_of(request.tool.input)
        rest = dict(request.arguments)
        path = _HOLE.sub(lambda hole: _in_path(hole[1], rest, schemas), operation.path)
        query, headers = _placed(operation, rest, schemas)
        body = rest.get("body") if operation.body == "whole" and _has_body(request.tool, rest) else rest
        has_body = operation.body != "none" and operation.method not in _IN_QUERY
        return _Message(
            operation.method, self._service.url_of(operation, path), query, headers, body if has_body else None
        )


def _has_body(tool: ToolSpec, rest: dict[str, Any]) -> bool:
    """Whether the body is an argument of its own; the spec's own `input` may spell its properties out instead."""
    return "body" in rest or not rest or "body" in properties_of(tool.input)


def _in_path(name: str, rest: dict[str, Any], schemas: dict[str, Any]) -> str:
    """Take the argument out of `rest`. Raises NotCarriedError: without it the URL is that of another operation."""
    if name not in rest:
        raise NotCarriedError(f"{name}: a path without it names another operation")
    text = in_url(name, rest.pop(name), schemas.get(name))
    if text in ("", ".", ".."):
        raise NotCarriedError(f"{name}: {text!r} is no segment of a path")
    return quote(text, safe="")


def _placed(
    operation: Operation, rest: dict[str, Any], schemas: dict[str, Any]
) -> tuple[list[tuple[str, str | int | float | bool | None]], dict[str, str]]:
    """Move what belongs into query and headers out of `rest`."""
    query: list[tuple[str, str | int | float | bool | None]] = []
    headers: dict[str, str] = {}
    bodiless = operation.body == "none" or operation.method in _IN_QUERY
    for name in list(rest):
        place = operation.places.get(name, "query" if bodiless else "body")
        if place == "query":
            query += _in_query(name, rest.pop(name), schemas.get(name))
        elif place == "header":
            headers[name] = _in_header(name, rest.pop(name), schemas.get(name))
        elif place != "body":
            raise NotCarriedError(f"{name}: parameters in a {place} are not sent")
    return query, headers


def _in_query(name: str, value: Any, schema: Any) -> list[tuple[str, str]]:
    if isinstance(value, list) and value:
        items = schema.get("items") if isinstance(schema, dict) else None
        if _is_no_list(schema):
            raise NotCarriedError(f"{name}: no query says that this is a list; of a repeated name servers take one")
        return [(name, in_url(name, item, items)) for item in value]
    return [(name, in_url(name, value, schema))]


def _is_no_list(schema: Any) -> bool:
    """Whether the schema says what the parameter is, and that is no list."""
    if not isinstance(schema, dict):
        return False
    kinds = types_of(schema)
    return ("enum" in schema and not any(isinstance(member, list) for member in schema["enum"])) or (
        bool(kinds) and "array" not in kinds
    )


def _in_header(name: str, value: Any, schema: Any) -> str:
    text = in_url(name, value, schema)
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise NotCarriedError(f"{name}: {text[:40]!r} cannot stand in a header")
    return text


def _content(message: _Message) -> dict[str, Any]:
    if message.body is None:
        return {"headers": message.headers}
    headers = {**message.headers, "content-type": "application/json"}
    return {"content": json.dumps(message.body).encode(), "headers": headers}


def _outcome(request: Request, answer: httpx.Response, spent: int, noise: str) -> Outcome:
    value = _value(answer)
    raw = {
        "status": answer.status_code,
        "content-type": answer.headers.get("content-type"),
        "body": answer.text if value is _BROKEN else value,
    }
    if answer.status_code < 400:
        if value is _BROKEN:
            message = f"the answer says it is application/json, and is not: {answer.text[:200]}"
            return Outcome(
                "crashed", spent, error=CallError(type="ProtocolError", message=message), raw=raw, noise=noise
            )
        return Outcome("accepted", spent, value=value, raw=raw, noise=noise)
    kind = code_kind(answer.status_code, rejects=request.tool.rejects, default=("4xx",))
    error = CallError(type=f"HTTP {answer.status_code}", message=answer.text, code=answer.status_code)
    return Outcome(kind, spent, error=error, raw=raw, noise=noise)


def _value(answer: httpx.Response) -> Any:
    """Return the body: JSON where it is, None where it is empty, else its text; `_BROKEN` where it should be JSON."""
    if not answer.content:
        return None
    try:
        return json.loads(answer.content)
    except RecursionError:
        return answer.text
    except ValueError:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return _BROKEN if kind == "application/json" else answer.text
