"""Words that only prose or a refusal names meet the bounds of everything else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.scenario import ToolPlan
from pytest_toolcheck.scenarios import ValidCallScenario, cases_of

from .behaviour_lab import Log, findings_of

VOICE = '''
from typing import Annotated
from pydantic import Field

MOODS = ("calm", "happy", "sad")

def voice(text: str, speed: Annotated[int, Field(ge=1, le=5)] = 3, mood: str = "calm") -> str:
    """Speak a text. Moods: calm, happy, sad."""
    if type(text) is not str or type(mood) is not str: raise TypeError("texts, please")
    if type(speed) is not int or not 1 <= speed <= 5: raise ValueError("speed: 1 to 5")
    if mood not in MOODS: raise ValueError("mood must be one of: calm, happy, sad")
    return f"{mood}: {text}" * speed
'''
FAULT = ("return f", 'return {3: ""}[speed] if mood == "sad" else f')
ANY = ('    if mood not in MOODS: raise ValueError("mood must be one of: calm, happy, sad")\n', "")
SILENT = (" Moods: calm, happy, sad.", "")
UNTOLD = ("mood must be one of: calm, happy, sad", "mood: no")
SLOW_IS_SAD = ("return f", 'if mood == "sad" and speed > 3: raise ValueError("sad people speak slowly")\n    return f')


def valid_call(plan: ToolPlan) -> Iterator[Any]:
    yield ValidCallScenario(tuple(cases_of(plan, seed=0)), None)


def tool(*changes: tuple[str, str]) -> str:
    code = VOICE
    for old, new in changes:
        assert old in code
        code = code.replace(old, new)
    return code


@pytest.mark.parametrize("told", [(), (SILENT,), (UNTOLD,), (ANY,)])
def test_words_of_prose_and_of_refusals_meet_the_bounds(told: tuple[tuple[str, str], ...], tmp_path: Path) -> None:
    """A word of the description, or of what a made-up word is refused with, is tried at the ends of the other parameters."""
    found = findings_of(tmp_path, tool(*told, FAULT), "tools: {voice: {}}\n", room=valid_call)
    assert [finding for finding in found if "KeyError" in finding], found
    assert findings_of(tmp_path, tool(*told), "tools: {voice: {}}\n", room=valid_call) == []


CRASHING = {
    "a word that a refusal quotes": (
        (
            "def tool(mode: str) -> int:\n    if mode not in ('up', 'down'): raise ValueError(\"mode should be 'up' or 'down'\")\n"
            "    return {'up': 1, 'down': 2}[mode]"
        ),
        ", 'down': 2",
        "KeyError: 'down'",
    ),
    "the end of a range that a refusal names": (
        (
            "def tool(celsius: float) -> float:\n    if not 50 <= celsius <= 250: raise ValueError('celsius must be between 50 and 250 degrees')\n"
            "    return 1 / (251 - celsius)"
        ),
        "1 - celsius",
        "ZeroDivisionError",
    ),
    "a candidate that comes before one that is accepted": (
        (
            "def tool(date: str) -> int:\n    try: day, month, year = map(int, date.split('.'))\n"
            "    except ValueError: raise ValueError('date must be in the format DD.MM.YYYY, e.g. 24.12.2024, or 01.01.2024') from None\n"
            "    return [0, *range(12)][month]"
        ),
        "range(12)",
        "IndexError",
    ),
}


@pytest.mark.parametrize("name", CRASHING)
def test_what_refusals_name_is_judged_where_it_crashes(name: str, tmp_path: Path) -> None:
    """A crash on a value that the tool itself offers is told by `valid_call`; the twin is not accused."""
    code, right, said = CRASHING[name]
    faulty = code.replace(right, {"1 - celsius": "0 - celsius", "range(12)": "range(2)"}.get(right, ""))
    found = findings_of(tmp_path, faulty, "tools: {tool: {}}\n", room=valid_call)
    assert any(said in finding for finding in found), found
    assert findings_of(tmp_path, code, "tools: {tool: {}}\n", room=valid_call) == []


@pytest.mark.parametrize(
    ("condition", "said", "is_found"),
    [
        ("1 <= size < 50", "size must be between 1 and 50", True),
        ("1 < size <= 50", "size must be between 1 and 50, not {size}", True),
        ("1 <= size < 50", "size: 1 to 50", True),
        ("1 <= size <= 50", "size must be between 1 and 50", False),
        ("1 <= size < 50", "size must be between 1 and 50 (exclusive)", False),
        ("1 <= size < 50", "size must be at least 1 and less than 50", False),
        ("1 <= size <= 9", "size must be between 1 and 50", False),
    ],
)
def test_an_end_that_a_refusal_allows_is_not_refused_by_it(
    condition: str, said: str, is_found: bool, tmp_path: Path
) -> None:
    """A refusal that says "between 1 and 50" to 50 contradicts itself where 49 is accepted; other bounds may be meant."""
    code = f"def tool(size: int) -> int:\n    if not {condition}: raise ValueError(f'{said}')\n    return size"
    found = findings_of(tmp_path, code, "tools: {tool: {}}\n", room=valid_call)
    assert any("which the refusal itself says is allowed" in finding for finding in found) == is_found, found
    assert findings_of(tmp_path, code, "tools: {tool: {acceptance: lenient}}\n", room=valid_call) == []


def test_what_a_sibling_lists_is_judged_too(tmp_path: Path) -> None:
    """The base is the first row of a list; what crashes on the last is found. A tool that removes is not called with all."""
    code = """
ROWS = {"eu-1": 3, "us-9": 5, "ap-4": 7}
called = []
def list_regions() -> list: return [{"region": name} for name in ROWS]
def TOOL(region: str) -> str:
    if region not in ROWS: raise ValueError("unknown")
    called.append(region)
    return "abcdefg"[ROWS[region] - 1]
"""
    spec = "tools: {list_regions: {annotations: {read_only: true}}, TOOL: {}}\n"
    for tool, is_found in (("zones", True), ("delete_zones", False)):
        made = code.replace("TOOL", tool)
        assert findings_of(tmp_path, made, spec.replace("TOOL", tool), room=valid_call) == []
        found = findings_of(tmp_path, made.replace("abcdefg", "abcde"), spec.replace("TOOL", tool), room=valid_call)
        assert any("IndexError" in finding for finding in found) == is_found


def test_words_of_two_parameters_meet(tmp_path: Path) -> None:
    """What is wrong with one word beside another, at the end of a third parameter, is found."""
    two = (
        ('mood: str = "calm")', 'mood: str = "calm", voice: str = "low")'),
        ("Moods:", "Voices: low, high. Moods:"),
        ("    return f", '    if voice not in ("low", "high"): raise ValueError("voice: low or high")\n    return f'),
    )
    fault = ('    return f"', '    if (mood, voice, speed) == ("sad", "high", 5): return {}[speed]\n    return f"')
    found = findings_of(tmp_path, tool(*two, fault), "tools: {voice: {}}\n", room=valid_call)
    assert [finding for finding in found if "KeyError" in finding], found
    assert findings_of(tmp_path, tool(*two), "tools: {voice: {}}\n", room=valid_call) == []


def test_words_may_be_refused_beside_others(tmp_path: Path) -> None:
    """Nothing promises that a word which is taken alone is taken with everything."""
    assert findings_of(tmp_path, tool(SLOW_IS_SAD), "tools: {voice: {}}\n", room=valid_call) == []


def test_a_text_of_which_nothing_is_told_costs_one_call(tmp_path: Path) -> None:
    """A made-up word that is taken ends the matter."""
    code, log = "def echo(text: str) -> str:\n    return str(text)\n", Log()
    assert findings_of(tmp_path, code, "tools: {echo: {}}\n", room=valid_call, log=log) == []
    assert [name for name, _ in log.events].count("call.start") == 2
