"""`read_only` over all valid cases at once: the state before the first and after the last; then the one that wrote is found.

Looking around each single call would cost many looks a case; a tool that writes for one rare value only needs all cases.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from ..checks.base import as_json
from ..targets.base import Outcome, Session
from .promise import Trial
from .span import without_effect
from .state import Change, Watch

MOST_SWEPT: Final = 150
_PATIENCE_S: Final = 5.0

Input = dict[str, Any]


def what_writes(trial: Trial, first: Outcome) -> tuple[Input, Change] | None:
    """Return an input whose call changes the state, and what it changes; None where no call does, as far as can be seen."""
    known = without_effect(trial.ctx)
    values = [value for value in trial.valid_inputs()[:MOST_SWEPT] if as_json(value) not in known]
    if not values:
        return None
    with trial.fresh_session() as session:
        sweep = _Sweep(trial, first.value)
        if not sweep.watch(session, {}).sees_something:
            return None
        values, change = sweep.over(session, values)
    return None if change is None else sweep.narrowed(values)


class _Sweep:
    def __init__(self, trial: Trial, answer: Any) -> None:
        self._trial, self._answer = trial, answer
        self._base = trial.ctx.base() or {}

    def watch(self, session: Session, about: Input) -> Watch:
        return self._trial.watch(about or self._base, self._answer, session)

    def over(self, session: Session, values: Sequence[Input]) -> tuple[list[Input], Change | None]:
        """Call with all values; return those that it came to, and one thing that is not as before."""
        watch = self.watch(session, values[0] if len(values) == 1 else {})
        before, started, made = watch.settle(), time.monotonic(), []
        for value in values:
            outcome = self._trial.ctx.call(value, valid=True, session=session)
            made.append(value)
            if outcome.kind in ("timed_out", "lost") or time.monotonic() - started > _PATIENCE_S:
                break
        changes = watch.caused(before, watch.settle(), time.monotonic() - started) if session.is_alive() else []
        return made, changes[0] if changes else None

    def narrowed(self, values: list[Input]) -> tuple[Input, Change] | None:
        """Halve the calls until one is left, and make that once more; where a second time writes nothing, begin anew."""
        for anew in (False, True):
            left = values
            while len(left) > 1:
                half = left[: len(left) // 2]
                left = half if self._changes(half, anew=anew) else left[len(half) :]
            if (change := self._changes(left, anew=anew)) is not None:
                return left[0], change
        return None

    def _changes(self, values: list[Input], *, anew: bool) -> Change | None:
        with self._session(anew=anew) as session:
            return self.over(session, values)[1]

    def _session(self, *, anew: bool) -> AbstractContextManager[Session]:
        return self._trial.new_session() if anew else self._trial.fresh_session()
