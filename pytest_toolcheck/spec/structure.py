"""The shipped JSON Schema of a tool spec, and validation by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from ..lean_jsonschema import Draft202012Validator
from .added_kinds import ADDED_KINDS
from .complaints import Complaint, explain


def spec_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `*.tool.yaml`, as shipped for editors."""
    text = resources.files(__package__).joinpath("tool-spec.v1.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator(added: tuple[str, ...]) -> Draft202012Validator:
    """Return the validator; kinds of targets that plugins added may hold anything, their makers judge it."""
    schema = spec_schema()
    schema["$defs"]["target"]["properties"] |= {kind: {} for kind in added}
    return Draft202012Validator(schema)


def structural_complaints(value: Any) -> Iterator[Complaint]:
    """Yield what the shipped schema has against the data of a file."""
    yield from explain(_validator(tuple(ADDED_KINDS)).iter_errors(value))
