"""What a check is given and what it returns."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ..events.safe import describe

if TYPE_CHECKING:
    from ..cases.model import Case
    from ..spec.model import ToolSpec
    from ..targets.base import Outcome


USED_UP = "used_up"
"""The note of a case that was not judged: the tool refuses now what it accepted before."""


ADVICE = "to mend"
"""The title of a detail that is told with the first finding of its cause alone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise.

    `message` stands alone on one line. `cause` groups findings that have one reason: equal causes are one bug.
    `promised` says what was promised and where (spec or schema place).
    """

    check: str
    message: str
    cause: str
    promised: str = ""
    severity: Literal["failure", "warning"] = "failure"
    details: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a check judges: one case of one tool, and what came back."""

    tool: ToolSpec
    case: Case
    outcome: Outcome
    known_good: tuple[Mapping[str, Any], ...] = ()
    """Inputs that are known to be acceptable: examples, and the proven base."""
    accepted: tuple[Mapping[str, Any], ...] = ()
    """The inputs among them that the tool has accepted in this run."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the spec says under `checks: {this_check: {…}}`."""
    anew: Callable[[Any], Outcome | None] | None = None
    """Calls the tool where nothing has been called before; None where there is no such place."""
    retry: Callable[[Any], Outcome] | None = None
    """Makes one further call with another input, for a control experiment; None where none is allowed."""
    secrets: tuple[str, ...] = ()
    """Values that the spec hands to the target under a name that says they are secret."""
    handed: tuple[str, ...] = ()
    """The folders and files that the spec hands to the target to work with."""
    by_hints: bool = False
    """Whether the input's schema is made from the type hints of a Python function."""
    about: str = ""
    """What the target says of the tool."""
    halves_sent: frozenset[str] = frozenset()
    """The lone surrogates that the target has been sent so far: it may have kept them."""
    notes: list[str] = field(default_factory=list)
    """What a check saw and tolerated ("coerced"): counted in the summary."""


Check = Callable[[Evidence], Finding | None]


def place_of(tool: ToolSpec, *keys: str) -> str:
    """Name the line of the spec where the first of `keys` that was written stands, or else the tool itself."""
    for key in keys:
        if (position := tool.key_positions.get(f"/{key}")) is not None:
            return str(position)
    return str(tool.position) if tool.position else f"tool {tool.name}"


def shorten(value: Any, limit: int = 300) -> str:
    """Write a value as JSON on one line, cut in the middle where it is long."""
    text = value if isinstance(value, str) else as_json(value)
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} … {text[-half // 2 :]} ({len(text)} characters)"


def as_json(value: Any) -> str:
    """Write a value as JSON on one line; what is not JSON is written as Python does.

    Signs that a terminal does not show, or obeys, are escaped: line separators, marks of direction, lone surrogates.
    """
    try:
        return printable(json.dumps(value, ensure_ascii=False, default=as_python))
    except (ValueError, TypeError, RecursionError):
        return as_python(value)


def as_python(value: Any) -> str:
    """Write a value as Python does, or say that it cannot be written."""
    try:
        return repr(value)
    except Exception:  # the tool's own, which may fail in any way
        return describe(value)


def printable(text: str, *, keep: str = "") -> str:
    """Escape, as JSON does, the characters that have no look of their own, save those in `keep`."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in keep else json.dumps(sign)[1:-1] for sign in text)


_WITHHELD = re.compile(r"Error (?:executing|calling|running) tool (['\"]?)[^\s:'\"]+\1")


def is_withheld(message: str) -> bool:
    """Whether a server keeps to itself what went wrong: MCP SDK 2 does, and others where they are told to."""
    return _WITHHELD.fullmatch(message.strip()) is not None


def said_of(evidence: Evidence) -> str:
    """Return what a refusal says; of one that says nothing (`is_withheld`), what the server wrote to its log."""
    error = evidence.outcome.error
    said = error.message if error is not None else ""
    return evidence.outcome.noise if is_withheld(said) else said


def texts_in(value: Any) -> Iterator[str]:
    """Yield each text that a value holds, at every depth; names are none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)


def plain(value: Any) -> Any:
    """Return a result as data: the JSON in a text, and the single member `result` that servers wrap a value in."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            value = json.loads(value)
        except ValueError:
            return value
    if not isinstance(value, dict) or set(value) != {"result"}:
        return value
    return plain(value["result"]) if isinstance(value["result"], str) else value["result"]
