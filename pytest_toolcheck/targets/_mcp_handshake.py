"""What a server owes before the first call, answers to `initialize` and `tools/list`, and how it reads where it fails to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from mcp import MCPError
from mcp_types import CONNECTION_CLOSED
from pydantic import ValidationError

from ..errors import TargetError
from ._timelimit import Expired

if TYPE_CHECKING:
    from .mcp_stdio import StdioPipes
    from .processes import ServerProcess

T = TypeVar("T")

_EXIT_WAIT_S = 1.0
_SHOWN_CHARACTERS = 200


class BrokenAnswer(Exception):
    """An answer that is none to JSON-RPC: nothing else will come in its place."""


class ClosedOutput(Exception):
    """The server runs still, and has closed the pipe that its answers come through."""


async def answered(pipes: StdioPipes | None, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` receives. Raises BrokenAnswer as soon as the server answers in a form that ends no wait."""
    if pipes is None:
        return await work
    task = asyncio.ensure_future(work)
    waits: set[asyncio.Future[Any]] = {task, pipes.broken}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise BrokenAnswer(pipes.broken.result())
    except MCPError as error:
        if error.code == CONNECTION_CLOSED and not await pipes.has_process_ended(wait_s=_EXIT_WAIT_S):
            raise ClosedOutput from error
        raise
    finally:
        task.cancel()


def is_answer(line: bytes) -> bool:
    """Whether a line that is no message is meant as an answer: it has members of one, which a line of a log has not."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict) or "method" in value:
        return False
    return "jsonrpc" in value or ("id" in value and ("result" in value or "error" in value))


def why(error: BaseException, method: str, process: ServerProcess | None, *, limit_s: float) -> str:
    """Say in one line why `method` has not been answered as it should."""
    if isinstance(error, BrokenAnswer):
        return f"what it answered to `{method}` is no JSON-RPC response to it: {cut(str(error))}"
    if isinstance(error, ClosedOutput):
        return f"it closed its stdout before it answered `{method}`"
    if isinstance(error, ValidationError):
        return f"its answer to `{method}` breaks the protocol: {broken_place(error)}"
    if isinstance(error, TargetError):
        return str(error)
    if isinstance(error, (Expired, TimeoutError)):
        return f"no answer to `{method}` within {limit_s:g}s"
    if isinstance(error, MCPError) and error.code != CONNECTION_CLOSED:
        first, _, _ = error.message.partition("\n")
        return f"`{method}` was answered by an error: {cut(first)} ({error.code})"
    if process is not None and isinstance(error, MCPError):
        return f"{process.ended()} before it answered `{method}`"
    return reason_of(error)


def broken_place(error: ValidationError) -> str:
    """Say where an answer breaks the protocol first, what was found there, and in how many places more it does."""
    first, *others = error.errors()
    where = ".".join(map(str, first["loc"]))
    found = "" if first["type"] == "missing" else f", found {cut(repr(first['input']))}"
    more = f" (and {len(others)} more)" if others else ""
    return f"{where}: {first['msg']}{found}{more}"


def written(process: ServerProcess | None) -> str:
    """Return the lines that say what the server wrote last beside the protocol; empty where it has no process here."""
    if process is None:
        return ""
    lines = process.output.last_lines().splitlines()
    return "\n".join(["It wrote last:", *(f"  {line}" for line in lines)] if lines else ["It wrote nothing to stderr."])


def reason_of(error: BaseException) -> str:
    """Return the type of an error and the first line of its text."""
    text = str(error).splitlines()[0] if str(error) else ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def cut(text: str) -> str:
    """Return `text`, its end left out where it is long."""
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
