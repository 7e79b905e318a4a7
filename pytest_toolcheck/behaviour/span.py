"""`read_only` over a tool's ordinary cases: the state before the first of them, and when the promise is tried after those made by then.

Where it is the same, and nothing was called meanwhile that may write, none of them has written: the sweep need not make
them again. Done where all of a server that is called from the first case to the promise only reads; under xdist, where the
cases go to several servers, never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from ..refused import may_write
from ..targets.base import Session
from .promise import Trial, runs_here
from .state import Seen

if TYPE_CHECKING:
    from ..collect import ScenarioItem
    from ..execute import RunningScenario
    from ..targets.base import Outcome

CHECK = "read_only"
_PROMISE = f"repeat[{CHECK}]"


@dataclass(slots=True)
class Span:
    """What is called in the file's session from some moment on."""

    session: Session
    seen: Seen
    """The state at that moment."""
    written: int
    called: set[str] = field(default_factory=set)


def note_followed(items: Sequence[pytest.Item]) -> None:
    """Let the tools be followed whose promise is tried after cases of theirs with nothing in between that may write."""
    from ..collect import ScenarioItem

    ours = [item for item in items if isinstance(item, ScenarioItem)]
    for at, item in enumerate(ours):
        if item.name == _PROMISE and not runs_here(item.state.plan.spec.target):
            item.state.is_followed = _are_only_read(ours[:at], item)
            if item.state.is_followed and not any(_hinders(other) for other in ours if other.path == item.path):
                item.state.server.prepare()


def _hinders(item: ScenarioItem) -> bool:
    """Whether a server that starts beside would know less than one that starts later, or disturb what is measured."""
    return may_write(item.state.plan.tool) or bool(item.state.plan.tool.budgets)


def _are_only_read(earlier: Sequence[ScenarioItem], promise: ScenarioItem) -> bool:
    own = [at for at, item in enumerate(earlier) if item.state is promise.state]
    same = [item for item in earlier[own[0] :] if item.path == promise.path] if own else []
    return bool(same) and not any(may_write(item.state.plan.tool) for item in same)


def after_cases(items: list[pytest.Item]) -> None:
    """Put each promise behind cases of its tool, whatever has shuffled them: their answers tell what need not be asked again.

    As `scenarios_of` does: all of them, or for some promises the first of them.
    """
    from ..collect import ScenarioItem
    from ..scenarios import CASES_BEFORE_PROMISES, comes_soon

    cases: dict[int, list[int]] = {}
    for at, item in enumerate(items):
        if isinstance(item, ScenarioItem) and item.is_case:
            cases.setdefault(id(item.state), []).append(at)
    places = {}
    for item in items:
        if isinstance(item, ScenarioItem) and item.name.startswith("repeat[") and id(item.state) in cases:
            own = cases[id(item.state)]
            few = own[:CASES_BEFORE_PROMISES]
            places[id(item)] = (few if comes_soon(item.name, item.state.plan) else own)[-1]
    order = {id(item): (max(at, places.get(id(item), at)), id(item) in places) for at, item in enumerate(items)}
    items.sort(key=lambda item: order[id(item)])


def begin(running: RunningScenario) -> None:
    """Look at the state before a tool's first case, once its base is proven."""
    state, base = running.known, running.base()
    state.is_followed = False
    answer = _answer_to(base, running) if base is not None else None
    if base is None or answer is None:
        return
    own = running.session
    watch = Trial(CHECK, running).watch(base, answer.value, own, open_scratch=lambda: own)
    if watch.sees_something:
        state.span = Span(own, Seen(watch, watch.settle()), running.server.written)


def _answer_to(base: dict[str, object], running: RunningScenario) -> Outcome | None:
    tried = (outcome for value, outcome in reversed(running.proof.tried) if value == base)
    return next((outcome for outcome in tried if outcome.kind == "accepted"), None)


def without_effect(running: RunningScenario) -> set[str]:
    """Return the inputs, written down, that were called in the span: none of them changed anything; none where that is not known."""
    span = running.known.span
    if span is None or span.session is not running.session or span.written != running.server.written:
        return set()
    changes = span.seen.watch.changes(span.seen.state, span.seen.watch.settle())
    return set() if changes else span.called
