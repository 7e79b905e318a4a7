"""A case's one change, made again on another base: the one that the tool was seen to accept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..spec.model import JSONSchema
from .labels import Validity
from .model import Case


def rebase(case: Case, old_base: Any, new_base: Any, schema: JSONSchema | Validity) -> Case:
    """Return the case with its change applied to `new_base` instead of `old_base`.

    Members that the case leaves as they were take the new base's values; what it changes, adds or leaves out stays so.
    The case itself is returned where its label would change, where the inputs are not objects, and for an example.
    """
    maps = isinstance(case.input, Mapping) and isinstance(old_base, Mapping) and isinstance(new_base, Mapping)
    if not maps or case.category == "example" or old_base == new_base:
        return case
    moved = _moved(case, old_base, new_base)
    validity = schema if isinstance(schema, Validity) else _validity(schema)
    if validity.label_of(moved) != case.label:
        return case
    return replace(case, input=moved)


_LATEST: list[tuple[JSONSchema, Validity]] = []
"""The schema asked about last: all cases of one tool come with the same."""


def _validity(schema: JSONSchema) -> Validity:
    latest = _LATEST[0] if _LATEST else None
    if latest is None or latest[0] is not schema:
        latest = (schema, Validity(schema))
        _LATEST[:] = [latest]
    return latest[1]


def _moved(case: Case, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    moved = {}
    for name, value in case.input.items():
        unchanged = name in old and _same(old[name], value)
        moved[name] = new[name] if unchanged and name in new else value
    if case.pointer:  # one place was changed: what only the new base has belongs to it
        added = {name: value for name, value in new.items() if name not in old and name not in moved}
        moved |= {name: value for name, value in added.items() if f"/{name}" != case.pointer}
    return moved


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)
