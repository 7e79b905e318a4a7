"""The small protocol behind which every kind of target stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ..spec.model import ToolSpec

OutcomeKind = Literal["accepted", "refused", "crashed", "timed_out", "lost"]

NOT_CARRIED = "NotCarried"
"""The `CallError.type` of a refusal that no tool made: the transport cannot carry the arguments (a lone surrogate
over UTF-8, NaN in JSON). Nothing was sent, so nothing can be said of the tool."""


NOT_MADE = "NotMade"
"""As `NOT_CARRIED`, of a Python function: no argument of its type can be made (a UUID of "abc"). No call can ever reach
the tool with this input, so none is missing where schema coverage is counted."""

UNSENT = (NOT_CARRIED, NOT_MADE)
"""Calls that were not made."""

MODEL_RULE = "ModelValidatorError"
"""The `CallError.type` of a refusal by a rule that a model's author wrote about several members together: no schema
says it, so the members' schemas do not say all."""


@dataclass(frozen=True, slots=True)
class ToolDescription:
    """What a target says of one of its tools; `annotations` uses the names of the spec (`read_only`, …)."""

    name: str
    description: str | None = None
    input_schema: dict[str, Any] | bool | None = None
    output_schema: dict[str, Any] | bool | None = None
    annotations: Mapping[str, bool] | None = None
    source: str | None = None
    """Where the tool is defined ("shop/tools.py:12"), where that is known."""
    is_async: bool = False
    """Whether it runs on an event loop of this process."""
    uncallable: str | None = None
    """Why a plain call of it is bound to be refused, as the target itself says."""
    missing: str | None = None
    """Why a tool that the spec names cannot be called: there is nothing behind its name or its `call`."""
    unresolved: tuple[str, ...] = ()
    """The type hints that name what is not there, each with the reason: their schemas say nothing."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One progress notification of a running call, `at_ns` after the call's start."""

    at_ns: int
    progress: float
    total: float | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One call to make. `valid` says whether the tool's schema accepts `arguments` (None: not known)."""

    tool: ToolSpec
    arguments: dict[str, Any]
    rid: str
    timeout_s: float
    valid: bool | None = None
    on_progress: Callable[[Progress], None] | None = None
    observe: bool = False
    """Whether to see more than the answer, where the target can (`Outcome.observed`)."""


@dataclass(frozen=True, slots=True)
class CallError:
    """Why a call was not accepted. `code` is the transport's own: JSON-RPC code, HTTP status, exit code."""

    type: str
    message: str
    stack: str | None = None
    code: int | None = None
    location: str | None = None
    """The innermost frame of the tool's own code ("tools.py:31 in place_order"), in process only."""


@dataclass(slots=True)
class Observed:
    """What was seen of a call in this process beside its answer."""

    held_ns: int = 0
    """The longest that the call held its event loop at a stretch."""
    left: dict[str, int] = field(default_factory=dict)
    """How many more threads, tasks, child processes, file descriptors there are after it than before it."""
    arguments_after: Any = ...
    """The arguments as the call left them, where it changed them."""
    unawaited: list[str] = field(default_factory=list)
    """The tasks of an async tool's own code that it had started, and not ended, when it answered."""
    never_awaited: list[str] = field(default_factory=list)
    """The coroutines of the tool that it made and never awaited."""
    process: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """Of a tool that promises to change nothing: what of the whole process is not as before, with both its states."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool did with one request.

    `accepted`: it answered, `value` is the result as JSON-like data. `refused`: it declined in the way that `rejects`
    names. `crashed`: any other error. `timed_out`: no answer within the limit. `lost`: the server or connection died.
    `raw` is the transport's own answer as JSON-like data (an MCP result, an HTTP response), for showing.
    `noise` is what the server wrote to stderr, or to stdout beside the protocol, during the call; `stray` is that on
    stdout alone, of a server whose protocol runs over stdout (its first call answers for what came before).
    """

    kind: OutcomeKind
    duration_ns: int
    value: Any = None
    error: CallError | None = None
    raw: Any = None
    noise: str = ""
    stray: str = ""
    observed: Observed | None = field(default=None, compare=False)
    """Of calls in this process for which the request asks to observe."""
    leeway: tuple[str, ...] = ()
    """Where the tool was handed a value of its own type although the schema forbids how JSON wrote it, as JSON Pointers;
    one that ends in "/": a model, within which that holds of formats."""

    @property
    def in_words(self) -> str:
        """What became of the call, as the verb of a sentence about it: `was refused`, `timed out`."""
        return {"crashed": "crashed", "timed_out": "timed out"}.get(self.kind, f"was {self.kind}")


class Session(Protocol):
    """One connection to a target (a server process, a client session, an imported module); usable from any thread."""

    id: str

    def call(self, request: Request) -> Outcome:
        """Make one call and wait for its end. Raises nothing that the tool did: all of that is in the outcome."""

    async def call_async(self, request: Request) -> Outcome:
        """As `call`, from a running event loop."""

    def call_concurrently(self, requests: Sequence[Request]) -> list[Outcome]:
        """Make all calls at once; outcomes in the order of the requests."""

    def is_alive(self) -> bool:
        """Whether a further call can be made; False after `lost`, and after a hang that left it unusable."""

    def process_ids(self) -> tuple[int, ...]:
        """The operating-system processes that serve this session; empty where tools run in this process."""

    def close(self) -> None:
        """Release everything: idempotent, never raises, leaves no process behind."""


class Target(Protocol):
    """Where tools live."""

    kind: str

    def describe(self) -> Sequence[ToolDescription]:
        """Return the tools that the target offers. Raises TargetError."""

    def open(self) -> Session:
        """Open a session. Raises TargetError (command, exit code and last stderr lines for a server that fails)."""

    def close(self) -> None:
        """Stop whatever `describe` and `open` started."""
