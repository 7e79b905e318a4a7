"""A tool that breaks after so many accepted calls is found, also where there are few different inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

VOTE = '''
from typing import Literal
seen = []

def vote(option: Literal["a", "b", "c"]) -> str:
    """Vote."""
    if option not in ("a", "b", "c"): raise ValueError("option: a, b or c")
    seen.append(option)
    return max("abc", key=seen.count)
'''
FULL = ("    return max", '    if len(seen) > 40: raise ValueError("the election is over")\n    return max')
FAULTS = {
    "crash": "    if len(seen) == 40: raise KeyError(40)\n    return max",
    "result": "    if len(seen) > 40: return None\n    return max",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_state_that_grows_is_seen(fault: str, tmp_path: Path) -> None:
    """The fortieth vote of three that there are breaks the tool."""
    found = findings_of(tmp_path, VOTE.replace("    return max", FAULTS[fault]), "tools: {vote: {}}\n")
    assert len(found) == 1, found


def test_many_calls_accuse_nobody(tmp_path: Path) -> None:
    """A tool that counts, and one that is full by then and says so, are as they should be."""
    assert findings_of(tmp_path, VOTE, "tools: {vote: {}}\n") == []
    assert findings_of(tmp_path, VOTE.replace(*FULL), "tools: {vote: {}}\n") == []


LEAKY = """
import os, threading
seen, kept = [], []

def tick(on: bool) -> str:
    if type(on) is not bool: raise ValueError("on: a boolean")
    seen.append(on)
    LATE
    kept.append(os.open("/dev/null", os.O_RDONLY))
    if len(kept) > 2: os.close(kept.pop(0))
    return "ok"
"""


def test_a_crash_in_a_call_that_was_only_made_for_comparison_is_told(tmp_path: Path) -> None:
    """What looks at leaks calls again with the same input: if the tool crashes then, that is judged, too."""
    spec = "tools: {tick: {variations: {categories: [example]}}}\n"
    assert findings_of(tmp_path, LEAKY.replace("LATE", "pass"), spec, cases=True, room=lambda _plan: ()) == []
    late = "if len(seen) == 4: raise KeyError(4)"
    found = findings_of(tmp_path, LEAKY.replace("LATE", late), spec, cases=True, room=lambda _plan: ())
    assert [finding for finding in found if "KeyError" in finding], found
