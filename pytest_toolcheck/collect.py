"""From a `*.tool.yaml` file to pytest items: file → tool → case."""

from __future__ import annotations

import os
import types
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest

from .errors import HookError, Position, SpecError, TargetError, ToolcheckError
from .execute import running
from .exemptions import idle_exemptions, matching
from .exercised import outline_of
from .extensions import changed_cases, checks_of, extend
from .extensions import scenarios_of as added_scenarios
from .failure import CaseFailure, CollectFailure, ExemptFailure, describe_failure
from .rooms import room_problems, room_scenarios
from .runtime import Runtime, runtime_of
from .scenario import Scenario, ScenarioFailure, ScenarioSkipped, ToolPlan
from .scenarios import assumed_base, cases_of, scenarios_of
from .server import describe_once
from .spec.discover import merge_discovered
from .spec.load import load_spec
from .spec.model import Spec
from .spec.placeholders import fill_fixtures, fixture_names
from .tool_state import ToolState

HARD_LIMIT_FACTOR = 6
"""A case makes a few calls at most; behind our own limit stands pytest-timeout's, this many times as long."""


class _OurCollector(pytest.Collector):
    """A collector whose errors are told in the short summary too."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show our own errors by their own words, anything else as pytest does."""
        if isinstance(excinfo.value, self.CollectError) and not self.config.getoption("fulltrace", False):
            return CollectFailure(str(excinfo.value.args[0]))
        return super().repr_failure(excinfo)


class SpecFile(_OurCollector, pytest.Module):
    """One tool spec. A `pytest.Module` without a module to import, so that module-scoped fixtures live as long."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.obj = types.ModuleType(self.path.name)

    def collect(self) -> Iterator[ToolNode | SkippedToolNode]:
        runtime = runtime_of(self.config)
        try:
            extend(runtime)
            spec = load_spec(self.path)
            if problems := room_problems(spec):
                raise SpecError(problems)
            plans, skipped = self._reached(spec, runtime)
        except SpecError as error:
            raise self.CollectError(_problems(error, self.config)) from None
        except ToolcheckError as error:
            raise self.CollectError(f"{self.path.name}: {error}") from None
        for name, reason in skipped:
            yield SkippedToolNode.from_parent(self, name=name, reason=reason)
        for plan in plans:
            yield ToolNode.from_parent(self, name=plan.tool.name, plan=plan, runtime=runtime)

    def _reached(self, spec: Spec, runtime: Runtime) -> tuple[Sequence[ToolPlan], Sequence[tuple[str, str]]]:
        try:
            return self._discover(spec, runtime)
        except TargetError as error:
            raise self.CollectError(f"{_at(spec.target_position, self.config)}: {error}") from None

    def _discover(self, spec: Spec, runtime: Runtime) -> tuple[Sequence[ToolPlan], Sequence[tuple[str, str]]]:
        needs_fixtures = bool(fixture_names(spec.target))
        found = merge_discovered(spec, () if needs_fixtures else describe_once(spec, runtime))
        if not found.plans and not found.skipped:
            raise TargetError(_nothing_to_test(needs_fixtures=needs_fixtures))
        return found.plans, found.skipped


class ToolNode(_OurCollector):
    """One tool; its children are the generated cases."""

    def __init__(self, *, plan: ToolPlan, runtime: Runtime, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plan = plan
        self._runtime = runtime
        self._unknown_fixtures: list[str] = []
        for mark in plan.tool.marks:
            self._mark(mark)
        if names := fixture_names([plan.spec.target, *(e.input for e in plan.tool.examples)]):
            self._unknown_fixtures = [name for name in names if not _has_fixture(self, name)]
            self.add_marker(pytest.mark.usefixtures(*names))
        if (limit := _hard_limit(plan, self.config)) is not None:
            self.add_marker(pytest.mark.timeout(limit))

    def _mark(self, name: str) -> None:
        try:
            self.add_marker(getattr(pytest.mark, name))
        except pytest.fail.Exception as error:
            place = self.plan.tool.key_positions.get("/mark") or self.plan.tool.position
            raise self.CollectError(f"{place}: mark {name!r}: {error.msg}; declare it under `markers`") from None

    def collect(self) -> Iterator[ScenarioItem]:
        if self._unknown_fixtures:
            place = self.plan.tool.position or self.plan.spec.target_position
            names = ", ".join(f"${{fixture:{name}}}" for name in self._unknown_fixtures)
            raise self.CollectError(f"{_at(place, self.config)}: no such fixture: {names}; write it in a conftest.py")
        seed = self._runtime.settings.seed
        generated = cases_of(self.plan, seed=seed)
        try:
            cases = changed_cases(self.ihook, self.plan, generated)
            checks, more = checks_of(self.ihook), [*self._more_scenarios()]
        except SpecError as error:
            raise self.CollectError(_problems(error, self.config)) from None
        except HookError as error:
            raise self.CollectError(str(error)) from None
        state = ToolState(self.plan, self._runtime, checks)
        state.inconclusive_fails = self._runtime.settings.inconclusive == "fail"
        state.baselines = self._runtime.baselines
        state.static_base = assumed_base(self.plan.tool)
        scenarios = [*scenarios_of(self.plan, cases, more)]
        seen = Counter(scenario.id for scenario in scenarios)
        if twice := next((id_ for id_, count in seen.items() if count > 1), None):
            raise self.CollectError(f"{self.plan.tool.position}: two cases share the id {twice!r}")
        if problems := idle_exemptions(self.plan, [*seen, *(case.id for case in generated)], seed=seed):
            raise self.CollectError(_problems(SpecError(problems), self.config))
        yield from (ScenarioItem.make(self, scenario, state) for scenario in scenarios)

    def _more_scenarios(self) -> Iterable[Scenario]:
        yield from room_scenarios(self.plan)
        yield from added_scenarios(self.ihook, self.plan)


class ScenarioItem(pytest.Function):
    """One test of one tool: fixtures, marks, `-k`, `--lf`, xdist, junit and `--pdb` work as for any function."""

    scenario: Scenario
    state: ToolState
    tool_name: str
    case_attrs: dict[str, Any]

    @classmethod
    def make(cls, parent: ToolNode, scenario: Scenario, state: ToolState) -> ScenarioItem:
        """Make the item; the spec's `skip` and `xfail` become its marks."""
        item: ScenarioItem = cls.from_parent(parent, name=scenario.id, callobj=_body())
        item.scenario, item.state, item.tool_name = scenario, state, parent.plan.tool.name
        item.case_attrs = {"category": scenario.category, "scenario": scenario.id}
        case = getattr(scenario, "case", None)
        if case is not None:
            item.case_attrs["label"] = case.label
        for exemption in matching(state.plan.tool.skips, scenario.id):
            item.add_marker(pytest.mark.skip(reason=exemption.reason))
        for exemption in matching(state.plan.tool.xfails, scenario.id):
            raises = ExemptFailure if exemption.check else (ScenarioFailure,)
            item.add_marker(pytest.mark.xfail(reason=exemption.reason, strict=True, raises=raises))
        return item

    @property
    def is_case(self) -> bool:
        """Whether it is one generated case."""
        return "label" in self.case_attrs

    def tool_attrs(self) -> dict[str, Any]:
        """What the log says once of the item's tool: the goals of its schema coverage."""
        return outline_of(self.state.plan.tool)

    @property
    def id(self) -> Any:
        """The id in parts, as pytest finds it when it reads it back: `--lf` compares the two (pytest 9.2)."""
        return type(super().id).parse(self.nodeid)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        position = self.scenario.position
        line = position.line - 1 if position is not None else 0
        return (position.file if position else self.path), line, f"{self.tool_name} {self.name}"

    def run_scenario(self, request: pytest.FixtureRequest) -> None:
        """Carry the scenario out. Called as the test's body."""
        try:
            with running(self.state, fill=_filler(request), attrs=self.case_attrs) as context:
                try:
                    if self.state.is_followed and self.is_case:
                        from .behaviour.span import begin

                        begin(context)
                    self.scenario.run(context)
                except CaseFailure as failure:
                    raise self._exempted(failure) from None
                except ScenarioFailure as failure:
                    text = describe_failure(failure.findings, None)
                    raise self._exempted(CaseFailure(failure.findings, text)) from None
        except ScenarioSkipped as reason:
            pytest.skip(str(reason))

    def _exempted(self, failure: CaseFailure) -> CaseFailure:
        """Return an `ExemptFailure` where the spec's `xfail` names the check of every finding."""
        exemptions = matching(self.state.plan.tool.xfails, self.scenario.id)
        checks = {exemption.check for exemption in exemptions if exemption.check}
        if checks and all(finding.check in checks for finding in failure.findings):
            return ExemptFailure(failure.findings, failure.text)
        return failure

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show a finding by its own words, at the spec's line; anything else as pytest does."""
        if not isinstance(excinfo.value, CaseFailure):
            return super().repr_failure(excinfo)
        shown = excinfo.getrepr(style="value")
        path, line, _name = self.reportinfo()
        first = excinfo.value.text.partition("\n")[0]
        if shown.reprcrash is not None:
            shown.reprcrash.path, shown.reprcrash.lineno, shown.reprcrash.message = str(path), (line or 0) + 1, first
        _replace_text(shown, excinfo.value.text)
        return shown


class SkippedToolNode(pytest.Collector):
    """A tool that is left alone, shown as one skipped item that says why."""

    def __init__(self, *, reason: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._reason = reason

    def collect(self) -> Iterator[pytest.Item]:
        item = pytest.Function.from_parent(self, name="not_called", callobj=lambda: None)
        item.add_marker(pytest.mark.skip(reason=f"{self.name}: {self._reason}"))
        yield item


def _has_fixture(node: pytest.Collector, name: str) -> bool:
    """Whether pytest knows a fixture of this name here; it says so in no public way before a test is set up."""
    manager = getattr(node.session, "_fixturemanager", None)
    return manager is None or name == "request" or bool(manager.getfixturedefs(name, node))


def _nothing_to_test(*, needs_fixtures: bool) -> str:
    """Say why a file has no tool: it would pass without having tested anything."""
    if needs_fixtures:
        return "no tools: a target that needs fixtures cannot be asked for its tools when tests are collected; name them under `tools`"
    return "the target offers no tools, so nothing would be tested; name them under `tools`, or leave the file out"


def _body() -> Callable[..., None]:
    def body(request: pytest.FixtureRequest) -> None:
        __tracebackhide__ = True
        request.node.run_scenario(request)

    return body


def _filler(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Return a function that puts the values of fixtures in place of `${fixture:name}`."""

    def fill(value: Any) -> Any:
        names = fixture_names(value)
        return fill_fixtures(value, {name: request.getfixturevalue(name) for name in names}) if names else value

    return fill


def _hard_limit(plan: ToolPlan, config: pytest.Config) -> float | None:
    if not config.pluginmanager.hasplugin("timeout"):
        return None
    if config.getoption("timeout", None) is not None or config.getini("timeout"):
        return None
    return plan.tool.timeout_s * HARD_LIMIT_FACTOR + 60


def _problems(error: SpecError, config: pytest.Config) -> str:
    return "\n".join(f"{_at(problem.position, config)}: {problem.message}" for problem in error.problems)


def _at(position: Position, config: pytest.Config) -> str:
    return f"{_relative(position.file, config)}:{position.line}:{position.column}"


def _relative(path: os.PathLike[str], config: pytest.Config) -> str:
    return os.path.relpath(path, config.invocation_params.dir)


def _replace_text(shown: Any, text: str) -> None:
    """Put the report's text in place of the exception's own line (style "value" has a single entry)."""
    traceback = getattr(shown, "reprtraceback", None)
    if traceback is not None and traceback.reprentries:
        entry = traceback.reprentries[-1]
        entry.lines[:] = text.splitlines()
