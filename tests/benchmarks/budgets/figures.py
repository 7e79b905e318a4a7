"""Tables of a benchmark: printed as they come, and written into the page of the documentation that shows them."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "budget-verdicts.md"


@dataclass(frozen=True)
class Table:
    """`name` is the place in the page: between `<!-- figures: NAME -->` and `<!-- end of figures -->`."""

    name: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def show(self) -> None:
        print(f"\n{self.title}")
        widths = [max(len(row[column]) for row in [self.head, *self.rows]) for column in range(len(self.head))]
        for row in [self.head, *self.rows]:
            print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        sys.stdout.flush()

    def markdown(self) -> str:
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def rate(fails: int, runs: int) -> str:
    return f"{fails}/{runs} ({fails / max(runs, 1):.1%})"


def _filled(table: str, place: re.Match[str]) -> str:
    return place[1] + table + place[2]


def write(tables: Sequence[Table], page: Path = PAGE) -> list[str]:
    """Put tables in their places; return the names of those that have one."""
    text, written = page.read_text(encoding="utf-8"), []
    for table in tables:
        place = re.compile(rf"(<!-- figures: {table.name} -->\n).*?(\n<!-- end of figures -->)", re.DOTALL)
        if place.search(text):
            text = place.sub(partial(_filled, table.markdown()), text)
            written.append(table.name)
    page.write_text(text, encoding="utf-8")
    return written
