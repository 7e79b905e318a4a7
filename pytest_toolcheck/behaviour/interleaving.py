"""The same few calls of an async tool, one after another or at once, in modules that nothing else has touched."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..clock.interleave import run_interleaved, take_turns_by
from ..events import new_rid
from ..resilience.mcp_inside import calling_as, connect, inside, offered
from ..scenario import ScenarioSkipped, ToolPlan
from ..targets.base import Outcome, Request
from ..targets.python import PythonSession
from .anew import fresh_tools
from .leaves import Leaves, leaves_of_outcome
from .siblings import Window, windows_of

if TYPE_CHECKING:
    from .promise import Trial

Answers = dict[int, Outcome]
Work = Callable[[PythonSession], Coroutine[Any, Any, Answers]]


@dataclass(frozen=True, slots=True)
class Bench:
    """`values` are the inputs of the calls; `windows` show the state that they leave."""

    plan: ToolPlan
    values: Sequence[dict[str, Any]]
    windows: Sequence[Window]
    emit: Callable[..., None] = lambda *_, **__: None
    """Takes the calls down in the log."""

    @classmethod
    def of(cls, trial: Trial, values: Sequence[dict[str, Any]], *, calls: int) -> Bench:
        """Return the bench of a tool; fewer inputs than calls are used again."""
        ctx = trial.ctx
        windows = windows_of(trial.plan, server=ctx.server, open_scratch=ctx.open_session)
        plan = inside(trial.plan)
        if plan is not trial.plan:
            windows = [dataclasses.replace(window, tool=offered(window.tool)) for window in windows]
        return cls(plan, list(itertools.islice(itertools.cycle(values), calls)), windows, ctx.emit)

    def in_order(self, order: Sequence[int], *, pause_s: float = 0.0) -> Leaves:
        """Make the calls one after another. Raises VirtualTimeError, ScenarioSkipped."""
        return self._each([(self._one_by_one(order, pause_s), 0)])[0]

    def in_order_twice(self, order: Sequence[int]) -> list[Leaves]:
        """Make the calls one after another, and again in the same modules."""
        return self._each([(self._one_by_one(order), 0)] * 2)

    def at_once(self, seeds: Sequence[int]) -> list[Leaves]:
        """Make the calls at once, once a seed in the same modules; the seed decides whose turn it is."""
        return self._each([(self._all_at_once(seed), seed) for seed in seeds])

    def _one_by_one(self, order: Sequence[int], pause_s: float = 0.0) -> Work:
        async def one_by_one(session: PythonSession) -> Answers:
            answers: Answers = {}
            for index in order:
                answers[index] = await self._asked(session, index, order=list(order))
                await asyncio.sleep(pause_s)
            return answers

        return one_by_one

    def _all_at_once(self, seed: int) -> Work:
        async def all_at_once(session: PythonSession) -> Answers:
            calls = [self._asked(session, index, seed=seed) for index in range(len(self.values))]
            return dict(enumerate(await asyncio.gather(*calls)))

        return all_at_once

    def _each(self, rounds: Sequence[tuple[Work, int]]) -> list[Leaves]:
        """Carry out all rounds in the same modules, over the same connections where nobody looks around in between."""
        with fresh_tools(self.plan.spec) as session:
            if session is None:
                raise ScenarioSkipped("its modules cannot be imported a second time")
            if not self.windows:
                return self._seen(session, rounds)
            return [self._looked_around(session, self._seen(session, [each])[0]) for each in rounds]

    def _seen(self, session: PythonSession, rounds: Sequence[tuple[Work, int]]) -> list[Leaves]:
        async def main() -> list[Leaves]:
            await connect(session.module, len(self.values))
            return [await self._round(session, work, seed) for work, seed in rounds]

        return run_interleaved(main, [0])[0]

    async def _round(self, session: PythonSession, work: Work, seed: int) -> Leaves:
        take_turns_by(seed)
        answers = await work(session)
        seen = {f"call {index + 1}": answer for index, answer in sorted(answers.items())}
        seen["a call after them"] = await self._asked(session, 0)
        return {f"{name}: {p}": v for name, outcome in seen.items() for p, v in leaves_of_outcome(outcome).items()}

    def _looked_around(self, session: PythonSession, seen: Leaves) -> Leaves:
        for window in self.windows:
            looked = window.look(session, self.values[0])
            seen |= {f"{name.partition(' ')[0]}: {name.partition(' ')[2]}": v for name, v in looked.items()}
        return seen

    async def _asked(self, session: PythonSession, index: int, **how: Any) -> Outcome:
        request = self._request(index)
        calling_as(index)
        self.emit("call.start", rid=request.rid, attrs={"input": request.arguments, "label": "valid", **how})
        outcome = await session.call_async(request)
        attrs = {"value": outcome.value} if outcome.kind == "accepted" else {}
        self.emit("call.end", rid=request.rid, outcome=outcome.kind, dur_ms=outcome.duration_ns / 1e6, attrs=attrs)
        return outcome

    def _request(self, index: int) -> Request:
        tool = self.plan.tool
        return Request(tool, dict(self.values[index]), new_rid(), tool.timeout_s, valid=True)
