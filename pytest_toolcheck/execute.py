"""Running scenarios: every call is logged and limited, every outcome judged, every base proven once a process."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from .apart import kept_apart
from .calling import clock_of, may_be_mistyped, unreachable
from .cases.model import Case
from .checks import Finding
from .checks.base import shorten
from .checks.violation import is_valid
from .errors import TargetError
from .events import new_rid, span
from .exercised import note_call
from .failure import Call, CaseFailure, describe_failure
from .faults.flight import in_flight
from .json_copy import copied
from .judging import judge, unproven
from .proof import Proof
from .proven_base import ProvenBase
from .scenario import ScenarioFailure, ScenarioSkipped, ToolPlan
from .server import TargetServer
from .spec.discover import effective_tool
from .spec.model import Spec
from .targets.base import Outcome, Progress, Request, Session
from .tool_state import ToolState
from .used_up import judged

if TYPE_CHECKING:
    from .budgets.keeper import BaselineKeeper


class RunningScenario:
    """One scenario while it runs; implements `scenario.ToolContext`."""

    def __init__(
        self, state: ToolState, *, fill: Callable[[Any], Any] = lambda value: value, attrs: dict[str, Any]
    ) -> None:
        self.plan = state.plan
        self.attrs = attrs
        """Goes into `case.end`: the case's category and label, and what was noted."""
        self._state = state
        self._fill = fill
        self._opened: list[Session] = []
        self._elsewhere: Session | None = None
        self.accepted = 0
        """How many calls of this scenario have been accepted."""
        self._last: Call | None = None
        self._unanswered: list[tuple[dict[str, Any], Outcome]] = []
        self._crashed_again: Outcome | None = None
        self._base = ProvenBase(self, state)

    @property
    def budget_lock(self) -> AbstractContextManager[Any]:
        """Held while a budget is measured: one measurement at a time across the workers of a run."""
        from .budgets.lock import measuring_lock

        return measuring_lock(self._state.runtime.run_directory)

    @property
    def baseline_keeper(self) -> BaselineKeeper:
        """Compares what was measured with the baseline of the run."""
        from .budgets.keeper import BaselineKeeper

        return BaselineKeeper(*self._state.baselines)

    @property
    def inconclusive_fails(self) -> bool:
        return self._state.inconclusive_fails

    @property
    def validators(self) -> Mapping[str, Any]:
        """The tool's validators by their reference."""
        if self._state.validators is None:
            from .validation.scenarios import validators_of

            self._state.validators = validators_of(self.plan, self.emit)
        return self._state.validators

    @property
    def interleave_seed(self) -> int | None:
        """The one seed that `--toolcheck-interleave-seed` asks for."""
        config: Any = getattr(self._state.runtime, "config", None)
        chosen = config.getoption("toolcheck_interleave_seed", default=None) if config is not None else None
        return None if chosen is None else int(chosen)

    @property
    def known(self) -> ToolState:
        """What this process knows of the tool."""
        return self._state

    @property
    def accepted_in_all(self) -> int:
        """How many calls of the tool have been accepted in this process."""
        return self._state.accepted

    @property
    def suspicions(self) -> Counter[str]:
        """How often a call seemed to leave something behind, by what it was."""
        return self._state.suspicions

    def take_changed_at_first(self) -> dict[str, tuple[Any, Any]]:
        """Return what of this process the first calls changed, once."""
        found, self._state.changed_at_first = self._state.changed_at_first, {}
        return found

    @property
    def server(self) -> TargetServer:
        return self._state.server

    @property
    def spec(self) -> Spec:
        return self.plan.spec

    @property
    def session(self) -> Session:
        try:
            return self._state.server.session
        except TargetError as error:
            raise ScenarioFailure(unreachable(error)) from None

    def spare_session(self) -> Session:
        """The file's second session, in which no call has been accepted yet."""
        try:
            return self._state.server.spare()
        except TargetError as error:
            raise ScenarioFailure(unreachable(error)) from None

    def open_session(self) -> Session:
        try:
            session = self._state.server.open()
        except TargetError as error:
            raise ScenarioFailure(unreachable(error)) from None
        self._opened.append(session)
        return session

    def call(
        self,
        arguments: Mapping[str, Any],
        *,
        valid: bool | None = None,
        session: Session | None = None,
        observe: bool = False,
    ) -> Outcome:
        used = session or self._elsewhere or self.session
        outcome = self._call(self.plan, arguments, valid, used, observe=observe)
        if used is not session:
            self._state.stray = self._state.stray or outcome.stray
        return outcome

    def call_tool(self, name: str, arguments: Mapping[str, Any]) -> Outcome:
        sibling = next((tool for tool in self.plan.siblings if tool.name == name), None)
        if sibling is None:
            raise LookupError(f"the target has no tool {name!r}")
        tool = self.spec.tools.get(name) or dataclasses.replace(self.spec.defaults, name=name)
        tool = effective_tool(tool, sibling)
        return self._call(ToolPlan(self.spec, tool, sibling, self.plan.siblings), arguments, None, self.session)

    def _call(
        self,
        plan: ToolPlan,
        arguments: Mapping[str, Any],
        valid: bool | None,
        session: Session,
        *,
        observe: bool = False,
    ) -> Outcome:
        if self._state.is_given_up(plan.tool.timeout_s):
            raise ScenarioSkipped(f"{plan.tool.name} hung {self._state.hangs} times: not called again")
        limit_s = self._state.limit_s(plan.tool.timeout_s)
        filled = self._fill(copied(dict(arguments)))
        if valid is None or filled != arguments:
            valid = plan.tool.input is None or is_valid(plan.tool.input, filled)
        rid, is_first = new_rid(), self._state.is_to_be_watched(plan)
        with span(rid=rid, tool=plan.tool.name, sid=session.id), in_flight(rid, tool=plan.tool.name, sid=session.id):
            self.emit("call.start", attrs={"input": filled, "label": "valid" if valid else "invalid"})
            request = Request(
                tool=plan.tool,
                arguments=copied(filled),
                rid=rid,
                timeout_s=limit_s,
                valid=valid and not may_be_mistyped(plan, filled),
                on_progress=self._on_progress,
                observe=observe or is_first,
            )
            with clock_of(plan):
                outcome = self._state.server.note_halves(filled, session.call(request))
            self._state.server.note_call(session, f"{plan.tool.name} {shorten(filled, 160)}")
            self._state.note_answer(plan, filled, outcome, session)
            self._log_end(outcome, note_call(self._state.server, plan.tool, filled, outcome, valid=valid))
        if outcome.kind == "timed_out":
            self._state.note_hang(outcome.duration_ns / 1e9)
        if is_first and outcome.observed is not None:
            self._state.changed_at_first |= outcome.observed.process
        if outcome.kind in ("timed_out", "lost") and plan is self.plan:
            self._unanswered.append((filled, outcome))
        if outcome.kind == "accepted":
            self.accepted += 1
            self._state.accepted += plan is self.plan
            self._state.slowest_s = max(self._state.slowest_s, outcome.duration_ns / 1e9)
        elif outcome.kind == "timed_out" and limit_s < plan.tool.timeout_s:
            raise ScenarioSkipped(f"{plan.tool.name} hung before: given up after {limit_s:g}s, not judged")
        place = str(plan.tool.position or plan.spec.path.name)
        case = self.attrs.get("scenario") if "label" in self.attrs else None
        seed = getattr(getattr(self._state.runtime, "settings", None), "seed", 0)
        self._last = Call(self.spec.path, plan.tool.name, filled, outcome, rid, place, case, seed)
        return outcome

    def _on_progress(self, progress: Progress) -> None:
        shown = {"progress": progress.progress, "total": progress.total, "message": progress.message}
        self.emit("call.progress", attrs=shown)

    def _log_end(self, outcome: Outcome, met: Mapping[str, Any]) -> None:
        error = outcome.error
        described = None
        if error is not None:
            described = {"type": error.type, "message": error.message, "stack": error.stack, "retryable": None}
        if outcome.kind in ("crashed", "timed_out", "lost"):
            self.emit("call.error", outcome=outcome.kind, error=described)
        attrs = {"value": outcome.value} if outcome.kind == "accepted" else {}
        attrs |= met
        self.emit("call.end", outcome=outcome.kind, dur_ms=outcome.duration_ns / 1e6, error=described, attrs=attrs)

    def judge(self, case: Case, outcome: Outcome) -> tuple[Finding, ...]:
        return self._noted(judge(self, self._state, case, outcome))

    def _noted(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        self._state.is_hang_told |= any(finding.check == "timeout" for finding in findings)
        return findings

    def judged(self, case: Case, outcome: Outcome) -> tuple[Outcome, tuple[Finding, ...]]:
        """Judge an outcome, or that of a further call where the tool has used up what the case needs."""
        outcome, findings = judged(self, self._state, case, outcome)
        return outcome, self._noted(findings)

    def judged_unanswered(self) -> tuple[Finding, ...]:
        """Judge the first call that hung or lost its server, and that nobody has judged: in this scenario it may be the only one."""
        if self._state.is_hang_told or not self._unanswered:
            return ()
        arguments, outcome = self._unanswered[0]
        return self.judge(Case("again", arguments, "valid", "repeat", "", "called again"), outcome)

    def judged_again(self, case: Case) -> tuple[Finding, ...]:
        """Judge a further call with the same input that crashed, where the first one was accepted: state that grew."""
        return () if self._crashed_again is None else self.judge(case, self._crashed_again)

    @contextmanager
    def calls_go_to(self, session: Session | None) -> Iterator[None]:
        """Let all calls go to this session instead of the file's."""
        self._elsewhere, before = session, self._elsewhere
        try:
            yield
        finally:
            self._elsewhere = before

    def apart(self, case: Case) -> AbstractContextManager[None]:
        """Let a case that would leave a trace in the tools' modules be carried out in others."""
        return kept_apart(self, self._state, case)

    @property
    def unproven(self) -> tuple[Finding, ...]:
        """What is wrong with the calls that found no base: told once, by `valid_call`."""
        return tuple(unproven(self, self._state).values())

    def again(self, arguments: Any) -> Outcome:
        """Make a further call for comparison: a failure goes on showing the call before it."""
        last = self._last
        with self.unshown():
            outcome = self.call(arguments, observe=True)
        if (
            outcome.kind == "crashed"
            and last is not None
            and last.outcome.kind == "accepted"
            and last.input == arguments
        ):
            self._crashed_again = self._crashed_again or outcome
        return outcome

    def report(self, finding: Finding) -> None:
        """Write a finding into the log, as a failed check or as a warning."""
        attrs = {
            "check": finding.check,
            "message": finding.message,
            "cause": finding.cause,
            "severity": finding.severity,
        }
        if finding.severity == "warning":
            self.emit("warning", attrs=attrs)
        else:
            rid = self._last.rid if self._last else None
            self.emit("check.failed", rid=rid, attrs=attrs)

    def base(self) -> dict[str, Any] | None:
        return self._base.proven()

    def learned_anew(self) -> bool:
        """Whether the base, learned of a sibling, is refused by now, and another was learned: what it names is gone."""
        return self._base.learned_anew()

    @property
    def proof(self) -> Proof:
        return self._base.proof

    def rebased(self, case: Case) -> Case:
        """Return the case with its one change made to the proven base instead of the assumed one."""
        return self._base.rebased(case)

    @contextmanager
    def unshown(self) -> Iterator[None]:
        """Let a failure go on showing the call before those made meanwhile."""
        last = self._last
        try:
            yield
        finally:
            self._last = last

    def emit(self, ev: str, /, **fields: Any) -> None:
        self._state.runtime.log.emit(ev, **fields)

    def warn(self, message: str, *, check: str = "") -> None:
        self.emit("warning", attrs={"message": message, "severity": "warning"} | ({"check": check} if check else {}))

    def told_often(self, case: Case, findings: tuple[Finding, ...]) -> str | None:
        return self._state.told_often(case, findings)

    def fail(self, findings: tuple[Finding, ...]) -> CaseFailure:
        """Return the exception that shows these findings beside the last call."""
        return CaseFailure(findings, describe_failure(findings, self._last, self._state.note_told(findings)))

    def close(self) -> None:
        """Close the sessions that the scenario opened."""
        while self._opened:
            self._state.server.release(self._opened.pop())


@contextmanager
def running(
    state: ToolState, *, fill: Callable[[Any], Any] = lambda value: value, attrs: dict[str, Any]
) -> Iterator[RunningScenario]:
    """Hand out the context of one scenario and close what it opened."""
    context = RunningScenario(state, fill=fill, attrs=attrs)
    try:
        yield context
    finally:
        context.close()
