"""A tool spec as frozen values: what `load.py` returns and every other room reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from ..errors import Position

JSONSchema = dict[str, Any] | bool
Acceptance = Literal["strict", "lenient", "auto"]
Coercion = Literal["allow", "forbid"]
ClockKind = Literal["real", "virtual"]


def _nothing() -> Mapping[str, Any]:
    """Return an empty mapping (a factory: a read-only mapping has no hash, so CPython 3.11 refuses it as a default)."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PythonTarget:
    """Functions of a module: `module` is a dotted name or an absolute `.py` path."""

    module: str
    path: tuple[str, ...] = ()
    kind: Literal["python"] = "python"


@dataclass(frozen=True, slots=True)
class McpTarget:
    """An MCP server: one of `command` (stdio), `url` (Streamable HTTP), `server` (`module:attr`, in process)."""

    command: tuple[str, ...] = ()
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=_nothing)
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=_nothing)
    server: str | None = None
    kind: Literal["mcp"] = "mcp"


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """A JSON service under `url`; `start` is the command that launches it, `ready` the path that is polled."""

    url: str
    start: tuple[str, ...] = ()
    ready: str | None = None
    headers: Mapping[str, str] = field(default_factory=_nothing)
    openapi: str | None = None
    kind: Literal["http"] = "http"


@dataclass(frozen=True, slots=True)
class WebSocketTarget:
    """A WebSocket service: `request` is the message template, `reply` says how answers are matched."""

    url: str
    start: tuple[str, ...] = ()
    ready: str | None = None
    headers: Mapping[str, str] = field(default_factory=_nothing)
    request: Any = None
    reply: Mapping[str, Any] = field(default_factory=_nothing)
    kind: Literal["websocket"] = "websocket"


@dataclass(frozen=True, slots=True)
class CommandTarget:
    """A command, one process a call; `stdin` is `"json"` or None (arguments filled into `argv`)."""

    argv: tuple[str, ...]
    stdin: Literal["json"] | None = None
    env: Mapping[str, str] = field(default_factory=_nothing)
    cwd: str | None = None
    kind: Literal["command"] = "command"


@dataclass(frozen=True, slots=True)
class AddedTarget:
    """A kind that another plugin adds (`pytest_toolcheck_targets`); `value` is what the spec says under it."""

    kind: str
    value: Any


TargetSpec = PythonTarget | McpTarget | HttpTarget | WebSocketTarget | CommandTarget | AddedTarget


@dataclass(frozen=True, slots=True)
class Annotations:
    """What a tool declares of itself; None where it says nothing."""

    read_only: bool | None = None
    idempotent: bool | None = None
    deterministic: bool | None = None
    pure: bool | None = None
    destructive: bool | None = None
    non_blocking: bool | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an example promises; a field that was not written is `UNSET`."""

    output: Any = ...
    equals: Any = ...
    matches: JSONSchema | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """An input that the author knows, and what is promised of its answer."""

    input: Mapping[str, Any]
    name: str | None = None
    expect: Expectation | None = None
    position: Position | None = None

    @property
    def is_good(self) -> bool:
        """Whether the tool is to accept it: nothing is said of its answer, or no error is expected."""
        return self.expect is None or self.expect.error is None


@dataclass(frozen=True, slots=True)
class ValueSet:
    """Known good and known bad values of one parameter."""

    valid: tuple[Any, ...] = ()
    invalid: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Variations:
    """Which cases to generate; `categories` None means all."""

    categories: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    strength: int = 2
    fuzz: int = 50
    limit: int = 1000
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class GrowthBudget:
    """How cost may grow with the size of parameter `over`: "1", "log n", "n", "n log n", "n^2", "n^3"."""

    over: str
    latency: str | None = None
    memory: str | None = None


@dataclass(frozen=True, slots=True)
class Budgets:
    """Limits: `latency` quantile name ("p50", "p95", "p99", "max") to ns; `memory` ("peak", "leak") to bytes.

    `cpu_time_ns` is per call; `cpu_utilization` a share of one core (1.0 is one whole core); `regression` a share.
    """

    latency: Mapping[str, int] = field(default_factory=_nothing)
    memory: Mapping[str, int] = field(default_factory=_nothing)
    cpu_time_ns: int | None = None
    cpu_utilization: float | None = None
    growth: GrowthBudget | None = None
    regression: float | None = None


@dataclass(frozen=True, slots=True)
class SessionPromise:
    """`concurrent` sessions of `calls` calls each; at most `limit` sessions; closed after `idle_timeout_s`."""

    concurrent: int | None = None
    calls: int | None = None
    limit: int | None = None
    idle_timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Dependency:
    """What a tool leans on: `python` is `pkg.mod:attr`; `tcp` is `host:port`, handed to the tool in variable `via`;
    `files` is a folder or file that it writes to, relative to the spec.
    """

    name: str
    python: str | None = None
    tcp: str | None = None
    via: str | None = None
    files: str | None = None


@dataclass(frozen=True, slots=True)
class RetryPromise:
    """`attempts` in all; `delays_s` between them; exception names that are retried and that are not."""

    attempts: int
    delays_s: tuple[float, ...] = ()
    retries: tuple[str, ...] = ()
    gives_up_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BreakerPromise:
    """Opens after `opens_after` failures in a row, lets `probes` through after `recovers_after_s`."""

    opens_after: int
    recovers_after_s: float
    probes: int = 1


@dataclass(frozen=True, slots=True)
class Resilience:
    """The promises under failure of dependency `on`."""

    on: str
    timeout_s: float | None = None
    retry: RetryPromise | None = None
    breaker: BreakerPromise | None = None
    fallback: Expectation | None = None
    position: Position | None = None


OWN_FAULT_PLACES: Final = {
    "stdio": "the wire between the client and an MCP server that a command starts",
    "process": "the process of an MCP server that a command starts",
    "clock": "the virtual clock of a Python tool",
}
"""Where `faults: on:` points without a dependency of that name."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """A fault in place of dependency `on`, or at one of OWN_FAULT_PLACES; `inject` is the schedule's text."""

    on: str
    inject: str
    expect: Expectation | None = None
    within_s: float | None = None
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Progress at least every `interval_s`; `within` is the tolerated share of it."""

    interval_s: float
    within: float = 0.2


@dataclass(frozen=True, slots=True)
class Exemption:
    """A `skip` or `xfail`: `cases` is a glob over the id after the tool, `check` a check's name; None means all."""

    reason: str
    cases: str | None = None
    check: str | None = None
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What is promised of one tool, with the file's defaults applied."""

    name: str
    call: str | None = None
    input: JSONSchema | None = None
    output: JSONSchema | None = None
    annotations: Annotations = Annotations()
    examples: tuple[Example, ...] = ()
    values: Mapping[str, ValueSet] = field(default_factory=_nothing)
    acceptance: Acceptance = "auto"
    coercion: Coercion = "allow"
    rejects: tuple[str | int, ...] | None = None
    variations: Variations = Variations()
    timeout_s: float = 10.0
    checks: Mapping[str, bool | Mapping[str, Any]] = field(default_factory=_nothing)
    budgets: Budgets | None = None
    sessions: SessionPromise | None = None
    depends_on: Mapping[str, Dependency] = field(default_factory=_nothing)
    resilience: tuple[Resilience, ...] = ()
    faults: tuple[FaultPlan, ...] = ()
    clock: ClockKind | None = None
    timeouts: tuple[tuple[str, float], ...] = ()
    validators: tuple[str, ...] = ()
    heartbeat: Heartbeat | None = None
    marks: tuple[str, ...] = ()
    skips: tuple[Exemption, ...] = ()
    xfails: tuple[Exemption, ...] = ()
    position: Position | None = None
    key_positions: Mapping[str, Position] = field(default_factory=_nothing, compare=False)
    """Where each written key stands, by its JSON Pointer below the tool ("/examples/0/input/sku")."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One `*.tool.yaml` file."""

    path: Path
    target: TargetSpec
    target_position: Position
    defaults: ToolSpec
    tools: Mapping[str, ToolSpec]
    """The tools that the file names; empty where it names none."""
    discovers_tools: bool
    """True where `tools` was left out: every discovered tool is tested with the defaults."""
    allow: frozenset[str] = frozenset()
