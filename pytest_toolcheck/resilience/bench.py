"""What a promise's checks share: worlds, the answers that a dependency gives, and how a broken promise is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn

from ..checks.base import Finding
from ..clock.errors import VirtualTimeError
from ..errors import Position, ToolcheckError
from ..scenario import ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan
from ..spec.model import PythonTarget, Resilience, ToolSpec
from .dependency import Answer, fail
from .story import describe_error
from .toolcall import Setup, ToolCall
from .world import World

if TYPE_CHECKING:
    from .opening import Opening

DEFAULT_ERROR: Final = "ConnectionError"
MANY: Final = 500
"""So often in a row a dependency fails "always"; then it answers, so that an endless retry ends and is seen."""


@dataclass(slots=True)
class Learned:
    """What the sentences of a promise find out for each other."""

    openings: dict[float, Opening] = field(default_factory=dict)
    """How the promise's breaker opens, see `opening.how_it_opens`."""
    is_endless: bool = False
    """Whether a call was seen that has no end."""


@dataclass(slots=True)
class ResilienceScenario:
    """One sentence of a promise under failure, as a test."""

    id: str
    plan: ToolPlan
    promise: Resilience
    check: Callable[[Bench], None]
    category: str = "resilience"
    position: Position | None = None
    learned: Learned = field(default_factory=Learned)
    fixtures: Sequence[str] = ()

    def run(self, ctx: ToolContext) -> None:
        """Carry it out, in fresh modules and virtual time. Raises ScenarioFailure, ScenarioSkipped."""
        bench = Bench(ctx, self.plan, self.promise, self.learned)
        try:
            self.check(bench)
        except VirtualTimeError as stuck:
            self.learned.is_endless = True
            raise bench.stuck(stuck) from None
        except ToolcheckError as problem:
            raise ScenarioFailure(
                Finding("resilience", f"{bench.tool}: {problem}", f"{self.promise.on}: cannot be tested", bench.place)
            ) from problem


class Bench:
    """Where one scenario is carried out."""

    def __init__(self, ctx: ToolContext, plan: ToolPlan, promise: Resilience, learned: Learned | None = None) -> None:
        self.ctx, self.plan, self.promise = ctx, plan, promise
        self.learned = learned or Learned()
        self.name = promise.on
        self.tool = plan.tool.name
        self.place = f"resilience of {promise.on}" + (f" ({promise.position})" if promise.position else "")
        self._arguments = _known_good(plan.tool)
        self._last_world: World | None = None

    @property
    def attempts(self) -> int:
        """How often one call of the tool may call the dependency."""
        return self.promise.retry.attempts if self.promise.retry else 1

    @property
    def moment_s(self) -> float:
        """A short while in virtual time: far below every limit that the promises name."""
        limits = [layer_s for _, layer_s in self.plan.tool.timeouts]
        limits += [self.promise.timeout_s] if self.promise.timeout_s else []
        limits += [self.promise.breaker.recovers_after_s] if self.promise.breaker else []
        return min([0.05, *(limit / 1000 for limit in limits if limit)])

    def world(self) -> AbstractContextManager[World]:
        """Return a new world: fresh modules, a clock at 0, the dependencies observed."""
        self._last_world = World(self.setup(self.plan.tool), emit=self.ctx.emit, is_endless=self.learned.is_endless)
        return self._last_world

    def stuck(self, stuck: VirtualTimeError) -> ScenarioFailure:
        """Return the failure of a call that has no end, with the timeline up to there."""
        message, *more = str(stuck).splitlines()
        story = "\n".join(str(self._last_world.story).splitlines()[:60]) if self._last_world else ""
        details = (("expected", "an end"), ("seen", "\n".join([message, *more[:20]])), ("timeline", story))
        text = f"{self.tool}: a call does not end: {message}"
        return ScenarioFailure(Finding("resilience", text, f"{self.name}: no end", self.place, details=details))

    def setup(self, tool: ToolSpec) -> Setup:
        """Say what the world is made of, with every dependency that the file's tools name."""
        base = self.ctx.base()  # even with an example at hand: a tool without a proven call proves nothing
        if self._arguments is None:
            self._arguments = base
        if self._arguments is None:
            raise ScenarioFailure(
                Finding("resilience", f"{self.tool}: no valid call is known to show a promise with: give an example",
                        "no valid call", self.place)
            )  # fmt: skip
        return Setup(self.plan.spec, tool, self._arguments, self.dependencies(), self.name)

    def dependencies(self) -> dict[str, str]:
        """Return the Python dependencies of this tool, and those of its siblings under names of their own."""
        known = {name: each.python for name, each in self.plan.tool.depends_on.items() if each.python}
        if self.name not in known:
            raise ScenarioSkipped(
                f"{self.name} is no Python dependency: promises are shown for depends_on: {{python: …}}"
            )
        seen = set(known.values())
        for sibling in self.plan.spec.tools.values():
            for name, each in sibling.depends_on.items():
                if each.python and each.python not in seen:
                    known[name if name not in known else f"{sibling.name}.{name}"] = each.python
                    seen.add(each.python)
        return known

    def failure(self, world: World, *, name: str | None = None, after_s: float = 0.0) -> Answer:
        """Return the answer "fails" with an error that the promise retries (a ConnectionError where it names none)."""
        retries = self.promise.retry.retries if self.promise.retry else ()
        return fail(world.error(name or (retries[0] if retries else DEFAULT_ERROR)), after_s=after_s)

    def always_fail(self, world: World, **how: Any) -> None:
        """Let the dependency fail from here on (`MANY` times)."""
        breaker = self.promise.breaker
        enough = 8 * self.attempts * breaker.opens_after if breaker else 0
        world.probe.answers((self.failure(world, **how), max(MANY, enough)))

    def expect_reached(self, world: World, call: ToolCall, why: str) -> None:
        """Fail unless the call called the dependency."""
        if not call.reached:
            self.broken(world, f"{self.name} was not called {why}", expected="one call of it", seen="none")

    def expect_success(self, world: World, call: ToolCall, why: str) -> None:
        """Fail unless the call returned."""
        if call.error is not None:
            last = world.probe.calls[-1] if world.probe.calls else None
            if last is not None and last.error is not None and last.answer.kind == "original":
                why += f"; {self.name} itself raised, with no fault injected"
            self.broken(
                world, f"the call failed {why}: {describe_error(call.error)}", expected="an answer", seen="an error"
            )

    def broken(self, world: World, message: str, *, expected: str, seen: str, promised: str = "") -> NoReturn:
        """Fail the scenario: the message first, then expected beside seen, then the timeline."""
        details = (("expected", expected), ("seen", seen), ("timeline", str(world.story)))
        where = f"{promised}, {self.place}" if promised else self.place
        finding = Finding(
            "resilience", f"{self.tool}: {message}", f"{self.name}: {_stem(message)}", where, details=details
        )
        raise ScenarioFailure(finding)


def is_in_process(plan: ToolPlan) -> bool:
    """Whether the tool runs in this process, as Python functions do."""
    return isinstance(plan.spec.target, PythonTarget)


def seconds(value: float) -> str:
    """Write seconds as in a spec: `299.9s`."""
    return f"{value:.6f}".rstrip("0").rstrip(".") + "s"


def times(count: int) -> str:
    """Write a count: once, twice, 3 times."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _known_good(tool: ToolSpec) -> dict[str, Any] | None:
    """The input of the first example that is to be accepted; nothing, where the tool needs nothing."""
    for example in tool.examples:
        if example.is_good and isinstance(example.input, Mapping):
            return dict(example.input)
    return None


def _stem(message: str) -> str:
    """Leave out the figures: equal causes are one bug."""
    return "".join(letter for letter in message.partition(":")[0] if not letter.isdigit())
