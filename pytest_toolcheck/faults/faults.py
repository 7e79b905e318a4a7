"""The faults of one test: injected, counted, logged, healed; one that never fired has shown nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from .errors import FaultError, FaultNeverFired
from .flight import call_at_hand
from .grammar import parse_schedule
from .kinds import Action, refuse_at
from .point import Direction, FaultPoint, direction_of
from .points import find_point, point_key
from .schedule import Play, Schedule

Emit = Callable[..., None]


def _no_log(_ev: str, /, **_fields: Any) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that a fault fired: at which hit, what it did, which call it hit, how long after the injection."""

    hit: int
    action: Action
    rid: str | None
    since_s: float


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a fault is for; None is everybody."""

    tool: str | None = None
    session: str | None = None
    direction: Direction | None = None

    def is_meant(self, direction: Direction | None, seen: Mapping[str, Any]) -> bool:
        """Whether a hit in this direction, made by this call, is for it."""
        if self.direction is not None and direction is not None and direction != self.direction:
            return False
        return self.tool in (None, seen.get("tool")) and self.session in (None, seen.get("sid"))


class Fault:
    """One injected fault. `fired` counts; `with` heals it early."""

    def __init__(self, point: FaultPoint, schedule: Schedule, whom: Whom, *, optional: bool, faults: Faults) -> None:
        self.point = point
        self.schedule = schedule
        self.whom = whom
        self.optional = optional
        self.firings: list[Firing] = []
        self.is_healed = False
        self._faults = faults
        self._play = Play(schedule, now_ns=time.monotonic_ns)
        self._started_s = time.monotonic()
        self._was_over = False

    @property
    def fired(self) -> int:
        """How often it fired."""
        return len(self.firings)

    @property
    def hits(self) -> int:
        """How often something came by that could have been hit."""
        return self._play.hits

    @property
    def is_armed(self) -> bool:
        """Whether it could still fire (at the time of healing, once it is healed)."""
        return not self._was_over if self.is_healed else not self._play.is_over()

    @property
    def address(self) -> str:
        """Where a TCP fault's proxy listens: "127.0.0.1:41234"."""
        return str(self._of_point("address", "an address"))

    @property
    def command(self) -> tuple[str, ...]:
        """The command that starts an MCP server behind a stdio fault's proxy."""
        found: tuple[str, ...] = self._of_point("command", "a command")
        return found

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which a Python process that is started meets a fault at files, too."""
        found: dict[str, str] = self._of_point("environment", "an environment")
        return found

    @property
    def process(self) -> Any:
        """The process as it is now: after `crash_restart`, the new one (a `subprocess.Popen`)."""
        return self._of_point("process", "a process")

    def _of_point(self, name: str, what: str) -> Any:
        if not hasattr(self.point, name):
            raise FaultError(f"a fault at {self.point.name} has no {name}: only some points have {what}")
        return getattr(self.point, name)

    def fire(self) -> None:
        """Let the next hit happen now, at a process or the clock: nothing comes by there by itself."""
        strike = getattr(self.point, "strike", None)
        if strike is None:
            raise FaultError(
                f"{self.point.name} is hit by what comes by: only faults at a process or the clock are fired"
            )
        strike()

    def assert_fired(self, n: int | None = None) -> None:
        """Fail unless it fired at least once, or exactly `n` times."""
        __tracebackhide__ = True
        if (self.fired == n) if n is not None else self.fired > 0:
            return
        expected = "at least once" if n is None else _times(n)
        raise FaultNeverFired(f"{self} fired {_times(self.fired)}, expected {expected}: {self._what_came_by()}")

    def _what_came_by(self) -> str:
        if not self.hits:
            return f"nothing that it is for came by {self.point.name}"
        return f"{self.hits} hit{'s' if self.hits > 1 else ''} came by {self.point.name}"

    def heal(self) -> None:
        """Take it out. Idempotent."""
        if not self.is_healed:
            self._was_over = self._play.is_over()
            self.is_healed = True
            self._faults.release(self)

    def meet(self, direction: Direction | None, seen: Mapping[str, Any]) -> Action | None:
        """Count a hit, if it is for this fault; return what is to happen."""
        if self.is_healed or not self.whom.is_meant(direction, seen):
            return None
        action = self._play.next()
        if action is not None:
            self.firings.append(Firing(self.hits, action, seen.get("rid"), time.monotonic() - self._started_s))
        return action

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.heal()

    def __str__(self) -> str:
        return f"fault {str(self.schedule)!r} at {self.point.name}"

    def __repr__(self) -> str:
        state = "healed" if self.is_healed else "armed" if self.is_armed else "over"
        return f"<Fault {str(self.schedule)!r} at {self.point.name}: {self.hits} hits, fired {self.fired}, {state}>"


class Faults:
    """The fixture `faults`: `inject` puts a fault in place; `close` heals all and fails for one that never fired.

    `emit` takes an event's name and fields: each firing is a `fault.injected` with the `rid` of the call it hit.
    """

    def __init__(self, emit: Emit = _no_log) -> None:
        self.injected: list[Fault] = []
        self._emit = emit
        self._points: dict[Any, tuple[FaultPoint, list[Fault]]] = {}

    def inject(
        self,
        point: Any,
        schedule: str,
        *,
        tool: str | None = None,
        session: Any = None,
        direction: Literal["request", "response"] | None = None,
        optional: bool = False,
        strikes_now: bool = True,
    ) -> Fault:
        """Put a fault in place and return it. A process and the clock are struck at once, if `strikes_now`.

        `point`: `"pkg.module:attribute"` or a function; an httpx client or transport; `"tcp:host:port"`; the command
        of an MCP server (a list); a process (`subprocess.Popen`, psutil, a process id); a folder (`pathlib.Path`);
        `"clock"`. `session` is an id, or an object that has one. Raises FaultError.
        """
        parsed = parse_schedule(schedule)
        key = point_key(point)
        known = self._points.get(key)
        found = known[0] if known else find_point(point, partial(self._decide, key))
        for action in parsed.actions():
            if (refusal := refuse_at(action, found.kind)) is not None:
                raise FaultError(f"fault {schedule!r}: {refusal}")
            found.prepare(action)
        sid = session if session is None or isinstance(session, str) else session.id
        whom = Whom(tool, sid, direction_of(found.kind, parsed, direction))
        fault = Fault(found, parsed, whom, optional=optional, faults=self)
        self._arm(key, found, fault)
        if strikes_now and (strike := getattr(found, "strike", None)) is not None:
            strike()
        return fault

    def _arm(self, key: Any, point: FaultPoint, fault: Fault) -> None:
        if key in self._points:
            self._points[key][1].append(fault)
        else:
            point.on()
            self._points[key] = (point, [fault])
        self.injected.append(fault)

    def _decide(
        self, key: Any, direction: Direction | None = None, seen: Mapping[str, Any] | None = None
    ) -> Action | None:
        """Return what the first fault with something to do at this hit does; those after it do not see the hit."""
        call = {**call_at_hand(), **(seen or {})}
        for fault in list(self._points[key][1]) if key in self._points else ():
            if (action := fault.meet(direction, call)) is not None:
                self._log(fault, action, call, direction)
                return action
        return None

    def _log(self, fault: Fault, action: Action, call: Mapping[str, Any], direction: Direction | None) -> None:
        attrs: dict[str, Any] = {
            "kind": action.kind,
            "action": str(action),
            "on": fault.point.name,
            "point": fault.point.kind,
        }
        attrs |= {"hit": fault.hits, "schedule": str(fault.schedule), "direction": direction}
        known = {name: call[name] for name in ("rid", "tool", "sid") if call.get(name) is not None}
        self._emit("fault.injected", **known, attrs={k: v for k, v in attrs.items() if v is not None})

    def release(self, fault: Fault) -> None:
        """Take one fault out of its point, and the point out of the program with the last."""
        for key, (point, faults) in list(self._points.items()):
            if fault in faults:
                faults.remove(fault)
                if not faults:
                    del self._points[key]
                    point.off()

    @property
    def armed(self) -> Sequence[Fault]:
        """The faults that could still fire: while they are in place, and afterwards those that stayed armed."""
        return [fault for fault in self.injected if fault.is_armed]

    @property
    def unfired(self) -> Sequence[Fault]:
        """The faults that never fired and are not `optional`."""
        return [fault for fault in self.injected if not fault.fired and not fault.optional]

    def heal(self) -> None:
        """Take every fault out, the last one first. Idempotent; goes on when one cannot be taken out."""
        failures: list[Exception] = []
        for fault in reversed(self.injected):
            try:
                fault.heal()
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def report(self) -> str:
        """Say what was injected, how often each fired, and what stayed armed; "" where nothing was."""
        return "\n".join(
            f"{fault}: fired {_times(fault.fired)} at {fault.hits} hits" + (", stayed armed" if fault.is_armed else "")
            for fault in self.injected
        )

    def assert_all_fired(self, *, since: int = 0) -> None:
        """Fail for each fault, from number `since` on, that never fired. Raises FaultNeverFired."""
        __tracebackhide__ = True
        unfired = [fault for fault in self.injected[since:] if fault in self.unfired]
        if not unfired:
            return
        first = unfired[0]
        text = f"{first} never fired: {first._what_came_by()}; the test has shown nothing of it"
        more = [f"and {fault} never fired" for fault in unfired[1:]]
        advice = "Mark one that need not fire: faults.inject(…, optional=True)"
        raise FaultNeverFired("\n".join([text, *more, advice]))

    def close(self) -> None:
        """Heal everything, then fail for each fault that never fired. Raises FaultNeverFired."""
        __tracebackhide__ = True
        self.heal()
        self.assert_all_fired()

    def __enter__(self) -> Faults:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self.heal()
        if kind is None:
            self.assert_all_fired()

    def __repr__(self) -> str:
        return f"<Faults: {len(self.injected)} injected, {len(self.armed)} armed, {len(self.unfired)} never fired>"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
