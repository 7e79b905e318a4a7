"""`output_schema`: a result is JSON, and matches the tool's output schema."""

from __future__ import annotations

import json
import math
from typing import Any

from ..targets._text_values import holds_lone_surrogates, lone_surrogates_in
from .base import Evidence, Finding, place_of, shorten
from .failed_output import failed_output
from .mixed_output import printed_beside_json
from .violation import to_pointer, violation_of

LONE_SURROGATE = "a lone surrogate"


def output_schema(evidence: Evidence) -> Finding | None:
    """Fail when an accepted call's result is not JSON, or not what `output` describes."""
    if evidence.outcome.kind != "accepted":
        return failed_output(evidence)
    tool, value = evidence.tool, evidence.outcome.value
    if (found := not_json(value)) is not None and not (found[1] == LONE_SURROGATE and _came_with_the_input(evidence)):
        pointer, what = found
        message = f"{tool.name} returned {what} at {pointer or 'the top'}, which is not JSON"
        return Finding("output_schema", message, f"output_schema not JSON {what}", "a result that is JSON")
    if (told := _two_answers(evidence.outcome.raw)) is not None:
        message = f"{tool.name} returned structured content and a text that says otherwise: {told}"
        promised = "one result: the text is the structured content, serialized"
        return Finding("output_schema", message, f"output_schema two answers {told.partition(':')[0]}", promised)
    if tool.output is not None and (kind := _other_content_type(evidence.outcome.raw, value)) is not None:
        message = f"{tool.name} returned JSON as {kind}"
        return Finding("output_schema", message, "output_schema content type", "application/json, or a kind of it")
    if (found_beside := printed_beside_json(evidence)) is not None:
        return found_beside
    if tool.output is None or (broken := violation_of(tool.output, value)) is None:
        return None
    return Finding(
        "output_schema",
        f"{tool.name} returned what its output schema forbids: {broken.message}"
        + (f" (at {broken.pointer})" if broken.pointer else ""),
        f"output_schema {broken.schema_pointer}",
        f"a result that matches output ({place_of(tool, 'output')}, schema {broken.schema_pointer})",
        details=(("result", shorten(value, 2000)),),
    )


def _other_content_type(raw: Any, value: Any) -> str | None:
    """Return the content type of an HTTP answer that is JSON and does not say so; a text may be of any type."""
    kind = raw.get("content-type") if isinstance(raw, dict) and "status" in raw else None
    said = kind.partition(";")[0].strip().lower() if isinstance(kind, str) else ""
    return said if said and "json" not in said and isinstance(value, dict | list) else None


def _two_answers(raw: Any) -> str | None:
    """Say where an MCP result's only text, an object of the same members, differs from its structured content."""
    structured = raw.get("structuredContent") if isinstance(raw, dict) else None
    content = raw.get("content") if isinstance(raw, dict) else None
    if not isinstance(structured, dict) or not isinstance(content, list) or len(content) != 1:
        return None
    try:
        told = json.loads(content[0]["text"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(told, dict) or told.keys() != structured.keys():
        return None
    for name, value in structured.items():
        if told[name] != value:
            return f"{name}: {shorten(value, 60)} and {shorten(told[name], 60)}"
    return None


def _came_with_the_input(evidence: Evidence) -> bool:
    """Whether the halves in the result were sent: with this call, or with an earlier one, and were kept."""
    if holds_lone_surrogates(evidence.case.input):
        return True
    return lone_surrogates_in(evidence.outcome.value) <= evidence.halves_sent


def not_json(value: Any) -> tuple[str, str] | None:
    """Return JSON Pointer and description of the first part that JSON cannot carry, or None."""
    return _walk(value, [], set())


def _walk(value: Any, path: list[Any], above: set[int]) -> tuple[str, str] | None:
    if value is None or isinstance(value, bool | int):
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else (to_pointer(path), repr(value))
    if isinstance(value, str):
        return None if _is_unicode(value) else (to_pointer(path), LONE_SURROGATE)
    if id(value) in above:
        return to_pointer(path), "a reference to itself"
    return _walk_container(value, path, above | {id(value)})


def _walk_container(value: Any, path: list[Any], above: set[int]) -> tuple[str, str] | None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                return to_pointer(path), f"the key {key!r}"
            if (found := _walk(item, [*path, key], above)) is not None:
                return found
        return None
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if (found := _walk(item, [*path, index], above)) is not None:
                return found
        return None
    return to_pointer(path), f"a value of type {type(value).__name__}"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
