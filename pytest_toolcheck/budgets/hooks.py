"""The pytest side of the budget markers; registered when the first test that bears one was collected.

A marker applies to the calls of the fixture `tool` that a test makes, which are made again to be measured; without
that fixture it applies to the test's own body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ..runtime import runtime_of
from .lock import MeasuringLock
from .markers import BudgetError, MarkedBudgets, body_problems, parse_marks
from .measure import apply_to_body, apply_to_calls, raise_for
from .results import BudgetResult

_MARKED = pytest.StashKey[MarkedBudgets | None]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Refuse every impossible budget before the first test runs. Raises UsageError with the lines of the tests."""
    problems = [problem for item in session.items for problem in _problems(item)]
    if problems and not session.config.option.collectonly:
        raise pytest.UsageError("\n".join(problems))


def _problems(item: pytest.Item) -> list[str]:
    marks = [(mark.name, mark.args, mark.kwargs) for mark in item.iter_markers() if mark.name.endswith("_budget")]
    if not marks:
        return []
    path, line, _ = item.location
    place = f"{path}:{(line or 0) + 1}"
    try:
        marked = item.stash[_MARKED] = parse_marks(marks)
    except BudgetError as error:
        return [f"{place}: {error}"]
    return [] if _uses_tool(item) else [f"{place}: {problem}" for problem in body_problems(marked)]


def _uses_tool(item: pytest.Item) -> bool:
    return "tool" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Measure the body in place of running it, or the calls of `tool` after it."""
    marked = pyfuncitem.stash.get(_MARKED, None)
    if marked is None:
        return (yield)
    results: list[BudgetResult] = []
    if _uses_tool(pyfuncitem):
        done = yield
        results += _measure_calls(pyfuncitem, marked)
    else:
        original = pyfuncitem.obj
        pyfuncitem.obj = _measured(pyfuncitem, original, marked, results)
        try:
            done = yield
        finally:
            pyfuncitem.obj = original
    _conclude(pyfuncitem, results)
    return done


def _measure_calls(item: pytest.Function, marked: MarkedBudgets) -> tuple[BudgetResult, ...]:
    tool: Any = item.funcargs["tool"]
    calls = tool.repeatable_calls
    if not calls:
        pytest.fail(
            "a budget on a test with the fixture `tool` judges its calls, but the test made none", pytrace=False
        )
    return apply_to_calls(calls, marked.budgets, lock=_lock(item), on_result=_logger(item))


def _measured(
    item: pytest.Function, body: Callable[..., Any], marked: MarkedBudgets, results: list[BudgetResult]
) -> Callable[..., None]:
    def run(**arguments: Any) -> None:
        results.extend(
            apply_to_body(
                lambda: body(**arguments),
                marked.budgets,
                rounds=marked.rounds,
                lock=_lock(item),
                on_result=_logger(item),
            )
        )

    return run


def _conclude(item: pytest.Function, results: list[BudgetResult]) -> None:
    runtime = runtime_of(item.config)
    for message in raise_for(results, inconclusive_fails=runtime.settings.inconclusive == "fail"):
        runtime.log.emit("warning", attrs={"message": message})
        item.warn(pytest.PytestWarning(f"inconclusive: {message}"))


def _lock(item: pytest.Item) -> MeasuringLock:
    return MeasuringLock(runtime_of(item.config).run_directory)


def _logger(item: pytest.Item) -> Callable[[BudgetResult], None]:
    runtime = runtime_of(item.config)

    def log(result: BudgetResult) -> None:
        runtime.log.emit("budget.verdict", attrs=result.event_attrs())

    return log
