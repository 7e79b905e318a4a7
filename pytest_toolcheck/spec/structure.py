"""The shipped JSON Schema of a tool spec, and validation by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from ..lean_jsonschema import Draft202012Validator
from .complaints import Complaint, explain


def spec_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `*.tool.yaml`, as shipped for editors."""
    text = resources.files(__package__).joinpath("tool-spec.v1.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(spec_schema())


def structural_complaints(value: Any) -> Iterator[Complaint]:
    """Yield what the shipped schema has against the data of a file."""
    yield from explain(_validator().iter_errors(value))
