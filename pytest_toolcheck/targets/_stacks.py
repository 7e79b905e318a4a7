"""The text of an error's traceback: a tool that refuses hundreds of inputs does so at the same few places."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, TracebackType

_MOST_FRAMES = 20
_TOLD_MORE_OF = (NameError, AttributeError, ImportError, SyntaxError, BaseExceptionGroup)
"""Of these Python tells more than their message, from the frames or the errors inside."""


def stack_text(error: BaseException, trace: TracebackType | None) -> str:
    """Return what `traceback.format_exception` makes of the error and this traceback. Raises what the error's texts raise."""
    frames = list(_entries(trace))
    hides_context = error.__cause__ is None and (error.__context__ is None or error.__suppress_context__)
    if not frames or len(frames) > _MOST_FRAMES or not hides_context or isinstance(error, _TOLD_MORE_OF):
        return "".join(traceback.format_exception(type(error), error, trace))
    shown = (_frame(_Entry(each)) for each in frames)
    last = traceback.format_exception_only(type(error), error)
    return "".join(("Traceback (most recent call last):\n", *shown, *last))


def _entries(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


class _Entry:
    """One place that an error went through: equal where code and instruction are the same."""

    __slots__ = ("key", "trace")

    def __init__(self, trace: TracebackType) -> None:
        self.key: tuple[CodeType, int, int] = (trace.tb_frame.f_code, trace.tb_lasti, trace.tb_lineno)
        self.trace: TracebackType | None = trace

    def __hash__(self) -> int:
        return hash((id(self.key[0]), self.key[1:]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Entry) and self.key[0] is other.key[0] and self.key[1:] == other.key[1:]


@lru_cache(maxsize=256)
def _frame(entry: _Entry) -> str:
    """Return how a traceback shows the place; where in the line it is costs reading the line's syntax."""
    [text] = traceback.format_tb(entry.trace, 1)
    entry.trace = None  # kept here, it would keep the frame and all that it holds alive
    return text
