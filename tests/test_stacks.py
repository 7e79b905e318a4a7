"""The text of a traceback is the one that Python writes, and is made once for each place."""

from __future__ import annotations

import gc
import traceback
import weakref
from collections.abc import Callable

import pytest

from pytest_toolcheck.targets import _stacks


class Held:
    """What a frame holds."""


def refuse(number: int) -> None:
    raise ValueError(f"not {number}" + "" * len(str(number)))


def noted() -> None:
    error = KeyError("key")
    error.add_note("a note")
    raise error


def chained() -> None:
    try:
        refuse(1)
    except ValueError as error:
        raise RuntimeError("because") from error


def hidden() -> None:
    try:
        refuse(1)
    except ValueError:
        raise RuntimeError("alone") from None


def in_context() -> None:
    try:
        refuse(1)
    except ValueError:
        raise RuntimeError("beside")  # noqa: B904


def misspelt() -> None:
    spelt = 1
    return spelt + spelled  # noqa: F821


def deep(levels: int = 40) -> None:
    deep(levels - 1) if levels else refuse(0)


def group() -> None:
    raise ExceptionGroup("both", [ValueError(1), TypeError(2)])


def caught(what: Callable[[], None]) -> BaseException:
    try:
        what()
    except BaseException as error:
        return error
    raise AssertionError


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    "what",
    [lambda: refuse(3), noted, chained, hidden, in_context, misspelt, deep, group, lambda: compile("a b", "c", "exec")],
)
def test_it_is_what_python_writes(what: Callable[[], None], times: int) -> None:
    """Also the second time, and of errors that Python tells more of."""
    for _ in range(times):
        error = caught(what)
        expected = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        assert _stacks.stack_text(error, error.__traceback__) == expected


def test_a_place_is_written_once_and_keeps_nothing_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other errors at the same place are told with their own message; the frame's values go with the error."""

    def fail(number: int) -> None:
        held = Held()
        gone.append(weakref.ref(held))
        refuse(number)

    gone: list[weakref.ref[Held]] = []
    first = caught(lambda: fail(1))
    first_text = _stacks.stack_text(first, first.__traceback__.tb_next.tb_next)  # type: ignore[union-attr]
    monkeypatch.setattr(_stacks.traceback, "format_tb", None)
    second = caught(lambda: fail(2))
    second_text = _stacks.stack_text(second, second.__traceback__.tb_next.tb_next)  # type: ignore[union-attr]
    assert second_text == first_text.replace("not 1", "not 2")
    del first, second
    gc.collect()
    assert [each() for each in gone] == [None, None]
