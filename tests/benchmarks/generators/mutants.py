"""Mutants of the correct tools, made by cosmic-ray; which of them break their promises, and who sees it."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from .bench import found_in
from .forms import write_side
from .pair import PRELUDE, Pair
from .peers.environment import Environment
from .peers.plain import plain_on

PROGRAM = Path(__file__).parent / "peers" / "mutate.py"
REFERENCE = 10
"""The reference is a plain strategy with so many times the calls."""

_MOST_FROM_ONE = 3


@dataclass(frozen=True)
class MutantsJudged:
    """How many mutants there are, which break a promise as far as anybody saw, and who saw it."""

    made: int
    broken: int
    ours: int
    plain: int
    only_plain: tuple[str, ...]


def mutants_of(pairs: Sequence[Pair], folder: Path, env: Environment) -> list[Pair]:
    """Return mutants as pairs whose buggy side they are: up to three a tool, spread over its operators."""
    sources = {pair.name: dedent(pair.correct) for pair in pairs}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sources.json").write_text(json.dumps(sources), encoding="utf-8")
    command = [env.program("python"), str(PROGRAM), str(folder / "sources.json"), str(_MOST_FROM_ONE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    made: dict[str, list[str]] = json.loads(done.stdout)
    return [_mutant(pair, number, source) for pair in pairs for number, source in enumerate(made[pair.name])]


def _mutant(pair: Pair, number: int, source: str) -> Pair:
    name = f"{pair.name}_m{number}"
    renamed = f"{source}\n\n{name} = {pair.name}\n"
    promises = {**pair.promises, "timeout": "1s"}
    return dataclasses.replace(pair, name=name, correct=renamed, old=renamed, new=renamed, promises=promises)


def judged(mutants: Sequence[Pair], folder: Path, env: Environment, *, budget: int) -> MutantsJudged:
    """Run ours and the plain strategy with the same number of calls, and the reference with many more."""
    assert PRELUDE
    shutil.rmtree(folder, ignore_errors=True)  # of an interrupted run
    seen = found_in(mutants, folder / "ours", form="python", limit=budget, sides=("buggy",))
    ours = {tool for (_, tool), found in seen.items() if found.within(budget).findings}
    write_side(mutants, folder / "tools", buggy=True)
    plain, _ = plain_on(folder / "tools", env=env, budget=budget)
    many, _ = plain_on(folder / "tools", env=env, budget=budget * REFERENCE)
    seen_by_plain = {tool for tool, found in plain.items() if found.findings}
    broken = ours | seen_by_plain | {tool for tool, found in many.items() if found.findings}
    return MutantsJudged(len(mutants), len(broken), len(ours), len(seen_by_plain), tuple(sorted(broken - ours)))
