"""Compare generators: `python -m tests.benchmarks.generators [--ours] [--budget 100] [--peers FOLDER] [--folder FOLDER] [form …]`."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from .catalogue import PAIRS
from .forms import FORMS
from .generators import results
from .mutants import judged, mutants_of
from .peers.environment import PACKAGES, Environment, environment
from .table import by_class, losses, misjudged, overall, table


def main() -> None:
    """Print the tables."""
    options = _options()
    began = time.perf_counter()
    env = None if options.ours else environment(options.peers)
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        made = results(PAIRS, folder, env=env, budget=options.budget, forms=options.forms or FORMS)
        print(f"{len(PAIRS)} pairs, {options.budget} calls a tool, {', '.join(PACKAGES) if env else 'no peers'}\n")
        print(f"{overall(made)}\n\n{by_class(PAIRS, made)}\n\nNot told apart by ours:\n")
        print("\n".join(f"- {line}" for line in losses(PAIRS, made)) or "- none")
        for result in made:
            print("".join(f"\n- trouble with {result.generator}, {result.form}: {line}" for line in result.troubles))
        for result in made if options.ours else ():
            print(f"\n{result.form}:\n" + "\n".join(misjudged(result.pairs, result.found)))
        if env is not None:
            _mutants(folder, env, options.budget)
    print(f"\n{time.perf_counter() - began:.0f} s on {os.cpu_count()} cores")


def _mutants(folder: Path, env: Environment, budget: int) -> None:
    if "cosmic-ray" in env.missing:
        print(f"\nno mutants: {env.missing['cosmic-ray']}")
        return
    tools = [pair for pair in PAIRS if not pair.bug_class.startswith(("behaviour", "learning"))][::6]
    said = judged(mutants_of(tools, folder / "mutants", env), folder / "judged", env, budget=budget)
    head = ("mutants", "break a promise, as far as anybody saw", "seen by toolcheck", "seen by plain Hypothesis")
    print("\n" + table(head, [[str(n) for n in (said.made, said.broken, said.ours, said.plain)]]))
    print("\nBroken, and not seen by ours: " + (", ".join(said.only_plain) or "none"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("forms", nargs="*", help=f"forms of ours to run, of {', '.join(FORMS)}")
    parser.add_argument("--ours", action="store_true", help="without peers and mutants; says all that was misjudged")
    parser.add_argument("--budget", type=int, default=100, help="calls a tool")
    default = Path(tempfile.gettempdir()) / "toolcheck-benchmark-peers"
    parser.add_argument(
        "--peers", type=Path, default=default, help="environment of the peers, made where it is missing"
    )
    parser.add_argument("--folder", type=Path, help="where to work; what is found there of an interrupted run is used")
    return parser.parse_args()


if __name__ == "__main__":
    main()
