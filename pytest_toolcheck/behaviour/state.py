"""What can be seen of a target's state from outside: its read-only tools' answers, and files under declared paths."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..targets.base import Session
from .files import files_under
from .leaves import MISSING, Leaves, is_ignored, is_volatile, same
from .siblings import Window

_LOOKS = 3
_LOOKS_TO_BELIEVE = 12
"""A coin shows the same side three times often enough."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as before."""

    place: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Seen:
    """What a watch saw last."""

    watch: Watch
    state: Leaves


@dataclass(slots=True)
class Watch:
    """Looks at the state again and again; `about` are the arguments of the calls that are judged."""

    session: Session
    windows: Sequence[Window]
    about: Mapping[str, Any]
    paths: Sequence[str] = ()
    folder: Path = Path()
    ignored: Collection[str] = ()
    sees_writing: bool = False
    """Whether writing a file again with what it holds is a change."""
    _restless: set[str] = field(default_factory=set)

    @property
    def sees_something(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.windows or self.paths)

    def before(self, earlier: Seen | None) -> Leaves:
        """Return the state before a call: what an earlier watch saw last, where it looked at the same, and nothing was called since."""
        if earlier is None or earlier.watch.session is not self.session or earlier.watch.asked() != self.asked():
            return self.settle()
        self._restless |= earlier.watch._restless
        return earlier.state

    def asked(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return what the windows are asked with."""
        return [(window.tool.name, window.asked(self.about)) for window in self.windows]

    def look(self) -> Leaves:
        """Return the state as it is now."""
        seen: Leaves = {}
        for window in self.windows:
            seen |= window.look(self.session, self.about)
        files = files_under(self.paths, folder=self.folder, written=self.sees_writing)
        return seen | {f"file {name}": digest for name, digest in files.items()}

    def settle(self, looks: int = _LOOKS) -> Leaves:
        """Look a few times with no call in between; what moves on its own is not looked at any more."""
        seen = [self.look() for _ in range(looks)]
        for pointer in {pointer for look in seen for pointer in look}:
            if any(not same(seen[0].get(pointer, MISSING), look.get(pointer, MISSING)) for look in seen[1:]):
                self._restless.add(pointer)
        return seen[-1]

    def changes(self, before: Leaves, after: Leaves) -> list[Change]:
        """Return what differs and does not move on its own."""
        pointers = dict.fromkeys([*before, *after])
        pairs = {pointer: (before.get(pointer, MISSING), after.get(pointer, MISSING)) for pointer in pointers}
        return [
            Change(pointer.removesuffix("#"), *pair)
            for pointer, pair in pairs.items()
            if not same(*pair) and self._tells(pointer, pair)
        ]

    def caused(self, before: Leaves, after: Leaves, spent_s: float) -> list[Change]:
        """As `changes`, without what moves also when no call is made, for as long as one takes: chance, a clock."""
        if not self.changes(before, after):
            return []
        earlier = self.settle(_LOOKS_TO_BELIEVE)
        time.sleep(min(max(spent_s, 0.02), 1.0))
        moving = {change.place for change in self.changes(earlier, self.settle())}
        return [change for change in self.changes(before, after) if change.place not in moving]

    def _tells(self, pointer: str, pair: tuple[Any, Any]) -> bool:
        if pointer in self._restless or is_ignored(pointer.partition(" ")[2], self.ignored):
            return False
        return pointer.startswith("file ") or not is_volatile(pointer.partition(" ")[2], pair, telemetry=True)
