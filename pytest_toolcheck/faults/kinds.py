"""The kinds of faults: what each does, at which points, with which arguments. One table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final, Literal

from ..errors import UnitError
from ..units import format_duration, format_share, format_size, parse_duration_ns, parse_share, parse_size_bytes
from .errors import FaultError

Point = Literal["call", "http", "tcp", "stdio", "process", "disk", "clock"]

POINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "call": "a callable",
        "http": "an httpx client or transport",
        "tcp": "a TCP connection",
        "stdio": "an MCP server over stdio",
        "process": "a process",
        "disk": "a folder or file",
        "clock": "the clock",
    }
)
"""Where a fault can be put, in words."""

Form = Literal["duration", "signed duration", "size", "amount", "count", "error", "text", "how"]
Given = tuple[str | None, str, bool]
"""One argument as written: its name, its text, whether it was quoted."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of a kind; without a default it has to be given."""

    name: str
    form: Form
    default: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault."""

    name: str
    points: tuple[Point, ...]
    meaning: str
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class CallFault:
    """A kind that another plugin adds, for callables: what it does before a call, and to the call's result.

    `before(**arguments)` may raise, instead of the call; `after(result, **arguments)` returns what is answered.
    """

    meaning: str
    before: Callable[..., None] | None = None
    after: Callable[..., Any] | None = None
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """A kind with its arguments: durations in seconds, sizes in bytes, shares as `"50%"`."""

    kind: str
    arguments: tuple[tuple[str, Any], ...] = ()

    def __getitem__(self, name: str) -> Any:
        return dict(self.arguments)[name]

    def __str__(self) -> str:
        shown = [_spell(parameter, self[parameter.name]) for parameter in KINDS[self.kind].parameters]
        return f"{self.kind}({', '.join(shown)})" if shown else self.kind


_SEED = Parameter("seed", "count", "0")
_NET: tuple[Point, ...] = ("http", "tcp", "stdio")
_ALL_KINDS = (
    Kind("delay", ("call", *_NET), "answers later", (Parameter("time", "duration"),)),
    Kind("hang", ("call", *_NET), "never answers"),
    Kind("error", ("call", "http", "stdio"), "answers with an error",
         (Parameter("error", "error", "ConnectionError"), Parameter("message", "text", ""))),
    Kind("rate_limit", ("call", "http"), "says: too many requests",
         (Parameter("retry_after", "duration", "1s"), Parameter("error", "error", ""))),
    Kind("drop", _NET, "loses the message: nobody answers"),
    Kind("disconnect", _NET, "ends the connection",
         (Parameter("how", "how", "fin", ("fin", "rst", "half")),)),
    Kind("truncate", ("call", *_NET), "cuts the answer off", (Parameter("keep", "amount", "50%"),)),
    Kind("corrupt", ("call", *_NET), "changes bytes", (Parameter("bytes", "count", "1"), _SEED)),
    Kind("duplicate", ("call", *_NET), "does it twice"),
    Kind("reorder", ("tcp", "stdio"), "lets the next message overtake this one"),
    Kind("noise", ("tcp", "stdio"), "puts text in between", (Parameter("text", "text", "noise"),)),
    Kind("slow_stream", _NET, "sends it slowly, so many bytes a second", (Parameter("rate", "size", "1KiB"),)),
    Kind("oversize", ("call", *_NET), "answers with very much", (Parameter("size", "size", "10MiB"),)),
    Kind("kill", ("process",), "kills the process (SIGKILL)"),
    Kind("pause", ("process",), "stops the process for a time (SIGSTOP, SIGCONT)", (Parameter("time", "duration"),)),
    Kind("crash_restart", ("process",), "kills the process and starts it again"),
    Kind("disk_full", ("disk", "call"), "refuses to write: no space left on device"),
    Kind("clock_jump", ("clock", "call"), "steps the wall clock", (Parameter("by", "signed duration"),)),
)  # fmt: skip
KINDS: Final[dict[str, Kind]] = {kind.name: kind for kind in _ALL_KINDS}
"""Every kind by its name."""
ADDED: Final[dict[str, CallFault]] = {}
"""What the kinds of other plugins do."""


def add_fault_kind(name: str, fault: CallFault) -> Callable[[], None]:
    """Make the kind known; return what takes it back. Raises FaultError for the name of a kind that there is."""
    if name in KINDS or name == "off" or not name.isidentifier():
        raise FaultError(f"the name {name!r} of a fault is taken, or is no name")
    KINDS[name], ADDED[name] = Kind(name, ("call",), fault.meaning, fault.parameters), fault

    def take_back() -> None:
        from .grammar import parse_schedule

        del KINDS[name], ADDED[name]
        parse_schedule.cache_clear()

    return take_back


def make_action(name: str, given: Sequence[Given]) -> Action:
    """Return the action that `name(arguments)` says. Raises FaultError."""
    kind = KINDS.get(name)
    if kind is None:
        close = next(iter(get_close_matches(name, [*KINDS, "off"], n=1)), None)
        hint = f" Did you mean {close!r}?" if close else ""
        raise FaultError(f"there is no fault {name!r}.{hint} Kinds: off, {', '.join(KINDS)}")
    taken = _matched(kind, given)
    return Action(name, tuple((p.name, _value(kind, p, taken.get(p.name))) for p in kind.parameters))


def refuse_at(action: Action, point: str) -> str | None:
    """Say why this kind makes no sense at this point, and what does; None where it makes sense."""
    kind = KINDS[action.kind]
    if point in kind.points:
        return None
    here = ", ".join(each.name for each in KINDS.values() if point in each.points)
    where = ", ".join(POINTS[each] for each in kind.points)
    return f"{action.kind!r} makes no sense at {POINTS[point]}: it is for {where}. Kinds for {POINTS[point]}: {here}"


def _matched(kind: Kind, given: Sequence[Given]) -> dict[str, str]:
    names = [parameter.name for parameter in kind.parameters]
    taken: dict[str, str] = {}
    for index, (name, text, _) in enumerate(given):
        if name is None and index >= len(names):
            raise FaultError(f"{kind.name} takes {_count(names)}, found {len(given)}")
        target = name if name is not None else names[index]
        if target not in names:
            raise FaultError(f"{kind.name} has no argument {target!r}; it takes {_count(names)}")
        if target in taken:
            raise FaultError(f"{kind.name} is given {target!r} twice")
        taken[target] = text
    return taken


def _count(names: Sequence[str]) -> str:
    return f"({', '.join(names)})" if names else "no arguments"


def _value(kind: Kind, parameter: Parameter, text: str | None) -> Any:
    if text is None:
        text = parameter.default
    if text is None:
        raise FaultError(f"{kind.name} needs {parameter.name!r}, as in {kind.name}({_EXAMPLES[parameter.form]})")
    try:
        return _parsed(parameter, text)
    except (UnitError, ValueError) as error:
        raise FaultError(f"{kind.name}: {parameter.name}: {error}") from None


_EXAMPLES: Final[Mapping[str, str]] = {
    "duration": "2s", "signed duration": "-1h", "size": "10KiB", "amount": "50%", "count": "3",
    "error": "ConnectionError", "text": '"words"', "how": "rst",
}  # fmt: skip


def _parsed(parameter: Parameter, text: str) -> Any:
    match parameter.form:
        case "duration":
            return parse_duration_ns(text) / 1e9
        case "signed duration":
            return (-1 if text.startswith("-") else 1) * parse_duration_ns(text.removeprefix("-")) / 1e9
        case "size":
            return parse_size_bytes(text)
        case "amount":
            return format_share(_share(text)) if text.endswith("%") else _amount(text)
        case "count":
            return _whole(text)
        case "how" if text.lower() not in parameter.choices:
            raise ValueError(f"found {text!r}, expected one of {', '.join(parameter.choices)}")
        case "how":
            return text.lower()
    return text


def _share(text: str) -> float:
    share = parse_share(text)
    if share > 1:
        raise ValueError(f"{text!r} is more than all of it")
    return share


def _amount(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else parse_size_bytes(text)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"found {text!r}, expected a whole number")
    return int(text)


def _spell(parameter: Parameter, value: Any) -> str:
    match parameter.form:
        case "duration" | "signed duration":
            return format_duration(round(value * 1e9)).replace(" ", "")
        case "size":
            return format_size(value).replace(" ", "")
        case "text":
            return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
        case "error":
            return str(value) if value else '""'
    return str(value)
