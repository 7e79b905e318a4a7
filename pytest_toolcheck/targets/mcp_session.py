"""One connection to an MCP server, and the calls made over it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import mcp_types as types
from mcp import MCPError
from pydantic import ValidationError

from ..errors import TargetError
from ._mcp_handshake import answered, broken_place, why, written
from ._mcp_results import protocol_error, raw_of, texts_of, value_of
from ._observe import counts, observing, running
from ._outliving import watching_tasks
from ._remote import RemoteSession
from ._server_log import ServerLog
from ._text_values import uncarried
from ._timelimit import Expired
from .base import NOT_CARRIED, CallError, Observed, Outcome, Progress, Request, ToolDescription
from .owner import Connection, Owner
from .processes import SHOWN_LINES, show_command

if TYPE_CHECKING:
    from mcp.shared.dispatcher import ProgressFnT

    from .mcp import Link

Heard = Callable[[], str]

_EXIT_WAIT_S = 1.0
_CLOSE_LIMIT_S = 10.0
_DEAD_CLOSE_LIMIT_S = 2.0
_LIST_LIMIT_S = 30.0
_MOST_PAGES = 1000
_STEPS_BEHIND = 50
_TASKS_ONLY = "can only be called as a task (taskSupport: required), and calls here are plain ones"

# What the SDK logs of odd servers is said by our outcomes; its tracebacks would only be noise in the report.
logging.getLogger("mcp.client").addHandler(logging.NullHandler())


class McpSession(RemoteSession["Link"]):
    """An initialized client session; calls may come from any thread."""

    def __init__(self, name: str, connection: Connection[Link], link: Link, *, own_loop: Owner | None) -> None:
        super().__init__(name, connection)
        self.declares_output: frozenset[str] | None = None
        """The tools that owe structured content; None until it is known."""
        self._link = link
        self._stray_before: int | None = 0
        self._heard_before = self._answered_ns = 0
        self._own_loop = own_loop
        self._log = ServerLog() if own_loop is not None else None
        if self._log is not None:
            self._log.open()

    def list_tools(self) -> list[ToolDescription]:
        """Return all pages of `tools/list`. Raises TargetError."""
        try:
            return self._connection.run(answered(self._link.pipes, self._list_tools()), limit_s=_LIST_LIMIT_S)
        except (Exception, Expired) as error:
            self._alive = False
            raise TargetError(self._unlisted(error)) from error

    def _unlisted(self, error: BaseException) -> str:
        """Return one line that says why there is no list of tools, then what the server wrote last."""
        process = self._link.process
        reason = why(error, "tools/list", process, limit_s=_LIST_LIMIT_S)
        if process is None:
            return f"the MCP server did not list its tools: {reason}"
        return f"the MCP server did not list its tools: {reason}: `{show_command(process.command)}`\n{written(process)}"

    async def _list_tools(self) -> list[ToolDescription]:
        found: list[ToolDescription] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            params = types.PaginatedRequestParams(cursor=cursor) if cursor is not None else None
            page = await self._link.session.send_request(types.ListToolsRequest(params=params), types.ListToolsResult)
            found += map(_described, page.tools)
            cursor = page.next_cursor
            if cursor is None:
                return found
        raise TargetError(f"`tools/list` has no end: {_MOST_PAGES} pages and a further cursor")

    def late_progress(self) -> list[Progress]:
        """Return the progress that came after the answer of the last call, `at_ns` after that; of a tool with `heartbeat`."""
        heard, answered = self._link.progress, self._answered_ns
        return [replace(each, at_ns=each.at_ns - answered) for each in heard[self._heard_before :]]

    def is_alive(self) -> bool:
        """Whether the server is there and no call has hung."""
        process = self._link.process
        return self._alive and (process is None or process.exit_code() is None)

    def ended_unasked(self) -> str | None:
        """Say how the server ended between calls."""
        process = self._link.process
        return process.ended() if process is not None and self._alive and process.exit_code() is not None else None

    def process_ids(self) -> tuple[int, ...]:
        """The server's process and its descendants; empty over HTTP and in process."""
        return self._link.process.family() if self._link.process is not None else ()

    def counts(self) -> dict[str, int]:
        """Count what may outlive a call, in the server or, where that runs in this process, here."""
        return super().counts() if self._own_loop is None else counts(self._own_loop.loop)

    def running(self) -> Sequence[object]:
        """Return the threads and tasks that have not ended, of a server in this process."""
        return () if self._own_loop is None else running(self._own_loop.loop)

    def _server_pid(self) -> int | None:
        return self._link.process.pid if self._link.process is not None else None

    def _observed(self, request: Request) -> Outcome:
        own_loop = self._own_loop
        if own_loop is None:
            return super()._observed(request)
        watches_tasks = request.tool.clock != "virtual"
        with observing(request.tool, lambda: own_loop.loop, lambda: None) as observed:
            outcome = self._made_watched(own_loop, request, observed) if watches_tasks else self._made(request)
        return replace(outcome, observed=observed)

    def _made_watched(self, own_loop: Owner, request: Request, observed: Observed) -> Outcome:
        with watching_tasks(own_loop.loop, observed):
            return self._made(request)

    def ping(self) -> None:
        """Ask for nothing, and wait for the answer. Raises TargetError where none comes."""
        try:
            self._connection.run(self._ping(), limit_s=_LIST_LIMIT_S)
        except (Exception, Expired) as error:
            self._alive = False
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            raise TargetError(f"the server did not answer a ping ({reason})") from error

    async def _ping(self) -> None:
        try:
            await self._link.session.send_request(types.PingRequest(), types.EmptyResult)
        except MCPError:  # a server that knows no ping has answered too
            pass

    def leave(self) -> None:
        """Begin to end the session and the server; `close` waits for the end."""
        self._connection.leave()

    def close(self) -> None:
        """End the session and the server."""
        if self._log is not None:
            self._log.close()
        limit_s = _CLOSE_LIMIT_S if self._alive else _DEAD_CLOSE_LIMIT_S
        self._alive = False
        self._connection.close(limit_s=limit_s)
        if self._link.process is not None:
            self._link.process.stop(grace_s=0.0)
        if self._own_loop is not None:
            self._own_loop.stop()

    async def _call(self, request: Request) -> Outcome:
        pipes = self._link.pipes
        if pipes is None:
            return await self._call_once(request)
        before, self._stray_before = self._stray_before, None
        mark = len(pipes.stray) if before is None else before
        outcome = await self._call_once(request)
        return replace(outcome, stray="\n".join(pipes.stray[mark:])) if len(pipes.stray) > mark else outcome

    async def _call_once(self, request: Request) -> Outcome:
        if reason := uncarried(request.arguments):
            return Outcome("refused", 0, error=CallError(type=NOT_CARRIED, message=reason))
        heard = self._listen(request.tool.call or request.tool.name)
        self._link.progress.clear()
        started = time.perf_counter_ns()
        try:
            async with asyncio.timeout(request.timeout_s):
                result = await self._send(request, started)
                if request.tool.heartbeat is not None:
                    await self._note_answer()
        except TimeoutError:
            return self._timed_out(request, time.perf_counter_ns() - started, noise=heard())
        except MCPError as error:
            return await self._refused_or_lost(request, error, time.perf_counter_ns() - started, heard)
        except ValidationError as error:
            return _malformed(error, time.perf_counter_ns() - started, heard())
        except ValueError as error:  # the SDK's own serializer gave up, on a nesting that JSON can still say
            return Outcome(
                "refused", 0, error=CallError(type=NOT_CARRIED, message=f"the client cannot send it: {error}")
            )
        except Exception as error:
            return await self._lost(f"{type(error).__name__}: {error}", time.perf_counter_ns() - started, heard)
        return await self._answered(request, result, time.perf_counter_ns() - started, heard())

    async def _note_answer(self) -> None:
        """Remember what had been heard when the answer came; what came before it may be a few steps behind."""
        self._answered_ns = time.perf_counter_ns()
        for _ in range(_STEPS_BEHIND):
            await asyncio.sleep(0)
        self._heard_before = len(self._link.progress)

    async def _send(self, request: Request, started: int) -> types.CallToolResult:
        # Not `call_tool`: that validates the result and raises, where our check is to see what came.
        params = types.CallToolRequestParams(name=request.tool.call or request.tool.name, arguments=request.arguments)
        return await self._link.session.send_request(
            types.CallToolRequest(params=params),
            types.CallToolResult,
            progress_callback=_forwarding(request.on_progress, started) if request.on_progress else None,
        )

    async def _answered(self, request: Request, result: types.CallToolResult, spent: int, noise: str) -> Outcome:
        if result.is_error:
            error = CallError(type="ToolError", message=texts_of(result))
            return Outcome("refused", spent, error=error, raw=raw_of(result), noise=noise)
        value = value_of(result, structured=await self._owes_structure(request, result))
        return Outcome("accepted", spent, value=value, raw=raw_of(result), noise=noise)

    async def _owes_structure(self, request: Request, result: types.CallToolResult) -> bool:
        """Whether the answer lacks the structured content that its tool declares; asks the server where need be."""
        if result.structured_content is not None:
            return False
        if self.declares_output is None:
            try:
                async with asyncio.timeout(request.timeout_s):
                    listed = await self._list_tools()
            except Exception:  # then nothing is known to be declared; the next call will tell what is wrong
                listed = []
            self.declares_output = declaring(listed)
        return (request.tool.call or request.tool.name) in self.declares_output

    async def _refused_or_lost(self, request: Request, error: MCPError, spent: int, heard: Heard) -> Outcome:
        if self._was_closed(error):
            return await self._lost(error.message, spent, heard)
        kind, told = protocol_error(error.code, error.message, error.data, request.tool.rejects)
        return Outcome(kind, spent, error=told, raw={"error": {"code": error.code}}, noise=heard())

    def _was_closed(self, error: MCPError) -> bool:
        """Whether the client itself says this: servers use the same code, -32000, for errors of their own."""
        if error.code != types.CONNECTION_CLOSED:
            return False
        pipes = self._link.pipes
        return error.message == "Connection closed" if pipes is None else pipes.has_ended

    def _on_hang(self) -> None:
        # What hangs in the server goes on hanging there: a new server costs less than a hang in each further call.
        if self._link.process is not None:
            self._link.process.kill()

    async def _lost(self, reason: str, spent: int, heard: Heard) -> Outcome:
        self._alive = False
        process = self._link.process
        if process is None:
            return Outcome("lost", spent, error=CallError(type="ConnectionLost", message=reason))
        code = await asyncio.to_thread(process.exit_code, wait_s=_EXIT_WAIT_S)
        noise = heard()
        ended = f"the server died: {process.ended()}" if code is not None else f"the server closed its output: {reason}"
        written = "\n".join(noise.rstrip().splitlines()[-SHOWN_LINES:]) or process.output.last_lines()
        message = f"{ended}\nIt wrote last:\n{written}" if written else ended
        return Outcome("lost", spent, error=CallError(type="ConnectionLost", message=message, code=code), noise=noise)

    def _listen(self, tool: str) -> Heard:
        """Return a function that gives what the server writes from now on; of one in this process, what it logs."""
        process, pipes, log = self._link.process, self._link.pipes, self._log
        if log is not None:
            return partial(log.since, log.mark(), tool)
        if process is None or pipes is None:
            return str
        pipes.read_stderr()
        mark = process.output.mark()

        def heard() -> str:
            pipes.read_stderr()
            return process.output.since(mark)

        return heard


def declaring(tools: Iterable[ToolDescription]) -> frozenset[str]:
    """Return the names of the tools that have an output schema."""
    return frozenset(tool.name for tool in tools if tool.output_schema is not None)


def _malformed(error: ValidationError, spent: int, noise: str) -> Outcome:
    message = f"the server's answer breaks the protocol: {broken_place(error)}"
    return Outcome("crashed", spent, error=CallError(type="ProtocolError", message=message), noise=noise)


def _described(tool: types.Tool) -> ToolDescription:
    said = tool.annotations
    hints = {
        "read_only": said.read_only_hint if said else None,
        "idempotent": said.idempotent_hint if said else None,
        "destructive": said.destructive_hint if said else None,
    }
    return ToolDescription(
        name=tool.name,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations={name: hint for name, hint in hints.items() if hint is not None} or None,
        uncallable=_TASKS_ONLY if tool.execution and tool.execution.task_support == "required" else None,
    )


def _forwarding(report: Callable[[Progress], None], started: int) -> ProgressFnT:
    async def forward(progress: float, total: float | None, message: str | None) -> None:
        report(Progress(time.perf_counter_ns() - started, progress, total, message))

    return forward
