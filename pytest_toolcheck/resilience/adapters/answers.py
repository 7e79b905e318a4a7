"""What adapters answer is checked before it is used: a slip in one would otherwise look like a breaker's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final, get_args

from ...errors import ToolcheckError
from .base import BreakerAdapter, State

_STATES: Final[tuple[State, ...]] = get_args(State)


class AdapterFault(ToolcheckError, TypeError):
    """A breaker adapter answered what means nothing."""


def state_of(adapter: BreakerAdapter) -> State:
    """Return the state that an adapter tells. Raises AdapterFault for any other word."""
    state = adapter.state()
    if state not in _STATES:
        raise _fault(adapter, "state()", state, "'closed', 'open' or 'half_open'")
    return state


def remaining_of(adapter: BreakerAdapter) -> float:
    """Return the seconds that an adapter tells. Raises AdapterFault for what is no finite number."""
    left = adapter.remaining_s()
    if isinstance(left, bool) or not isinstance(left, int | float) or not math.isfinite(left):
        raise _fault(adapter, "remaining_s()", left, "seconds, as a number")
    return float(left)


def knows(adapter: type[BreakerAdapter], candidate: Any) -> bool:
    """Tell whether an adapter knows an object. Raises AdapterFault where it fails to tell."""
    try:
        return bool(adapter.knows(candidate))
    except Exception as error:
        raise AdapterFault(
            f"{adapter.__name__}.knows() failed on {type(candidate).__qualname__}: {type(error).__name__}: {error}. "
            "It is asked of every object that a breaker may be, so it is to answer False for those that it does not know."
        ) from error


def undo_of(adapter: BreakerAdapter, method: str, undo: Any) -> Callable[[], None]:
    """Return what `watch` or `save` gave to undo it. Raises AdapterFault for what cannot be called."""
    if not callable(undo):
        raise _fault(adapter, f"{method}()", undo, "a function without arguments that undoes it")
    return undo  # type: ignore[no-any-return]


def expect_state(adapter: BreakerAdapter, method: str, wanted: State) -> None:
    """Raise AdapterFault unless a method has brought the breaker where it should."""
    if (state := state_of(adapter)) != wanted:
        raise AdapterFault(
            f"{type(adapter).__name__}.{method}() left breaker {adapter.name} {state}: it is to be {wanted} then"
        )


def adapters_of(answers: Iterable[Any], source: str) -> list[type[BreakerAdapter]]:
    """Return the adapters that plugins answered. Raises AdapterFault for anything else."""
    found: list[type[BreakerAdapter]] = []
    for answer in answers:
        for adapter in answer if isinstance(answer, list | tuple | set) else [answer]:
            if not (isinstance(adapter, type) and issubclass(adapter, BreakerAdapter)):
                raise AdapterFault(f"{source} returned {adapter!r}: it is to return subclasses of BreakerAdapter")
            found.append(adapter)
    return found


def _fault(adapter: BreakerAdapter, method: str, answer: object, wanted: str) -> AdapterFault:
    return AdapterFault(
        f"{type(adapter).__name__}.{method} answered {answer!r} for breaker {adapter.name}: it is to answer {wanted}"
    )
