"""Run all pairs in every form and print the table: `python -m tests.benchmarks.generators [form …]`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from .bench import found_in
from .catalogue import PAIRS
from .table import misjudged, rows_of, table


def main(forms: list[str]) -> None:
    """Print one table a form, then what was misjudged."""
    for form in forms or ["python", "mcp"]:
        pairs = [pair for pair in PAIRS if form in pair.forms]
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            found = found_in(pairs, Path(folder), form=form)
            took = time.perf_counter() - began
        calls = sum(seen.calls for seen in found.values())
        print(f"\n{form}: {len(pairs)} pairs, {calls} calls, {took:.0f} s\n\n{table(rows_of(pairs, found))}\n")
        print("\n".join(misjudged(pairs, found)))


if __name__ == "__main__":
    main(sys.argv[1:])
