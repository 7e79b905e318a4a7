"""A few rows of an order are its first ones: whoever cuts before sorting lists others."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

FILMS = '''
from typing import Annotated, Literal
from pydantic import Field
import random
rows = [{"title": t, "year": y} for t, y in (("Metropolis", 1927), ("Alien", 1979), ("Vertigo", 1958), ("Brazil", 1985),
        ("Heat", 1995), ("Jaws", 1975))]
Size = Annotated[int, Field(ge=1, le=50)]
def list_films(sort: Literal["title", "year"] = "title", order: Literal["asc", "desc"] = "asc", limit: Size = 20) -> list[dict]:
    """List films."""
    down = order == "desc"
    return sorted(rows, key=lambda f: f[sort], reverse=down)[:limit]
'''
WHOLE = "sorted(rows, key=lambda f: f[sort], reverse=down)[:limit]"


def found_in(folder: Path, code: str) -> list[str]:
    return findings_of(folder, code, "")


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (
            "sorted(rows[:limit], key=lambda f: f[sort], reverse=down)",
            'where {"sort": "title", "order": "asc", "limit": 2} is asked for, and ["Alien", "Brazil"] are the first',
        ),
        (
            "sorted(sorted(rows, key=lambda f: f['title'])[:limit], key=lambda f: f[sort], reverse=down)",
            'lists year [1979, 1985] where {"sort": "year"',
        ),
    ],
)
def test_rows_that_were_cut_before_they_were_sorted(tmp_path: Path, made: str, told: str) -> None:
    """The twin differs by the fault alone."""
    found = found_in(tmp_path, FILMS.replace(WHOLE, made))
    assert any(told in each for each in found), found
    assert found_in(tmp_path, FILMS) == []


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        (WHOLE, "sorted(rows, key=lambda f: f[sort], reverse=down)[-limit:]"),
        (WHOLE, "sorted(random.sample(rows, min(limit, 6)), key=lambda f: f[sort], reverse=down)"),
        (WHOLE, "[{'id': 1, **f} for f in sorted(rows, key=lambda f: f[sort], reverse=down)][:max(limit, 3)]"),
        ("List films.", "List the newest films, sorted as asked for."),
        ("limit: Size", "limit: Annotated[int, Field(ge=1, le=50, description='so many recent ones are sorted')]"),
        ('"title", "year"] = "title"', '"relevance", "length"] = "length"'),
        ('("Alien", 1979)', '("Heat", 1927)'),
    ],
)
def test_orders_whose_beginning_is_another(tmp_path: Path, wanted: str, made: str) -> None:
    """The end of a list, chance, three at least, the newest of them, members that no row shows, equal ones."""
    code = FILMS.replace("sorted(rows, key", "sorted(rows[:limit], key").replace(
        "reverse=down)[:limit]", "reverse=down)"
    )
    if wanted == WHOLE:
        code = FILMS
    assert wanted in code
    code = code.replace(wanted, made).replace("f[sort]", "f.get(sort, 0)")
    assert found_in(tmp_path, code) == []
