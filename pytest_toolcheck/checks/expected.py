"""What an example expects: `output` (a subset), `equals`, `matches` (a JSON Schema), `error` (substring or /regex/)."""

from __future__ import annotations

import re
from typing import Any

from ..spec.model import Example, Expectation
from .base import Evidence, Finding, as_json, shorten
from .violation import violation_of


def expected(evidence: Evidence) -> Finding | None:
    """Fail when the answer to an example is not the one that the spec expects."""
    example = _example(evidence)
    if example is None:
        return None
    message = _forbidden(evidence) if example.expect is None else unmet(example.expect, evidence)
    if message is None:
        return None
    place = str(example.position) if example.position else "examples"
    return Finding(
        "expected", f"{evidence.tool.name}: {message}", f"expected {example.name or place}", f"expect ({place})"
    )


def _forbidden(evidence: Evidence) -> str | None:
    """Say why an example that expects nothing is refused, where the tool's own schema forbids it."""
    if evidence.outcome.kind != "refused" or evidence.case.label == "valid":
        return None
    broken = violation_of(evidence.tool.input if evidence.tool.input is not None else True, evidence.case.input)
    if broken is None:
        return None
    return (
        f"the tool's input schema forbids this example: {broken.message}; mend it, or say that a refusal is meant "
        "with expect: {error: …}"
    )


def _example(evidence: Evidence) -> Example | None:
    if evidence.case.category != "example":
        return None
    return next(
        (known for known in evidence.tool.examples if as_json(known.input) == as_json(evidence.case.input)), None
    )


def unmet(expect: Expectation, evidence: Evidence) -> str | None:
    """Say what of the expectation is not met, or None."""
    outcome = evidence.outcome
    said = outcome.error.message if outcome.error else shorten(outcome.value, 160)
    if expect.error is not None:
        if outcome.kind != "refused":
            return f"expected a refusal with {expect.error!r}, but the call {outcome.in_words}: {said}"
        return (
            None if _says(expect.error, said) else f"expected an error with {expect.error!r}, found {shorten(said)!r}"
        )
    if outcome.kind != "accepted":
        return f"expected an answer, but the call {outcome.in_words}: {shorten(said)}"
    return _unmet_value(expect, outcome.value)


def _unmet_value(expect: Expectation, value: Any) -> str | None:
    if expect.equals is not ... and not same_json(expect.equals, value):
        return f"expected exactly {shorten(expect.equals, 160)}, found {shorten(value, 160)}"
    if expect.output is not ... and (missing := _not_in(expect.output, value, "")) is not None:
        return missing
    if expect.matches is not None and (broken := violation_of(expect.matches, value)) is not None:
        return f"expected a result that matches: {broken.message}"
    return None


def _not_in(part: Any, whole: Any, pointer: str) -> str | None:
    """Say where `part` is not contained in `whole`; objects may hold more, everything else is equal."""
    if not (isinstance(part, dict) and isinstance(whole, dict)):
        if same_json(part, whole):
            return None
        return f"expected {shorten(part, 160)} at {pointer or 'the top'}, found {shorten(whole, 160)}"
    for name, value in part.items():
        if name not in whole:
            return f"expected {name!r} at {pointer or 'the top'}, found only {', '.join(map(repr, whole)) or 'nothing'}"
        if (found := _not_in(value, whole[name], f"{pointer}/{name}")) is not None:
            return found
    return None


def same_json(first: Any, second: Any) -> bool:
    """Whether two values are the same JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same_json(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return len(first) == len(second) and all(map(same_json, first, second))
    return bool(first == second)


def _says(wanted: str, text: str) -> bool:
    if len(wanted) > 2 and wanted.startswith("/") and wanted.endswith("/"):
        return re.search(wanted[1:-1], text) is not None
    return wanted in text
