"""References that lead back to a schema while it is asked of one and the same value: what can be said without an end.

JSON Schema leaves such schemas undefined, and `jsonschema` exhausts the stack where it meets the reference. Of a value that is
valid (or not) whatever the reference says, it is: a text, for `{"anyOf": [{"type": "string"}, {"$ref": "#"}]}`.
"""

from __future__ import annotations

from .elementary import MOST_STEPS, Predicate, Steps, TooManyStepsError

ASK_OF_PARTS = frozenset(
    ("$recursiveRef", "contains", "items", "additionalItems", "unevaluatedItems", "unevaluatedProperties")
)
"""Keywords by which `jsonschema`, where it is asked, goes into further schemas."""


class Guards:
    """Around the schemas of one document: what is asked of a value again, while it is being asked, is assumed."""

    def __init__(self, steps: Steps, *, assumed: bool) -> None:
        self._steps, self._assumed = steps, assumed

    def guarded(self, test: Predicate) -> Predicate:
        """Return the predicate of a schema that may be met again for the same value; what it is made of is not laid flat."""
        open_now: set[int] = set()
        steps, assumed = self._steps, self._assumed

        def holds(value: object) -> bool:
            key = id(value)
            if key in open_now:
                return assumed
            steps.count += 1
            if steps.count > MOST_STEPS:
                steps.end()
            open_now.add(key)
            try:
                return test(value)
            finally:
                open_now.discard(key)

        return holds


def decided(refusing: Predicate, accepting: Predicate) -> Predicate:
    """Return what both predicates say: the one assumes that what comes back refuses the value, the other that it accepts.

    Raises RecursionError where they differ, and from then on where deciding took too long: among many references that
    all lead to each other every order is tried.
    """
    gave_up = False

    def holds(value: object) -> bool:
        nonlocal gave_up
        if gave_up:
            raise RecursionError("the schema refers to itself without end")
        try:
            verdict = refusing(value)
            is_decided = accepting(value) == verdict
        except TooManyStepsError:
            gave_up = True
            raise
        if not is_decided:
            raise RecursionError("the schema refers to itself for this value, without end")
        return verdict

    return holds
