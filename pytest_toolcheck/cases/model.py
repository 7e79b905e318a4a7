"""A case: one labelled input of one tool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Label = Literal["valid", "invalid"]

CATEGORIES = (
    "example",
    "required",
    "optional",
    "boundary",
    "type",
    "null",
    "enum",
    "format",
    "pattern",
    "extra",
    "nested",
    "unicode",
    "size",
    "number",
    "combination",
)
"""The categories that `generate_cases` makes; `fuzz`, `repeat` and `concurrent` are scenarios of their own."""


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled input.

    `id` is unique within a tool, readable and selectable: `category[pointer:detail]`, such as `boundary[count:251]`;
    it holds neither `::` nor `=` nor control characters. `pointer` is the JSON Pointer of what was changed against
    the base ("" for the whole input). `label` is computed by validating `input`, never assumed.
    """

    id: str
    input: Any
    label: Label
    category: str
    pointer: str
    detail: str
