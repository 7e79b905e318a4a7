"""All generators on all pairs, in chunks that run side by side; what goes wrong with one is noted beside its figures."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from .bench import SIDES, found_in
from .forms import write_side
from .found import Found, FoundIn
from .pair import Pair
from .peers.amagi import amagi_on
from .peers.environment import Environment
from .peers.mcp_fuzzer import mcp_fuzzer_on
from .peers.plain import plain_on
from .peers.schemathesis import schemathesis_on

CHUNK = 16
PEERS: dict[str, tuple[str, Callable[..., tuple[dict[str, Found], str | None]]]] = {
    "plain Hypothesis": ("python", plain_on),
    "schemathesis": ("http", schemathesis_on),
    "mcp-fuzzer": ("mcp", mcp_fuzzer_on),
    "amagi-mcp-probe": ("mcp", amagi_on),
}
OURS = "toolcheck"
UNLIMITED = "toolcheck, as many calls as it takes"
"""What shows over many calls needs many: the same pairs once more without the common limit."""
_OVER_CALLS = ("behaviour", "learning")
_DEFAULT_LIMIT = 1000


@dataclass
class Result:
    """What one generator found in one form."""

    generator: str
    form: str
    pairs: list[Pair]
    found: FoundIn = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def apart(self, pair: Pair) -> bool:
        """Whether the buggy tool has a finding and its twin has none: only then the finding says something."""
        return self.has_found(pair) and not self.has_accused(pair)

    def has_found(self, pair: Pair) -> bool:
        """Whether the buggy tool has a finding."""
        return bool(self.found.get(("buggy", pair.name), Found()).findings)

    def has_accused(self, pair: Pair) -> bool:
        """Whether the correct twin has one."""
        return bool(self.found.get(("correct", pair.name), Found()).findings)


def results(
    pairs: Sequence[Pair], folder: Path, *, env: Environment | None, budget: int, forms: Sequence[str]
) -> list[Result]:
    """Run ours in the forms, and the peers where there is an environment for them, with as many workers as cores."""
    made = [Result(OURS, form, [p for p in pairs if form in p.forms]) for form in forms]
    over_calls = [pair for pair in pairs if pair.bug_class.startswith(_OVER_CALLS)]
    made += [Result(UNLIMITED, form, [p for p in over_calls if form in p.forms]) for form in forms if form != "http"]
    if env is not None:
        for name, (form, _) in PEERS.items():
            made.append(Result(name, form, [p for p in pairs if form in p.forms]))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for start in range(0, len(pairs), CHUNK):
            for result in made:
                if chunk := [pair for pair in pairs[start : start + CHUNK] if pair in result.pairs]:
                    place = folder / f"{result.generator}-{result.form}-{start}".replace(", ", "-").replace(" ", "-")
                    pool.submit(_filled, result, chunk, place, env, budget)
    return made


def _filled(result: Result, chunk: Sequence[Pair], folder: Path, env: Environment | None, budget: int) -> None:
    kept = folder.with_suffix(".json")
    if kept.exists():
        result.found.update(_read(kept))
        return
    shutil.rmtree(folder, ignore_errors=True)
    began = time.perf_counter()
    try:
        if result.generator in (OURS, UNLIMITED):
            limit = budget if result.generator == OURS else _DEFAULT_LIMIT
            found = found_in(chunk, folder, form=result.form, limit=limit)
        else:
            found = _of_peer(result, chunk, folder, env, budget)
    except Exception as error:  # a generator that cannot be run loses its chunk; the others go on
        result.troubles.append(f"{chunk[0].name} to {chunk[-1].name}: {type(error).__name__}: {str(error)[-300:]}")
        return
    within = {key: seen if result.generator == UNLIMITED else seen.within(budget) for key, seen in found.items()}
    kept.write_text(json.dumps([[*key, dataclasses.asdict(seen)] for key, seen in within.items()]), encoding="utf-8")
    result.found.update(within)
    spent = time.perf_counter() - began
    print(f"{result.generator}, {result.form}: {chunk[0].name} to {chunk[-1].name}: {spent:.0f} s", file=sys.stderr)


def _read(kept: Path) -> FoundIn:
    """Read what an earlier, interrupted run found in the same chunk."""
    rows = json.loads(kept.read_text(encoding="utf-8"))
    return {(side, tool): Found(**{**seen, "findings": tuple(seen["findings"])}) for side, tool, seen in rows}


def _of_peer(result: Result, chunk: Sequence[Pair], folder: Path, env: Environment | None, budget: int) -> FoundIn:
    run, found = PEERS[result.generator][1], {}
    for side in SIDES:
        write_side(chunk, folder / side, buggy=side == "buggy")
        seen, trouble = run(folder / side, env=env, budget=budget)
        if trouble:
            result.troubles.append(f"{side} {chunk[0].name} to {chunk[-1].name}: {trouble}")
        found.update({(side, tool): value for tool, value in seen.items()})
    return found
