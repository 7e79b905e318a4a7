"""`hypothesis.find` without what it prints of an input that failed: how each part of it was drawn takes it seconds to write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hypothesis
from hypothesis import strategies as st


@dataclass(frozen=True, slots=True)
class _Drawn:
    value: Any

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text("...")


@st.composite
def _unprinted(draw: st.DrawFn, strategy: st.SearchStrategy[Any]) -> _Drawn:
    return _Drawn(draw(strategy))


def find(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool], **options: Any) -> Any:
    """Return the smallest value that fulfils the condition, as `hypothesis.find` does, to which the options go."""
    return hypothesis.find(_unprinted(strategy), lambda drawn: condition(drawn.value), **options).value
