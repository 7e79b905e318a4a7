"""Property-based calls of one tool: valid and invalid inputs, a failing one shrunk to its smallest form.

Hypothesis does the searching, through its public `find`: the example database of the active profile is used (one
`database_key` a tool and label), `--hypothesis-seed` decides where no seed is given. A seed given here wins over it;
Hypothesis then leaves the database alone, as it does for its own `@seed`.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import hypothesis.core
from hypothesis import Phase, Verbosity
from hypothesis import settings as Settings  # noqa: N812 - the name that its documentation uses for the class
from hypothesis import strategies as st
from hypothesis.errors import HypothesisDeprecationWarning, NoSuchExample, Unsatisfiable

from ..checks.base import Finding
from ..spec.model import JSONSchema
from .fuzz_base import with_known_values
from .fuzz_find import find
from .fuzz_smaller import without_needless
from .model import Label
from .own_constants import leave_ours_out
from .strategy import broken_values, from_graph, yields
from .strategy_nodes import SchemaGraph

Run = Callable[[Any, Label], "Finding | Sequence[Finding] | None"]
_DRAWS_A_CALL = 3
"""Different draws may be the same input, which is called once: so many draws are made for each call at most."""
SHRINK_FACTOR = 10
"""A run that fails may make this many times `max_examples` calls in all, shrinking included."""


_MOST_TEXT, _FEWEST = 4_000_000, 3
"""Of inputs that are long each, no more are drawn than so many characters of JSON hold; so many, where they differ."""


@dataclass(frozen=True, slots=True)
class FuzzResult:
    """What fuzzing one label of one tool found; `findings` is empty where nothing failed."""

    label: Label
    calls: int
    findings: tuple[Finding, ...] = ()
    input: Any = None
    """The smallest failing input; `label` was computed again for it."""
    served: bool = True
    """False where the schema has no input of this label."""

    @property
    def entry(self) -> str:
        """The failing input as an entry for `examples`, ready to paste; empty where nothing failed."""
        return example_entry(self.input, self.label) if self.findings else ""


class _BudgetSpent(BaseException):
    """Ends a search without a failure: not an `Exception`, which Hypothesis would take for one to shrink."""


@dataclass(slots=True)
class _Search:
    """The condition given to Hypothesis: calls the tool, remembers answers, keeps the budget and the first cause."""

    run: Run
    graph: SchemaGraph
    max_calls: int
    most_calls: int
    calls: int = 0
    cause: str | None = None
    stopped_by: BaseException | None = None
    answers: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    written: int = 0
    """How many characters all that was drawn has."""
    smallest: str | None = None
    """The shortest input so far, written down, that fails in the way the first did."""

    def fails(self, value: Any) -> bool:
        """Say whether the tool breaks a promise for this input, in the way it first did."""
        key = _key(value)
        self.written += len(key)
        most = _MOST_TEXT * (1 if self.cause is None else SHRINK_FACTOR)
        if self.written > most and (self.calls >= _FEWEST or self.written > _FEWEST * most):
            raise _BudgetSpent
        if key not in self.answers:
            if self.cause is None and (self.stopped_by or self.calls >= self.max_calls):
                raise _BudgetSpent
            if self.stopped_by or self.calls >= self.most_calls:
                return False
            self.answers[key] = self._call(value)
        found = self.answers[key]
        if found and self.cause is None:
            self.cause = found[0].cause
        is_met = any(finding.cause == self.cause for finding in found)
        if is_met and (self.smallest is None or len(key) < len(self.smallest)):
            self.smallest = key
        return is_met

    def _call(self, value: Any) -> tuple[Finding, ...]:
        self.calls += 1
        try:
            found = self.run(value, self.label_of(value))
        except Exception as error:  # a skip, or a fault of the caller: the search ends, and the caller gets it back
            self.stopped_by = error
            return ()
        return (found,) if isinstance(found, Finding) else tuple(found or ())

    def label_of(self, value: Any) -> Label:
        return "valid" if self.graph.accepts(value) else "invalid"


def _key(value: Any) -> str:
    """Return a text that only the same input has: 1 and 1.0 are two, since a tool may tell them apart."""
    return json.dumps(value, sort_keys=True)


def fuzz_tool(
    run: Run,
    schema: JSONSchema,
    *,
    label: Label,
    max_examples: int = 50,
    seed: int | None = None,
    base: Mapping[str, Any] | None = None,
    values: Mapping[str, Sequence[Any]] | None = None,
    database_key: bytes | None = None,
    settings: Settings | None = None,
) -> FuzzResult:
    """Call `run(input, label)` with up to `max_examples` different objects of one label; shrink the first that fails.

    `run` returns what was broken: a finding, several, or None. An exception that it raises ends the search and is
    raised here; while a failure is being shrunk it only ends the shrinking. Half of the inputs keep the values of
    `base`, and the known good `values` by parameter, where the schema does not say what a good value is. At most ten
    times `max_examples` calls are made, shrinking included; equal inputs are called once, and where each input has
    megabytes, only a few. `seed` None: Hypothesis's own, so `--hypothesis-seed` decides.
    """
    graph = SchemaGraph(schema)
    strategy = _inputs(graph, label, base, values or {})
    if strategy.is_empty:
        return FuzzResult(label, 0, served=False)
    search = _Search(run, graph, max_examples, max_examples * SHRINK_FACTOR)
    smallest = _smallest(strategy, search, _settings(settings, max_examples), seed, database_key)
    if smallest is None and search.stopped_by is not None:
        raise search.stopped_by
    if smallest is None:
        return FuzzResult(label, search.calls)
    found = _without_needless(search, smallest[0])
    return FuzzResult(search.label_of(found), search.calls, search.answers[_key(found)], found)


def _without_needless(search: _Search, value: Any) -> Any:
    """Return what of a failing input is needed for it to fail in the same way, with the same label."""
    label, failing = search.label_of(value), value

    def fails(smaller: Any) -> bool:
        nonlocal failing
        if search.label_of(smaller) != label or not search.fails(smaller):
            return False
        failing = smaller
        return True

    try:
        return without_needless(value, fails=fails)
    except _BudgetSpent:
        return failing


def _inputs(
    graph: SchemaGraph, label: Label, base: Mapping[str, Any] | None, values: Mapping[str, Sequence[Any]]
) -> st.SearchStrategy[Any]:
    valid = from_graph(graph, "valid")
    mixed = valid if valid.is_empty else with_known_values(graph, valid, base=base, values=values)
    if label == "valid":
        return mixed.filter(_is_object)
    broken = broken_values(graph, None if valid.is_empty else mixed, objects_only=True)
    return broken if yields(broken) else st.nothing()


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _settings(given: Settings | None, max_examples: int) -> Settings:
    """Return the settings of a search; nothing is printed, unless it is asked for: a spent budget is no failure."""
    asked = Settings(given).verbosity
    verbosity = Verbosity.quiet if asked is Verbosity.normal else asked
    # Explaining calls as often as shrinking does, for a comment on Hypothesis's own report, which nobody sees here.
    phases = [phase for phase in Settings(given).phases if phase is not Phase.explain]
    draws = max_examples * _DRAWS_A_CALL
    asked_for = Settings(given, max_examples=draws, deadline=None, verbosity=verbosity, phases=phases)
    if getattr(hypothesis.core, "global_force_seed", None) is None:
        return asked_for
    # Hypothesis's profile for CI leaves `--hypothesis-seed` aside; who gives a seed wants that one.
    return Settings(asked_for, derandomize=False)


def _smallest(
    strategy: st.SearchStrategy[Any], search: _Search, settings: Settings, seed: int | None, key: bytes | None
) -> tuple[Any] | None:
    random = None if seed is None else Random(seed)
    leave_ours_out()
    try:
        with warnings.catch_warnings():  # another thread may use `random` meanwhile, as the pings of a WebSocket do
            warnings.filterwarnings("ignore", "Do not use the `random` module", HypothesisDeprecationWarning)
            return (find(strategy, search.fails, settings=settings, random=random, database_key=key),)
    except (NoSuchExample, Unsatisfiable):
        return None
    except _BudgetSpent:
        return None if search.smallest is None else (json.loads(search.smallest),)


def example_entry(value: Any, label: Label) -> str:
    """Write an input as an entry of `examples`, in YAML that a spec reads back as exactly this input."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes texts that YAML 1.2 reads as numbers and 1.1 does not (`08`, `1e5`); repeats what is said twice."""

        def ignore_aliases(self, _data: Any) -> bool:
            return True

    def as_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = '"' if re.match(r"[-+]?\.?[0-9]", text) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, as_text)
    mark = hashlib.sha256(_key(value).encode()).hexdigest()[:6]  # names are unique in a tool
    entry: dict[str, Any] = {"name": f"found by fuzz {mark}", "input": value}
    if label == "invalid":
        entry["expect"] = {"error": "/.*/"}
    return str(yaml.dump({"examples": [entry]}, Dumper=Dumper, sort_keys=False, width=100))
