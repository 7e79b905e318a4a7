"""`rejects_invalid`: an input that the schema forbids is refused. The rule of `coercion` is here too."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from .base import ADVICE, Evidence, Finding, place_of, shorten
from .error_text import reports_an_error
from .known_values import known_bad, value_at
from .violation import Violation, is_valid, is_valid_in_decimals, violation_of

_NO_MULTIPLE = re.compile(r"(?P<number>-?\d\S*) is not a multiple of (?P<step>\d\S*)")
_NEARLY, _SMALL_SHARE = 1e-9, 1e-3
"""So much may be left of a number: all, and as a share of the step."""
_OF_HINTS = """Python does not enforce type hints: check the value in the tool, or decorate it with pydantic's validate_call (strict).
Where nobody promises that: `checks: {rejects_invalid: false}`; for wrong types alone `variations: {exclude: [type, null]}`."""


def rejects_invalid(evidence: Evidence) -> Finding | None:
    """Fail when an invalid input was accepted; a text that spells the value is tolerated where `coercion: allow`."""
    tool, case = evidence.tool, evidence.case
    if evidence.outcome.kind != "accepted":
        return None
    if reports_an_error(evidence):
        return None  # it did refuse, but said so where no client looks: that is the finding of `error_text`
    if case.label == "valid":
        return _accepted_known_bad(evidence)
    schema = tool.input if tool.input is not None else True
    broken = violation_of(schema, case.input)
    if tool.coercion == "allow" and is_valid(schema, spelled_out(schema, case.input)):
        evidence.notes.append("coerced")
        return None
    if broken is None or is_valid_in_decimals(schema, case.input) or _is_read_as_valid(evidence, broken):
        return None
    if _is_nearly_a_multiple(broken):
        return None
    return Finding(
        "rejects_invalid",
        f"{tool.name} accepted an input that its schema forbids: {broken.message}",
        f"rejects_invalid {broken.pointer} {broken.keyword}",
        f"a refusal ({place_of(tool, 'input')}, schema {broken.schema_pointer})",
        details=((ADVICE, _OF_HINTS),) if evidence.by_hints else (),
    )


def _is_nearly_a_multiple(broken: Violation) -> bool:
    """Whether a number is as near to a multiple as programs that divide floats have to take for one; pydantic does."""
    told = _NO_MULTIPLE.fullmatch(broken.message) if broken.keyword == "multipleOf" else None
    if told is None:
        return False
    number, step = float(told["number"]), float(told["step"])
    if not math.isfinite(number) or float(number).is_integer():
        return False
    left = abs(math.remainder(number, step))
    return left <= _NEARLY and left < step * _SMALL_SHARE


def _is_read_as_valid(evidence: Evidence, broken: Violation) -> bool:
    """Whether the tool was handed a sound value of its own type, and cannot have seen how JSON wrote it."""
    within = (place for place in evidence.outcome.leeway if place.endswith("/"))
    in_model = broken.keyword == "format" and any(f"{broken.pointer}/".startswith(place) for place in within)
    return in_model or broken.pointer in evidence.outcome.leeway


def _accepted_known_bad(evidence: Evidence) -> Finding | None:
    tool = evidence.tool
    name = known_bad(tool, evidence.case.input)
    if name is None:
        return None
    return Finding(
        "rejects_invalid",
        f"{tool.name} accepted {shorten(value_at(evidence.case.input, name), 80)} for {name!r}, "
        "which the spec lists as invalid",
        f"rejects_invalid known value {name}",
        f"a refusal ({place_of(tool, f'values/{name}/invalid', 'values')})",
    )


def spelled_out(schema: Any, value: Any) -> Any:
    """Replace each text that breaks the schema by the value that it spells: "5" by 5, "true" by true, "null" by null."""
    if isinstance(value, dict):
        return {name: spelled_out(_part(schema, name), item) for name, item in value.items()}
    if isinstance(value, list):
        items = schema.get("items") if isinstance(schema, dict) else None
        return [spelled_out(items, item) for item in value]
    if isinstance(value, str) and not (isinstance(schema, dict) and _wants_text(schema)):
        return _spelled(value)
    return value


def _spelled(text: str) -> Any:
    if len(text) > 40:
        return text
    try:
        spelled = json.loads(
            text.strip().lower() if text.strip().lower() in ("true", "false", "null") else text.strip()
        )
    except ValueError:
        return text
    return text if isinstance(spelled, str | list | dict) else spelled


def _part(schema: Any, name: str) -> Any:
    return schema.get("properties", {}).get(name) if isinstance(schema, dict) else None


def _wants_text(schema: dict[str, Any]) -> bool:
    kinds = schema.get("type", ())
    return "string" in ([kinds] if isinstance(kinds, str) else kinds)
