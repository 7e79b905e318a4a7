"""`pages`: rows that pages repeat, leave out or miscount are found; listings of every other kind accuse nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

ROWS = "ROWS = [{'id': n, 'name': f'row {n}'} for n in range(1, 10)]\n"
SIZE = '"limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 20}'
SKIP = '"offset": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 0}'
PAGE = '"page": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1}'
AFTER = '"after": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 0}'
SPEC = """
tools:
  list_rows:
    input: {type: object, properties: PROPERTIES, additionalProperties: false}
    annotations: {read_only: true}
    variations: {categories: [repeat]}
"""

AGAIN = "shows rows of the first again"
OUT = "leaves out rows that follow the first"
LISTINGS = [
    (SKIP, "return ROWS[offset:offset + limit]", None),
    (SKIP, "return {'rows': ROWS[offset:offset + limit], 'total': 9}", None),
    (SKIP, "return {'columns': [1, 2, 3, 4, 5], 'rows': ROWS[offset:offset + limit]}", None),
    (SKIP, "return ROWS[::-1][offset:offset + limit]", None),
    (SKIP, "return ROWS[-limit:]", None),  # the latest: nobody is told in which order
    (SKIP, "return [row for row in ROWS[offset:offset + limit] if row['id'] % 2]", None),  # a filter behind the page
    (SKIP, "return [{'id': 1}] * min(limit, 9 - offset)", None),
    (SKIP, "ROWS.append({'id': len(ROWS) + 1}); return ROWS[-limit - offset:][:limit]", None),  # not the same twice
    (SKIP, "return ROWS[max(0, offset - 1):][:limit]", AGAIN),
    (SKIP, "return ROWS[:limit]", AGAIN),
    (SKIP, "return ROWS[offset * limit:][:limit] if limit > 1 else ROWS[offset:][:1]", OUT),
    (SKIP, "return {'rows': ROWS[offset + bool(offset):][:limit]}", OUT),
    (SKIP, "return ROWS[offset:offset + limit - bool(offset)]", OUT),
    (SKIP, "return ROWS[max(0, offset - 1):offset + limit]", AGAIN),
    (SKIP, "return ROWS[offset:offset + limit] if not offset or limit > 3 else []", None),  # empty, and nobody knows why
    (SKIP, "return ROWS[offset:limit]", "lists 2 rows where limit is 4 and offset is 2"),
    (SKIP, "return ROWS[offset:offset + limit + 1]", "lists 1 more than limit says"),
    (SKIP, "return ROWS[offset:offset + limit - 1]", "lists 1 less than limit says"),
    (SKIP, "return ROWS[offset:offset + max(1, limit - 1)]", "lists 1 less than limit says"),
    (SKIP, "rows = ROWS[offset:offset + limit]; return {'rows': rows, 'total': len(rows)}", "total is 1 where limit is 1"),
    (SKIP, "rows = ROWS[offset:offset + limit]; return {'rows': rows, 'count': len(rows)}", None),
    (SKIP, "rows = ROWS[offset:offset + limit]; return {'rows': rows, 'total': sum(row['id'] for row in rows)}", None),
    ("", "rows = ROWS[:limit]; return {'rows': rows, 'total': len(rows)}", None),
    (PAGE, "return ROWS[(page - 1) * limit:][:limit]", None),
    (PAGE, "return ROWS[page * limit:][:limit] if page > 1 else ROWS[:limit]", OUT),
    (AFTER, "rows = [r for r in ROWS if r['id'] > after][:limit]; return {'rows': rows, 'next': rows[-1]['id']}", None),
    (AFTER, "rows = [r for r in ROWS if r['id'] >= after][:limit]; return {'rows': rows, 'next': rows[-1]['id']}", AGAIN),
    (AFTER, "rows = [r for r in ROWS if r['id'] > after][:limit]; return {'rows': rows, 'next': rows[-1]['id'] + 1}", OUT),
    (AFTER, "rows = [r for r in ROWS if r['id'] > after][:limit]; return {'rows': rows, 'next': '/rows?after=2'}", None),
    ("", "return ROWS[:limit]", None),
    ("", "return ROWS[:limit + 1]", "lists 1 more than limit says"),
    ("", "return [n for n in range(1, limit)]", None),  # the numbers below a limit
    ("", "return [n for n in range(2, limit + 1) if all(n % m for m in range(2, n))]", None),  # primes up to a limit
    ("", "return [n for n in range(limit + 1)]", None),
]  # fmt: skip


@pytest.mark.parametrize(("place", "body", "told"), LISTINGS)
def test_pages_that_do_not_join_are_found(tmp_path: Path, place: str, body: str, told: str | None) -> None:
    """The tool's own long page is the evidence; where that says nothing, nobody is accused."""
    properties = "{" + ", ".join(part for part in (SIZE, place) if part) + "}"
    code = f"{ROWS}def list_rows(limit=20, offset=0, page=1, after=0):\n    {body}\n"
    found = findings_of(tmp_path, code, SPEC.replace("PROPERTIES", properties), check="pages")
    assert len(found) == (told is not None)
    assert told is None or told in found[0]


USUAL = [
    ("", "ROWS[:limit]", None),
    ("", "ROWS[:5 if limit == 20 else limit]", "lists 5 of 9 rows where limit is 20"),
    ("", "ROWS[:limit // 4] if limit > 8 else ROWS[:limit]", "lists 5 of 9 rows where limit is 20"),
    ("", "ROWS", "lists 9 rows whatever limit says"),
    ("", "ROWS[:3]", None),
    ("", "[row for row in ROWS[:limit] if row['id'] % 2]", None),
    ("", "[{**row, 'name': row['name'][:limit]} for row in ROWS]", None),
    ("Words of each row.", "ROWS", None),
    ("At most so many characters.", "ROWS", None),
    ("", "ROWS[:min(limit, 6)]", None),
]  # fmt: skip


@pytest.mark.parametrize(("about", "rows", "told"), USUAL)
def test_a_limit_is_one_for_every_size(tmp_path: Path, about: str, rows: str, told: str | None) -> None:
    """The usual one too; filters, largest pages and limits of something else accuse nobody."""
    size = SIZE.replace('"default": 20', f'"default": 20, "description": "{about}"')
    code = f"{ROWS}def list_rows(limit=20):\n    return {rows}\n"
    spec = SPEC.replace("PROPERTIES", "{" + size + "}")
    found = findings_of(tmp_path, code, spec, check="pages")
    assert len(found) == (told is not None)
    assert told is None or told in found[0]


MAKERS = {
    "a key of a form": (
        "def add_row(sku, name):\n    rows[sku] = {'sku': sku, 'name': name}",
        "^[A-Z]{2}-[0-9]{4}$",
        "add_row",
    ),
    "a form of which few are known": (
        "def add_row(sku, name):\n    if sku != 'AA-0000': raise ValueError('no such sku')\n    rows[name] = {'name': name}",
        "^[A-Z]{2}-[0-9]{4}$",
        "add_row",
    ),
    "what sets makes": (
        "def set_row(sku, name):\n    rows[sku] = {'sku': sku, 'name': name}",
        "^[a-z]{4,9}$",
        "set_row",
    ),
}


@pytest.mark.parametrize("name", MAKERS)
def test_rows_are_made_under_keys_of_their_own(tmp_path: Path, name: str) -> None:
    """A second row must not take the place of the first; limits that may be left null are limits."""
    maker, form, tool = MAKERS[name]
    code = f"rows = {{}}\n{maker}\n    return 'kept'\ndef list_rows(limit=None, offset=None):\n    return list(rows.values())[OFFSET:][:limit or 20]\n"
    size, skip = (
        f'"{each}": {{anyOf: [{{type: integer, minimum: {low}, maximum: 50}}, {{type: "null"}}], default: null}}'
        for each, low in (("limit", 1), ("offset", 0))
    )
    made = f"{tool}: {{variations: {{categories: [example]}}, input: {{type: object, properties: {{sku: {{type: string, pattern: '{form}'}}, name: {{type: string}}}}, required: [sku, name]}}}}"
    spec = SPEC.replace("PROPERTIES", f"{{{size}, {skip}}}") + f"  {made}\n"
    assert not findings_of(tmp_path, code.replace("OFFSET", "(offset or 0)"), spec, check="pages")
    [found] = findings_of(tmp_path, code.replace("OFFSET", "(offset or 0) // 2"), spec, check="pages")
    assert AGAIN in found


def test_rows_are_made_where_there_are_none(tmp_path: Path) -> None:
    """Siblings that create are asked for something to list."""
    code = """
    rows = []
    def create_row(name: str) -> dict:
        rows.append({"name": name, "id": len(rows)})
        return rows[-1]
    def list_rows(limit=20, offset=0):
        return rows[OFFSET:][:limit]
    """
    spec = SPEC.replace("PROPERTIES", f"{{{SIZE}, {SKIP}}}") + "  create_row: {variations: {categories: [example]}}\n"
    assert not findings_of(tmp_path, code.replace("OFFSET", "offset"), spec, check="pages")
    [found] = findings_of(tmp_path, code.replace("OFFSET", "offset // 2"), spec, check="pages")
    assert AGAIN in found
    off = spec.replace("    annotations", "    checks: {pages: false}\n    annotations")
    assert not findings_of(tmp_path, code.replace("OFFSET", "offset // 2"), off, check="pages")


LAST = [
    ("list_events", "last", "ROWS[-last:]", None, ""),
    ("list_events", "last", "ROWS[-last - 1:]", "lists 1 more than last says", ""),
    ("list_events", "last", "ROWS[::-1][:last]", None, ""),
    ("recent_events", "count", "ROWS[::-1][:count]", None, ""),
    ("recent_events", "count", "ROWS[::-1][:count - 1]", "lists 1 less than count says", ""),
    ("get_latest", "n", "ROWS[:n + 1]", "lists 1 more than n says", ""),
    ("list_events", "last", "ROWS[-last - 1:]", None, "Events of the last so many hours."),
    ("random_numbers", "count", "list(range(count + 1))[:8]", None, ""),
    ("list_primes", "n", "[n for n in (2, 3, 5, 7, 11, 13) if n < n]", None, ""),
    ("list_board", "size", "[[0] * size] * (size + 1)", None, ""),
    ("list_events", "tail0", "ROWS[-tail0:]", None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "size", "rows", "told", "about"), LAST)
def test_the_last_so_many_are_so_many(
    tmp_path: Path, tool: str, size: str, rows: str, told: str | None, about: str
) -> None:
    """A count of the newest or best is a page; hours, bounds and boards are none."""
    spec = SPEC.replace("list_rows", tool).replace("PROPERTIES", "{" + SIZE.replace("limit", size) + "}")
    code = f"{ROWS}def {tool}({size}=20):\n    {about!r}\n    return {rows}\n"
    found = findings_of(tmp_path, code, spec, check="pages")
    assert len(found) == (told is not None)
    assert told is None or told in found[0]


NONE = [
    ("last", "ROWS[-last:]", "", "lists 9 rows where last is 0"),
    ("last", "ROWS[len(ROWS) - last:]", "", None),
    ("last", "ROWS[-last:]", "The last so many; 0 is all.", None),
    ("limit", "ROWS[-limit:]", "", None),
    ("recent", "ROWS[::-1][:recent]", "", None),
    ("recent", "ROWS[::-1][:recent or 9]", "", "lists 9 rows where recent is 0"),
]


@pytest.mark.parametrize(("size", "rows", "about", "told"), NONE)
def test_the_last_none_are_none(tmp_path: Path, size: str, rows: str, about: str, told: str | None) -> None:
    """Of a limit 0 may mean all, and wherever somebody says so."""
    spec = SPEC.replace("PROPERTIES", "{" + SIZE.replace("limit", size).replace('"minimum": 1', '"minimum": 0') + "}")
    code = f"{ROWS}def list_rows({size}=20):\n    {about!r}\n    return {rows}\n"
    found = findings_of(tmp_path, code, spec, check="pages")
    assert len(found) == (told is not None)
    assert told is None or told in found[0]


NOUGHT = '"limit": {"type": "integer", "minimum": 0, "maximum": 50, "default": 4, "description": "SAID"}'
NONE = [
    ("ROWS[:limit or 4]", "", "lists 4 rows where limit is 0"),
    ("ROWS[:limit or 4]", "how many, none for 0", "lists 4 rows where limit is 0"),
    ("ROWS[:limit or 4]", "0 for the default", None),
    ("ROWS[:limit]", "", None),
    ("ROWS[:limit or 50]", "", None),  # all
    ("ROWS[:limit or 50]", "how many, none for 0", "lists 9 rows where limit is 0"),
    ("ROWS[:max(1, limit)]", "", None),
    ("ROWS[:4]", "", None),
]


@pytest.mark.parametrize(("rows", "said", "told"), NONE)
def test_a_limit_of_0_is_no_default(tmp_path: Path, rows: str, said: str, told: str | None) -> None:
    """None and all are what 0 may mean, the usual number where somebody says so."""
    code = f"{ROWS}def list_rows(limit=4):\n    return {rows}\n"
    spec = SPEC.replace("PROPERTIES", "{" + NOUGHT.replace("SAID", said) + "}")
    found = findings_of(tmp_path, code, spec, check="pages")
    assert len(found) == (told is not None), found
    assert told is None or told in found[0]


def test_pages_that_are_wrong_once_are_no_finding(tmp_path: Path) -> None:
    """A second page that joins when it is asked for again."""
    code = f"""{ROWS}
asked = []
def list_rows(limit=20, offset=0):
    late = limit == offset == 1 and (asked.append(1) or len(asked) <= MOST)
    return ROWS[offset - late:][:limit]
"""
    spec = SPEC.replace("PROPERTIES", f"{{{SIZE}, {SKIP}}}")
    found = [findings_of(tmp_path, code.replace("MOST", most), spec, check="pages") for most in ("1", "99")]
    assert [len(each) for each in found] == [0, 1]
