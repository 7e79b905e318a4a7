"""`idempotent`, `deterministic` and `read_only`: the tool is called again, and its answers and its state are compared."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from ..chains.roles import required_of
from ..checks.base import as_json, shorten
from ..checks.violation import is_valid
from ..learning import values_from_siblings
from ..refused import NOT_SO_OFTEN
from ..targets.base import Outcome, Session
from .files import WRITTEN
from .first_asked import what_is_decided_first
from .leaves import Leaves, differing, is_ignored, leaves_of, leaves_of_outcome
from .many import ask_on
from .order import what_order_decides
from .promise import SLOW_S, Trial, runs_here
from .second_call import many_inputs_twice, what_a_first_call_changes, what_a_second_call_changes
from .state import Change, Seen
from .sweep import what_writes
from .switches import keeps_record, meters_calls
from .trend import Trend, trend_in

REPEATS: Final = 8
_CHANGES_TO_BELIEVE: Final = 3
_LATER_S: Final = 400 * 86400 + 5 * 3600 + 7 * 60 + 11.5
"""Another year, month, day, weekday, hour, minute and second."""
_EARLIER_S: Final = -30 * 366 * 86400.0
"""What is past today was to come then."""
_MOST_ELSEWHERE: Final = 60
_REFUSALS_TO_BELIEVE: Final = 4
_QUICK_NS: Final = 10_000_000
_MOST_NEW: Final = 3
_FEW: Final = 2
"""So many inputs where HTTP alone promises something."""


def idempotent(trial: Trial) -> None:
    """A second equal call has no further effect: no trend in the answers, no change of the state with every call."""
    accepted = []
    for value, first in trial.inputs():
        accepted.append((value, first.value))
        _no_trend(trial, value, "an equal call has a further effect")
        _no_further_change(trial, value, first.value)
    if (change := what_a_second_call_changes(trial, accepted)) is not None:
        raise _has_further_effect(trial, f"a second equal call changes {_shown(change)}", change)
    ask_on(trial, [value for value, _ in accepted])


def read_only(trial: Trial) -> None:
    """A call changes nothing: what the read-only tools answer and what the files hold is as before it."""
    accepted = list(trial.inputs())
    _no_change(trial, *accepted[0], trial.ctx.session)  # before all of what others have made is taken away
    _no_mark(trial, *accepted[0])
    for value, _ in accepted:
        _no_trend(trial, value, "a call has an effect", _answers_on(trial, value))
    seen: Seen | None = None
    for value, first in accepted:
        with trial.fresh_session() as session:
            seen = _no_change(trial, value, first, session, seen=seen)
    _no_first_call_stays(trial, accepted[0][0])
    if _quickest_ns(accepted) <= SLOW_S * 1e9:
        _nobody_writes(trial, accepted[0][1])
    _no_order_decides(trial, accepted)  # calls in the session that was fresh until now
    _nothing_decides(trial, accepted)
    ask_on(trial, [value for value, _ in accepted])


def safe(trial: Trial) -> None:
    """A GET of which nobody says more: as `read_only`, with few calls."""
    accepted = list(trial.inputs(_FEW))
    seen: Seen | None = None
    for value, first in accepted:
        seen = _no_change(trial, value, first, trial.ctx.session, seen=seen)
    _no_trend(trial, accepted[0][0], "a call has an effect")
    _no_first_call_stays(trial, accepted[0][0])
    _no_order_decides(trial, accepted)
    _nothing_decides(trial, accepted)


def put_again(trial: Trial) -> None:
    """A PUT of which nobody says more: as `idempotent`, with few calls."""
    telling = sorted(trial.inputs(_FEW * 2), key=lambda each: -sum(map(bool, leaves_of(each[0]).values())))
    for value, first in telling[:_FEW]:  # 0 more of something are no more
        _no_trend(trial, value, "an equal call has a further effect")
        _no_further_change(trial, value, first.value)


def _no_mark(trial: Trial, base: dict[str, Any], answer: Outcome) -> None:
    """What nobody has read yet, as a rule what was made last, is not marked by being read."""
    needed = required_of(trial.plan.tool.input)
    if len(needed) != 1:
        return
    [key] = needed
    for name in islice(values_from_siblings(trial.plan, key, trial.ctx.call_tool, last=True), _MOST_NEW):
        value = {**base, key: name}
        if is_valid(trial.plan.tool.input or True, value) and value != base:
            _no_change(trial, value, answer, trial.ctx.session, new=True)


def _no_first_call_stays(trial: Trial, base: dict[str, Any]) -> None:
    """A call leaves nothing behind for its own key, where nothing but the tool itself may show it."""
    if (found := what_a_first_call_changes(trial, base)) is None:
        return
    raise trial.broken(
        f"is not read_only: the first call of a new key changes what the next one answers: called with "
        f"{shorten(as_json(found.value), 100)}{_at(found.pointer)}",
        "first call",
        ("first", found.before),
        ("from then on", found.after),
    )


def _answers_on(trial: Trial, value: dict[str, Any]) -> list[Outcome]:
    """What was answered just now is not refused by every equal call from then on: reading takes nothing away; return the answers."""
    answers = [trial.ctx.call(value, valid=True)]
    while answers[-1].kind == "refused" and len(answers) < _REFUSALS_TO_BELIEVE:
        answers.append(trial.ctx.call(value, valid=True))
    said = answers[-1].error.message if answers[-1].error is not None else ""
    if answers[-1].kind != "refused" or NOT_SO_OFTEN.search(said):
        return answers
    raise trial.broken(
        f"is not read_only: what it answered to {shorten(as_json(value), 100)} it refuses from then on",
        "used up",
        ("refused with", said),
    )


def _at(pointer: str) -> str:
    return f" at {pointer}" if pointer.strip("#") else ""


def _nobody_writes(trial: Trial, first: Outcome) -> None:
    if (found := what_writes(trial, first)) is not None:
        raise _writes(trial, *found)


def _quickest_ns(asked: Sequence[tuple[dict[str, Any], Outcome]]) -> int:
    """Return how long the tool took itself: others may have waited for the machine, and the first for what is prepared once."""
    return min(outcome.duration_ns for _, outcome in asked)


def _writes(trial: Trial, value: dict[str, Any], change: Change) -> Exception:
    message = f"is not read_only: called with {shorten(as_json(value), 100)} it {_done(change)}"
    return trial.broken(message, f"state {change.place.partition(' ')[0]}")


def _no_trend(trial: Trial, value: dict[str, Any], what: str, begun: Sequence[Outcome] = ()) -> None:
    """Let no trend show in the answers of equal calls, the first of which are `begun`."""
    ignored = tuple(trial.options.get("ignore", ()))
    found: Trend | None = None
    for known in (begun, ()):  # the second time confirms
        more = [trial.ctx.call(value, valid=True) for _ in range(REPEATS - len(known))]
        answers = [leaves_of_outcome(outcome) for outcome in (*known, *more)]
        answers = [_told(trial, answer) for answer in answers if answer["(outcome)"] == "accepted"]
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


def _told(trial: Trial, answer: Leaves) -> Leaves:
    """Return an answer without what may be another one each time."""
    return {p: v for p, v in answer.items() if not (trial.is_by_method and keeps_record(p))}


def _no_further_change(trial: Trial, value: dict[str, Any], answer: Any) -> None:
    watch = trial.watch(value, answer, trial.ctx.session)
    if not watch.sees_something:
        return
    after = watch.settle()
    lasting: set[str] | None = None
    for _ in range(_CHANGES_TO_BELIEVE):
        before, spent = after, trial.ctx.call(value, valid=True).duration_ns / 1e9
        after = watch.settle()
        places = {
            change.place for change in watch.changes(before, after) if change.place in _told(trial, {change.place: 0})
        }
        lasting = places if lasting is None else lasting & places
        if not lasting:
            return
    change = next((change for change in watch.caused(before, after, spent) if change.place in (lasting or ())), None)
    if change is None:
        return
    raise _has_further_effect(trial, f"each further equal call changes {_shown(change)}", change)


def _has_further_effect(trial: Trial, message: str, change: Change) -> Exception:
    return trial.broken(f"is not idempotent: {message}", f"state {change.place.partition(' ')[0]}")


def _no_change(
    trial: Trial,
    value: dict[str, Any],
    first: Outcome,
    session: Session,
    *,
    new: bool = False,
    seen: Seen | None = None,
) -> Seen | None:
    """Look around a call, and return what is seen after it; `new`: a member more, such as when it was read, is no mark.

    `seen` is what was seen last, where nothing was called since.
    """
    watch = trial.watch(value, first.value, session)
    if not watch.sees_something:
        return None
    before = watch.before(seen)
    outcome = trial.ctx.call(value, valid=True, session=session)
    changes = watch.caused(before, after := watch.settle(), outcome.duration_ns / 1e9)
    changes = [each for each in changes if not new or (each.place in before and each.place in after)]
    changes = [each for each in changes if not (trial.is_by_method and meters_calls(each.place.rpartition("/")[2]))]
    if changes:
        raise _writes(trial, value, changes[0])
    return Seen(watch, after)


def _done(change: Change) -> str:
    if change.place.endswith(WRITTEN):
        return f"writes the {change.place.removesuffix(WRITTEN).rstrip()} again"
    return f"changes {_shown(change)}"


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
        _call_again(trial, value, first, 1 if asked else REPEATS)
        asked.append((value, first))
    other = trial.ctx.open_session()
    for value, first in reversed(asked):  # what depends on the calls before it shows in another order
        _must_equal(trial, value, first, trial.ctx.call(value, valid=True, session=other), "in another session")
    if (second := trial.ctx.server.second()) is not None:  # a cache with half a key, the order of a set
        for value, first in reversed(asked):
            outcome = trial.ctx.call(value, valid=True, session=second)
            if outcome.kind == "accepted":
                _must_equal(trial, value, first, outcome, "in a server that was started anew")
    if runs_here(trial.plan.spec.target):
        for value, first in asked:  # a cache with half a key serves what an earlier call was answered
            with trial.fresh_session() as alone:
                outcome = trial.ctx.call(value, valid=True, session=alone)
            if outcome.kind == "accepted":
                _must_equal(trial, value, first, outcome, "with nothing called before")
    for value, first in asked[1:]:
        _call_again(trial, value, first, REPEATS - 1)
    _nothing_decides(trial, asked)
    ask_on(trial, [value for value, _ in asked])
    others = []
    for value, first, later in many_inputs_twice(trial):
        _must_equal(trial, value, first, later, "again")
        others.append((value, first))
    asked += others[: _MOST_ELSEWHERE if _quickest_ns(asked) < _QUICK_NS else 0]
    if runs_here(trial.plan.spec.target):
        _in_other_processes(trial, asked)


def _call_again(trial: Trial, value: dict[str, Any], first: Outcome, times: int) -> None:
    for _ in range(times):
        _must_equal(trial, value, first, trial.ctx.call(value, valid=True), "again")


def _nothing_decides(trial: Trial, asked: Sequence[tuple[dict[str, Any], Outcome]]) -> None:
    """What a call is answered must not depend on what was asked before it: on the value that a parameter had first."""
    if (found := what_is_decided_first(trial, asked)) is not None:
        message = f"what is asked first decides what is answered, for every {found.parameter}"
        raise trial.broken(f"is not {trial.check}: {message}", "asked first", *found.details())


def _no_order_decides(trial: Trial, asked: Sequence[tuple[dict[str, Any], Outcome]]) -> None:
    if (found := what_order_decides(trial, asked)) is not None:
        message = f"what is asked first decides what {shorten(as_json(found.other), 100)} is answered"
        raise trial.broken(f"is not {trial.check}: {message}", "asked first", *found.details())


def _in_other_processes(trial: Trial, asked: list[tuple[dict[str, Any], Outcome]]) -> None:
    from .again import values_in_new_process

    values = [value for value, _ in asked]
    [here] = values_in_new_process(trial.plan, values, hash_seed=1) or [[]]
    moved = values_in_new_process(trial.plan, values[::-1], hash_seed=2, days_s=(_LATER_S, _EARLIER_S))
    if any(len(here) == len(there) == len(asked) and here != there[::-1] for there in moved):
        [soon] = values_in_new_process(trial.plan, values[::-1], hash_seed=2) or [[]]
        _compare(trial, asked, here, soon[::-1], "in another process")
        for there, when in zip(moved, ("400 days later", "30 years earlier"), strict=True):
            # what must be refused by then, such as a certificate, proves nothing
            answers = zip(here, there[::-1], strict=True)
            _compare(trial, asked, here, [two if two[0] == "accepted" else one for one, two in answers], when)


def _compare(
    trial: Trial, asked: Sequence[tuple[dict[str, Any], Outcome]], here: list[Any], there: list[Any], when: str
) -> None:
    for (value, first), one, two in zip(asked, here, there, strict=False):
        if one[0] == first.kind == "accepted":
            _must_equal(trial, value, _outcome(one), _outcome(two), when)


def _outcome(answer: Sequence[Any]) -> Outcome:
    return Outcome(answer[0], 0, value=answer[1])


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
