"""Expressions that ECMA 262 has and Python's `re` lacks: schemas that use them are schemas, and are served."""

from __future__ import annotations

import re
import sys
import textwrap
from unicodedata import category

import pytest

from pytest_toolcheck.cases import generate_cases, label_of
from pytest_toolcheck.cases.contradictions import satisfiability
from pytest_toolcheck.cases.strategy_leaves import matching
from pytest_toolcheck.checks.violation import is_valid, is_valid_in_decimals, violation_of
from pytest_toolcheck.ecma import _runs, in_python, is_expression, with_ends_of_ranges

from .function_calls import function_calls
from .specs import PLUGINS

NAMED = {"a": {"type": "string", "pattern": r"^[\p{Lu}_]\p{Ll}{1,3}$"}}
SCHEMA = {"type": "object", "properties": NAMED, "required": ["a"], "additionalProperties": False}


def test_the_categories_are_those_of_unicodedata():
    """Each character stands in one row, of its own category, though most are not asked for one by one."""
    rows = [(kind, chr(code)) for kind, first, last in _runs() for code in range(first, last + 1)]
    assert len(rows) == sys.maxunicode + 1
    assert [char for kind, char in rows if category(char) != kind] == []


@pytest.mark.parametrize(
    ("pattern", "found", "missed"),
    [
        (r"^\p{L}+$", ("\u00e9cole", "Z", "\u4e2d", "\U00010400"), ("", "a1", "a b", "a\n", "\u0301", "\u00b2")),
        (r"^\p{Letter}cole", ("\u00e9cole",), ("1cole",)),
        (r"^\P{L}$", ("1", "\n", "\U0001f600"), ("a", "\u00e9")),
        (r"^[^\p{L}\d]$", ("-", " "), ("a", "7")),
        (r"^[\P{Lu}x]$", ("a", "x"), ("A",)),
        (r"^\p{gc=Nd}\p{General_Category=Lu}$", ("1A", "\u0661\u00c9"), ("\u00b2A", "1a")),
        (r"^\p{LC}\p{digit}$", ("a1", "\u01c51"), ("\u4e2d1",)),
        (r"^\cA\p{Zs}$", ("\x01 ", "\x01\u00a0"), ("A ",)),
        (r"^\u{1F600}\/$", ("\U0001f600/",), ("u",)),
        (r"^\\\p{L}$", ("\\a",), ("\\1", "a")),
    ],
)
def test_what_an_expression_of_ecma_262_finds(pattern, found, missed):
    """Labels are those of the standard, where `jsonschema` only raises."""
    assert is_expression(pattern)
    assert [text for text in found if label_of({"pattern": pattern}, text) != "valid"] == []
    assert [text for text in missed if label_of({"pattern": pattern}, text) != "invalid"] == []
    assert satisfiability({"type": "string", "pattern": pattern}) == []


def test_what_python_knows_stays_as_it_is():
    """Only what it cannot compile is written anew; what nobody knows raises, and makes a schema none."""
    for pattern in (r"^\d+$", "", r"\w{2}", "[[]"):
        assert in_python(pattern) == pattern
    for pattern in (r"\p{Script=Greek}", r"\p{L", "(", r"\p{Nonsense}"):
        with pytest.raises(re.error):
            is_expression(pattern)
        assert "is not a 'regex'" in str(satisfiability({"pattern": pattern})[0])
    assert is_expression(1)


def test_cases_of_such_a_schema_are_near_its_pattern():
    """Strings of both labels, as for any pattern; also where names of members have it."""
    for schema, read in (
        (SCHEMA, lambda value: value.get("a")),
        ({"patternProperties": {r"^\p{Lu}$": False}}, next_name),
    ):
        cases = [
            case
            for case in generate_cases(schema)
            if isinstance(case.input, dict) and isinstance(read(case.input), str)
        ]
        assert {case.label for case in cases} == {"valid", "invalid"}
    made = [case.input["a"] for case in generate_cases(SCHEMA) if isinstance(case.input, dict) and "a" in case.input]
    assert [text for text in ("Aa", "Aaaa", "Aaaaa", "A") if text not in made] == []
    assert function_calls(lambda: list(generate_cases(SCHEMA))) < 60_000


@pytest.mark.parametrize("pattern", [r"\p{L}", r"[\p{Lu}\p{Lo}\-\]]", r"\P{L}", r"[^\]\p{L}]"])
def test_texts_are_drawn_by_the_ends_of_long_ranges(pattern):
    """They find a part of what was found, the first and the last of each row too; what is other than a class stays so."""
    written = in_python(pattern)
    rows = [[int(end, 16) for end in row] for row in re.findall(r"\\U(\w{8})-\\U(\w{8})", written)]
    ends, inside = ({chr(code) for row in rows for code in codes(*row)} for codes in (_ends_of, _inside_of))
    whole, left = (
        set(re.findall(one, "".join(ends | inside) + "-]ax")) for one in (written, with_ends_of_ranges(written))
    )
    assert left <= whole
    assert whole - left == (set() if pattern.startswith("[^") else inside)


def _ends_of(low, high):
    return low, high, min(low + 31, high), max(high - 31, low)


def _inside_of(low, high):
    return (low + 32, high - 32) if high - low >= 64 else ()


def test_drawing_letters_takes_few_steps():
    """Of 140,000 letters those at the ends are looked at."""
    matching.cache_clear()
    assert function_calls(lambda: matching(r"^\p{L}+$").validate()) < 700_000


def next_name(value):
    return next(iter(value), None)


def test_what_such_a_schema_refuses_is_told():
    """In the words of the schema, although `jsonschema` cannot compile it."""
    assert violation_of(SCHEMA, {"a": "\u00c9t\u00e9"}) is None
    broken = violation_of(SCHEMA, {"a": "x"})
    assert (broken.message, broken.pointer) == (rf"'x' does not match {NAMED['a']['pattern']!r}", "/a")
    names = {"patternProperties": {r"^\p{Lu}$": {"type": "null"}}}
    assert violation_of(names, {"\u00c9": 1}).schema_pointer == r"/patternProperties/^\p{Lu}$/type"
    assert "expression" in violation_of({"pattern": "("}, "x").message
    assert is_valid(SCHEMA, {"a": "Ab"}, floats_are_integers=False)
    assert not is_valid_in_decimals(SCHEMA, {"a": "1"})


@pytest.mark.parametrize(
    "pattern", [r"^[\x00-\x7f]+$", "^[\\x00-\U0010ffff]{2}$", r"^[^\x00-\x1f]+$", r"[\p{Cc}-\x7f]"]
)
def test_classes_that_reach_the_ends_are_served(pattern):
    """There is no character below the first nor above the last."""
    assert any(case.label == "valid" for case in generate_cases({"type": "string", "pattern": pattern}))


def test_a_tool_whose_names_are_letters(pytester):
    """A spec with such a pattern is run like any other: the good tool passes, the one that takes digits is found."""
    pytester.makepyfile(
        names=r"""
        import unicodedata
        def check(a, also=()):
            if not (isinstance(a, str) and 2 <= len(a) <= 4 and (unicodedata.category(a[0]) == "Lu" or a[0] == "_")):
                raise ValueError("a: an upper-case letter or _, then one to three lower-case ones")
            if not all(unicodedata.category(char) in ("Ll", *also) for char in a[1:]):
                raise ValueError("a: lower-case letters")
            return {"a": a}
        def good(a):
            return check(a)
        def bad(a):
            return check(a, ("Nd",))
        """
    )
    tool = '{input: {type: object, properties: {a: {type: string, pattern: "^[\\\\p{Lu}_]\\\\p{Ll}{1,3}$"}}, required: [a], additionalProperties: false}, acceptance: strict}'
    pytester.makefile(
        ".tool.yaml",
        names=textwrap.dedent(f"toolcheck: 1\ntarget: {{python: names.py}}\ntools:\n  good: {tool}\n  bad: {tool}\n"),
    )
    result = pytester.runpytest(*PLUGINS, "-q", "-rf", "--no-header")
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    failed = [line for line in result.outlines if line.startswith("FAILED")]
    assert failed, result.stdout.str()
    assert all("::bad::" in line for line in failed), failed


def test_the_ranges_of_a_category_are_read_in_few_steps() -> None:
    """Letters have six hundred ranges; as escapes they take Python three times as many calls."""
    spelled = in_python(r"\p{L}")
    assert function_calls(lambda: re._parser.parse(spelled)) < 6_000  # type: ignore[attr-defined]
    assert not [code for code in range(0x3000) if (category(chr(code))[0] == "L") != bool(re.match(spelled, chr(code)))]
    assert len(with_ends_of_ranges(spelled)) > len(spelled)
