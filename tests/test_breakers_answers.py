"""What a third-party breaker adapter answers is checked, and a slip is told as the adapter's."""

from __future__ import annotations

import time

import pytest

from pytest_toolcheck.resilience.adapters import BreakerAdapter
from pytest_toolcheck.resilience.adapters.answers import AdapterFault, adapters_of
from pytest_toolcheck.resilience.breakers import Breakers


class Fuse:
    """A breaker of somebody's own."""

    name = "fuse"

    def __init__(self):
        self.blown_at = None


class FuseAdapter(BreakerAdapter):
    """A correct adapter; each test makes one slip in it."""

    watched = ("blown_at",)

    @classmethod
    def knows(cls, candidate):
        return isinstance(candidate, Fuse)

    def state(self):
        return "closed" if self.breaker.blown_at is None else "open"

    def trip(self):
        self.breaker.blown_at = time.monotonic()

    def half_open(self):
        self.breaker.blown_at = 0

    def reset(self):
        self.breaker.blown_at = None

    def remaining_s(self):
        return 60


def control_with(**slips):
    adapter = type("SlippingAdapter", (FuseAdapter,), slips)
    return Breakers(adapters=[adapter]).control(Fuse())


def test_a_correct_adapter_is_not_accused():
    """State, remaining time and changes are what the adapter says."""
    control = control_with()
    control.trip()
    assert (control.state, control.remaining, control.transitions) == ("open", 60, ["closed", "open"])
    control.reset()
    control.expect(["closed", "open", "closed"])


@pytest.mark.parametrize("answer", [None, "OPEN", "half-open", True])
def test_a_word_that_is_no_state_is_the_adapters_fault(answer):
    """The message names the adapter, its answer and what it may answer."""
    with pytest.raises(
        AdapterFault, match=rf"SlippingAdapter.state\(\) answered {answer!r} for breaker fuse: .*'half_open'"
    ):
        control_with(state=lambda _self: answer)


@pytest.mark.parametrize("answer", [None, "60", True, float("nan"), float("inf")])
def test_seconds_that_are_no_number_are_the_adapters_fault(answer):
    """Asked while the breaker is open."""
    control = control_with(remaining_s=lambda _self: answer)
    control.trip()
    with pytest.raises(AdapterFault, match=r"remaining_s\(\) answered .* seconds, as a number"):
        _ = control.remaining


@pytest.mark.parametrize("method", ["save", "watch"])
def test_what_cannot_be_undone_is_the_adapters_fault(method):
    """`save` and `watch` hand back what ends them."""
    with pytest.raises(AdapterFault, match=rf"{method}\(\) answered None .*undoes it"):
        control_with(**{method: lambda *_: None})


def test_a_method_that_does_nothing_is_the_adapters_fault():
    """trip() opens and reset() closes; a test that relies on it would prove nothing."""
    with pytest.raises(AdapterFault, match=r"trip\(\) left breaker fuse closed: it is to be open then"):
        control_with(trip=lambda _self: None).trip()
    control = control_with(reset=lambda _self: None)
    control.trip()
    with pytest.raises(AdapterFault, match=r"reset\(\) left breaker fuse open"):
        control.reset()


def test_an_adapter_that_fails_on_strangers_is_named():
    """knows() is asked of everything that a breaker may be."""
    with pytest.raises(AdapterFault, match=r"SlippingAdapter.knows\(\) failed on Fuse: AttributeError: .*answer False"):
        control_with(knows=classmethod(lambda _cls, candidate: candidate.fuse))


@pytest.mark.parametrize("answer", [Fuse, "FuseAdapter", FuseAdapter(Fuse()), None])
def test_a_hook_answers_with_adapters(answer):
    """Anything else is refused, with the hook's name."""
    assert adapters_of([[FuseAdapter], FuseAdapter], "the_hook") == [FuseAdapter, FuseAdapter]
    with pytest.raises(AdapterFault, match=r"the_hook returned .*subclasses of BreakerAdapter"):
        adapters_of([[answer]], "the_hook")
