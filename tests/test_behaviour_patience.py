"""How long promises are tried depends on the tool, not on the machine."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolcheck.behaviour.patience import Patience
from pytest_toolcheck.behaviour.promise import MOST_INPUTS, SLOW_S, Trial
from pytest_toolcheck.behaviour.second_call import many_inputs_twice
from pytest_toolcheck.targets.base import Outcome

SLOW, QUICK = SLOW_S + 1.0, 0.001


def trial_of(*seconds: float, inputs: int = 20) -> Trial:
    """Return a trial of a tool whose calls take so long in turn."""
    took, given = cycle(seconds), [{"n": n} for n in range(inputs)]

    class Made(Trial):
        calls = 0

        def _candidates(self) -> Iterator[dict[str, Any]]:
            yield from given

        def valid_inputs(self) -> list[dict[str, Any]]:
            return given

    def call(value: dict[str, Any], **_: Any) -> Outcome:
        Made.calls += 1
        return Outcome("accepted", round(next(took) * 1e9))

    return Made("deterministic", SimpleNamespace(call=call))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "inputs", "calls"),
    [
        ((QUICK,), MOST_INPUTS, MOST_INPUTS),
        ((SLOW,), 1, 2),
        ((SLOW, *[QUICK] * 20), MOST_INPUTS, MOST_INPUTS + 1),
        ((SLOW, QUICK, QUICK, SLOW, SLOW), 3, 4),
        ((SLOW, QUICK), 2, 3),
    ],
    ids=["quick", "slow", "the first of all", "slow for some", "quick when asked again"],
)
def test_a_slow_tool_is_tried_with_few_inputs(seconds: tuple[float, ...], inputs: int, calls: int) -> None:
    """A first call that waits for what is prepared once, or for the machine, does not make a tool a slow one."""
    trial = trial_of(*seconds)
    assert len(list(trial.inputs())) == inputs
    assert trial.calls == calls  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("seconds", "inputs"),
    [((QUICK,), 20), ((0.1,), 16), ((SLOW,), 2), ((QUICK, *[0.2] * 7), 20), ((*[QUICK] * 4, SLOW, *[QUICK] * 40), 20)],
    ids=["quick", "not so quick", "slow", "busy machine", "once slow"],
)
def test_many_inputs_are_called_twice_as_long_as_the_tool_is_quick(seconds: tuple[float, ...], inputs: int) -> None:
    """The quickest call says how long all may take."""
    assert len(list(many_inputs_twice(trial_of(*seconds)))) == inputs


def test_patience_counts_calls_as_long_as_the_quickest() -> None:
    """Nothing is over before a call was made; calls that waited cost no more than others."""
    patience = Patience(1.0)
    assert not patience.is_over
    patience.note(Outcome("accepted", 900_000_000))
    assert not patience.is_over
    patience.note(Outcome("accepted", 600_000_000))
    assert patience.is_over
    patience.note(Outcome("accepted", 1_000))
    assert not patience.is_over
