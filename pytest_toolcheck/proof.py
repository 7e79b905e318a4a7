"""Proving a base: find an input that the tool really accepts, before anything is concluded from refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .cases import base_candidates
from .checks.base import as_json, shorten
from .spec.model import ToolSpec
from .targets.base import Outcome

MAX_TRIES = 60
_MOST_HINTS = 8


@dataclass(slots=True)
class Proof:
    """What is known of a tool so far: the base that succeeded, and what was said to the inputs that did not."""

    base: dict[str, Any] | None = None
    tried: list[tuple[dict[str, Any], Outcome]] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)

    @property
    def explanation(self) -> str:
        """Say on one line that, and why, no valid call succeeded."""
        if not self.tried:
            return "no valid input could be made from the schema"
        value, outcome = self.tried[-1]
        said = f"{outcome.error.type}: {shorten(outcome.error.message, 160)}" if outcome.error else outcome.kind
        return f"{len(self.tried)} inputs tried, the last {shorten(value, 120)} was {outcome.kind}: {said}"


def prove(tool: ToolSpec, call: Callable[[Mapping[str, Any]], Outcome]) -> Proof:
    """Try candidates in order of likelihood until the tool accepts one. Words of refusals become further candidates."""
    proof = Proof()
    seen: set[str] = set()
    hints: tuple[str, ...] = ()
    for _round in range(2):
        for candidate in _candidates(tool, hints):
            text = as_json(candidate)
            if text in seen:
                continue
            seen.add(text)
            outcome = call(candidate)
            proof.tried.append((candidate, outcome))
            if outcome.kind == "accepted":
                proof.base = candidate
                proof.accepted.append(candidate)
                return proof
            if outcome.kind in ("timed_out", "lost") or len(proof.tried) >= MAX_TRIES:
                return proof
        hints = tuple(_hints(proof))
        if not hints:
            break
    return proof


def _candidates(tool: ToolSpec, hints: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    schema = tool.input if tool.input is not None else {"type": "object"}
    known = [dict(example.input) for example in tool.examples if example.expect is None or example.expect.error is None]
    yield from base_candidates(schema, examples=known, values=tool.values, hints=hints)


def _hints(proof: Proof) -> list[str]:
    """Return what the refusals said, each once: "unknown unit 'x'; must be one of: km, mi"."""
    said = (outcome.error.message for _, outcome in proof.tried if outcome.error and outcome.kind == "refused")
    return list(dict.fromkeys(said))[:_MOST_HINTS]
