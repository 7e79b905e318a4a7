"""Compare generators: `python -m tests.benchmarks.generators [--ours] [--budget 100] [--peers FOLDER] [--folder FOLDER] [--every 12] [--docs] [form …]`."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .catalogue import PAIRS
from .forms import FORMS
from .generators import results
from .mutants import judged, mutants_of
from .page import PAGE, rewritten
from .pair import Pair
from .peers.environment import PACKAGES, Environment, environment
from .table import by_class, losses, misjudged, overall, table


def main() -> None:
    """Print the tables, and write them into the docs where that is asked for."""
    options = _options()
    began = time.perf_counter()
    env = None if options.ours else environment(options.peers)
    pairs = PAIRS[:: options.every]
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        made = results(pairs, folder, env=env, budget=options.budget, forms=options.forms or FORMS)
        said = f"{len(pairs)} pairs, {options.budget} calls a tool, {', '.join(PACKAGES) if env else 'no peers'}"
        lost = "\n".join(f"- {line}" for line in losses(pairs, made)) or "- none"
        tables = {"overall": f"{said}.\n\n{overall(made)}", "classes": by_class(pairs, made), "losses": lost}
        print(f"{tables['overall']}\n\n{tables['classes']}\n\nNot told apart by ours:\n\n{lost}")
        for result in made:
            for line in result.troubles:
                print(f"\n- trouble with {result.generator}, {result.form}: {line}")
        for result in made if options.ours else ():
            print(f"\n{result.generator}, {result.form}:\n" + "\n".join(misjudged(result.pairs, result.found)))
        if env is not None:
            tables["mutants"] = _mutants(pairs, folder, env, options.budget)
            print(f"\n{tables['mutants']}")
    spent = f"{time.perf_counter() - began:.0f} s on {os.cpu_count()} cores"
    print(f"\n{spent}")
    if options.docs:
        tables["overall"] += f"\n\nIt took {spent}."
        PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")


def _mutants(pairs: Sequence[Pair], folder: Path, env: Environment, budget: int) -> str:
    if "cosmic-ray" in env.missing:
        return f"No mutants: {env.missing['cosmic-ray']}"
    tools = [pair for pair in pairs if not pair.bug_class.startswith(("behaviour", "learning"))][::6]
    said = judged(mutants_of(tools, folder / "mutants", env), folder / "judged", env, budget=budget)
    head = ("mutants", "break a promise, as far as anybody saw", "seen by toolcheck", "seen by plain Hypothesis")
    shown = table(head, [[str(n) for n in (said.made, said.broken, said.ours, said.plain)]])
    return f"{shown}\n\nBroken, and not seen by ours: {', '.join(said.only_plain) or 'none'}."


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("forms", nargs="*", help=f"forms of ours to run, of {', '.join(FORMS)}")
    parser.add_argument("--ours", action="store_true", help="without peers and mutants; says all that was misjudged")
    parser.add_argument("--every", type=int, default=1, help="take only each so many-th pair, for a short run")
    parser.add_argument("--docs", action="store_true", help="write the tables into the page of the docs")
    parser.add_argument("--budget", type=int, default=100, help="calls a tool")
    default = Path(tempfile.gettempdir()) / "toolcheck-benchmark-peers"
    parser.add_argument(
        "--peers", type=Path, default=default, help="environment of the peers, made where it is missing"
    )
    parser.add_argument("--folder", type=Path, help="where to work; what is found there of an interrupted run is used")
    return parser.parse_args()


if __name__ == "__main__":
    main()
