"""The pytest side of the budget markers; registered when the first test that bears one was collected.

A marker applies to the calls of the fixtures `tool` and `tools` that a test makes, which are made again to be
measured; without them it applies to the test's own body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ..runtime import runtime_of
from .baseline import result_of
from .clocks import MeterError
from .keeper import BaselineKeeper
from .lock import MeasuringLock
from .markers import BudgetError, MarkedBudgets, body_problems, parse_marks
from .measure import Subject, apply_budgets, apply_to_body, raise_for
from .results import BudgetExceeded, BudgetResult

if TYPE_CHECKING:
    from ..handwritten import BoundTool
    from ..spec.model import Budgets
    from ..targets.base import Outcome

_MARKED = pytest.StashKey[MarkedBudgets | None]()


def check_collected(session: pytest.Session) -> None:
    """Report every impossible budget of the selected tests as an error of collection, with the test's line."""
    for item in session.items:
        if problems := _problems(item):
            report = pytest.CollectReport(item.nodeid, "failed", "\n".join(problems), [])
            session.ihook.pytest_collectreport(report=report)


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
    return [] if _uses_tools(item) else [f"{place}: {problem}" for problem in body_problems(marked)]


def _uses_tools(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    return ("tool" in names or "tools" in names) and "tool_sessions" not in names


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Measure the body in place of running it, or the calls of its tools after it."""
    __tracebackhide__ = True
    marked = pyfuncitem.stash.get(_MARKED, None)
    if marked is None:
        return (yield)
    results: list[BudgetResult] = []
    if _uses_tools(pyfuncitem):
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
    _compare(pyfuncitem, marked.budgets.regression, results)
    return done


def _measure_calls(item: pytest.Function, marked: MarkedBudgets) -> tuple[BudgetResult, ...]:
    __tracebackhide__ = True
    given: dict[str, Any] = item.funcargs
    tools = [given["tool"]] if "tool" in given else list(given["tools"].values())
    subject = _subject(tools, marked)
    budgets = _with_baseline(item, marked.budgets)
    return apply_budgets(subject, budgets, lock=_lock(item), on_result=_logger(item))


def _with_baseline(item: pytest.Function, budgets: Budgets) -> Budgets:
    """Return the budgets without a `regression` that there is nothing to compare with or to save for."""
    return budgets if _keeper(item).is_asked_for else replace(budgets, regression=None)


def _keeper(item: pytest.Function) -> BaselineKeeper:
    return BaselineKeeper(*runtime_of(item.config).baselines)


def _subject(tools: list[BoundTool], marked: MarkedBudgets) -> Subject:
    from .subjects import Caller, ToolCall, sized, subject_of

    __tracebackhide__ = True
    calls = [ToolCall(tool.plan, call.arguments, call.kind, call.valid) for tool in tools for call in tool.made_calls]
    if not calls:
        pytest.fail("a budget on a test with tools judges its calls of them, but the test made none", pytrace=False)
    session = tools[0].session
    caller = Caller(session, "for its budgets", _failed_call)
    subject = subject_of(calls, session, caller)
    growth = marked.budgets.growth
    if growth is None:
        return subject
    try:
        return sized(subject, calls[0], growth.over, caller)
    except MeterError as error:
        pytest.fail(str(error), pytrace=False)


def _failed_call(name: str, outcome: Outcome, which: str) -> Exception:
    from ..handwritten import ToolCallFailed

    return ToolCallFailed(name, outcome, which)


def _measured(
    item: pytest.Function, body: Callable[..., Any], marked: MarkedBudgets, results: list[BudgetResult]
) -> Callable[..., None]:
    def run(**arguments: Any) -> None:
        __tracebackhide__ = True
        results.extend(
            apply_to_body(
                lambda: body(**arguments),
                _with_baseline(item, marked.budgets),
                rounds=marked.rounds,
                lock=_lock(item),
                on_result=_logger(item),
            )
        )

    return run


def _conclude(item: pytest.Function, results: list[BudgetResult]) -> None:
    __tracebackhide__ = True
    runtime = runtime_of(item.config)
    for message in raise_for(results, inconclusive_fails=runtime.settings.inconclusive == "fail"):
        runtime.log.emit("warning", attrs={"message": message})
        item.warn(pytest.PytestWarning(message))


def _compare(item: pytest.Function, regression: float | None, results: list[BudgetResult]) -> None:
    __tracebackhide__ = True
    if regression is None:
        return
    kept = [result for result in results if result.metric == "cpu time"][-1:]
    found = _keeper(item).compare(kept, regression)
    broken = [one for one in found if one.verdict == "fail" and not one.is_advice]
    for one in found:
        if one.verdict == "inconclusive":
            is_bad = runtime_of(item.config).settings.inconclusive == "fail" and not one.is_advice
            broken += [one] if is_bad else []
            item.warn(pytest.PytestWarning(one.message))
    if broken:
        raise BudgetExceeded([result_of(one) for one in broken])


def _lock(item: pytest.Item) -> MeasuringLock:
    return MeasuringLock(runtime_of(item.config).run_directory)


def _logger(item: pytest.Item) -> Callable[[BudgetResult], None]:
    runtime = runtime_of(item.config)

    def log(result: BudgetResult) -> None:
        runtime.log.emit("budget.verdict", attrs=result.event_attrs())

    return log
