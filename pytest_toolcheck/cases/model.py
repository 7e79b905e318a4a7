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


@dataclass(frozen=True, slots=True, init=False)
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

    def __init__(self, id: str, input: Any, label: Label, category: str, pointer: str, detail: str) -> None:
        """As a dataclass would make it, in half the time: of a schema there are hundreds."""
        _set_id(self, id)
        _set_input(self, input)
        _set_label(self, label)
        _set_category(self, category)
        _set_pointer(self, pointer)
        _set_detail(self, detail)


_set_id, _set_input, _set_label, _set_category, _set_pointer, _set_detail = (
    Case.__dict__[name].__set__ for name in Case.__slots__
)
