"""`filters`: a listing that shows other rows than those asked for is found; whatever a parameter means else accuses nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

ROWS = """
ROWS = [
    {'id': 1, 'status': 'open', 'paid': True, 'city': 'Rome', 'owner_id': 7, 'tags': ['a', 'b'], 'path': 'x.txt'},
    {'id': 2, 'status': 'open', 'paid': False, 'city': 'Oslo', 'owner_id': 8, 'tags': ['b'], 'path': 'y.txt'},
    {'id': 3, 'status': 'shut', 'paid': False, 'city': 'Oslo', 'owner_id': 8, 'tags': [], 'path': 'z.txt'},
]
"""
STATUS = "status: {enum: [all, open, shut], default: all}"
CITY = "city: {type: string, maxLength: 20}"
KINDS = [
    (STATUS, "return [r for r in ROWS if status in (None, 'all', r['status'])]", None),
    (STATUS, "return {'rows': [r for r in ROWS if status in (None, 'all', r['status'])][:2]}", None),
    (STATUS, "return [r for r in ROWS if status in (None, 'all') or status == 'shut' or r['status'] == status]", None),
    (STATUS, "return [r for r in ROWS if r['status'] == 'open'] if status else ROWS[:2]", None),  # nobody sees the shut
    ("status: {enum: [open, shut], description: all but these}", "return [r for r in ROWS if r['status'] != status]", None),
    (STATUS, "return [r for r in ROWS if status in (None, 'all') or r['status'] != status]", "status is open"),
    (STATUS, "return {'rows': [r for r in ROWS if status in (None, 'all') or r['status'].title() == status]}", "lists no rows"),
    ("status: {enum: [open, shut]}", "return [r for r in ROWS if r['status'] == ('open' if status else r['status'])]", "shut"),
    ("paid: {type: boolean}", "return [r for r in ROWS if paid is None or r['paid'] == paid]", None),
    ("paid: {type: boolean}", "return [r for r in ROWS if not paid or r['paid']]", None),  # paid only
    ("paid: {type: boolean}", "return [r for r in ROWS if paid is None or r['paid'] != paid]", "paid is true"),
    (CITY, "return [r for r in ROWS if city is None or city.lower() in r['city'].lower()]", None),
    (CITY, "return [r for r in ROWS if city is None or city == r['city'] == 'Rome']", "city is Oslo"),
    ("path: {type: string}", "return [r for r in ROWS if path is None or r['path'].startswith(f'{path}/')]", None),
    ("owner_id: {type: integer}", "return [r for r in ROWS if owner_id in (None, r['owner_id'])]", None),
    ("owner_id: {type: integer}", "return [r for r in ROWS if owner_id in (None, r['owner_id'] % 8)]", "owner_id is 8"),
    ("tag: {type: string}", "return [r for r in ROWS if tag is None or tag in r['tags']]", None),
    ("tag: {type: string}", "return [r for r in ROWS if tag is None or r['tags'][:1] == [tag] == ['a']]", "tag is b"),
    ("id: {type: integer}", "return [r for r in ROWS if r['id'] > (id or 0)]", None),  # where the page begins
    (STATUS, "return (ROWS.clear() or []) if status == 'shut' else ROWS", None),  # not the same afterwards
]  # fmt: skip


@pytest.mark.parametrize(("given", "body", "told"), KINDS)
def test_a_listing_that_shows_none_of_the_rows_asked_for_is_found(
    tmp_path: Path, given: str, body: str, told: str | None
) -> None:
    """A row that is shown otherwise is the evidence."""
    code = f"{ROWS}\ndef list_rows(status=None, paid=None, city=None, owner_id=None, tag=None, path=None, id=None):\n    {body}\n"
    found = findings_of(tmp_path, code, spec_of(f"{{{given}}}"))
    assert len(found) == (told is not None)
    assert told is None or (": filters: " in found[0] and told in found[0])


def test_rows_of_each_kind_are_made(tmp_path: Path) -> None:
    """Siblings that create are given each member of the choice in turn; `filters: false` asks for nothing."""
    code = """
    rows = []
    def create_row(name: str, kind: str = "cat") -> dict:
        rows.append({"name": name, "kind": kind})
        return rows[-1]
    def list_rows(kind=None):
        return [row for row in rows if kind is None or row["kind"] == KIND]
    """
    spec = spec_of("{kind: {enum: [cat, dog]}}") + (
        "  create_row: {variations: {categories: [example]}, input: {type: object, required: [name], "
        "properties: {name: {type: string}, kind: {enum: [cat, dog]}}}}\n"
    )
    wrong = code.replace("KIND", '"dog"')
    assert not findings_of(tmp_path, code.replace("KIND", "kind"), spec)
    [found] = findings_of(tmp_path, wrong, spec)
    assert "kind is cat" in found
    assert not findings_of(
        tmp_path, wrong, spec.replace("    variations", "    checks: {filters: false}\n    variations")
    )


def spec_of(properties: str) -> str:
    return f"""
tools:
  list_rows:
    input: {{type: object, properties: {properties}, additionalProperties: false}}
    variations: {{categories: [repeat]}}
"""


ANOTHER = "return [r for r in ROWS if status in (None, 'all') or r['status'] != status]"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("status: {enum: [all, open, shut], default: all, description: rows that are not so}", ""),
        (STATUS, "Rows without those in the status."),
    ],
)
def test_a_description_may_ask_for_other_rows(tmp_path: Path, given: str, said: str) -> None:
    """Of the parameter, or of the tool; where neither says so it is a finding."""
    code = f'{ROWS}\ndef list_rows(status=None):\n    """SAID"""\n    {ANOTHER}\n'
    assert findings_of(tmp_path, code.replace("SAID", said), spec_of(f"{{{given}}}")) == []
    assert len(findings_of(tmp_path, code.replace("SAID", "Rows."), spec_of(f"{{{STATUS}}}"))) == 1


def test_rows_that_are_wrong_once_are_no_finding(tmp_path: Path) -> None:
    """The open rows are left out until they have been asked for as often as it takes to look once; then all is well."""
    asked = tmp_path / "asked.txt"
    code = f"""import pathlib
{ROWS}
asked = []
def list_rows(status=None):
    if status == "open":
        asked.append(status)
        pathlib.Path({str(asked)!r}).write_text(str(len(asked)), encoding="utf-8")
    return [r for r in ROWS if status in (None, "all", r["status"]) and (status != "open" or len(asked) > MOST)]
"""
    spec = spec_of(f"{{{STATUS}}}") + "    checks: {deterministic: false}\n"
    assert findings_of(tmp_path, code.replace("MOST", "0"), spec) == []
    once = asked.read_text(encoding="utf-8")
    assert findings_of(tmp_path, code.replace("MOST", once), spec) == []
    assert len(findings_of(tmp_path, code.replace("MOST", "999"), spec)) == 1
    assert int(asked.read_text(encoding="utf-8")) > int(once)
