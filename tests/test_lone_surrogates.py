"""Half of a UTF-16 pair: JSON can spell it, UTF-8 cannot hold it; a Python function can be handed it."""

from __future__ import annotations

import pytest

from pytest_toolcheck import generate_cases

from .specs import events, run, write_tool

CODE = '''
import hashlib

def echo(text: str) -> str:
    """Say it again."""
    return str_of(text)

def digest(text: str) -> str:
    """Tell texts apart."""
    return hashlib.sha256(str_of(text).encode()).hexdigest()

def count(text: str) -> int:
    """Count the letters."""
    return len([{"a": 1, "b": 1}[sign] if "\\ud7ff" < sign < "\\ue000" else 1 for sign in str_of(text)])

def halve(text: str) -> str:
    """Answer with what was not asked."""
    return str_of(text) and "\\ud83d"

def str_of(text):
    if not isinstance(text, str):
        raise ValueError("text: expected a string")
    return text
'''
SPEC = """
defaults: {variations: {categories: [unicode], fuzz: 0}, checks: {described: false}}
tools: {echo: {}, digest: {}, count: {}, halve: {}}
"""
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def test_only_who_needs_no_utf_8_is_sent_one() -> None:
    """By default every input can be written in UTF-8; asked for, the lone surrogate is a valid text."""
    assert not [case for case in generate_cases(SCHEMA) if "surrogate" in case.id]
    cases = [case for case in generate_cases(SCHEMA, lone_surrogates=True) if "surrogate" in case.id]
    assert [(case.id, case.input, case.label) for case in cases] == [
        ("unicode[text:lone surrogate]", {"text": "a\ud800b"}, "valid")
    ]


def test_a_crash_is_found_and_the_codec_s_refusal_is_none(pytester: pytest.Pytester) -> None:
    """Who hands it back or cannot encode it is not accused; who stumbles over it, or makes one up, is."""
    write_tool(pytester, CODE, SPEC)
    result = run(pytester, "-k", "surrogate or (halve and astral)")
    result.assert_outcomes(passed=3, failed=2, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(
        [
            "*no_crash: count crashed: KeyError: '?ud800' at shop.py:*",
            "*output_schema: halve returned a lone surrogate at the top, which is not JSON",
        ]
    )


def test_under_strict_acceptance_it_has_to_be_taken(pytester: pytest.Pytester) -> None:
    """`acceptance: strict` promises every valid text, and the codec's refusal breaks that."""
    write_tool(pytester, CODE, SPEC.replace("digest: {}", "digest: {acceptance: strict}"))
    result = run(pytester, "-k", "surrogate and (digest or echo)", "--toolcheck-log=off")
    result.assert_outcomes(passed=1, failed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["*accepts_valid: digest refused a valid input (unicode text: lone surrogate)*"])


KEEPER = '''
import json
from pathlib import Path

KEPT = []
FILE = Path(__file__).with_name("kept.json")

def keep(text: str) -> int:
    """Keep a text."""
    if not isinstance(text, str):
        raise ValueError("text: expected a string")
    KEPT.append(text)
    return len(KEPT)

def list_kept() -> list[str]:
    """All that was kept."""
    return KEPT

def size(unit: int = 1) -> int:
    """How large all of it is."""
    if type(unit) is not int or not unit:
        raise ValueError("unit: expected a number other than 0")
    return len("".join(KEPT).encode()) // unit

def write(text: str) -> int:
    """Write a text down."""
    if not isinstance(text, str):
        raise ValueError("text: expected a string")
    return FILE.write_text(json.dumps([text]))

def list_written() -> list[str]:
    """What is written down."""
    return json.loads(FILE.read_text())

def list_spoilt() -> list[str]:
    """What is written down, and what is not."""
    return [*list_written(), "\\udc00"]

def length(unit: int = 1) -> int:
    """How many bytes are written down."""
    if type(unit) is not int:
        raise ValueError("unit: expected a number")
    return len(list_written()[0].encode()) // unit if unit > 1 else 0
'''
KEEPING = "defaults: {variations: {exclude: [combination, size], fuzz: 0}, checks: {described: false}}\n"


def test_none_is_left_with_a_tool_of_this_process(pytester: pytest.Pytester) -> None:
    """Who keeps a text for others in its module is sent the half elsewhere: they are not handed it, and need no codec."""
    write_tool(pytester, KEEPER, KEEPING)
    result = run(pytester, "-k", "(keep and surrogate) or list_kept or (size and not refused)")
    result.assert_outcomes(passed=result.parseoutcomes()["passed"], deselected=result.parseoutcomes()["deselected"])
    sent = [event for event in events(pytester.path) if event["ev"] == "call.end" and event["tool"] == "list_kept"]
    assert sent
    assert not [event for event in sent if "udc00" in str(event) or "d800" in str(event)]


def test_what_an_earlier_call_left_is_held_against_nobody(pytester: pytest.Pytester) -> None:
    """Who reads one from a file, or cannot encode it, was sent it by an earlier call; made up, it is a finding."""
    write_tool(pytester, KEEPER, KEEPING)
    chosen = "(write and surrogate) or (list_written and base) or (list_spoilt and base) or (length and optional)"
    result = run(pytester, "-k", chosen)
    outcomes = result.parseoutcomes()
    result.assert_outcomes(passed=outcomes["passed"], failed=1, deselected=outcomes["deselected"])
    result.stdout.fnmatch_lines(["*output_schema: list_spoilt returned a lone surrogate at *"])
