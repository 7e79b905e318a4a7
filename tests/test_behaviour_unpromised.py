"""Functions that promise nothing: half a key and a default that stays are found; keys, places and makers accuse nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.behaviour.unpromised import _spells_out

from .behaviour_lab import findings_of, plans_in

CODE = """
from typing import Literal
import itertools
kept, numbers = {}, itertools.count()
def NAME(town: Literal["Oslo", "Rome"], unit: Literal["km", "mi"] | None = None, loud: bool = False) -> str:
    '''SAID'''
    if town not in ("Oslo", "Rome") or unit not in (None, "km", "mi") or type(loud) is not bool: raise ValueError("no such thing")
    BODY
"""
FROM = "{'Oslo': 10, 'Rome': 20}[town] * (2 if unit == 'mi' else 1)"
HALF = f"return str(kept.setdefault(town, {FROM}))"
ECHO = "return {'far': kept.setdefault(KEY, " + FROM + "), 'unit': unit or 'km', 'town': town}"
WHOLE = f"return str(kept.setdefault((town, unit), {FROM}))"
STAYS = "unit = kept['unit'] = unit or kept.get('unit', 'km')\n    return f'{town} {unit}'"
CASES = [
    ("distance", "Distance of a town.", HALF, "what is asked first decides"),
    ("distance", "Distance of a town.", WHOLE, None),
    ("distance", "Distance of a town.", ECHO.replace("KEY", "town"), "what is asked first decides"),
    ("distance", "Distance of a town.", ECHO.replace("KEY", "(town, unit)"), None),
    ("distance", "Distance of a town.", "return {'unit': unit or 'km', 'town': town}", None),  # echoes alone
    ("distance", "Distance of a town, in the unit that was asked for first.", HALF, None),
    ("open_trip", "Open a trip.", HALF, None),
    ("create_trip", "A trip.", HALF, None),
    ("distance", "Distance of a town.", HALF.replace("10, 'Rome'", "0, 'Rome'"), "what is asked first decides"),
    ("distance", "Distance.", STAYS, "is answered without unit as the last call with one was"),
    ("distance", "Distance, in the last unit.", STAYS, None),
    ("distance", "Distance.", "return f'{town} {unit}'", None),
    ("distance", "Distance.", "return town", None),
    ("distance", "Distance.", "return {'far': 0 if unit in (None, 'km') else 0.0}", None),
    ("distance", "Distance.", "return f'{town} {next(numbers)}'", None),
    (
        "distance",
        "Distance.",
        "kept[town] = 1\n    return f'{town} {unit} {len(kept)}'",
        None,
    ),  # what has been asked for
]


@pytest.mark.parametrize(("name", "said", "body", "told"), CASES)
def test_an_answer_is_no_other_call_s(tmp_path: Path, name: str, said: str, body: str, told: str | None) -> None:
    """Newly imported modules, asked in both orders, are the evidence."""
    code = CODE.replace("NAME", name).replace("SAID", said).replace("BODY", body)
    found = findings_of(tmp_path, code, "defaults: {variations: {categories: [repeat]}}\n")
    assert len(found) == (told is not None), found
    assert told is None or (": deterministic: " in found[0] and told in found[0])


def test_a_default_that_is_spelled_out_is_asked_last(tmp_path: Path) -> None:
    """Where one server is asked many questions, the first of them decides there too."""
    [plan] = plans_in(tmp_path, CODE.replace("NAME", "far").replace("SAID", "Far.").replace("BODY", "return town"), "")
    base = {"town": "Oslo"}
    assert _spells_out(plan, base, {**base, "loud": False})
    assert _spells_out(plan, base, {**base, "unit": None})
    assert not _spells_out(plan, base, {**base, "unit": "km"})
    assert not _spells_out(plan, base, {"town": "Rome"})
