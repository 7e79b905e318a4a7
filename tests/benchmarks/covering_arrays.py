"""Sizes of our covering arrays beside the best published: `python tests/benchmarks/covering_arrays.py`."""

from __future__ import annotations

import sys
import time

from pytest_toolcheck.cases.combine import covering_array, verify

PAIRWISE = "pairwise.org/efficiency.html"
BOUND = "product of the largest sizes (no array is smaller)"
INPUTS = [
    ("3^4", 2, 9, PAIRWISE),
    ("3^13", 2, 15, PAIRWISE),
    ("4^15 3^17 2^29", 2, 29, f"{PAIRWISE} (TestCover)"),
    ("4^1 3^39 2^35", 2, 21, f"{PAIRWISE} (TestCover)"),
    ("2^100", 2, 10, PAIRWISE),
    ("10^20", 2, 180, f"{PAIRWISE} (AETG)"),
    ("5^1 3^8 2^2", 2, 15, BOUND),
    ("7^1 6^1 5^1 4^6 3^8 2^3", 2, 42, BOUND),
    ("3^6", 3, 33, "the brief's figure from Colbourn's tables; not looked up again"),
    ("4^6", 3, 64, BOUND),
    ("5^1 4^3 2^4", 3, 80, BOUND),
    ("10^60", 2, None, "-"),
]


def sizes_of(text: str) -> list[int]:
    """Return the sizes written as `levels^parameters`."""
    return [int(size) for part in text.split() for size in [part.split("^")[0]] * int(part.split("^")[1])]


def main() -> int:
    """Print the table; the exit code is 1 where something that ought to be covered is not."""
    wrong = 0
    print("| input | t | rows | best published | ratio | time s | source |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for text, strength, best, source in INPUTS:
        sizes = sizes_of(text)
        start = time.perf_counter()
        rows = covering_array(sizes, strength)
        spent = time.perf_counter() - start
        wrong += bool(verify(rows, sizes, strength))
        ratio = f"{len(rows) / best:.2f}" if best else "-"
        print(f"| {text} | {strength} | {len(rows)} | {best or '-'} | {ratio} | {spent:.3f} | {source} |")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
