"""A server's own output schema that refused its result: MCP servers send that error as if the input had been refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .base import Evidence, Finding, place_of, said_of, shorten

_SENT = re.compile(r"^Output validation error: (?P<said>.*)", re.DOTALL)
"""What the low-level server of the MCP SDK answers."""

_MODEL = re.compile(r"\b\d+ validation errors? for (?P<model>\w+)\b(?P<said>.*)")
"""What pydantic raises, of the arguments as of the result: the name of the model tells them apart."""


def failed_output(evidence: Evidence) -> Finding | None:
    """Fail when a valid call was refused because the result did not match the tool's own output."""
    tool, error = evidence.tool, evidence.outcome.error
    if tool.output is None or error is None or evidence.outcome.kind != "refused" or evidence.case.label != "valid":
        return None
    said = _complaint(evidence, error.message)
    if said is None:
        return None
    message = f"{tool.name} made a result that its own output schema forbids, and sent the error as a refusal: {said}"
    return Finding(
        "output_schema", message, "output_schema refused by itself", f"a result ({place_of(tool, 'output')})"
    )


def _complaint(evidence: Evidence, message: str) -> str | None:
    if sent := _SENT.match(message.strip()):
        return shorten(sent["said"], 160)
    said = " ".join(said_of(evidence).split())  # servers log in narrow columns, which break lines anywhere
    found = _MODEL.search(said)
    if found is None or found["model"] not in _output_models(evidence):
        return None
    return shorten(found["said"].strip(), 160)


def _output_models(evidence: Evidence) -> set[str]:
    """Return the names of the models that only the output is made of."""
    tool = evidence.tool
    return {f"{tool.call or tool.name}Output", *_titles(tool.output)} - set(_titles(tool.input))


def _titles(schema: Any) -> Iterator[str]:
    """Yield the names of the schema and of its definitions, as pydantic writes them."""
    if isinstance(schema, dict):
        yield from (name for name in (schema.get("title"), *schema.get("$defs", ())) if isinstance(name, str))
