"""Small ranges of integers are walked through: one wrong value is found, and tools that are right are not accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.behaviour.every_value import every_value_scenarios

from .behaviour_lab import findings_of, plans_in

LEVEL = '"level": {"type": "integer", "minimum": 0, "maximum": 100}'
NOTE = '"note": {"type": "string"}'
SPEC = """
tools:
  dim:
    input: {type: object, properties: {PARTS}, required: [level], additionalProperties: false}
    output: {type: object, properties: {level: {type: integer}}, required: [level]}
"""
FAULTY = {
    "crash": "if level == 57: raise KeyError(level)",
    "loses": "if level == 57: return {}",
    "kind": "if level == 57: return {'level': '57'}",
    "hole": "if level == 57: raise ValueError('level not supported')",
    "wrapped": "if level == 57: raise ValueError('list index out of range')",
}
CORRECT = {
    "all": "",
    "absent": "if level == 57: raise ValueError('there is no lamp 57')",
    "reserved": "if level % 10 == 7: raise ValueError(f'level {level} is reserved')",
    "from": "if level > 56: raise ValueError('not supported')",
    "taken": "TAKEN.add(level) if level not in TAKEN else refuse('taken')",
    "empty": "LEFT.pop() if LEFT else refuse('sold out')",
    "told": "if level == 57 and note == 'x': raise KeyError(level)",
}
TOOL = """
TAKEN, LEFT = set(), [1] * 40
def refuse(why):
    raise ValueError(why)
def dim(level, note=''):
    if type(level) is not int or not 0 <= level <= 100: raise ValueError('level: 0 to 100')
    BODY
    return {'level': level}
"""


def _found(folder: Path, body: str, parts: str = LEVEL) -> list[str]:
    code, spec = TOOL.replace("BODY", body or "pass"), SPEC.replace("PARTS", f"{parts}, {NOTE}")
    return findings_of(folder, code, spec, room=every_value_scenarios)


@pytest.mark.parametrize("name", FAULTY)
def test_one_wrong_value_is_found(tmp_path: Path, name: str) -> None:
    """It crashes, breaks the schema of its results, or is a hole in what is accepted."""
    found = _found(tmp_path, FAULTY[name])
    assert len(found) == 1
    assert "57" in found[0] or name == "loses" or name == "wrapped", found


@pytest.mark.parametrize("name", CORRECT)
def test_tools_that_are_right_are_not_accused(tmp_path: Path, name: str) -> None:
    """What is not there, reserved, used up or refused from some value on is no hole."""
    assert _found(tmp_path, CORRECT[name]) == []


INSIDE = """
tools:
  dim:
    input:
      type: object
      properties: {lamp: {$ref: "#/$defs/lamp"}}
      required: [lamp]
      $defs: {lamp: {type: object, properties: {level: {anyOf: [{type: integer, minimum: 1, exclusiveMaximum: 90, multipleOf: 3}, {type: "null"}]}}, required: [level]}}
"""


BESIDE = """
tools:
  tide:
    input:
      type: object
      properties:
        hour: {type: integer, minimum: 0, maximum: 23}
        spring: {type: boolean, default: false}
        port: {enum: [Brest, Calais]}
      required: [hour]
    output: {type: number, maximum: 12}
"""
TIDES = """
def tide(hour, spring=False, port='Brest'):
    if port == 'Calais' and spring and hour == REFUSED: raise ValueError('there is no tide table of Calais in spring')
    level = {'Brest': 6.1, 'Calais': 11.4}[port] * (1.1 if spring else 1) * (1 - abs(hour % 12 - 6) / 12)
    return RESULT
"""


@pytest.mark.parametrize(
    ("result", "refused", "is_found"),
    [("level", "None", True), ("min(level, 12)", "None", False), ("min(level, 12)", "hour", False)],
)
def test_they_are_walked_beside_other_switches_and_choices_too(
    tmp_path: Path, result: str, refused: str, is_found: bool
) -> None:
    """At six, in spring and in Calais alone; where the tool refuses these together nothing is walked beside them."""
    code = TIDES.replace("RESULT", result).replace("REFUSED", refused)
    assert bool(findings_of(tmp_path, code, BESIDE, room=every_value_scenarios)) is is_found


def test_members_of_objects_are_walked_too(tmp_path: Path) -> None:
    """Through references and branches, and only over what the schema takes."""
    code = """
    seen = []
    def dim(lamp):
        seen.append(lamp["level"])
        if lamp["level"] == 57: raise KeyError(57)
        if len(seen) > 20 and seen[-1] == 87 and any(level % 3 for level in filter(None, seen)): raise IndexError
        return True
    """
    assert [line.partition(" at ")[0] for line in findings_of(tmp_path, code, INSIDE, room=every_value_scenarios)] == [
        "dim: no_crash: dim crashed: KeyError: 57"
    ]


@pytest.mark.parametrize("bounds", ["minimum: 0, maximum: 9", "minimum: 0, maximum: 200", "minimum: 0", ""])
def test_other_ranges_are_no_item(tmp_path: Path, bounds: str) -> None:
    """Of a few values the ordinary cases have all; of many it would take too long."""
    spec = f"tools: {{dim: {{input: {{type: object, properties: {{level: {{type: integer, {bounds}}}}}}}}}}}"
    [plan] = plans_in(tmp_path, "def dim(level=1): return level", spec)
    assert not list(every_value_scenarios(plan))
