"""A read-only tool through which a target's state is looked at: one that is slow once, or hangs, lays no blame on others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pytest_toolcheck.behaviour.siblings import Window, _window
from pytest_toolcheck.scenario import ScenarioSkipped
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import Outcome, Request

TOOL = ToolSpec("last_number", input={"type": "object"}, timeout_s=20.0)


class Session:
    """Answers after so many seconds each, as the request's limit allows; a hang ends it."""

    def __init__(self, *spent_s: float) -> None:
        self._spent: Iterator[float] = iter(spent_s)
        self._alive = True

    def call(self, request: Request) -> Outcome:
        spent = next(self._spent)
        if spent >= request.timeout_s:
            self._alive = False
            return Outcome("timed_out", int(request.timeout_s * 1e9))
        return Outcome("accepted", int(spent * 1e9), value={"number": 7})

    def is_alive(self) -> bool:
        return self._alive


@pytest.mark.parametrize(
    ("spent_s", "is_window"), [([0.01], True), ([3.0, 0.01], True), ([3.0, 3.0], False), ([30.0], False)]
)
def test_what_is_called_first_in_a_server_may_take_its_time(spent_s: list[float], is_window: bool) -> None:
    """Servers import what they need with their first call; one that is slow again is not looked through."""
    session: Any = Session(*spent_s)
    assert (_window(TOOL, session) is not None) is is_window


def test_a_look_that_takes_longer_than_at_first_is_waited_for() -> None:
    """It kills no session: in a fresh one the same tool may be slow, and the next call there would be told to have died."""
    session: Any = Session(3.0)
    assert set(Window(TOOL, {}).look(session, {}).values()) >= {7}
    assert session.is_alive()


def test_a_look_that_hangs_ends_the_scenario() -> None:
    """Nothing is said of the call that is judged: its session went with the look."""
    session: Any = Session(30.0)
    with pytest.raises(
        ScenarioSkipped, match=r"last_number, which shows what a call changes, did not answer within 20"
    ):
        Window(TOOL, {}).look(session, {})
