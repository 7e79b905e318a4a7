"""A set where the hint promises a list is not JSON; where a set is promised, or nothing, it is an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets._attempt import Attempt
from pytest_toolcheck.targets._set_answers import is_set_for_list
from pytest_toolcheck.targets.base import Request


def listed() -> list[str]: ...
def within() -> dict[str, list[str]] | None: ...
def annotated() -> Annotated[list[int], "ids"]: ...
def a_set() -> set[str]: ...
def silent(): ...
def unknown() -> Missing: ...  # noqa: F821


@pytest.mark.parametrize(
    ("function", "value", "is_wrong"),
    [
        *((listed, {"a"}, True), (listed, ["a"], False), (within, {"k": {"a"}}, True), (within, {"k": ["a"]}, False)),
        *((annotated, frozenset({1}), True), (a_set, {"a"}, False), (silent, {"a"}, False), (unknown, {"a"}, False)),
    ],
)
def test_a_set_is_wrong_only_where_lists_are_promised(function: Callable[..., Any], value: Any, is_wrong: bool) -> None:
    """The hint decides: `json.dumps` refuses a set, and a client that was promised a list has none."""
    assert is_set_for_list(function, value) is is_wrong


def test_such_a_set_stays_one_for_the_check_to_see() -> None:
    """What a promised set holds becomes an array; an unpromised one is kept."""
    request = Request(ToolSpec("tool"), {}, "rid", 1.0, valid=True)
    for answer, kept in ((listed, True), (a_set, False)):
        attempt = Attempt(answer, [], {})
        attempt.value = {"a"}
        assert isinstance(attempt.outcome(request).value, set) is kept
