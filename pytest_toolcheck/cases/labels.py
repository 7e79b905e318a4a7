"""Whether a schema accepts a value: computed with the schema's own draft and its formats, never assumed."""

from __future__ import annotations

from typing import Any

from ..spec.model import JSONSchema
from .model import Label
from .schema import Document


class Validity:
    """A schema compiled once, to label many values."""

    def __init__(self, schema: JSONSchema) -> None:
        self._accepts = Document(schema).accepts

    def label_of(self, value: Any) -> Label:
        """Return the label of a value. A value that cannot be validated is "invalid"."""
        try:
            return "valid" if self._accepts(value) else "invalid"
        except Exception:  # format checkers and broken schemas raise whatever they like
            return "invalid"

    def accepts(self, value: Any) -> bool:
        """Whether the schema accepts the value."""
        return self.label_of(value) == "valid"


def label_of(schema: JSONSchema, value: Any) -> Label:
    """Return "valid" or "invalid": what `jsonschema` says in the schema's draft, with formats checked."""
    return Validity(schema).label_of(value)
