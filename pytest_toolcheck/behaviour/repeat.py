"""`idempotent`, `deterministic` and `read_only`: the tool is called again, and its answers and its state are compared."""

from __future__ import annotations

from typing import Any, Final

from ..checks.base import as_json, shorten
from ..targets.base import Outcome, Session
from .leaves import differing, is_ignored, leaves_of, leaves_of_outcome
from .promise import Trial
from .state import Change
from .trend import Trend, trend_in

REPEATS: Final = 8
_CHANGES_TO_BELIEVE: Final = 3


def idempotent(trial: Trial) -> None:
    """A second equal call has no further effect: no trend in the answers, no change of the state with every call."""
    for value, first in trial.inputs():
        _no_trend(trial, value, "an equal call has a further effect")
        _no_further_change(trial, value, first.value)


def read_only(trial: Trial) -> None:
    """A call changes nothing: what the read-only tools answer and what the files hold is as before it."""
    accepted = list(trial.inputs())
    for value, _ in accepted:
        _no_trend(trial, value, "a call has an effect")
    for value, first in accepted:
        with trial.fresh_session() as session:
            _no_change(trial, value, first, session)


def _no_trend(trial: Trial, value: dict[str, Any], what: str) -> None:
    ignored = tuple(trial.options.get("ignore", ()))
    found: Trend | None = None
    for _ in range(2):  # the second time confirms
        answers = [leaves_of_outcome(trial.ctx.call(value, valid=True)) for _ in range(REPEATS)]
        answers = [answer for answer in answers if answer["(outcome)"] == "accepted"]
        found = trend_in(answers, ignored=ignored, telemetry=trial.check == "read_only" or not trial.is_written)
        if found is None:
            return
    assert found is not None
    where = f" at {found.pointer}" if found.pointer else ""
    raise trial.broken(
        f"is not {trial.check}: {what}: its answer{where} {found.how}",
        "trend",
        ("answers of equal calls", found.values),
    )


def _no_further_change(trial: Trial, value: dict[str, Any], answer: Any) -> None:
    watch = trial.watch(value, answer, trial.ctx.session)
    if not watch.sees_something:
        return
    after = watch.settle()
    lasting: set[str] | None = None
    for _ in range(_CHANGES_TO_BELIEVE):
        before, spent = after, trial.ctx.call(value, valid=True).duration_ns / 1e9
        after = watch.settle()
        places = {change.place for change in watch.changes(before, after)}
        lasting = places if lasting is None else lasting & places
        if not lasting:
            return
    change = next((change for change in watch.caused(before, after, spent) if change.place in (lasting or ())), None)
    if change is None:
        return
    raise trial.broken(
        f"is not idempotent: each further equal call changes {_shown(change)}",
        f"state {change.place.partition(' ')[0]}",
    )


def _no_change(trial: Trial, value: dict[str, Any], first: Outcome, session: Session) -> None:
    watch = trial.watch(value, first.value, session)
    if not watch.sees_something:
        return
    before = watch.settle()
    outcome = trial.ctx.call(value, valid=True, session=session)
    if changes := watch.caused(before, watch.settle(), outcome.duration_ns / 1e9):
        raise trial.broken(
            f"is not read_only: a call changes {_shown(changes[0])}", f"state {changes[0].place.partition(' ')[0]}"
        )


def _shown(change: Change) -> str:
    if change.place.startswith("file "):
        return f"the {change.place}"
    return f"what {change.place.strip()} answers, from {shorten(change.before, 80)} to {shorten(change.after, 80)}"


def pure(trial: Trial) -> None:
    """A call leaves its arguments as they were, arrays out of order too."""
    for _value, outcome in trial.inputs():
        if outcome.observed is not None and outcome.observed.arguments_after is not ...:
            after = outcome.observed.arguments_after
            raise trial.broken("changed its arguments", "arguments", ("after the call", after))


def deterministic(trial: Trial) -> None:
    """Equal inputs give equal results: again and again, in another session, and in another process."""
    asked: list[tuple[dict[str, Any], Outcome]] = []
    for value, first in trial.inputs():
        asked.append((value, first))
        for _ in range(REPEATS):
            _must_equal(trial, value, first, trial.ctx.call(value, valid=True), "again")
    other = trial.ctx.open_session()
    for value, first in asked:
        _must_equal(trial, value, first, trial.ctx.call(value, valid=True, session=other), "in another session")
    _in_other_processes(trial, asked)


def _in_other_processes(trial: Trial, asked: list[tuple[dict[str, Any], Outcome]]) -> None:
    if trial.plan.spec.target.kind != "python":
        return
    from .again import values_in_new_process

    answers = [values_in_new_process(trial.plan, [value for value, _ in asked], hash_seed=seed) for seed in (1, 2)]
    for (value, first), one, two in zip(asked, *answers, strict=False):
        earlier, later = (Outcome(kind, 0, value=answer) for kind, answer in (one, two))
        if earlier.kind == first.kind == "accepted":
            _must_equal(trial, value, earlier, later, "in another process")


def _must_equal(trial: Trial, value: dict[str, Any], first: Outcome, later: Outcome, when: str) -> None:
    ignored = tuple(trial.options.get("ignore", ()))
    moved = {p: v for p, v in differing([_exact(first), _exact(later)]).items() if not is_ignored(p, ignored)}
    if not moved:
        return
    pointer, values = next(iter(moved.items()))
    where = f" at {pointer.removesuffix('#')}" if pointer.strip("#") else ""
    raise trial.broken(
        f"is not deterministic: called {when} with {shorten(as_json(value), 100)} it answered differently{where}",
        "differs",
        ("first", values[0]),
        ("later", values[1]),
    )


def _exact(outcome: Outcome) -> dict[str, Any]:
    return {"(outcome)": outcome.kind, **(leaves_of(outcome.value) if outcome.kind == "accepted" else {})}
