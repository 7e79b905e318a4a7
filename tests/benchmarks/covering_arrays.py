"""Sizes of our covering arrays beside the best published: `python tests/benchmarks/covering_arrays.py`."""

from __future__ import annotations

import sys
import time

from pytest_toolcheck.cases.combine import covering_array, verify

PAIRWISE = "pairwise.org/efficiency.html"
BOUND = "product of the largest sizes: no array is smaller"
TABLES = "Colbourn's tables"
INPUTS = [
    ("4^15 3^17 2^29", 2, 29, f"{PAIRWISE} (TestCover)"),
    ("4^1 3^39 2^35", 2, 21, f"{PAIRWISE} (TestCover)"),
    ("3^4", 2, 9, TABLES),
    ("3^13", 2, 15, TABLES),
    ("3^20", 2, 15, TABLES),
    ("4^10", 2, 24, TABLES),
    ("4^20", 2, 28, TABLES),
    ("5^10", 2, 36, TABLES),
    ("6^6", 2, 41, TABLES),
    ("6^8", 2, 42, TABLES),
    ("8^9", 2, 64, TABLES),
    ("2^100", 2, 10, TABLES),
    ("10^20", 2, 155, TABLES),
    ("10^60", 2, 202, TABLES),
    ("2^10", 3, 12, TABLES),
    ("2^12", 3, 15, TABLES),
    ("2^20", 3, 18, TABLES),
    ("3^5", 3, 33, TABLES),
    ("3^6", 3, 33, TABLES),
    ("3^7", 3, 39, TABLES),
    ("3^8", 3, 42, TABLES),
    ("3^10", 3, 45, TABLES),
    ("4^6", 3, 64, TABLES),
    ("4^8", 3, 88, TABLES),
    ("5^6", 3, 125, TABLES),
    ("5^8", 3, 185, TABLES),
    ("6^5", 3, 240, TABLES),
    ("6^6", 3, 258, TABLES),
    ("5^1 3^8 2^2", 2, 15, BOUND),
    ("6^1 5^1 4^6 3^8 2^3", 2, 30, BOUND),
    ("7^1 6^1 5^1 4^6 3^8 2^3", 2, 42, BOUND),
    ("5^1 4^4 3^11 2^5", 2, 20, BOUND),
    ("10^1 9^1 8^1 7^1 6^1 5^1 4^1 3^1 2^1", 2, 90, BOUND),
    ("8^2 7^2 6^2 5^2", 2, 64, BOUND),
    ("5^1 4^3 2^4", 3, 80, BOUND),
    ("5^2 4^2 3^2", 3, 100, BOUND),
    ("10^1 6^2 4^3 3^1", 3, 360, BOUND),
]
"""Sizes, strength, the fewest rows published and where. Colbourn's tables: as of November 2024, kept in ugroempi/CAs on GitHub."""


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
