"""The pytest side of the budget markers; registered when the first test that bears one was collected.

A marker applies to the calls of the fixtures `tool` and `tools` that a test makes, which are made again to be
measured, and to those that it makes through the fixture `budget`, which measures them itself; a test that makes none is
judged by its own body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import TestCase

import pytest

from ..clock.hooks import is_virtual
from ..markers import BUDGET_MARKERS
from ..runtime import runtime_of
from ..spec.model import Budgets
from .baseline import result_of
from .body import Measure, MeasuredBody
from .clocks import UNDER_VIRTUAL_TIME, MeterError
from .keeper import BaselineKeeper
from .latency import Call, DurationOf
from .leak import NO_LEAK_OF_COMMANDS
from .lock import MeasuringLock, measuring_lock
from .markers import BudgetError, MarkedBudgets, body_problems, parse_marks
from .measure import Subject, apply_budgets, apply_to_body, raise_for
from .measure_value import COMPARED
from .places import line_of, marks_of
from .results import BudgetExceeded, BudgetResult
from .sizes import size_range

if TYPE_CHECKING:
    from ..handwritten import BoundTool
    from ..scenario import ToolPlan
    from ..targets.base import Outcome
    from .fixture import Budget

_ON_A_TEST_CASE = (
    "a budget marker measures test functions, and this is a method of unittest.TestCase: "
    "write it as a function (or in a plain class)"
)
_NO_CALLS = "the test made no call through its fixtures, so its budgets are about its own body: "
_NOT_BESIDE = (
    "memory peak not measured: the test made no call through its fixture `budget`, beside which the memory of a body "
    "cannot be measured: leave the fixture out, or make calls through it"
)
_MARKED = pytest.StashKey[MarkedBudgets | None]()
_INCONCLUSIVE = pytest.StashKey[str]()
BUDGET: pytest.StashKey[Budget] = pytest.StashKey()
"""What the fixture `budget` has given to the test."""


def check_collected(session: pytest.Session) -> None:
    """Report every impossible budget of the selected tests as an error of collection, with the test's line."""
    for item in session.items:
        if problems := _problems(item):
            report = pytest.CollectReport(item.nodeid, "failed", "\n".join(problems), [])
            session.ihook.pytest_collectreport(report=report)


def _problems(item: pytest.Item) -> list[str]:
    marks = [mark for node in reversed(item.listchain()) for mark in marks_of(node) if mark.name in BUDGET_MARKERS]
    if not marks:
        return []
    try:
        marked = item.stash[_MARKED] = parse_marks([(mark.name, mark.args, mark.kwargs) for mark in marks])
    except BudgetError as error:
        return [_placed(item, next(filter(_is_wrong, marks), marks[0]), str(error))]
    problems = _never_measured(item) or _fixture_problems(item, marked)
    return [_placed(item, marks[0], problem) for problem in problems]


def _fixture_problems(item: pytest.Item, marked: MarkedBudgets) -> list[str]:
    if _uses_tools(item):
        return _tool_problems(item, marked)
    if "budget" not in getattr(item, "fixturenames", ()):
        return body_problems(marked)
    others = replace(Budgets(), growth=marked.budgets.growth, regression=marked.budgets.regression)
    return body_problems(replace(marked, budgets=others))


def marked_for_calls(item: pytest.Item) -> Budgets:
    """Return the budgets of the test's markers that any call can keep: how it grows, and whether it did, take more."""
    marked = item.stash.get(_MARKED, None)
    return Budgets() if marked is None else replace(marked.budgets, growth=None, regression=None)


def _is_wrong(mark: pytest.Mark) -> bool:
    """Whether a mark alone cannot be meant."""
    try:
        parse_marks([(mark.name, mark.args, mark.kwargs)])
    except BudgetError:
        return True
    return False


def _placed(item: pytest.Item, mark: pytest.Mark, problem: str) -> str:
    return f"{item.location[0]}:{line_of(item, mark)}: {problem}"


def _never_measured(item: pytest.Item) -> list[str]:
    """Return why a budget on this test could not say anything, whatever it does."""
    if is_virtual(item) or item.get_closest_marker("interleave"):
        return [UNDER_VIRTUAL_TIME]
    if issubclass(getattr(item, "cls", None) or object, TestCase):
        return [_ON_A_TEST_CASE]
    return []


def _uses_tools(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    return ("tool" in names or "tools" in names) and "tool_sessions" not in names


def _tool_problems(item: pytest.Item, marked: MarkedBudgets) -> list[str]:
    """Return what cannot be measured of the test's tool; with `tools` that shows when the test has run."""
    plan = getattr(item, "callspec", None) and item.callspec.params.get("_toolcheck_plan")  # type: ignore[attr-defined]
    if plan is None:
        return []
    growth = marked.budgets.growth
    problems = [] if growth is None else _growth_problems(plan.tool.input, growth.over)
    return problems + _leak_problems(plan, marked)


def _growth_problems(schema: Any, over: str) -> list[str]:
    try:
        size_range(schema, over)
    except MeterError as error:
        return [str(error)]
    return []


def _leak_problems(plan: ToolPlan, marked: MarkedBudgets) -> list[str]:
    is_command = plan.spec.target.kind == "command"
    return [f"memory leak: {NO_LEAK_OF_COMMANDS}"] if is_command and "leak" in marked.budgets.memory else []


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Measure the body in place of running it, or the calls of its tools after it."""
    __tracebackhide__ = True
    marked = pyfuncitem.stash.get(_MARKED, None)
    if marked is None:
        return (yield)
    tools = _tools(pyfuncitem)
    results: list[BudgetResult] = []
    problems, budget = body_problems(marked), pyfuncitem.stash.get(BUDGET, None)
    is_beside = budget is not None and "peak" in marked.budgets.memory
    is_measured = not (problems or is_beside)
    body = MeasuredBody(_measurer(pyfuncitem, marked, results), tools, is_measured=is_measured, budget=budget)
    original = pyfuncitem.obj
    pyfuncitem.obj = body.wrap(original)
    try:
        done = yield
    finally:
        pyfuncitem.obj = original
    if body.has_called_tools:
        results = [*_measure_calls(pyfuncitem, marked, tools)]
    elif not body.has_made_calls:
        if problems:
            pytest.fail(_NO_CALLS + "; ".join(problems), pytrace=False)
        results += [BudgetResult("memory peak", "inconclusive", "not measured", "", _NOT_BESIDE)] if is_beside else []
    _conclude(pyfuncitem, results)
    _compare(pyfuncitem, marked.budgets.regression, results)
    return done


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Let a strict xfail stand where a budget is inconclusive: nobody knows that it passes."""
    report: Any = yield
    if call.when == "call" and call.excinfo is None and report.failed and _INCONCLUSIVE in item.stash:
        report.outcome, report.longrepr, report.wasxfail = "skipped", None, item.stash[_INCONCLUSIVE]
    return report  # type: ignore[no-any-return]


def _tools(item: pytest.Function) -> list[BoundTool]:
    if not _uses_tools(item):
        return []
    given: dict[str, Any] = item.funcargs
    return [given["tool"]] if "tool" in given else list(given["tools"].values())


def _measure_calls(item: pytest.Function, marked: MarkedBudgets, tools: list[BoundTool]) -> tuple[BudgetResult, ...]:
    from ..handwritten import ToolCallFailed

    __tracebackhide__ = True
    subject = _subject(tools, marked)
    budgets = _with_baseline(item, marked.budgets)
    try:
        return apply_budgets(subject, budgets, lock=_lock(item), on_result=_logger(item))
    except ToolCallFailed as failed:
        raise failed.with_traceback(None)  # the way to it is ours, and tells nothing  # noqa: B904


def _with_baseline(item: pytest.Function, budgets: Budgets) -> Budgets:
    """Return the budgets without a `regression` that there is nothing to compare with or to save for."""
    return budgets if _keeper(item).is_asked_for else replace(budgets, regression=None)


def _keeper(item: pytest.Function) -> BaselineKeeper:
    return BaselineKeeper(*runtime_of(item.config).baselines)


def _subject(tools: list[BoundTool], marked: MarkedBudgets) -> Subject:
    from .subjects import Caller, ToolCall, sized, subject_of

    __tracebackhide__ = True
    calls = [ToolCall(tool.plan, call.arguments, call.kind, call.valid) for tool in tools for call in tool.made_calls]
    session = tools[0].session
    if problems := _leak_problems(tools[0].plan, marked):
        pytest.fail("; ".join(problems), pytrace=False)
    caller = Caller(session, "for its budgets", _failed_call)
    subject = subject_of(calls, session, caller)
    growth = marked.budgets.growth
    if growth is None:
        return subject
    try:
        return sized(subject, calls[0], growth.over, caller)
    except MeterError as error:
        problem = str(error)
    pytest.fail(problem, pytrace=False)


def _failed_call(name: str, outcome: Outcome, which: str) -> Exception:
    from ..handwritten import ToolCallFailed

    return ToolCallFailed(name, outcome, which)


def _measurer(item: pytest.Function, marked: MarkedBudgets, results: list[BudgetResult]) -> Measure:
    def measure(call: Call, duration_of: DurationOf | None) -> None:
        __tracebackhide__ = True
        results.extend(
            apply_to_body(
                call,
                _with_baseline(item, marked.budgets),
                rounds=marked.rounds,
                duration_of=duration_of,
                lock=_lock(item).around_body(),
                on_result=_logger(item),
            )
        )

    return measure


def _conclude(item: pytest.Function, results: list[BudgetResult]) -> None:
    __tracebackhide__ = True
    runtime = runtime_of(item.config)
    for message in raise_for(results, inconclusive_fails=runtime.settings.inconclusive == "fail"):
        runtime.log.emit("warning", attrs={"message": message})
        item.stash.setdefault(_INCONCLUSIVE, message)
        item.warn(pytest.PytestWarning(message))


def _compare(item: pytest.Function, regression: float | None, results: list[BudgetResult]) -> None:
    __tracebackhide__ = True
    if regression is None:
        return
    measured = {result.metric: result for result in results if result.metric in COMPARED}
    found = _keeper(item).compare([*measured.values()], regression)
    broken = [one for one in found if one.verdict == "fail" and not one.is_advice]
    for one in found:
        if one.verdict == "inconclusive":
            is_bad = runtime_of(item.config).settings.inconclusive == "fail" and not one.is_advice
            broken += [one] if is_bad else []
            item.warn(pytest.PytestWarning(one.message))
            item.stash.setdefault(_INCONCLUSIVE, one.message)
    if broken:
        raise BudgetExceeded([result_of(one) for one in broken])


def _lock(item: pytest.Item) -> MeasuringLock:
    return measuring_lock(runtime_of(item.config).run_directory)


def _logger(item: pytest.Item) -> Callable[[BudgetResult], None]:
    runtime = runtime_of(item.config)

    def log(result: BudgetResult) -> None:
        runtime.log.emit("budget.verdict", attrs=result.event_attrs())

    return log
