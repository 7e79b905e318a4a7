"""Pairs of set and get: what is read is what was set last; tools that mean something else by it are not accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.pairs import pair_scenarios
from pytest_toolcheck.rooms import room_scenarios
from pytest_toolcheck.scenario import ToolPlan

from .behaviour_lab import findings_of, plans_in

KEYED = '''
_kept = {}
def set_config(key: str, value: TYPE) -> dict:
    """Set a value."""
    SET
    return {"ok": True}
def get_config(key: str) -> dict:
    """Get a value."""
    if key not in _kept: raise ValueError(f"no key {key!r}")
    GET
'''
ALONE = '''
_kept = [1]
def set_level(level: TYPE) -> str:
    """Set the level."""
    SET
    return "done"
def get_level() -> TYPE:
    """Get the level."""
    GET
'''
TEXT, WHOLE, PART, SWITCH = "str", "int", "float", "bool"
SET, GET = "_kept[key] = value", 'return {"key": key, "value": _kept[key]}'
SET_1, GET_1 = "_kept[0] = level", "return _kept[0]"
FAULTY = {
    "first stays": (KEYED, TEXT, "_kept.setdefault(key, value)", GET, "still answers *, set_config was given * last"),
    "lags": (KEYED, TEXT, "_kept['new'], _kept[key] = value, _kept.get('new')", GET, "still answers"),
    "one for all": (KEYED, TEXT, "_kept[key] = value; _kept['all'] = value", GET.replace("[key]}", "['all']}"), "which was set for"),
    "begins alike": (KEYED, TEXT, "_kept.update({k: value for k in [*_kept, key] if key.startswith(k)})", GET, "which was set for"),
    "nought": (KEYED, WHOLE, SET, 'return {"key": key, "value": _kept[key] or 5}', "answers 5, set_config was given 0 last"),
    "false": (KEYED, SWITCH, SET, 'return {"key": key, "value": _kept[key] or None}', "answers null, set_config was given false last"),
    "whole": (KEYED, PART, "_kept[key] = int(value)", GET, "was given 2.5 last"),
    "three digits": (KEYED, PART, "_kept[key] = float(f'{value:.3g}')", GET, "was given 12345 last"),
    "nought among texts": (KEYED, "str | int | bool | None", SET, f"{GET} if _kept[key] else _kept['none']", "answers null, set_config was given 0 last"),
    "sign": (KEYED, WHOLE, "_kept[key] = abs(value)", GET, "was given -3 last"),
    "ascii": (KEYED, TEXT, "_kept[key] = value.encode('ascii', 'replace').decode()", GET, "answers Gr??e"),
    "cut": (KEYED, TEXT, "_kept[key] = value[:64]", GET, "last"),
    "small letters": (KEYED, TEXT, SET, "if key.lower() not in _kept: raise ValueError('no key')\n    return {'value': _kept[key.lower()]}", "refuses to answer for"),
    "small letters kept": (KEYED, TEXT, "_kept[key.lower()] = value", 'return {"key": key, "value": _kept[key]}', "refuses to answer for"),
    "pops": (KEYED, TEXT, SET, 'return {"key": key, "value": _kept.pop(key)}', "once, and not when it is asked again"),
    "alone": (ALONE, WHOLE, "_kept.append(level)", GET_1, None),
    "alone stays": (ALONE, WHOLE, "_kept.append(level); del _kept[3:]", "return _kept[1]", None),
    "alone nought": (ALONE, WHOLE, SET_1, "return _kept[0] or 5", "answers 5, set_level was given 0 last"),
}  # fmt: skip
"""The tools, the values' type, what setting does and what getting answers, and what is told of it; None: nothing to go by."""
CORRECT = {
    "plain": (KEYED, TEXT, SET, GET),
    "small letters for both": (KEYED.replace("if key not", "if key.lower() not"), TEXT, "_kept[key.lower()] = value", 'return {"value": _kept[key.lower()]}'),
    "small letters only": (KEYED, TEXT, "if key != key.lower(): raise ValueError('small letters')\n    _kept[key] = value", GET),
    "numbers": (KEYED, PART, SET, GET),
    "switch": (KEYED, SWITCH, SET, GET),
    "all kinds": (KEYED, "str | int | bool | None", SET, GET),
    "bare": (KEYED, TEXT, SET, "return _kept[key]"),
    "bare switch": (KEYED, SWITCH, SET, "return _kept[key]"),
    "in words": (KEYED, WHOLE, SET, 'return f"{key} = {_kept[key]}"'),
    "stripped": (KEYED, TEXT, "_kept[key] = value.strip().lower()", GET),
    "masked": (KEYED, TEXT, SET, 'return {"key": key, "value": "***"}'),
    "rounded, and told": (KEYED.replace("Set a value.", "Set a value, rounded to whole numbers."), PART, "_kept[key] = round(value)", GET),
    "answered": (KEYED.replace('return {"ok": True}', 'return {"applied": _kept[key]}'), PART, "_kept[key] = int(value)", GET),
    "once, and told": (KEYED.replace("Get a value.", "Get a value, once."), TEXT, SET, 'return {"value": _kept.pop(key)}'),
    "history": (KEYED, TEXT, "_kept.setdefault(key, []).append(value)", GET),
    "refused": (KEYED, TEXT, "if key in _kept: raise ValueError('it is set')\n    _kept[key] = value", GET),
    "few keys": (KEYED, WHOLE, "if key != 'Hello': raise ValueError(\"one of: 'Hello'\")\n    _kept[key] = value", GET),
    "nought is none": (KEYED.replace("Set a value.", "Set a value; 0 is no limit."), WHOLE, SET, 'return {"value": _kept[key] or None}'),
    "about it": (KEYED, TEXT, SET, 'return {"key": key, "length": len(_kept[key])}'),
    "alone": (ALONE, PART, SET_1, GET_1),
    "in a range": (ALONE, WHOLE, "if not 0 <= level <= 20: raise ValueError('0 to 20')\n    _kept[0] = level", GET_1),
    "moved": (ALONE.replace("Set the level.", "Set the target level."), WHOLE, "_kept[0] += (level > _kept[0]) - (level < _kept[0])", GET_1),
}  # fmt: skip


def _pairs(plan: ToolPlan) -> list[object]:
    return list(pair_scenarios(plan))


def _found(folder: Path, code: str, kind: str, put: str, got: str) -> list[str]:
    text = code.replace("SET", put, 1).replace("GET", got, 1).replace("TYPE", kind)
    return findings_of(folder, text, "", room=_pairs)


@pytest.mark.parametrize("name", FAULTY)
def test_what_is_not_read_as_it_was_set_is_found(tmp_path: Path, name: str) -> None:
    """A later value, another key's, `false`, nought, a part, a sign, letters, the end of a text, a second look."""
    *tools, told = FAULTY[name]
    found = _found(tmp_path, *tools)
    assert len(found) == (told is not None), found
    parts = (told or "").split("*")
    assert all(part.strip() in "".join(found) for part in parts)


@pytest.mark.parametrize("name", CORRECT)
def test_tools_that_are_right_are_not_accused(tmp_path: Path, name: str) -> None:
    """What normalises, masks, keeps more, takes a few keys, or says what it does beside keeping."""
    assert _found(tmp_path, *CORRECT[name]) == []


NAMES = [
    ("set_config", "key, value", "get_config", "key", True),
    ("save_profile", "name, text", "load_profile", "name", True),
    ("kv_put", "key, value", "kv_fetch", "key", True),
    ("write_file", "path, content", "read_file", "path", True),
    ("set_mode", "mode", "get_mode", "", True),
    ("set_config", "key, value, scope", "get_config", "key", False),
    ("set_default_config", "key, value", "get_default_config", "key", False),
    ("put_message", "queue, text", "get_message", "queue", False),
    ("set_config", "key, value", "get_settings", "key", False),
    ("create_config", "key, value", "get_config", "key", False),
]


@pytest.mark.parametrize(("setter", "given", "getter", "asked", "is_pair"), NAMES)
def test_names_and_parameters_tell_a_pair(
    tmp_path: Path, setter: str, given: str, getter: str, asked: str, is_pair: bool
) -> None:
    """The same noun, and one parameter more than the reader has; a queue, or what is made only, is none."""
    first, _ = plans_in(tmp_path, f"def {setter}({given}): ...\ndef {getter}({asked}): ...", "")
    items = [item.id for item in room_scenarios(first) if item.id.startswith("pair[")]
    assert items == ([f"pair[{setter}-{getter}]"] if is_pair else [])


SPACES = """
from typing import Annotated, Literal
from pydantic import Field
Space = TYPE
_kept = {}
def set_config(key: str, value: str, space: Space = "main") -> dict:
    "Set a value."
    _kept[key, space] = value
    return {"ok": True}
def get_config(key: str, space: Space = "main") -> dict:
    "Get a value."
    if (key, space) not in _kept: raise ValueError(f"no key {key!r}")
    return {"key": key, "value": _kept[key, space]}
"""
OF_A_FORM, OF_A_FEW = 'Annotated[str, Field(pattern="^[a-z]{1,16}$")]', 'Literal["main", "spare"]'


@pytest.mark.parametrize("kind", [OF_A_FORM, OF_A_FEW])
def test_what_is_set_beside_an_option_is_read_beside_it(tmp_path: Path, kind: str) -> None:
    """A reader that knows of no namespace refuses, or answers another's value; what belongs to the value alone is no option."""
    code = SPACES.replace("TYPE", kind)
    assert findings_of(tmp_path, code, "", room=pair_scenarios) == []
    deaf = code.replace("    if (key", '    space = "main"\n    if (key')
    [found] = findings_of(tmp_path, deaf, "", room=pair_scenarios)
    assert "get_config answers some value" in found
    assert "beside space" in found
    refusing = deaf.replace('"main"\n    if (key', '"main" if space == "main" else "x"\n    if (key')
    assert "refuses to answer beside space" in findings_of(tmp_path, refusing, "", room=pair_scenarios)[0]
    own = code.replace('value: str, space: Space = "main"', 'value: str, kind: Space = "main", space: str = "main"')
    assert findings_of(tmp_path, own, "", room=pair_scenarios) == []
