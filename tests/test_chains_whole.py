"""A text as long as the schema allows is read as it was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.lifecycle import chain_scenarios

from .behaviour_lab import findings_of

NOTES = '''
from typing import Annotated
from pydantic import Field
kept = {}
def create_note(title: Annotated[str, Field(max_length=80)], body: Annotated[str, Field(max_length=1000)] = "") -> dict:
    """Create a note."""
    kept[len(kept) + 1] = {"id": len(kept) + 1, "title": title, "body": body}
    return kept[len(kept)]
def get_note(id: int) -> dict:
    """Get a note."""
    if id not in kept: raise ValueError("no such note")
    return kept[id]
'''
CUT = ('"body": body}', '"body": body[:255]}')


@pytest.mark.parametrize(
    ("wanted", "made", "told"),
    [
        (
            *CUT,
            "get_note answers the first 255 characters of a body of 1000, which create_note accepted and its schema allows",
        ),
        ('"title": title', '"title": title[:40]', "get_note answers the first 40 characters of a title of 80, which *"),
    ],
)
def test_a_beginning_is_not_what_was_given(tmp_path: Path, wanted: str, made: str, told: str) -> None:
    """Also where the answer of the tool that makes it tells the same; the twin differs by the cut alone."""
    [found] = findings_of(tmp_path, NOTES.replace(wanted, made), "", room=chain_scenarios)
    assert told.rstrip("*") in found
    assert findings_of(tmp_path, NOTES, "", room=chain_scenarios) == []


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ("Create a note.", "Create a note; the body is truncated to 255 characters."),
        ("Get a note.", "Get a preview of a note."),
        ("max_length=1000", "max_length=1000, description='only its first 255 characters are kept'"),
        ("return kept[id]", 'return {**kept[id], "truncated": len(kept[id]["body"]) > 254}'),
        ("body: Annotated[str, Field(max_length=1000)]", "body: str"),
        ('"body": body[:255]}', '"body": body[:255] + "…"}'),
        ('"body": body[:255]}', '"body": body[:9]}'),
        ('"body": body[:255]}', '"body": body[:255], "all": body}'),
        ("    kept[len", '    if len(body) > 255: raise ValueError("too long")\n    kept[len'),
    ],
)
def test_a_beginning_that_somebody_speaks_of(tmp_path: Path, wanted: str, made: str) -> None:
    """A description, a mark, a length that nobody promised, as little as chance shows, the whole beside it, a refusal."""
    code = NOTES.replace(*CUT)
    assert wanted in code
    assert findings_of(tmp_path, code.replace(wanted, made), "", room=chain_scenarios) == []


BILLS = '''
from typing import Annotated
from pydantic import Field
kept = {}
def create_bill(name: Annotated[str, Field(max_length=20)], amount: Annotated[float, Field(ge=0, le=5000, multiple_of=0.01)] = 1) -> dict:
    """Create a bill."""
    kept[len(kept) + 1] = {"id": len(kept) + 1, "name": name, "cents": CENTS}
    return {"id": len(kept)}
def get_bill(id: int) -> dict:
    """Get a bill."""
    if id not in kept: raise ValueError("no such bill")
    return {"id": id, "name": kept[id]["name"], "amount": kept[id]["cents"] / 100}
'''


@pytest.mark.parametrize(
    ("cents", "is_found"),
    [
        ("int(amount * 100)", True),
        ("round(amount * 100)", False),
        ("amount * 100", False),
        ("int(amount) * 100", False),
        ("round(amount, 1) * 100", False),
        ("int(amount * 10) * 10", False),
    ],
)
def test_no_cent_is_lost(tmp_path: Path, cents: str, is_found: bool) -> None:
    """What is kept in whole or in tens was meant so."""
    found = findings_of(tmp_path, BILLS.replace("CENTS", cents), "", room=chain_scenarios)
    assert len(found) == is_found, found
    assert not found or "one hundredth is lost" in found[0]


def test_white_space_at_the_end_may_be_left_out(tmp_path: Path) -> None:
    """Whatever length makes the text end in a blank."""
    stripped = NOTES.replace('"body": body}', '"body": body.strip()}')
    for most in range(1000, 1011):
        assert findings_of(tmp_path, stripped.replace("1000", str(most)), "", room=chain_scenarios) == []


def test_what_is_never_shown_as_it_was_given_says_nothing(tmp_path: Path) -> None:
    """A reader that leaves two letters out of each text, and a cent of each amount, does so to long ones and cents too."""
    needed = NOTES.replace(
        ', body: Annotated[str, Field(max_length=1000)] = ""', ", body: Annotated[str, Field(max_length=1000)]"
    )
    assert needed != NOTES
    assert "return kept[len(kept)]" in needed
    needed = needed.replace("return kept[len(kept)]", 'return {"id": len(kept)}')
    code = needed.replace("return kept[id]", 'return {**kept[id], "body": kept[id]["body"][:-2]}')
    assert findings_of(tmp_path, code, "", room=chain_scenarios) == []
    fee = BILLS.replace("multiple_of=0.01)] = 1", "multiple_of=0.01)]").replace("CENTS", "round(amount * 100) - 1")
    assert findings_of(tmp_path, fee, "", room=chain_scenarios) == []


POSTS = '''
from typing import Annotated
from pydantic import Field
kept = {}
def create_post(title: str, tags: Annotated[list[str], Field(max_length=5)]) -> dict:
    """Create a post."""
    kept[len(kept) + 1] = {"id": len(kept) + 1, "title": title, "tags": list(tags)}
    return {"id": len(kept)}
def get_post(id: int) -> dict:
    """Get a post."""
    if id not in kept: raise ValueError("no such post")
    return kept[id]
'''


@pytest.mark.parametrize(
    ("wanted", "made", "told"),
    [
        ("list(tags)}", "tags[:2]}", "get_post answers the first 2 of 5 tags, which create_post accepted"),
        ("list(tags)}", "sorted(set(tags))}", None),
        ("list(tags)}", "tags[:2], 'more_tags': len(tags) - 2}", None),
        ("Create a post.", "Create a post; its first two tags are kept.", None),
    ],
)
def test_the_first_of_a_list_are_not_what_was_given(tmp_path: Path, wanted: str, made: str, told: str | None) -> None:
    """Each other order keeps them all; a cut that the answer or a description speaks of accuses nobody."""
    code = POSTS.replace(wanted, made)
    if "kept." in made:
        code = code.replace("list(tags)}", "tags[:2]}")
    found = findings_of(tmp_path, code, "", room=chain_scenarios)
    assert len(found) == (told is not None), found
    assert told is None or told in found[0]
