"""Look for schemas of which something wrong is said: `python -m tests.benchmarks.random_schemas FIRST_SEED SECONDS`.

Each finding is a line of JSON with the seed; the seconds are those of the processor.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Iterator
from random import Random

from pytest_toolcheck.cases.schema import Document

from ..random_schemas import random_schema
from ..test_cases_random_schemas import flaws_of, wrong_samples


def findings(seed: int) -> Iterator[str]:
    """Yield what is wrong with what is made of one schema; samples, which take longest, of each fourth."""
    try:
        schema = random_schema(Random(seed))
        yield from flaws_of(schema, seed)
        if seed % 4 == 0 and not Document(schema).is_endless:
            yield from (f"wrong sample {value!r}" for value in wrong_samples(schema))
    except Exception:
        yield traceback.format_exc()


def main(first: str, seconds: str) -> None:
    """Go on until the time is spent."""
    seed = int(first)
    while time.process_time() < float(seconds):
        for text in findings(seed):
            print(json.dumps({"seed": seed, "found": text[-1000:]}), flush=True)
        seed += 1
    print(f"{seed - int(first)} schemas")


if __name__ == "__main__":
    main(*sys.argv[1:])
