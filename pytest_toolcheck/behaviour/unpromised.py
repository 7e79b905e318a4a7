"""What tools owe that promise nothing: equal questions do not get the answer that another call was to have.

Two faults show where a tool is called with its base and with one parameter changed: a cache whose key leaves the parameter
out (what is asked first decides what both are answered, in newly imported modules and servers), and a default that is the last call's
value. Tools that make, begin or keep something may do either: a key of idempotency, a place that is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..chains.roles import role_of, words_of
from ..checks.base import as_json, shorten
from ..checks.violation import is_valid
from ..parts import parts_of
from ..scenario import ScenarioSkipped, ToolPlan
from .echoes import shared_answer
from .first_asked import alternatives
from .leaves import Leaves, differing
from .order import answer_of, believed, elsewhere
from .promise import SLOW_S
from .switches import HAS_AN_EFFECT, is_wanted

if TYPE_CHECKING:
    from ..targets.base import Session
    from .promise import Trial

_MOST_CHANGED: Final = 6
_FEWEST: Final = 2
_KEEPS: Final = re.compile(
    r"\b(?:first|last|previous\w*|current\w*|once|existing|already|sticky|remember\w*|keeps?|kept|idempoten\w*|until|session|reus\w+"
    r"|continu\w*|resum\w*|state\w*|taken|same (?:as|\w+ id))\b",
    re.IGNORECASE,
)
"""What says that an earlier call matters."""
_VERBS: Final = (
    "open close begin finish cancel join sell reserve announce book order buy pay publish configure init ensure assign allocate "
    "choose pick enroll sign vote play move turn switch lock unlock use select subscribe invite rent hire lend borrow deposit withdraw "
    "transfer charge deploy connect load learn train observe tell answer chat ask"
)
_DOES: Final = frozenset(_VERBS.split())
_OF_ONE_CALL: Final = frozenset(
    ["key", "id", "token", "session", "idempotency", "request", "nonce", "handle", "cursor"]
)

_KINDS: Final = ("python", "mcp", "http", "websocket")
"""Of commands each call begins anew."""
_QUESTIONS: Final = (
    "quote convert conversion calculate compute estimate translate predict compare format render validate check search lookup find query "
    "detect classify extract parse summarize analyze measure count encode decode hash normalize resolve recommend suggest score rank"
)
_ONLY_ANSWERS: Final = frozenset(_QUESTIONS.split())
"""What a POST does that makes nothing, by its name or by the end of its path."""

Input = dict[str, Any]


def owes_answers(plan: ToolPlan) -> bool:
    """Whether a tool that promises nothing is by its name and description one that only answers."""
    tool, keeps = plan.tool, plan.tool.annotations
    promises = (
        keeps.read_only,
        keeps.idempotent,
        keeps.deterministic,
        keeps.destructive,
        tool.checks.get("deterministic"),
    )
    role = role_of(tool.name)
    if (
        plan.spec.target.kind not in _KINDS
        or not _is_question(plan)
        or any(each is not None for each in promises)
        or len(parts_of(tool.input)) < _FEWEST
    ):
        return False
    words = words_of(tool.name)
    is_maker = (role is not None and role[0] not in ("read", "list")) or not HAS_AN_EFFECT.isdisjoint(words)
    is_maker |= not _DOES.isdisjoint(words[:1])
    told = f"{plan.description.description} {[part.get('description') for part in parts_of(tool.input).values()]}"
    return not is_maker and not _KEEPS.search(told) and is_wanted(tool, "deterministic", "repeat")


def _is_question(plan: ToolPlan) -> bool:
    """Whether a service's operation may be a question: a GET has promises of its own, and most other calls make something."""
    if plan.spec.target.kind != "http":
        return True
    method, _, path = (plan.description.source or "").partition(" ")
    words = {*words_of(plan.tool.name)[:1], *words_of(path.rpartition("/")[2])[:1]}
    return method == "POST" and not _ONLY_ANSWERS.isdisjoint(words)


def unpromised(trial: Trial) -> None:
    """Call with the base and with one parameter changed, in turns. Raises ScenarioSkipped without a valid call, or a quick one."""
    trial.owes = True
    base = trial.ctx.base()
    if base is None or trial.ctx.call(base, valid=True).duration_ns > SLOW_S * 1e9:
        raise ScenarioSkipped(f"no valid call of {trial.plan.tool.name} succeeded, or it takes long")
    other = _look(trial, base)
    if other is not None:
        _look(trial, other)


def _look(trial: Trial, base: Input) -> Input | None:
    """Compare a base with what differs from it in one parameter; return the first of these that is answered otherwise.

    Beside some values nothing depends on the others: from a town to itself it is as far in miles as in kilometres.
    """
    usual = _answer(trial, base)
    if usual is None or usual != _answer(trial, base):
        return None
    alike: list[tuple[Input, Leaves]] = []
    unlike = None
    for name, changed in islice(_changed(trial, base), _MOST_CHANGED):
        answer = _answer(trial, changed)
        if answer is not None and shared_answer(base, usual, changed, answer) is not None:
            alike.append((changed, answer))
        elif answer is not None:
            unlike = unlike or changed
        if answer is not None and name not in base:
            _last_stays(trial, base, name)
    if alike:
        _first_decides(trial, base, alike)
    return unlike


def _changed(trial: Trial, base: Input) -> Iterator[tuple[str, Input]]:
    schema = trial.plan.tool.input if trial.plan.tool.input is not None else True
    cases = trial.valid_inputs()
    pairs = ((name, value) for name in parts_of(schema) for _, value in alternatives(name, base, cases))
    for name, value in pairs:
        if _OF_ONE_CALL.isdisjoint(words_of(name)) and is_valid(schema, changed := {**base, name: value}):
            yield name, changed


def _answer(trial: Trial, given: Input, session: Session | None = None) -> Leaves | None:
    return answer_of(trial, given, session)


def _first_decides(trial: Trial, base: Input, alike: list[tuple[Input, Leaves]]) -> None:
    # Elsewhere too the first one decides, and a default that is spelled out asks for what the base does.
    for other, answer in sorted(alike, key=lambda each: _spells_out(trial.plan, base, each[0])):
        with elsewhere(trial) as session:
            fresh = _answer(trial, other, session) if session is not None else None
        if fresh not in (None, answer) and (decided := believed(trial, base, other)) is not None:
            message = f"what is asked first decides what {shorten(as_json(other), 100)} is answered"
            raise trial.broken(
                f"answers what another call was to be told: {message}", "asked first", *decided.details()
            )


def _spells_out(plan: ToolPlan, base: Input, other: Input) -> bool:
    """Whether a call differs from the base in nothing but a value that stands for what the base leaves out, as a rule."""
    parts = parts_of(plan.tool.input)
    new = [name for name in other if name not in base]
    return bool(new) and all(not other[name] or other[name] == parts[name].get("default") for name in new)


def _last_stays(trial: Trial, base: Input, name: str) -> None:
    """Say that a call without a parameter is answered as the last one with it, whichever value that had."""
    values = {as_json(each[name]): each[name] for each in trial.valid_inputs() if name in each}
    seen: dict[str, Leaves] = {}
    for turn in range(2):
        if turn and not differing([*seen.values()]):
            return  # it makes no difference
        for text, value in islice(values.items(), 3):
            told, left_out = _answer(trial, {**base, name: value}), _answer(trial, base)
            if told is None:
                continue
            if told != left_out or seen.setdefault(text, told) != told:
                return
    if differing([*seen.values()]):  # 0 km are 0.0 miles
        details: Mapping[str, Any] = {f"{name} {text}, then without": answer for text, answer in seen.items()}
        raise trial.broken(
            f"is answered without {name} as the last call with one was, whichever {name} that had",
            "last stays",
            *((title, answer) for title, answer in details.items()),
        )
