"""One behavioural promise of one tool as a scenario, and what all of them need."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import filterfalse, islice
from typing import TYPE_CHECKING, Any, cast

from ..cases.model import Case
from ..checks.base import Finding, as_json, place_of, shorten
from ..checks.violation import is_valid
from ..closed_texts import closed_texts
from ..errors import Position, TargetError
from ..scenario import ScenarioSkipped, ToolContext, ToolPlan
from ..spec.model import McpTarget, PythonTarget
from ..targets.base import Outcome, Session
from .anew import fresh_server, fresh_tools
from .first_asked import alternatives
from .mixed import mixed_arrays, mixed_objects, mixed_texts
from .siblings import windows_of
from .state import Watch
from .switches import is_promised_by_method, keeps_record

if TYPE_CHECKING:
    from ..execute import RunningScenario
    from .first_asked import Keys

MOST_INPUTS = 8
_MOST_APART = 4
_MOST_WORDS = 3
_LIKELIHOOD = {name: at for at, name in enumerate(("example", "enum", "boundary", "optional", "combination", "number"))}
_ODD = ("extra", "type", "unicode", "size", "number")
_VARIED = ("combination", "enum", "example", "boundary")
SLOW_S = 0.3
"""A tool that takes longer is repeated with one input only."""


def runs_here(target: object) -> bool:
    """Whether the tools run in this process."""
    return isinstance(target, PythonTarget) or (isinstance(target, McpTarget) and target.server is not None)


@dataclass(frozen=True, slots=True)
class BehaviourScenario:
    """Carries one promise out; `act` raises what `Trial.broken` returns."""

    id: str
    check: str
    category: str
    act: Callable[[Trial], None]
    position: Position | None
    fixtures: Sequence[str] = ()

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        running = cast("RunningScenario", ctx)
        try:
            self.act(Trial(self.check, running))
        except ScenarioSkipped:
            if not (findings := running.judged_unanswered()):
                raise
        else:
            findings = running.judged_unanswered()
        if findings:
            raise running.fail(findings)


def _of_each_kind(cases: Sequence[Case]) -> list[Case]:
    """Return one case of each category and place first, and those with each pair of values; then the others."""
    places: dict[str, Case] = {}
    for case in cases:
        places.setdefault(case.category if case.category == "extra" else f"{case.category} {case.pointer}", case)
    firsts = {case.id for case in places.values()}
    return sorted(cases, key=lambda case: (case.category in _ODD, case.id not in firsts, case.category not in _VARIED))


@dataclass(slots=True)
class Trial:
    """A running promise."""

    check: str
    ctx: RunningScenario
    keys: dict[str, Keys] = dataclasses.field(default_factory=dict)
    """What asks for new values beside a base, by the base."""
    owes: bool = False
    """Whether nobody promises it, and the tool owes it all the same."""
    _other: Session | None = None
    _made: list[Case] | None = None

    @property
    def plan(self) -> ToolPlan:
        """The tool that is tried."""
        return self.ctx.plan

    @property
    def options(self) -> Mapping[str, Any]:
        """What the spec says under `checks: {this_check: {…}}`."""
        wanted = self.plan.tool.checks.get(self.check)
        return wanted if isinstance(wanted, Mapping) else {}

    @property
    def is_written(self) -> bool:
        """Whether the spec itself asks for it, not only the target's own hints."""
        keys = self.plan.tool.key_positions
        return f"/annotations/{self.check}" in keys or f"/checks/{self.check}" in keys

    @property
    def is_by_method(self) -> bool:
        """Whether HTTP alone promises it: then what keeps a record of calls may change (a version, a history)."""
        return is_promised_by_method(self.plan, self.check)

    def inputs(self, most: int = MOST_INPUTS) -> Iterator[tuple[dict[str, Any], Outcome]]:
        """Yield different inputs that the tool has just accepted, with its answer. Raises ScenarioSkipped without one."""
        seen: set[str] = set()
        was_slow = False
        for value in self._candidates():
            if len(seen) >= most or (text := as_json(value)) in seen:
                continue
            outcome = self.ctx.call(value, valid=True, observe=True)
            if outcome.kind != "accepted":
                continue
            seen.add(text)
            yield value, outcome
            is_slow = outcome.duration_ns > SLOW_S * 1e9
            if is_slow and (was_slow or self._takes_long(value)):
                return
            was_slow |= is_slow
        if not seen:
            raise ScenarioSkipped(f"no valid call of {self.plan.tool.name} succeeded")

    def is_refused(self, value: Mapping[str, Any]) -> bool:
        """Whether it is known that the tool refuses this; the base is asked for anyway."""
        return value != self.ctx.base() and self.ctx.known.was_refused(value)

    def _takes_long(self, value: dict[str, Any]) -> bool:
        """Whether an input that took long does so again: once it may have waited for a busy machine, or been the first of all."""
        return self.ctx.call(value, valid=True).duration_ns > SLOW_S * 1e9

    def valid_inputs(self) -> list[dict[str, Any]]:
        """Return the inputs of all valid cases, each once, those of examples, enums and bounds first."""
        valid = sorted(self._valid_cases(), key=lambda case: _LIKELIHOOD.get(case.category, len(_LIKELIHOOD)))
        inputs = [*self._with_words(), *(self.ctx.rebased(case).input for case in valid)]
        return list({as_json(value): value for value in inputs}.values())

    def _cases(self) -> list[Case]:
        from ..scenarios import cases_of

        if self._made is None:
            variations = dataclasses.replace(self.plan.tool.variations, categories=None)
            tool = dataclasses.replace(self.plan.tool, variations=variations)
            self._made = cases_of(dataclasses.replace(self.plan, tool=tool), seed=0)
        return self._made

    def _valid_cases(self) -> list[Case]:
        return [case for case in self._cases() if case.label == "valid"]

    def _with_words(self) -> Iterator[dict[str, Any]]:
        """Yield the base with each word that refusals or descriptions name, and that is taken."""
        base = self.ctx.base()
        if base is None:
            return
        closed, free = closed_texts(self.ctx)
        for name, words in {**free, **self.ctx.proof.named, **closed}.items():
            yield from ({**base, name: word} for word in words if word != base.get(name))

    def _candidates(self) -> Iterator[dict[str, Any]]:
        return filterfalse(self.is_refused, self._possible())

    def _possible(self) -> Iterator[dict[str, Any]]:
        cases = self._cases()
        if (base := self.ctx.base()) is not None:
            yield base
            schema = self.plan.tool.input if self.plan.tool.input is not None else True
            yield from mixed_arrays(base, cases, schema)
            yield from mixed_objects(base, schema)
            if self.check == "deterministic":  # elsewhere few inputs are used, and they should differ in more
                yield from mixed_texts(base, schema)
            yield from self._apart(base)
            yield from islice(self._with_words(), _MOST_WORDS)
        for case in _of_each_kind([case for case in cases if case.label == "valid"])[: MOST_INPUTS * 3]:
            yield self.ctx.rebased(case).input

    def _apart(self, base: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the base with one parameter changed: what is remembered by the others alone shows there."""
        schema = self.plan.tool.input if self.plan.tool.input is not None else True
        for name, other in self.changes(base):
            if is_valid(schema, changed := {**base, name: other}):
                yield changed

    def changes(self, base: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield parameters with another value for each, those that the base leaves out last; none where there is but one."""
        schema = self.plan.tool.input
        properties = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
        names = list(dict.fromkeys([*base, *properties]))
        cases = self.valid_inputs() if len(names) > 1 else []
        defaults = {name: part["default"] for name, part in properties.items() if _has_default(part)}
        for name in names[:_MOST_APART]:
            yield from ((name, other) for _, other in islice(alternatives(name, {**defaults, **base}, cases), 1))

    @contextmanager
    def fresh_session(self) -> Iterator[Session]:
        """A session whose state no earlier call has touched, where there is one: a new process, newly loaded modules."""
        spec = self.plan.spec
        if isinstance(spec.target, PythonTarget):
            with fresh_tools(spec) as session:
                yield session or self.ctx.session
        elif runs_here(spec.target):
            with fresh_server(self.plan) as served:
                yield served or self.ctx.session
        else:
            if self._other is None and isinstance(spec.target, McpTarget) and spec.target.command:
                self._other = self._reading() if self.check == "read_only" else self.ctx.open_session()
            yield self._other or self.ctx.session

    def _reading(self) -> Session:
        """A session for what only reads, one for all tools of a started server: it costs as much as hundreds of calls."""
        target = self.plan.spec.target
        if not (isinstance(target, McpTarget) and target.command):
            return self.ctx.open_session()
        try:
            return self.ctx.server.reading()
        except TargetError:
            return self.ctx.open_session()  # which says what is wrong

    @contextmanager
    def new_session(self) -> Iterator[Session]:
        """As `fresh_session`, with a server of its own that ends with it."""
        spec = self.plan.spec
        if not (isinstance(spec.target, McpTarget) and spec.target.command):
            with self.fresh_session() as session:
                yield session
            return
        session = self.ctx.server.open()
        try:
            yield session
        finally:
            self.ctx.server.release(session)

    def watch(
        self,
        about: Mapping[str, Any],
        answer: Any,
        session: Session,
        *,
        open_scratch: Callable[[], Session] | None = None,
    ) -> Watch:
        """Return what looks at the state around calls with the arguments `about`, whose answer was `answer`.

        What may be looked at is tried out in the session that `open_scratch` returns, by default the one for reading.
        """
        ctx, told = self.ctx, dict(answer) if isinstance(answer, Mapping) else {}
        windows = windows_of(self.plan, server=ctx.server, open_scratch=open_scratch or self._reading, by_name=True)
        if self.is_by_method:
            windows = [window for window in windows if not keeps_record(window.tool.name)]
        return Watch(
            session,
            windows,
            {**told, **about},
            paths=tuple(self.options.get("paths", ())),
            folder=self.plan.spec.path.resolve().parent,
            ignored=tuple(self.options.get("ignore", ())),
            sees_writing=self.check == "read_only",
        )

    def broken(self, message: str, cause: str, *details: tuple[str, Any]) -> Exception:
        """Return the failure that says how the promise is broken."""
        tool = self.plan.tool
        place = place_of(tool, f"annotations/{self.check}", f"checks/{self.check}")
        method = self.is_by_method and (self.plan.description.source or "").partition(" ")[0]
        who = f"HTTP says of {method}" if method else "the target says of the tool"
        promised = f"{self.check} ({place})" if self.is_written else f"{self.check}, as {who}"
        if self.owes and not self.is_written:
            promised = f"{self.check}: nothing says that an earlier call matters"
        shown = tuple((title, shorten(value, 1200)) for title, value in details)
        finding = Finding(self.check, f"{tool.name} {message}", f"{self.check} {cause}", promised, details=shown)
        self.ctx.report(finding)
        return self.ctx.fail((finding,))


def _has_default(part: object) -> bool:
    return isinstance(part, Mapping) and "default" in part
