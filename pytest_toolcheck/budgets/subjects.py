"""What is measured of a tool: calls with inputs that it has answered before.

They are not logged, since writing a log costs time too, and each has to end as the first one did: a tool that fails
its calls fails by that, not by its budget.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import Any

from ..scenario import ToolPlan
from ..spec.model import PythonTarget, ToolSpec
from ..targets.base import Outcome, Request, Session
from .clocks import MeterError
from .growth import SizeRefused
from .measure import Subject
from .measure_time import Effort
from .sizes import copied_bytes, has_largest, input_of_size, size_range

_LABEL_LENGTH = 60
_IDLE = "nothing"

Failure = Callable[[str, Outcome, str], BaseException]
"""Makes what a failed call raises, of the tool's name, its outcome, and which call it was."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a tool has answered: `kind` is the outcome that it had, and has to have again."""

    plan: ToolPlan
    arguments: Mapping[str, Any]
    kind: str = "accepted"
    valid: bool | None = True
    """Whether the tool's schema accepts the arguments; None: not known."""


@dataclass(frozen=True, slots=True)
class MadeCall:
    """A measured call: what it was made with, and how it ended."""

    arguments: Mapping[str, Any]
    outcome: Outcome


class Caller:
    """Makes calls in a session; `where` says in an error what they are made for."""

    def __init__(self, session: Session, where: str, failure: Failure) -> None:
        self._session, self._where, self._failure = session, where, failure
        self._calls = 0

    def within(self, session: Session) -> Caller:
        """Return a caller as this one, in another session."""
        return Caller(session, self._where, self._failure)

    def __call__(self, call: ToolCall, size: str = "", *, may_refuse: bool = False) -> MadeCall:
        self._calls += 1
        tool = call.plan.tool
        rid = f"budget-{tool.name}-{self._calls}"
        arguments = copy.deepcopy(dict(call.arguments))
        outcome = self._session.call(Request(tool, arguments, rid, tool.timeout_s, valid=call.valid))
        if may_refuse and outcome.kind == "refused" != call.kind:
            raise SizeRefused
        if outcome.kind != call.kind:
            raise self._failure(tool.name, outcome, f"in call {self._calls} {self._where}{size}")
        return MadeCall(call.arguments, outcome)


def subject_of(calls: Sequence[ToolCall], session: Session, caller: Caller) -> Subject:
    """Return the calls as something to measure: in turn, in the processes that serve them."""
    target = calls[0].plan.spec.target
    process_ids = session.process_ids()
    is_here = target.kind == "python" or getattr(target, "server", None) is not None
    is_known = is_here or process_ids or target.kind == "command"
    remote = "" if is_known else f"the {target.kind} server was not started here, so its processes are not known"
    return Subject(
        _in_turn(calls, caller),
        process_ids,
        own_process=is_here,
        own_thread=False,
        duration_of=_duration_of,
        effort=Effort(label_of=_label_of),
        turns=tuple(partial(caller, call) for call in calls),
        idle=_idle(calls[0].plan, caller) if is_here else getattr(session, "ping", None),
        remote=remote,
    )


def _idle(plan: ToolPlan, caller: Caller) -> Callable[[], MadeCall] | None:
    """Return what calls a function that does nothing, as those of a Python module are called."""
    if not isinstance(plan.spec.target, PythonTarget):
        return None
    from ..targets.python import PythonTools

    module = ModuleType("idle")
    setattr(module, _IDLE, _do_nothing)
    session = PythonTools(plan.spec, module=module).open()
    return partial(caller.within(session), ToolCall(replace(plan, tool=ToolSpec(_IDLE)), {}))


def _do_nothing() -> None:
    pass


def sized(subject: Subject, base: ToolCall, over: str, caller: Caller) -> Subject:
    """Return the subject with `base` as what grows in its parameter `over`. Raises MeterError where that has no size."""
    schema = base.plan.tool.input
    sizes = size_range(schema, over)
    may_refuse = base.plan.tool.acceptance != "strict" and not has_largest(schema, over)
    inputs: dict[int, ToolCall] = {}
    _refuse_invalid(schema, input_of_size(schema, base.arguments, over, sizes[1]), over, sizes[1])

    def input_of(size: int) -> ToolCall:
        if size not in inputs:
            inputs[size] = replace(base, arguments=input_of_size(schema, base.arguments, over, size))
        return inputs[size]

    def call_of_size(size: int) -> MadeCall:
        return caller(input_of(size), f" with {over} of size {size}", may_refuse=may_refuse)

    def input_bytes(size: int) -> int:
        return copied_bytes(input_of(size).arguments)

    return replace(subject, call_of_size=call_of_size, sizes=sizes, input_bytes=input_bytes)


def _refuse_invalid(schema: Any, arguments: Mapping[str, Any], over: str, size: int) -> None:
    """Refuse to blame a tool for what it makes of inputs that it need not take."""
    from ..checks.violation import violation_of

    if broken := violation_of(schema, arguments):
        raise MeterError(
            f"growth over {over!r}: an input of size {size}, made of what the tool has answered, breaks its schema: "
            f"{broken.message}"
        )


def _in_turn(calls: Sequence[ToolCall], caller: Caller) -> Callable[[], MadeCall]:
    position = -1

    def call_next() -> MadeCall:
        nonlocal position
        position = (position + 1) % len(calls)
        return caller(calls[position])

    return call_next


def _duration_of(made: MadeCall) -> int:
    return made.outcome.duration_ns


def _label_of(made: MadeCall) -> str:
    text = json.dumps(made.arguments, ensure_ascii=False, default=repr)
    return text if len(text) <= _LABEL_LENGTH else text[: _LABEL_LENGTH - 3] + "..."
