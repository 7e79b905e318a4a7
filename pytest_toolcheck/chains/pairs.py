"""Pairs: what one tool sets another one gets: the value that was set last, under each key its own. One item a pair.

The evidence: a value that nobody has used is shown by the reader once it was set. A reader that shows none of them, or a
tool that says that what it takes is rounded, masked, kept for later or kept once, is not judged. A finding comes twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..behaviour.leaves import leaves_of, same
from ..checks import Finding
from ..checks.base import shorten
from ..checks.error_text import is_report
from ..checks.violation import is_valid
from ..errors import Position
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from ..targets.base import Outcome, ToolDescription
from .lifecycle import fail_if_seen_twice
from .pair_values import is_spoilt, new_values, others, place_of, shared_options, shows
from .roles import may_be_called, required_of, role_of, schema_of, words_of
from .values import denies, new_key, plain, unused_name

_SETS: Final = frozenset(["set", "put", "save", "store", "write", "upsert"])
_MEANS_MORE: Final = re.compile(
    r"\b(?:restart\w*|commit\w*|appl(?:y|ies|ied)|eventual\w*|stag(?:e|ed|ing)|drafts?|queue\w*|async\w*|later|schedul\w+"
    r"|cach\w+|ttl|expir\w+|once|one-time|burn\w*|append\w*|add(?:s|ed)? to|merg\w+"
    r"|(?:if|unless|when) (?:it is )?(?:absent|missing|unset|not|already)"
    r"|mask\w*|redact\w*|hash\w*|encrypt\w*|round\w*|clamp\w*|snap\w*|nearest|normali[sz]\w*|convert\w*|trunc\w*|cut|slug\w*"
    r"|preview|summary|pop\w*|consum\w*|relative|target|ramp\w*|approximate\w*)\b",
    re.IGNORECASE,
)
"""What says that more, or else, is done with a value than to keep it."""
_OF_NOUGHT: Final = re.compile(
    r"\b(?:zero|unlimited|disable\w*|off|none|empty)\b|(?<!between )\b0\b(?! ?(?:to|-|\u2013|and|\.\.))", re.IGNORECASE
)
"""What says that 0 means something of its own."""
_CONDITIONS: Final = frozenset(["if", "default", "once", "absent", "missing", "first"])
_MANY: Final = "queue message job task event item stack topic channel mail log line element entry register memory pin"
_HOLD_MANY: Final = frozenset(_MANY.split())
"""Of what is put or written there, the first may come first, or a part be kept."""


_TELLING: Final = 4
"""Shorter keys of a form are often the same, or a closed list that no schema tells."""


def pair_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the pairs that this tool sets the value of."""
    for pair in pairs_of(plan):
        yield PairScenario(pair, plan.tool.position)


@dataclass(frozen=True, slots=True)
class Pair:
    """A tool that sets a value, and one that gets it; `key` is what both are given beside, where they are."""

    setter: str
    getter: str
    value: str
    key: str | None = None


def pairs_of(plan: ToolPlan) -> Iterator[Pair]:
    """Yield the pairs that this tool is the setter of."""
    role, words = role_of(plan.tool.name), set(words_of(plan.tool.name))
    if role is None or not words & _SETS or words & _CONDITIONS or _says_more(plan.description):
        return
    taken = required_of(plan.tool.input)
    if "set" not in words and any(_HOLD_MANY & {*words_of(name)} for name in (plan.tool.name, *taken)):
        return
    for tool in plan.siblings:
        needed = required_of(schema_of(plan.spec, tool))
        is_reader = role_of(tool.name) == ("read", role[1]) and may_be_called(plan.spec, tool) and not _says_more(tool)
        if is_reader and len(needed) < 2 and set(needed) < set(taken) and len(taken) == len(needed) + 1:
            [value] = [name for name in taken if name not in needed]
            yield Pair(plan.tool.name, tool.name, value, next(iter(needed), None))


def _says_more(tool: ToolDescription) -> bool:
    return _MEANS_MORE.search(tool.description or "") is not None


@dataclass(frozen=True, slots=True)
class PairScenario:
    """Set and get one pair."""

    pair: Pair
    position: Position | None
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"pair[{self.pair.setter}-{self.pair.getter}]"

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        fail_if_seen_twice(ctx, self.id, lambda: PairRun(ctx, self.pair).finding())


class PairRun:
    """One look at a pair."""

    def __init__(self, ctx: ToolContext, pair: Pair) -> None:
        self._ctx, self._pair = ctx, pair
        self._schema: Any = ctx.plan.tool.input
        self._steps: list[str] = []
        self._base: dict[str, Any] = {}
        self._value: Any = None
        """What was set last."""
        self._set_answer: Any = None

    def finding(self) -> Finding | None:
        """Set and get; return what is wrong, or None. Raises ScenarioSkipped where the reader shows no value."""
        base = self._ctx.base()
        if base is None:
            raise ScenarioSkipped(f"no valid call of {self._pair.setter} succeeded")
        self._base = base
        first = new_values(self._schema, base, self._pair.value)[:1]
        key = self._new_key()
        if first and not self._set(key, first[0]):
            key = None if key is None else base[str(self._pair.key)]
        try:
            return (
                self._later(key)
                or self._again(key)
                or self._exactly(key)
                or self._apart(key)
                or self._in_capitals(key)
                or self._beside_options(key)
            )
        finally:
            self._ctx.call(base)

    def _later(self, key: Any) -> Finding | None:
        """What was set last is what is read; each value is a new one."""
        written: list[Any] = [] if self._value is None else [self._value]
        tried = shown = 0
        for value in new_values(self._schema, self._base, self._pair.value):
            if not self._set(key, value):
                continue
            answer = self._get(key)
            if answer is None:
                break
            tried, shown = tried + 1, shown + shows(answer.value, value)
            stale = next((old for old in reversed(written) if shows(answer.value, old)), None)
            if not shows(answer.value, value) and stale is not None and not isinstance(value, bool):
                return self._wrong(f"still answers {shorten(stale, 60)}, {self._last(value)}", "later write not read")
            written.append(value)
        if not shown or shown < tried:
            raise ScenarioSkipped(f"{self._pair.getter} does not show what {self._pair.setter} sets")
        return None

    def _again(self, key: Any) -> Finding | None:
        """What was read is there to be read again."""
        self._set(key, self._value)
        answer, again = self._get(key), self._get(key)
        if answer is None or not shows(answer.value, self._value):
            return None
        if again is not None and shows(again.value, self._value):
            return None
        return self._wrong(f"answers {shorten(self._value, 60)} once, and not when it is asked again", "read once")

    def _exactly(self, key: Any) -> Finding | None:
        """What stands where the value stood is what was set: `false` and 0, parts of numbers, signs, letters of all kinds."""
        answer, name = self._get(key), self._pair.value
        place = place_of(answer.value, name, self._value) if answer is not None else None
        for other in others(self._schema, self._base, name, self._value) if place is not None else ():
            if self._means_something(other) or not self._set(key, other):
                continue
            found = self._get(key)
            now = leaves_of(plain(found.value)).get(str(place)) if found is not None else None
            is_told = now is not None and shows(self._set_answer, now)
            if not same(now, other) and not is_told and is_spoilt(other, now):
                return self._wrong(f"answers {shorten(now, 60)}, {self._last(other)}", "another value read")
        return None

    def _means_something(self, value: Any) -> bool:
        """Whether a description says that 0 stands for something else."""
        about = f"{self._ctx.plan.description.description} {self._schema}"
        return value == 0 and not isinstance(value, bool) and _OF_NOUGHT.search(about) is not None

    def _apart(self, key: Any) -> Finding | None:
        """Each key has its own value."""
        if self._pair.key is None or key == self._base.get(self._pair.key):
            return None
        for other in (self._new_key(), f"{key}x"):
            one, two = (*new_values(self._schema, self._base, self._pair.value), None, None)[:2]
            if other == key or one is None or two is None or not self._set(key, one) or not self._set(other, two):
                continue
            answer = self._get(key)
            if answer is not None and shows(answer.value, two) and not shows(answer.value, one):
                text = f"answers {shorten(key, 40)} with {shorten(two, 60)}, which was set for {shorten(other, 40)}"
                return self._wrong(text, "read of another key")
        return None

    def _in_capitals(self, key: Any) -> Finding | None:
        """A key with capitals is one key to both tools, as one in small letters is."""
        made = self._new_key()
        value = next(iter(new_values(self._schema, self._base, self._pair.value)), None)
        if value is None or not isinstance(made, str) or made == self._base.get(str(self._pair.key)) or key is None:
            return None
        made = f"{made[:1].upper()}{made[1:-1]}{made[-1:].upper()}"
        if not self._set(made, value):
            return None
        answer = self._get(made)
        if answer is not None and shows(answer.value, value):
            return None
        found = "refuses to answer" if answer is None else f"answers {shorten(plain(answer.value), 60)}"
        return self._wrong(f"{found} for {made}, which {self._pair.setter} has just been given", "capitals not read")

    def _beside_options(self, key: Any) -> Finding | None:
        """What was set beside an option that both tools take (a namespace) is read beside it."""
        getter = next(tool for tool in self._ctx.plan.siblings if tool.name == self._pair.getter)
        for name, word in shared_options(self._schema, schema_of(self._ctx.plan.spec, getter), self._base):
            one, two = (*new_values(self._schema, self._base, self._pair.value), None, None)[:2]
            if two is None or not self._set(key, one) or not self._set(key, two, {name: word}):
                continue
            answer = self._get(key, {name: word})
            if answer is None or (shows(answer.value, one) and not shows(answer.value, two)):
                found = "refuses to answer" if answer is None else f"answers {shorten(one, 60)}"
                text = f"{found} beside {name} {shorten(word, 40)}, beside which {self._pair.setter} was given {shorten(two, 60)}"
                return self._wrong(text, f"option {name} not read")
        return None

    def _new_key(self) -> Any:
        """Return a key that nobody has used; the base's own where the schema takes none such."""
        name = self._pair.key
        if name is None:
            return None
        made = unused_name()
        if isinstance(self._base[name], str) and is_valid(self._schema, {**self._base, name: made}):
            return made
        formed = (
            each[name] for each in new_key(self._schema, self._base, name, self._base)
        )  # a pattern of letters alone
        return next((key for key in formed if isinstance(key, str) and len(key) >= _TELLING), self._base[name])

    def _set(self, key: Any, value: Any, options: Mapping[str, Any] | None = None) -> bool:
        given = {**self._base, **(options or {}), self._pair.value: value}
        if self._pair.key is not None:
            given[self._pair.key] = key
        if not is_valid(self._schema, given):
            return False
        outcome = self._ctx.call(given)
        self._note(self._pair.setter, given, outcome)
        self._set_answer = plain(outcome.value)
        is_set = _is_done(outcome)
        if is_set:
            self._value = value
        return is_set

    def _get(self, key: Any, options: Mapping[str, Any] | None = None) -> Outcome | None:
        """Return what the reader answers; None where it refuses."""
        given = {**(options or {}), **({} if self._pair.key is None else {self._pair.key: key})}
        outcome = self._ctx.call_tool(self._pair.getter, given)
        self._note(self._pair.getter, given, outcome)
        return outcome if outcome.kind == "accepted" and not is_report(outcome) else None

    def _note(self, tool: str, given: Mapping[str, Any], outcome: Outcome) -> None:
        said = outcome.value if outcome.kind == "accepted" else outcome.error.message if outcome.error else ""
        self._steps.append(f"{tool} {shorten(dict(given), 160)} -> {outcome.kind} {shorten(said, 160)}")

    def _last(self, value: Any) -> str:
        return f"{self._pair.setter} was given {shorten(value, 60)} last"

    def _wrong(self, what: str, cause: str) -> Finding:
        calls = "\n".join(self._steps[-8:])
        promised = "what is read is what was set last"
        return Finding("chain", f"{self._pair.getter} {what}", f"pair: {cause}", promised, details=(("calls", calls),))


def _is_done(outcome: Outcome) -> bool:
    return outcome.kind == "accepted" and not is_report(outcome) and not denies(plain(outcome.value), "update")
