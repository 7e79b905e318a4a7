"""Judging one answer: every check that the spec wants, what was seen beside, and second opinions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .calling import is_found_by_hints
from .cases.model import Case
from .checks import Check, Evidence, Finding
from .checks.no_crash import ended_unasked
from .checks.stdout_noise import stdout_noise
from .targets.base import UNSENT, Outcome
from .tool_state import ToolState
from .unproven import UNPROVEN, findings_of, untold
from .used_up import called_anew

if TYPE_CHECKING:
    from .execute import RunningScenario

Judge = Callable[[Case, Outcome, list[str]], Finding | None]


def judge(context: RunningScenario, state: ToolState, case: Case, outcome: Outcome) -> tuple[Finding, ...]:
    """Return the failures of this outcome; they and the warnings are in the log, the notes in the case's attributes."""
    if outcome.error is not None and outcome.error.type in UNSENT:
        return ()  # the transport cannot carry this input: the tool never saw it
    notes: list[str] = []
    findings = [finding for check in _checks(context, state) if (finding := check(case, outcome, notes)) is not None]
    findings = [*_told_once(findings), *_seen_beside(context, state, case, outcome)]
    if (
        findings
        and context.base() is None
        and len(findings) > len(found := untold(case, findings, unproven(context, state)))
    ):
        notes, findings = [*notes, UNPROVEN], found
    for finding in findings:
        context.report(finding)
    for note in notes:
        context.attrs[note] = context.attrs.get(note, 0) + 1
    return tuple(finding for finding in findings if finding.severity == "failure")


def _told_once(findings: Sequence[Finding]) -> list[Finding]:
    """Leave out that a valid input was refused where it is said why: the tool crashed, or its result broke its own schema."""
    is_explained = any(finding.check in ("no_crash", "output_schema") for finding in findings)
    return [finding for finding in findings if not (is_explained and finding.check == "accepts_valid")]


def unproven(context: RunningScenario, state: ToolState) -> Mapping[str, Finding]:
    """Return what is wrong with the calls that found no base, by cause: told once, by `valid_call`."""
    if state.unproven is None:
        state.unproven = findings_of(context.proof, _checks(context, state))
    return state.unproven


def _seen_beside(context: RunningScenario, state: ToolState, case: Case, outcome: Outcome) -> Iterator[Finding]:
    if outcome.observed is not None:
        from .behaviour.passive import passive_findings

        yield from passive_findings(context, case, outcome)
    if state.stray and not state.is_stray_told and state.plan.tool.checks.get("stdout_noise") is not False:
        state.is_stray_told = True
        yield stdout_noise(state.plan.tool, state.stray)
    if (ended := state.server.take_ended()) and state.plan.tool.checks.get("no_crash") is not False:
        yield ended_unasked(state.plan.tool, ended)
    if state.plan.tool.validators:
        from .validation.scenarios import second_opinions

        yield from second_opinions(context, case, outcome)


def _checks(context: RunningScenario, state: ToolState) -> Iterator[Judge]:
    for name, check in state.checks.items():
        wanted = state.plan.tool.checks.get(name, True)
        if wanted is not False:
            yield _bound(context, state, check, wanted if isinstance(wanted, Mapping) else {})


def _bound(context: RunningScenario, state: ToolState, check: Check, options: Mapping[str, Any]) -> Judge:
    def judge_by_it(case: Case, outcome: Outcome, notes: list[str]) -> Finding | None:
        return check(
            Evidence(
                tool=state.plan.tool,
                case=case,
                outcome=outcome,
                known_good=_known_good(state),
                accepted=tuple(state.proof.accepted) if state.proof else (),
                options=options,
                secrets=state.secrets,
                handed=state.handed,
                anew=lambda arguments: called_anew(context, state, arguments),
                retry=context.again,
                about=state.plan.description.description or "",
                halves_sent=state.server.halves_sent,
                by_hints=is_found_by_hints(state.plan),
                notes=notes,
            )
        )

    return judge_by_it


def _known_good(state: ToolState) -> tuple[Mapping[str, Any], ...]:
    examples = (example.input for example in state.plan.tool.examples if example.is_good)
    return (*examples, *(state.proof.accepted if state.proof else ()))
