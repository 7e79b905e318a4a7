"""Texts made from regular expressions and for formats."""

from __future__ import annotations

import re

import jsonschema
import pytest

from pytest_toolcheck.cases import generate_cases, satisfiability
from pytest_toolcheck.cases.formats import BAD, EXPRESSIONS, GOOD
from pytest_toolcheck.cases.patterns import matching, matching_of_length, near_misses
from pytest_toolcheck.cases.strategy import from_schema, yields

PATTERNS = [
    "^[A-Z]{3}-[0-9]{4}$",
    "^a|b$", r"\d+", r"^\w+@\w+\.com$", "^(foo|bar)+$", "[^abc]", r"^(\w)\1$", "^.{5,}$", "(?i)^x", r"\s",
    r"^#[0-9a-fA-F]{6}$",
    "^(?:a(?:b(?:c)?)?)$", "a{0}", "", r"^\+?[1-9]\d{1,14}$", "^[^@]+@[^@]+$", r"\Ax\Z", "^[à-ü]+$",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_texts_match(pattern):
    """Every text made for a pattern is found by it, and there is at least one."""
    assert matching(pattern)
    assert all(re.search(pattern, text) for text in matching(pattern))


@pytest.mark.parametrize("pattern", ["^[A-Z]{3}$", "^(foo|bar)$", r"^\d{4}-\d{2}$"])
def test_near_misses_of_anchored_patterns(pattern):
    """Junk before, junk after, a line before and a character less are tried, and are no matches.

    A last newline is not tried where dialects differ on it: before `$` it is a match to Python, and none to ECMA 262.
    """
    misses = dict(near_misses(pattern))
    for name in ("junk before", "junk after", "last cut", "line before"):
        assert not re.search(pattern, misses[name]), name
    assert not any(text.endswith("\n") and re.search(pattern, text) for text in misses.values())


@pytest.mark.parametrize(
    ("pattern", "length"), [("^[a-z]+$", 40), ("^[a-z]{2,8}$", 8), (r"\d", 12), ("^a-[0-9]*$", 30)]
)
def test_texts_of_a_length(pattern, length):
    """A pattern that can be stretched gives a text of the wanted length."""
    text = matching_of_length(pattern, length)
    assert text is not None
    assert len(text) == length
    assert re.search(pattern, text)


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", r"\p{L}", "[", "(?<=a)(?!b)c{99999999999}"])
def test_what_cannot_be_compiled_gives_nothing(pattern):
    """A broken or hopeless pattern raises nothing."""
    assert isinstance(matching(pattern), tuple)
    assert isinstance(near_misses(pattern), list)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_formats_have_good_and_bad_texts(name):
    """For each format `jsonschema` accepts some of the good texts, the first above all, and refuses most of the bad."""
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    assert checker.conforms(GOOD[name][0], name)
    if name in checker.checkers:
        refused = [text for text in BAD[name] if not checker.conforms(text, name)]
        assert len(refused) * 2 >= len(BAD[name])


@pytest.mark.parametrize("pattern", ["^$", "^\\s*$", "^[a-z]*$"])
def test_a_forbidden_pattern_may_be_that_of_no_characters(pattern: str) -> None:
    """What must not be blank has cases of both labels, the empty text among the invalid ones."""
    schema = {"type": "object", "properties": {"a": {"type": "string", "not": {"pattern": pattern}}}, "required": ["a"]}
    labels = {str(case.input.get("a", ...)): case.label for case in generate_cases(schema) if type(case.input) is dict}
    assert labels[""] == "invalid"
    assert "valid" in labels.values()


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("date", "^2031-"), ("date", "-11-30$|-12-24$"), ("date-time", "^2031-12-24T"), ("date-time", "[+]05:30$"),
        ("time", "^23:59:"), ("uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-7"), ("uuid", "00$"), ("email", "@corp\\.example$"),
        ("hostname", "\\.internal$"), ("ipv4", "^10\\."), ("ipv4", "\\.255$"), ("ipv6", "^fd00:"),
        ("uri", "\\.pdf$"), ("uri", "[?]page=[0-9]+$"), ("uri", "^https://github\\.com/[a-z]+/[a-z]+$"),
    ],
)  # fmt: skip
def test_texts_are_of_a_format_and_of_a_pattern(name, pattern):
    """There is a text that has both, so that the two together are no contradiction."""
    schema = {"type": "string", "format": name, "pattern": pattern}
    made = {case.input for case in generate_cases(schema) if case.label == "valid"}
    assert made
    assert all(re.search(pattern, text) for text in made)
    assert satisfiability(schema) == []


@pytest.mark.parametrize(
    ("name", "pattern", "length"),
    [
        ("email", "^[a-z]+@[a-z]+\\.org$", 10),
        ("hostname", "^[a-z]+\\.(de|nl)$", 13),
        ("uri", "^https://[a-z]+\\.io/$", 30),
    ],
)
def test_texts_of_a_format_and_of_a_pattern_have_the_length_asked_for(name, pattern, length):
    """All three together have a text, for cases and for what is drawn."""
    schema = {"type": "string", "format": name, "pattern": pattern, "minLength": length, "maxLength": length}
    assert [case for case in generate_cases(schema) if case.label == "valid"]
    assert satisfiability(schema) == []
    assert yields(from_schema(schema))


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_the_expression_of_a_format_allows_its_texts_only(name):
    """What is made for it alone is of the format."""
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    texts = matching(EXPRESSIONS[name])
    assert len(texts) > 2
    assert [text for text in texts if not checker.conforms(text, name)] == []


def test_an_address_of_a_pattern_is_one():
    """A tool that looks closer than validation does, which takes any text with an @, has something to accept."""
    schema = {"type": "string", "format": "email", "pattern": "@corp\\.example$"}
    assert re.fullmatch(r"\w+@corp\.example", next(iter(generate_cases(schema))).input)


@pytest.mark.parametrize(
    ("pattern", "most", "length"),
    [("^[a-z0-9]+(-[a-z0-9]+)*$", 80, 48), ("^[a-z0-9]+(-[a-z0-9]+)*$", 32, 32), ("^[a-z]+$", None, 48)],
)
def test_a_long_match_that_ends_in_a_sign_is_sent(pattern, most, length):
    """Code that looks for it in time that doubles with each character hangs: `([a-z0-9]+-?)+`; within the length allowed."""
    part = {"type": "string", "pattern": pattern, **({"maxLength": most} if most else {})}
    cases = generate_cases({"type": "object", "properties": {"slug": part}}, categories=["pattern"])
    found = [case for case in cases if case.detail.startswith("long and a sign")]
    assert [(case.label, len(case.input["slug"]), case.input["slug"][-1]) for case in found] == [
        ("invalid", length, "!")
    ]


def test_of_an_address_one_long_word_and_a_sign_is_sent():
    """What looks for addresses by an expression of its own may hang as well."""
    cases = generate_cases(
        {"type": "object", "properties": {"to": {"type": "string", "format": "email"}}}, categories=["format"]
    )
    assert any(
        len(case.input["to"]) > 30 and case.input["to"].endswith("a!") for case in cases if case.label == "invalid"
    )


def test_no_long_match_is_sent_under_a_short_length_or_an_expression_that_explodes():
    """Nor would a label be computed of it in time."""
    for part in ({"pattern": "^[a-z]+$", "maxLength": 20}, {"pattern": "^([a-z]+-?)+$"}, {"pattern": "^[A-Z]{2}$"}):
        cases = generate_cases(
            {"type": "object", "properties": {"a": {"type": "string", **part}}}, categories=["pattern"]
        )
        assert not [case for case in cases if case.detail.startswith("long and a sign")]
