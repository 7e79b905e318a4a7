"""Schemas that all hold for one value, laid flat: a question that several ask is asked once, members are looked up once.

The meta-schema of 2020-12 asks eight vocabularies of each value, each for its type and its members.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from .elementary import Predicate, Steps, all_of, classes_asked
from .keywords import asked_of_members

_MOST_STEPS = 20


class Joints:
    """Knows of predicates of one document what they are made of."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._parts: dict[Predicate, list[Predicate]] = {}
        self._targets: dict[Predicate, Callable[[], Predicate]] = {}
        self._members: dict[Predicate, dict[str, Predicate]] = {}
        self._flattened: dict[Predicate, Predicate] = {}

    def stand_for(self, reference: Predicate, target: Callable[[], Predicate]) -> None:
        """Note what a reference leads to; asked for when first needed, as it may lead nowhere."""
        self._targets[reference] = target

    def of_members(self, tests: dict[str, Predicate], holds: Predicate) -> Predicate:
        """Note that `holds` asks each of the tests of the member of that name."""
        self._members[holds] = tests
        return holds

    def listed(self, parts: list[Predicate]) -> Predicate:
        """As `all_of`, and note the parts."""
        made = all_of(parts)
        if len(parts) > 1:
            self._parts[made] = parts
        return made

    def joined(self, parts: list[Predicate]) -> Predicate:
        """As `all_of`, laid flat when first asked."""
        if len(parts) == 1 and parts[0] not in self._parts:
            return parts[0]
        flat: Predicate | None = None

        def holds(value: object) -> bool:
            nonlocal flat
            if flat is None:
                flat = self.flattened(holds)
            return flat(value)

        self._parts[holds] = parts
        return holds

    def flattened(self, predicate: Predicate) -> Predicate:
        """Return the predicate with what it is made of laid flat; as it is where that is not known."""
        if predicate not in self._parts:
            return predicate
        if predicate not in self._flattened:
            self._flattened[predicate] = all_of(self._merged(self._flat(self._parts[predicate])))
        return self._flattened[predicate]

    def _flat(self, parts: list[Predicate]) -> list[Predicate]:
        """Return what the parts are made of, in the order in which it is asked, each once."""
        found: dict[Predicate, None] = {}
        seen = set[Predicate]()
        waiting = [*reversed(parts)]
        while waiting:
            part = waiting.pop()
            if part in seen:
                continue
            seen.add(part)
            if part in self._parts:
                waiting.extend(reversed(self._parts[part]))
            elif (target := self._target(part)) is not None:
                waiting.append(target)
            else:
                found[part] = None
        return [*found]

    def _target(self, part: Predicate) -> Predicate | None:
        try:
            return self._targets[part]() if part in self._targets else None
        except Exception:  # a reference that leads nowhere says so when it is asked
            return None

    def _merged(self, parts: list[Predicate]) -> list[Predicate]:
        """Return the parts with neighbours that ask for members as one; the order of all else may tell in what fails."""
        made: list[Predicate] = []
        for are_of_members, group in groupby(parts, self._members.__contains__):
            row = [*group]
            classes = classes_asked(made[-1]) if are_of_members and made else None
            if classes is not None and dict in classes:
                made[-1] = self._together(row, classes)
            else:
                made += [self._together(row)] if are_of_members and len(row) > 1 else row
        return made

    def _together(self, row: list[Predicate], classes: tuple[type, ...] = (object,)) -> Predicate:
        tests: dict[str, list[Predicate]] = {}
        for part in row:
            for name, test in self._members[part].items():
                tests.setdefault(name, []).append(test)
        return asked_of_members(
            {name: self.joined(group) for name, group in tests.items()}, self.direct, self._steps, classes
        )

    def direct(self, predicate: Predicate) -> Predicate:
        """Return what a predicate stands for, without the calls on the way there. Raises where it leads nowhere."""
        for _ in range(_MOST_STEPS):
            if (target := self._targets.get(predicate)) is None:
                break
            predicate = target()
        return self.flattened(predicate)
