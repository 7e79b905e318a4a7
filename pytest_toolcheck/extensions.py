"""What other plugins add through the hooks of `newhooks.py`: their answers are checked here, then used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .cases.formats import StringFormat, add_format
from .errors import HookError
from .targets import add_kind

if TYPE_CHECKING:
    from pluggy import HookRelay

    from .cases.model import Case
    from .checks import Check
    from .runtime import Runtime
    from .scenario import Scenario, ToolPlan

_SCENARIO = ("id", "category", "position", "fixtures", "run")


def extend(runtime: Runtime) -> None:
    """Add the target kinds, string formats and fault kinds of other plugins, once a run; taken back at its end. Raises HookError."""
    if runtime.is_extended:
        return
    runtime.is_extended = True
    hook = runtime.config.hook
    for name, make in _named("pytest_toolcheck_targets", hook.pytest_toolcheck_targets(), "functions"):
        if not callable(make):
            raise _wrong("pytest_toolcheck_targets", make, f"a function that makes a target, for {name!r}")
        runtime.on_close(add_kind(name, make))
    for name, known in _named("pytest_toolcheck_formats", hook.pytest_toolcheck_formats(), "StringFormats"):
        if not isinstance(known, StringFormat):
            raise _wrong("pytest_toolcheck_formats", known, f"a StringFormat for {name!r}")
        runtime.on_close(add_format(name, known))
    kinds = dict(_named("pytest_toolcheck_fault_kinds", hook.pytest_toolcheck_fault_kinds(), "CallFaults"))
    if kinds:
        _add_fault_kinds(runtime, kinds)


def _add_fault_kinds(runtime: Runtime, kinds: Mapping[str, Any]) -> None:
    from .faults.errors import FaultError
    from .faults.kinds import CallFault, add_fault_kind

    for name, fault in kinds.items():
        if not isinstance(fault, CallFault):
            raise _wrong("pytest_toolcheck_fault_kinds", fault, f"a CallFault for {name!r}")
        try:
            runtime.on_close(add_fault_kind(name, fault))
        except FaultError as error:
            raise HookError(f"pytest_toolcheck_fault_kinds: {error}") from None


def checks_of(hook: HookRelay) -> dict[str, Check]:
    """Return the checks of other plugins by name. Raises HookError."""
    found: dict[str, Check] = {}
    for name, check in _named("pytest_toolcheck_checks", hook.pytest_toolcheck_checks(), "functions"):
        if not callable(check):
            raise _wrong("pytest_toolcheck_checks", check, f"a function for {name!r}")
        found[name] = check
    return found


def scenarios_of(hook: HookRelay, plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the scenarios of other plugins for one tool. Raises HookError."""
    for answer in hook.pytest_toolcheck_scenarios(plan=plan):
        for scenario in answer:
            missing = [name for name in _SCENARIO if not hasattr(scenario, name)]
            if missing:
                raise _wrong("pytest_toolcheck_scenarios", scenario, f"a Scenario; it has no {', '.join(missing)}")
            yield scenario


def changed_cases(hook: HookRelay, plan: ToolPlan, cases: list[Case]) -> list[Case]:
    """Let other plugins see and change the cases of one tool. Raises HookError."""
    from .cases.model import Case

    hook.pytest_toolcheck_cases(plan=plan, cases=cases)
    for case in cases:
        if not isinstance(case, Case) or case.label not in ("valid", "invalid") or not isinstance(case.input, dict):
            raise _wrong(
                "pytest_toolcheck_cases", case, "a list of Case, labelled 'valid' or 'invalid', each an object"
            )
    return list(cases)


def _named(hook: str, answers: list[Any], what: str) -> Iterator[tuple[str, Any]]:
    """Yield the pairs of all answers; the same name twice would let the order of plugins decide."""
    seen: set[str] = set()
    for answer in answers:
        if not isinstance(answer, Mapping):
            raise _wrong(hook, answer, f"a dictionary of {what} by name")
        for name, value in answer.items():
            if not isinstance(name, str) or not name or name in seen:
                raise HookError(f"{hook}: the name {name!r} is given twice, or is no name")
            seen.add(name)
            yield name, value


def _wrong(hook: str, found: Any, expected: str) -> HookError:
    place = getattr(found, "__module__", None) or type(found).__module__
    return HookError(f"{hook} (of {place}): found {found!r}, expected {expected}")
