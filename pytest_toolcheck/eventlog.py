"""The hooks that write the course of a run into the event log: every test's start and end, ours or not."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from .runtime import Runtime, runtime_of
from .stash import existing_runtime

if TYPE_CHECKING:
    from pathlib import Path

    from _pytest.runner import CallInfo

_NAME = "toolcheck-log-hooks"
_perf_counter_ns = time.perf_counter_ns


def follow_tests(config: pytest.Config, current: pytest.Item | None = None) -> Runtime:
    """Begin to log every test from here on; `current` is the test that runs already, if any."""
    runtime = runtime_of(config)
    hooks = config.pluginmanager.get_plugin(_NAME)
    if hooks is None:
        hooks = LogHooks(runtime)
        config.pluginmanager.register(hooks, _NAME)
        if current is not None:
            hooks.begin(current)
    return runtime


class _Progress:
    """One attempt of one test, while it runs."""

    def __init__(self, context: ExitStack) -> None:
        self.context = context
        self.started_ns = _perf_counter_ns()
        self.outcome = "passed"
        self.raw_status = "passed"
        self.error: dict[str, Any] | None = None


class LogHooks:
    """Registered when the first thing of ours is met in a run."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._running: dict[str, _Progress] = {}
        self._attempts: dict[str, int] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self.begin(item)

    def begin(self, item: pytest.Item) -> None:
        """Write `case.start`; every event until `case.end` bears the case's id and span."""
        from .events import bind, span

        attempt = self._attempts[item.nodeid] = self._attempts.get(item.nodeid, 0) + 1
        context = ExitStack()
        context.enter_context(bind(trace_id=self._runtime.trace_id))
        context.enter_context(span(case=item.nodeid, attempt=attempt, tool=_tool_of(item)))
        self._running[item.nodeid] = _Progress(context)
        self._runtime.log.emit("case.start", attrs=_case_attrs(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        progress = self._running.get(item.nodeid)
        if progress is not None:
            _take(progress, report)
            if report.when == "teardown":
                self._end(item, progress)
        return report

    def _end(self, item: pytest.Item, progress: _Progress) -> None:
        del self._running[item.nodeid]
        self._runtime.log.emit(
            "case.end",
            outcome=progress.outcome,
            dur_ms=(_perf_counter_ns() - progress.started_ns) / 1e6,
            error=progress.error,
            raw_status=progress.raw_status,
            attrs=_case_attrs(item),
        )
        progress.context.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if self._runtime.worker in ("main", "gw0") and not session.config.option.collectonly:
            known: set[Any] = set()
            for item in session.items:
                if (tool := _tool_of(item)) is not None:
                    once = _tool_attrs(item) if (item.path, tool) not in known else {}
                    known.add((item.path, tool))
                    attrs = {**_case_attrs(item), **once}
                    self._runtime.log.emit("case.planned", case=item.nodeid, tool=tool, attrs=attrs)


def finish(session: pytest.Session, exitstatus: int) -> None:
    """End the run in the log, and fail a run whose tools proved nothing though nothing failed."""
    runtime = existing_runtime(session.config)
    if runtime is None:
        return
    runtime.close_targets()
    if runtime.is_worker or not runtime.has_log:
        return
    from .report.totals import keep, totals_of

    if (path := runtime.settings.save_baseline) is not None:
        _save_baseline(runtime, path)
    totals = totals_of(runtime)
    verdict = totals.verdict(runtime.settings.coverage_fail_under)
    if verdict and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    coverage = {name: report.as_attrs() for name, report in totals.coverages().items()}
    runtime.log.emit("run.end", attrs={"exitstatus": int(session.exitstatus), "coverage": coverage})
    keep(runtime, totals)
    session.config.hook.pytest_toolcheck_report(config=session.config, run_directory=runtime.run_directory)


def _save_baseline(runtime: Runtime, path: Path) -> None:
    from .budgets.keeper import save_run

    tests = save_run(runtime.run_directory, path)
    reporter = runtime.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and runtime.config.get_verbosity() >= 0:
        reporter.write_line(f"\nbaseline of {tests} test{'s' * (tests != 1)}: {path}")


def _take(progress: _Progress, report: pytest.TestReport) -> None:
    """Let a phase's report worsen what the case came to, in CTRF words."""
    if report.outcome == "passed" and report.when != "call":
        return
    if progress.outcome == "failed":
        return
    if hasattr(report, "wasxfail"):
        progress.raw_status = "xfailed" if report.skipped else "xpassed"
        progress.outcome = "other"
    elif report.failed:
        progress.outcome = "failed"
        progress.raw_status = "failed" if report.when == "call" else "error"
    elif str(report.outcome) == "rerun":  # pytest-rerunfailures' own word
        progress.outcome, progress.raw_status = "other", "rerun"
    else:
        progress.outcome = progress.raw_status = report.outcome
    if not report.passed:
        progress.error = _error_of(report)


def _error_of(report: pytest.TestReport) -> dict[str, Any]:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        message = crash.message
    elif isinstance(report.longrepr, tuple):
        message = report.longrepr[2]
    else:
        message = str(report.longrepr)
    kind, separator, _ = message.partition(":")
    is_name = bool(separator) and kind.replace(".", "").isidentifier()
    return {"type": kind if is_name else report.outcome, "message": message, "stack": report.longreprtext}


def _tool_of(item: pytest.Item) -> str | None:
    return getattr(item, "tool_name", None)


def _case_attrs(item: pytest.Item) -> dict[str, Any]:
    """What our items say of themselves (`ScenarioItem.case_attrs`); nothing for ordinary tests."""
    return getattr(item, "case_attrs", {})


def _tool_attrs(item: pytest.Item) -> dict[str, Any]:
    """What our items say of their tool (`ScenarioItem.tool_attrs`)."""
    attrs: dict[str, Any] = item.tool_attrs() if hasattr(item, "tool_attrs") else {}
    return attrs
