"""Listings that are asked for a range, an order or a word: both ends belong to it, rows come in order, capitals are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolcheck.behaviour.ranges import Bound, wrong_bound
from pytest_toolcheck.behaviour.searched import _tried
from pytest_toolcheck.behaviour.sorting import _is_in_order

from .behaviour_lab import findings_of

EVENTS = '''
from datetime import date
from typing import Annotated
from pydantic import Field
kept = []
def add_event(title: str, day: date, price: int = 5) -> dict:
    """Add an event."""
    kept.append({"title": title, "day": day.isoformat(), "price": price})
    return kept[-1]
def list_events(start: date | None = None, end: date | None = None, max_price: int | None = None) -> list[dict]:
    """List events from the start day to the end day, both included."""
    return [e for e in kept
            if (start is None or e["day"] >= start.isoformat()) and (end is None or e["day"] <= end.isoformat())
            and (max_price is None or e["price"] <= max_price)]
'''


def found_in(folder: Path, code: str) -> list[str]:
    return findings_of(folder, code, "", check="filters")


@pytest.mark.parametrize(
    ("wanted", "made", "told"),
    [
        ('e["day"] <= end', 'e["day"] < end', "where end is "),
        ('e["day"] >= start', 'e["day"] > start', "where start is "),
        ('e["price"] <= max', 'e["price"] < max', "where max_price is 5, and does where it is 6"),
        ('"price": price})', '"price": 0})', "where max_price is 0, and does where it is 1"),
    ],
)
def test_both_ends_belong_to_a_range(tmp_path: Path, wanted: str, made: str, told: str) -> None:
    """A row on the bound is shown; the twin differs by the comparison alone."""
    code = EVENTS.replace(wanted, made)
    if "price is 0" in told:  # the least that may be asked for
        code = code.replace("max_price: int | None", "max_price: Annotated[int, Field(ge=0)] | None").replace(
            "<= max_price", "< max_price"
        )
    [found] = found_in(tmp_path, code)
    assert "list_events: filters: list_events does not list {" in found
    assert told in found
    assert found_in(tmp_path, EVENTS) == []


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        (", both included", ""),
        (", both included", ", both included but not the day after the end"),
        ("both included", "the end exclusive"),
        ("def list_events", "def count_events"),
        ("max_price", "max_results"),
        ("price", "age"),
    ],
)
def test_ends_that_need_not_belong_to_it(tmp_path: Path, wanted: str, made: str) -> None:
    """Nobody says so, or somebody says that they do not; other tools, and numbers of rows."""
    code = (
        EVENTS.replace('e["price"] <= max', 'e["price"] < max')
        if "price" in wanted
        else EVENTS.replace("<= end", "< end")
    )
    assert wanted in code
    assert found_in(tmp_path, code.replace(wanted, made)) == []


TASKS = '''
from typing import Literal
rows = [{"id": 1, "title": "paint", "hours": 40, "level": "medium"}, {"id": 2, "title": "Drill", "hours": 5, "level": "high"},
        {"id": 3, "title": "glue", "hours": 9, "level": "low"}]
def list_tasks(sort_by: Literal["title", "hours"] = "title", descending: bool = False) -> list[dict]:
    """List all tasks."""
    return sorted(rows, key=lambda t: t[sort_by].lower() if sort_by == "title" else t[sort_by], reverse=descending)
'''


@pytest.mark.parametrize(
    ("wanted", "made", "told"),
    [
        (
            "reverse=descending",
            "reverse=False",
            'lists title ["Drill", "glue", "paint"] where {"sort_by": "title", "descending": true}',
        ),
        ("else t[sort_by]", "else str(t[sort_by])", 'lists hours [40, 5, 9] where {"sort_by": "hours"}'),
        ("reverse=descending", 'reverse=descending and sort_by == "title"', "lists hours [5, 9, 40]"),
        ("sorted(rows, key=lambda t:", "list(rows) or sorted(rows, key=lambda t:", "lists title"),
    ],
)
def test_rows_come_in_the_order_that_is_asked_for(tmp_path: Path, wanted: str, made: str, told: str) -> None:
    """By the member and in the direction; the twin differs by the fault alone."""
    assert wanted in TASKS
    [found] = found_in(tmp_path, TASKS.replace(wanted, made))
    assert told in found
    assert found_in(tmp_path, TASKS) == []


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ('t[sort_by].lower() if sort_by == "title" else t[sort_by]', "t[sort_by]"),
        ("List all tasks.", "List all tasks, grouped by level."),
        ('["title", "hours"] = "title"', '["level", "rank"] = "level"'),
        ('["title", "hours"] = "title"', '["newest", "oldest"] = "newest"'),
        ("descending: bool = False", "descending: bool = True"),
    ],
)
def test_orders_of_their_own(tmp_path: Path, wanted: str, made: str) -> None:
    """Capitals first, groups, levels that are no words, choices that no row shows, another direction by default."""
    code = TASKS.replace(wanted, made)
    assert wanted in TASKS
    if any(word in made for word in ('"level"', "newest", "grouped")):
        code = code.replace("return sorted", "return rows or sorted")
    assert found_in(tmp_path, code) == []


CARS = '''
rows = [{"car": f"c{at}", "price": (at * 37) % 100} for at in range(12)]
def list_cars(min_price: int | None = None, max_price: int | None = None) -> list[dict]:
    """List cars."""
    found = [row for row in rows if min_price is None or row["price"] >= min_price]
    return [row for row in found if max_price is None or row["price"] <= max_price]
'''


@pytest.mark.parametrize(
    ("wanted", "made", "told"),
    [
        ("in found", "in (rows if max_price is not None else found)", " and max_price is 70; each is kept alone"),
        ("in found", "in (rows if min_price is None else found[:1])", None),  # fewer, and none beyond
        ("if max_price is None", "if max_price is None or min_price is not None", "lists price "),
        ("List cars.", "List cars.", None),
    ],
)
def test_both_bounds_are_kept_together(tmp_path: Path, wanted: str, made: str, told: str | None) -> None:
    """One that wins over the other shows in rows beyond it; the twin keeps both."""
    assert wanted in CARS
    found = found_in(tmp_path, CARS.replace(wanted, made))
    assert len(found) == (told is not None), found
    assert told is None or told in found[0]


BOOKS = '''
rows = ["The Old Harbour lights", "A Garden in late summer", "Winter letters"]
def search_books(query: str) -> list[str]:
    """Find books by a part of their title."""
    return [row for row in rows if query.lower() in row.lower()]
'''
SHORT = BOOKS.replace(" lights", "").replace("late summer", "May").replace("letters", "in the Fog")
NAMES = (
    BOOKS.replace("The Old Harbour lights", "Ada Lovelace")
    .replace("A Garden in late summer", "Grace Hopper")
    .replace(" letters", "")
)
PEOPLE = '''
kept = []
def add_person(name: str, city: str) -> dict:
    """Add a person."""
    kept.append({"name": name, "city": city})
    return kept[-1]
def find_people(query: str) -> list[dict]:
    """Find people by their name or city."""
    return [row for row in kept if query.lower() in row["name"].lower() or query.lower() in row["city"].lower()]
'''
WHOLE_WORDS = PEOPLE.replace("].lower()", "].lower().split()")


@pytest.mark.parametrize(
    ("code", "wanted", "made", "told"),
    [
        (BOOKS, "query.lower()", "query", 'finds nothing by ["Harbour", "Garden", "Winter"], which rows hold'),
        (BOOKS, "in row.lower()", "in row", "finds nothing by "),
        (SHORT, "query.lower()", "query", "and finds rows by harbour"),
        (NAMES, "in row.lower()", "in row", "and finds rows by "),
        (PEOPLE, 'row["name"].lower()', 'row["name"]', "which the name of rows hold"),
        (WHOLE_WORDS, "query.lower()", "query", "which the name of rows hold"),
    ],
)
def test_capitals_are_found(tmp_path: Path, code: str, wanted: str, made: str, told: str) -> None:
    """By the word as the row shows it; the twin differs by one call of `lower`."""
    [found] = found_in(tmp_path, code.replace(wanted, made))
    assert told in found
    assert found_in(tmp_path, code) == []


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ("query.lower() in row.lower()", "query in row"),
        ("query.lower() in row.lower()", "query.lower() in row.lower().split()"),
        ("by a part of their title", "by a part of their title, in small letters"),
        ("[row for", "[row.upper() for"),
        ("A Garden in late summer", "garden in late summer"),
    ],
)
def test_searches_of_their_own(tmp_path: Path, wanted: str, made: str) -> None:
    """As it is written, by whole words, in small letters as it is said, rows that show it otherwise, one capital alone."""
    code = BOOKS.replace(wanted, made)
    if "letters" in made or "Garden" in wanted:
        code = code.replace("query.lower()", "query").replace("Winter", "winter" if "Garden" in wanted else "Winter")
    assert wanted in BOOKS
    assert found_in(tmp_path, code) == []


def test_rows_are_in_order_in_more_than_one_way() -> None:
    """Words in whatever case or with capitals first, numbers in names as numbers; another direction is another order."""
    for values in (["Part 2", "Part 10"], ["Part 10", "Part 2"], ["A", "b", "C"], ["A", "C", "b"], ["A10", "a2", "B"]):
        assert _is_in_order(values, is_down=False)
    assert not _is_in_order(["A", "b", "C"], is_down=True)
    assert not _is_in_order(["b", "A", "C"], is_down=None)


def shown(rows: list[Any], is_shown: Callable[[Any, Any], bool]) -> Any:
    """Stand for a listing that shows each row, or not, by what it is given."""
    return SimpleNamespace(
        filled=lambda _: rows, rows=lambda given: [row for row in rows if is_shown(*given.values(), row)]
    )


def test_a_bound_that_is_left_out_is_one_only_where_less_is_not_shown_either() -> None:
    """Not where all but one number are asked for; and a switch is no number."""
    bound, rows = Bound("max_price", "price", is_upper=True), [{"price": 5}]
    assert wrong_bound(shown(rows, lambda most, row: row["price"] < most), bound) is not None
    assert wrong_bound(shown(rows, lambda other, row: row["price"] != other), bound) is None
    assert wrong_bound(shown([{"price": True}], lambda most, row: row["price"] < most), bound) is None


def test_a_list_that_may_be_cut_off_tells_of_no_word() -> None:
    """Who answers with other rows may have had no room for this one."""
    lines = shown(["A harbour", "The harbour"], lambda word, row: word in row and row != "The harbour")
    assert _tried(lines, "query", "", ["A harbour", "The harbour"], str.islower) == {"harbour": True}
    assert _tried(lines, "query", "", ["The harbour"], str.islower) == {}


def test_what_is_wrong_once_only_is_no_finding(tmp_path: Path) -> None:
    """A bound that was not kept the first time that it was given."""
    once = EVENTS.replace(
        "    return [e for e", "    first = max_price not in asked\n    asked.add(max_price)\n    return [e for e"
    )
    once = once.replace("kept = []", "kept, asked = [], set()")
    fickle = 'e["price"] <= max_price - (first and e["price"] == max_price)'
    assert found_in(tmp_path, once.replace('e["price"] <= max_price', fickle)) == []
    assert len(found_in(tmp_path, once.replace('e["price"] <= max_price', fickle.replace("first and ", "")))) == 1
