"""The pytest side of `@pytest.mark.interleave`: one test, run once for each seed, in virtual time.

The fixtures are set up once and shared by all runs: make what a run changes inside the test. The first seed that fails
ends the test, and its failure says how to run that seed alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from .hooks import bound_real_time


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Bound the real time that all runs of a test take together."""
    if item.get_closest_marker("interleave") is not None:
        bound_real_time(item)
    return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Run the test under each seed but the last, then let pytest run it under that."""
    marker = item.get_closest_marker("interleave")
    if marker is None:
        return (yield)
    from .interleave import naming_seed, shuffled_tasks
    from .plugin import run_virtually

    _refuse_synchronous(item)
    *earlier, last = _seeds(item, marker)
    with run_virtually(item):
        for seed in earlier:
            with shuffled_tasks(seed), naming_seed(seed, _replay_hint(item, seed)):
                item.runtest()
        with shuffled_tasks(last), naming_seed(last, _replay_hint(item, last)):
            return (yield)


def _seeds(item: pytest.Item, marker: pytest.Mark) -> tuple[int, ...]:
    from .interleave import DEFAULT_SEEDS, seeds_of

    chosen = item.config.getoption("toolcheck_interleave_seed", default=None)
    given: dict[str, Any] = dict(marker.kwargs)
    seeds, seed = given.pop("seeds", DEFAULT_SEEDS), given.pop("seed", None)
    if given or marker.args:
        found = ", ".join([*map(repr, marker.args), *given])
        raise pytest.UsageError(f"{item.nodeid}: interleave takes seeds and seed by name, not {found}")
    if not _are_seeds(seeds) or not (seed is None or _is_number(seed)):
        raise pytest.UsageError(
            f"{item.nodeid}: interleave takes seeds, a whole number or a list of such, and seed, a whole number; "
            f"found seeds={seeds!r}, seed={seed!r}"
        )
    only = seed if chosen is None else int(chosen)
    all_seeds = seeds_of(seeds) if only is None else (only,)
    if not all_seeds:
        raise pytest.UsageError(f"{item.nodeid}: interleave(seeds={seeds!r}) names no seed: use 1 or more")
    return all_seeds


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_seeds(value: object) -> bool:
    return _is_number(value) or (isinstance(value, list | tuple | range | set) and all(map(_is_number, value)))


def _refuse_synchronous(item: pytest.Item) -> None:
    function = getattr(item, "function", None)
    function = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    if not inspect.iscoroutinefunction(function):
        pytest.fail(f"interleave needs an async test: {item.name} has no tasks to shuffle", pytrace=False)


def _replay_hint(item: pytest.Item, seed: int) -> str:
    return f"; replay it with: pytest '{item.nodeid}' --toolcheck-interleave-seed={seed}"
