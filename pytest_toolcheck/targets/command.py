"""Commands as tools: one process a call, the input on stdin as JSON or filled into the arguments (`_command_line.py`)."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import TargetError
from ..spec.model import CommandTarget, Spec, ToolSpec
from ._command_line import fill, fill_beside_stdin
from ._left_behind import MARK, end_left_behind, running_processes
from ._text_values import NotCarriedError, uncarried
from ._timelimit import Worker
from .base import NOT_CARRIED, CallError, Observed, Outcome, Request, ToolDescription
from .classify import code_kind
from .guard import KILL, kill_group, watched
from .processes import child_environment, describe_exit

_OUTPUT_GRACE_S = 1.0
_numbers = itertools.count(1)
_calls = itertools.count(1)


class CommandTools:
    """A command, and the tools that the spec makes of it."""

    kind = "command"

    def __init__(self, spec: Spec) -> None:
        assert isinstance(spec.target, CommandTarget)
        self.target = spec.target
        self.folder = spec.target.cwd or str(spec.path.resolve().parent)
        self._tools = tuple(spec.tools.values())

    def describe(self) -> Sequence[ToolDescription]:
        """Return the spec's tools: a command cannot be asked. Raises TargetError when it is not there."""
        self._look_for_command()
        return [ToolDescription(tool.name, source=shlex.join(self.template(tool))) for tool in self._tools]

    def template(self, tool: ToolSpec) -> list[str]:
        """Return the command with its holes."""
        return [*self.target.argv, *shlex.split(tool.call or "")]

    def open(self) -> CommandSession:
        """Return a session. Raises TargetError when there is no such command or folder."""
        self._look_for_command()
        return CommandSession(self)

    def _look_for_command(self) -> None:
        command = self.target.argv[0]
        if not os.path.isdir(self.folder):
            raise TargetError(f"cannot run `{shlex.join(self.target.argv)}`: the folder {self.folder} does not exist")
        path = child_environment(self.target.env)["PATH"]
        at = os.path.join(self.folder, command) if os.sep in command else command
        if shutil.which(at, path=path) is None:
            raise TargetError(
                f"cannot run `{shlex.join(self.target.argv)}`: command not found: {command}\n"
                f"It was looked for in {self.folder if os.sep in command else 'PATH'}."
            )

    def close(self) -> None:
        """Nothing runs between calls."""


_REASON = re.compile(r"^(?:\S+: )?error: ", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Run:
    """How a process ended; `code` None: it did not."""

    code: int | None
    spent_ns: int
    out: bytes
    err: str
    ended: int | None = None
    """The exit code of a command that was given up since something that it left held its output open."""
    left: int = 0
    """How many processes it left running."""


class CommandSession:
    """Runs one process a call; there is no state between calls."""

    def __init__(self, tools: CommandTools) -> None:
        self.id = f"command-{next(_numbers)}"
        self._tools = tools
        self._environment = child_environment(tools.target.env)
        self._running: set[int] = set()
        self._left = 0

    def call(self, request: Request) -> Outcome:
        """Run the command once and wait for its end."""
        try:
            argv, stdin = self._filled(request)
        except NotCarriedError as error:
            return Outcome("refused", 0, error=CallError(type=NOT_CARRIED, message=str(error)))
        try:
            run = self._run(argv, stdin, request.timeout_s)
        except OSError as error:
            return Outcome("lost", 0, error=CallError(type=type(error).__name__, message=str(error)))
        self._left += run.left
        outcome = _outcome(request, run)
        if not request.observe:
            return outcome
        return dataclasses.replace(outcome, observed=Observed(left={"child processes": run.left} if run.left else {}))

    def counts(self) -> dict[str, int]:
        """Count what the commands have left running so far; it was ended at once."""
        return {"child processes": self._left}

    def rest(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    async def call_async(self, request: Request) -> Outcome:
        """Run the command once, the loop going on."""
        return await asyncio.wrap_future(Worker(lambda: self.call(request)).future)

    def call_concurrently(self, requests: Sequence[Request]) -> list[Outcome]:
        """Run all at once."""
        workers = [Worker(lambda request=request: self.call(request)) for request in requests]  # type: ignore[misc]
        return [worker.future.result() for worker in workers]

    def is_alive(self) -> bool:
        """Always: each call has a process of its own."""
        return True

    def process_ids(self) -> tuple[int, ...]:
        """The processes of calls under way."""
        return tuple(self._running)

    def close(self) -> None:
        """Kill what still runs."""
        for pid in tuple(self._running):
            kill_group(pid, KILL)

    def _filled(self, request: Request) -> tuple[list[str], bytes]:
        if reason := uncarried(request.arguments):
            raise NotCarriedError(reason)
        template = self._tools.template(request.tool)
        if self._tools.target.stdin == "json":
            argv = list(fill_beside_stdin(template, request.arguments, request.tool.input))
            return argv, json.dumps(request.arguments, ensure_ascii=False).encode() + b"\n"
        argv = list(fill(template, request.arguments, request.tool.input))
        if any("\0" in item for item in argv):
            raise NotCarriedError("a NUL cannot stand in an argument of a command")
        return argv, b""

    def _run(self, argv: list[str], stdin: bytes, limit_s: float) -> _Run:
        known, mark = running_processes(), f"{os.getpid()}-{next(_calls)}"
        started = time.perf_counter_ns()
        process = subprocess.Popen(
            argv,
            cwd=self._tools.folder,
            env={**self._environment, MARK: mark},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._running.add(process.pid)
        try:
            with watched(process.pid):
                run = _communicated(process, stdin, limit_s, started)
            return dataclasses.replace(run, left=end_left_behind(mark, known))
        finally:
            kill_group(process.pid, KILL)
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                with contextlib.suppress(OSError):
                    assert pipe is not None
                    pipe.close()
            self._running.discard(process.pid)


def _communicated(process: subprocess.Popen[bytes], stdin: bytes, limit_s: float, started: int) -> _Run:
    ended: int | None = None
    try:
        out, err = process.communicate(stdin, timeout=limit_s)
        code: int | None = process.returncode
    except subprocess.TimeoutExpired:
        ended = process.poll()
        kill_group(process.pid, KILL)
        code = None
        try:
            out, err = process.communicate(timeout=_OUTPUT_GRACE_S)
        except subprocess.TimeoutExpired as held:  # a child that left the group holds the pipes
            out, err = held.stdout or b"", held.stderr or b""
    spent = time.perf_counter_ns() - started
    return _Run(code, spent, out, err.decode(errors="replace"), ended)


def _reason_first(said: str) -> str:
    """Put what went wrong before the usage that argparse and click write above it: a finding shows the first line."""
    reason = _REASON.search(said) if said[:6].lower() == "usage:" else None
    return said if reason is None else f"{said[reason.start() :]}\n{said[: reason.start()].rstrip()}"


def _outcome(request: Request, run: _Run) -> Outcome:
    if run.code is None:
        error = CallError(type="Timeout", message=f"no answer within {request.timeout_s:g}s{_held(run)}")
        return Outcome("timed_out", run.spent_ns, error=error, noise=run.err)
    out = run.out.decode(errors="replace")
    value = _value(run.out)
    raw = {"exit_code": run.code, "stdout": out, "stderr": run.err}
    if run.code == 0:
        return Outcome("accepted", run.spent_ns, value=value, raw=raw, noise=run.err)
    kind = code_kind(run.code, rejects=request.tool.rejects, default=(2,))
    message = _reason_first(run.err.strip()) or out.strip() or describe_exit(run.code)
    error = CallError(type=describe_exit(run.code), message=message, code=run.code)
    return Outcome(kind, run.spent_ns, error=error, raw=raw, noise=run.err)


def _held(run: _Run) -> str:
    if run.ended is None:
        return ""
    return f": it ended ({describe_exit(run.ended)}), but what it left running holds its output open"


def _value(out: bytes) -> Any:
    """Return what was printed: JSON where it is, None where there is nothing, else the text; bytes where it is no UTF-8."""
    try:
        text = out.decode()
    except UnicodeDecodeError:
        return out
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        return text.rstrip("\n")
