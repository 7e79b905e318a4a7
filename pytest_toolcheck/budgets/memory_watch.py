"""What processes need while a call is made: each one's high-water mark, added up over those that live at the same time.

A mark outlives what set it, so reading it now and then misses only what a process takes in its last moment. (What the
system tells of one that has ended, `ru_maxrss`, is at least the size of whoever started it: of no use here, and its mark is gone
by then.) Between `fork` and `exec` a child has its parent's memory, and its mark: until its image is its own, by the
addresses in `auxv` that every `exec` draws anew, only what it gains since it was first seen counts. Of a child that
never calls `exec` that is what it needs beyond what it shares. Of a process that lived before, pages of files that come in
meanwhile do not count: a system that takes back what lies idle makes any process load its own program again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from .clocks import wall_ns
from .processes import image_of, process_tree

LOOK_S, LOOK_CLOSER_S = 0.001, 0.000_3
"""How often: more often while a process lives that may end at any moment."""
GAP_NS = 3_000_000
"""A call in which nobody looked for longer is better made once more."""

Read = Callable[[int], int | None]


class Watch:
    """Looks at `roots` and the processes below them while `call` makes a call, without `ignored` ones and what those start.

    It is begun before, by `with`, so that starting a thread is no part of the call, nor of what is tracked of it.
    `before` are the marks of those that lived already: what they gain counts, without what they gain of files (`mapped`
    tells it, bytes by process id), and of the others all that they have.
    """

    def __init__(
        self,
        roots: Sequence[int],
        before: Mapping[int, int],
        ignored: Set[int],
        read: Read,
        mapped: Callable[[int], int] | None = None,
    ) -> None:
        self._roots, self._before, self._ignored, self._read = tuple(roots), before, ignored, read
        self._mapped = mapped or (lambda _: 0)
        self._mapped_before = {pid: self._mapped(pid) for pid in before}
        self._images = {image for pid in {*roots, *ignored, *before} if (image := image_of(pid))}
        self._gained: dict[int, int] = {}
        self._bases: dict[int, int] = {}
        """What of each new process's mark is not its own."""
        self._most_of_new = 0
        self._is_close = False
        self._last_look_ns = self.longest_gap_ns = 0
        """The longest time between two looks: what came and went in it was not seen."""
        self._begun, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self.run, name="toolcheck-memory-watch", daemon=True)

    @property
    def most_bytes(self) -> int:
        """The most that was needed at one time, once the block is over."""
        return self._most_of_new + sum(self._gained.values())

    @property
    def has_seen(self) -> bool:
        """Whether any process began or gained something."""
        return bool(self._bases) or self.most_bytes > 0

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._begun.set()
        self._thread.join()

    def call(self, call: Callable[[], Any]) -> Any:
        """Make a call and return its result, looking until it is over, and once more then."""
        self._last_look_ns = wall_ns()
        self._begun.set()
        try:
            return call()
        finally:
            self._over.set()

    def run(self) -> None:
        """Look while the call is made: what the thread does, by whose name it is told in what is tracked."""
        self._begun.wait()
        while not self._over.is_set():
            self._look()
            self._over.wait(LOOK_CLOSER_S if self._is_close else LOOK_S)
        self._look()

    def _look(self) -> None:
        now = wall_ns()
        self.longest_gap_ns, self._last_look_ns = max(self.longest_gap_ns, now - self._last_look_ns), now
        marks = {pid: mark for pid in self._counted() if (mark := self._mark_of(pid)) is not None}
        for pid in marks.keys() & self._before.keys():
            self._gained[pid] = max(self._gained.get(pid, 0), self._gain_of(pid, marks[pid]))
        new = marks.keys() - self._before.keys()
        self._most_of_new = max(self._most_of_new, sum(max(marks[pid] - self._bases[pid], 0) for pid in new))
        self._is_close = bool(new)

    def _gain_of(self, pid: int, mark: int) -> int:
        gained = mark - self._before[pid]
        return gained - max(self._mapped(pid) - self._mapped_before[pid], 0) if gained > 0 else 0

    def _counted(self) -> list[int]:
        return [pid for pid in process_tree(self._roots, without=self._ignored) if pid not in self._ignored]

    def _mark_of(self, pid: int) -> int | None:
        """Return a process's mark; None where it has ended. What it is when the mark is read shows before, as `exec` sets it back."""
        if pid in self._before:
            return self._read(pid)
        is_own = self._bases.get(pid) == 0 or self._has_own_image(pid)
        mark = self._read(pid)
        if mark is not None:
            self._bases[pid] = 0 if is_own else self._bases.get(pid, mark)
        return mark

    def _has_own_image(self, pid: int) -> bool:
        image = image_of(pid)
        is_own = image not in self._images
        self._images |= {image} if image and is_own else set()
        return is_own
