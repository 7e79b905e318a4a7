"""What a retry library says it will wait: read from its own objects, so that a test can hold it to its word.

A wait is a number, or a pair (least, most) where there is jitter.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

Wait = float | tuple[float, float]


def tenacity_schedule(retrying: Any, *, attempts: int | None = None) -> list[Wait]:
    """Return the waits that a tenacity `Retrying` (or a function decorated by `@retry`) announces.

    `attempts` is read from its `stop_after_attempt` where it has one. Jitter of every kind becomes a range.
    Raises ValueError without a number of attempts.
    """
    if not hasattr(retrying, "stop"):
        retrying = retrying.retry
    count = attempts if attempts is not None else _tenacity_attempts(retrying.stop)
    if count is None:
        raise ValueError("the Retrying has no stop_after_attempt: say attempts=…, the number of attempts")
    return [_tenacity_wait(retrying, number) for number in range(1, count)]


def stamina_schedule(
    *,
    attempts: int = 10,
    wait_initial: float = 0.1,
    wait_max: float = 5.0,
    wait_jitter: float = 1.0,
    wait_exp_base: float = 2.0,
) -> list[Wait]:
    """Return the waits of `stamina.retry` with these arguments (its defaults are stamina's).

    Wait k is min(wait_max, wait_initial * wait_exp_base ** (k - 1) + jitter), the jitter between 0 and `wait_jitter`
    (stamina's documentation of `retry`).
    """
    waits: list[Wait] = []
    for number in range(attempts - 1):
        least = float(wait_initial * wait_exp_base**number)
        waits.append(_range(min(wait_max, least), min(wait_max, least + wait_jitter)))
    return waits


def backoff_schedule(
    wait_gen: Callable[..., Iterator[Any]], *, max_tries: int, full_jitter: bool = False, **arguments: Any
) -> list[Wait]:
    """Return the waits of `backoff.on_exception(wait_gen, …, max_tries=…, **arguments)`.

    `full_jitter=True` is backoff's default `jitter=backoff.full_jitter` (from 0 to the value); with `jitter=None` say
    False. Raises ValueError for a generator that is none of waits.
    """
    generator = wait_gen(**arguments)
    values = [value for value in islice(generator, max_tries) if value is not None][: max_tries - 1]
    if not all(isinstance(value, (int, float)) for value in values):
        raise ValueError(f"{wait_gen!r} does not yield seconds: {values!r}")
    return [_range(0.0, float(value)) if full_jitter else float(value) for value in values]


def _range(least: float, most: float) -> Wait:
    return float(least) if least == most else (float(least), float(most))


def _tenacity_attempts(stop: Any) -> int | None:
    """The least `stop_after_attempt` among those that are combined by `|`."""
    number = getattr(stop, "max_attempt_number", None)
    if number is not None:
        return int(number)
    inner = [count for each in getattr(stop, "stops", ()) if (count := _tenacity_attempts(each)) is not None]
    return min(inner, default=None)


def _tenacity_wait(retrying: Any, number: int) -> Wait:
    """Ask the wait strategy itself, with all dice at their lowest and at their highest."""
    import tenacity

    state = tenacity.RetryCallState(retrying, None, (), {})
    state.attempt_number = number
    with _loaded_dice(lambda low, _high: low):
        least = float(retrying.wait(state))
    with _loaded_dice(lambda _low, high: high):
        most = float(retrying.wait(state))
    return _range(least, most)


@contextmanager
def _loaded_dice(choose: Callable[[float, float], float]) -> Iterator[None]:
    uniform, any_share = random.uniform, random.random
    random.uniform, random.random = choose, lambda: choose(0.0, 1.0)  # type: ignore[assignment]
    try:
        yield
    finally:
        random.uniform, random.random = uniform, any_share
