"""Print how many labelled cases a second are generated for the tools of a folder of `tools/list` answers.

    python tests/benchmarks/generation_speed.py FOLDER [ROUNDS]

The first round fills caches; it is printed apart. Processor time, the best of the rounds.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from pytest_toolcheck.cases import generate_cases


def schemas_in(folder: Path) -> list[Any]:
    """Return the input schemas of all tools in the folder's JSON files."""
    answers = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return [tool["inputSchema"] for answer in answers for tool in answer["tools"]]


def timed(schemas: list[Any]) -> tuple[int, float]:
    """Return how many cases were generated, and in how many seconds."""
    start = time.process_time()
    made = sum(len(list(generate_cases(schema))) for schema in schemas)
    return made, time.process_time() - start


def main(folder: str, rounds: str = "5") -> None:
    """Measure and print one line a figure."""
    schemas = schemas_in(Path(folder))
    made, first = timed(schemas)
    best = min(timed(schemas)[1] for _ in range(int(rounds)))
    print(f"{len(schemas)} tools, {made} cases")
    print(f"first round  {made / first:8.0f} cases/s")
    print(f"best of {rounds:4} {made / best:8.0f} cases/s")


if __name__ == "__main__":
    main(*sys.argv[1:])
