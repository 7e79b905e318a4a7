"""What the format demands and a JSON Schema cannot say."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Problem
from .reading import Document
from .scope import Scope


def problems_in_target(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with a target of sound structure."""
    yield from ()


def problems_in_tool(scope: Scope) -> Iterator[Problem]:
    """Yield what is wrong with a tool of sound structure."""
    yield from ()
