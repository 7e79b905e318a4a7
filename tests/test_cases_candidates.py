"""Inputs that a tool is likely to accept, found in examples, defaults, words and names."""

from __future__ import annotations

import base64
import re
from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolcheck.cases import Case, base_candidates, generate_cases, label_of, rebase, static_base, words
from pytest_toolcheck.cases.patterns import matching
from pytest_toolcheck.cases.words import allowed_in, as_types, from_name, from_refusal, from_text
from pytest_toolcheck.spec.model import ValueSet

from .function_calls import function_calls

ZONE = (
    "IANA timezone name (e.g., 'America/New_York', 'Europe/London'). Use 'Etc/UTC' as local timezone "
    "if no timezone provided by the user."
)


def one(name: str, **schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string", **schema}}, "required": [name]}


def first(schema: Any, name: str, count: int = 3, **options: Any) -> list[Any]:
    return [candidate[name] for candidate in islice(base_candidates(schema, **options), count)]


def test_quoted_words_come_first():
    """Words quoted in a description are tried before anything made up."""
    assert first(one("zone", description=ZONE), "zone") == ["America/New_York", "Europe/London", "Etc/UTC"]


def test_the_public_time_server():
    """Both tools of mcp-server-time, whose schema only says string, get a working base at once."""
    schema = {
        "type": "object",
        "properties": {
            "source_timezone": {"type": "string", "description": ZONE},
            "time": {"type": "string", "description": "Time to convert in 24-hour format (HH:MM)"},
            "target_timezone": {"type": "string", "description": ZONE},
        },
        "required": ["source_timezone", "time", "target_timezone"],
    }
    base = next(base_candidates(schema))
    assert base == {"source_timezone": "America/New_York", "time": "12:30", "target_timezone": "America/New_York"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Time in 24-hour format (HH:MM)", "12:30"),
        ("The day, as YYYY-MM-DD", "2024-01-31"),
        ("e.g. Berlin", "Berlin"),
        ("Name of the unit, such as `metre`", "metre"),
        ("Zone (default: UTC)", "UTC"),
        ("An ISO 4217 currency code", "EUR"),
        ("A UUID", "2eb8aa08-aa98-11ea-b4aa-73b441d16380"),
        ('One of "small" or "large"', "large"),
        ("URL of the page", "https://example.com/"),
        ("Between 3 and 8", "8"),
        ("don't use 'this' or it's broken", "this"),
    ],
)
def test_words_of_descriptions(text, value):
    """Quotes, examples, formats in words, ranges."""
    assert value in from_text(text)


def test_a_kind_of_text_is_seen_wherever_its_expression_is_found() -> None:
    """The words that are looked for first are in all that the expression takes, in capitals and letters alike to them too."""
    for _, shape, values in words._SHAPES:
        texts = [text for branch in shape.split("|\\b") for text in matching(branch.removeprefix(r"\b"))]
        search, odd = words._shape(shape), str.maketrans("isk", "\u0131\u017f\u212a")
        spelled = [each for text in texts for each in (text, text.upper(), text.lower(), text.lower().translate(odd))]
        told = [f"A {text} here" for text in spelled if search(f"A {text} here")]
        assert told, shape
        assert [text for text in told if not {*values} <= {*words._of_kinds_in(text)}] == []


def test_words_that_spell_numbers_are_these_too() -> None:
    """Up to eighteen digits before and behind the point; of any script, as Python reads them."""
    no_numbers = [
        "",
        "-",
        ".",
        "5.",
        ".5",
        "--5",
        "1.2.3",
        "1e5",
        "+1",
        "1" * 19,
        f"1.{'1' * 19}",
        "\u00b2",
        "5\n",
        " 5",
    ]
    assert [*as_types(no_numbers)] == no_numbers
    assert [*as_types(["-7", "1.50", "\u0663", "-0.5", "1" * 18])] == [
        *("-7", -7, "1.50", 1.5, "\u0663", 3, "-0.5", -0.5, "1" * 18, int("1" * 18))
    ]


def test_of_kinds_that_no_text_tells_nothing_is_compiled() -> None:
    """Two dozen expressions take as long to compile as the cases of a tool to make; a text read again is read once."""
    words._shape.cache_clear()
    words._offered_by.cache_clear()
    from_text("The name of the unit")
    assert words._shape.cache_info().currsize == 0
    from_text("The day, as YYYY-MM-DD")
    assert 0 < words._shape.cache_info().currsize < 6
    assert function_calls(lambda: from_text("The day, as YYYY-MM-DD")) < 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timezone", "Europe/London"), ("sourceTimeZone", "Europe/London"), ("start_date", "2024-01-31"),
        ("userEmail", "user@example.com"), ("file_path", "README.md"), ("currency", "EUR"), ("countryCode", "DE"),
        ("URL", "https://example.com/"), ("lang", "en"), ("page", 1), ("order_ids", "1"), ("nothing_known", None),
    ],
)  # fmt: skip
def test_names_of_parameters(name, value):
    """What is usual for a name in any spelling; nothing for an unknown one."""
    assert value in from_name(name) if value is not None else from_name(name) == []


def test_words_of_refusals_are_no_words_of_the_refused():
    """Neither "unknown" nor "unsupported" begins a list of what is allowed."""
    assert allowed_in("Unknown filing status: hold. Use: single, joint") == ["single", "joint"]
    assert allowed_in("unsupported unit: furlong") == []
    assert allowed_in("x: expected json, yaml or xml, got 'a'") == ["json", "yaml", "xml"]
    assert allowed_in("unknown size. Sizes:\n- small\n- very large") == ["small", "very large"]


def test_words_of_refusals():
    """What an error text says is allowed is tried first when it is given as a hint."""
    text = "ValueError: unknown unit 'x'; expected one of: metre, foot, mile"
    assert {"metre", "foot", "mile"} <= set(from_refusal(text))
    assert {"metre", "foot", "mile"} & set(first(one("unit"), "unit", 3, hints=[text]))


def test_numbers_in_words_fit_numbers():
    """A word that spells a number is tried as one where the schema wants a number."""
    schema = {"type": "object", "properties": {"n": {"type": "integer", "description": "e.g. '42'"}}, "required": ["n"]}
    assert first(schema, "n", 1) == [42]


def test_order_of_sources():
    """Examples, then the author's values, then const, default, enum, description."""
    schema = one("x", default="given", examples=["shown"], description="e.g. 'told'")
    values = {"x": ValueSet(valid=("best",))}
    found = first(schema, "x", 5, examples=[{"x": "example"}], values=values)
    assert found == ["example", "best", "given", "shown", "told"]
    assert static_base(schema, values=values) == {"x": "best"}
    assert next(base_candidates(schema, values={"/x": {"valid": ["pointed"]}})) == {"x": "pointed"}


def test_candidates_are_valid_unique_and_few():
    """Whatever the words say, every candidate is accepted by the schema, occurs once, and there are at most 200."""
    schema = one("x", description="e.g. 'abc', 'toolong', 'ab'", maxLength=3)
    schema["properties"]["n"] = {"type": "integer", "minimum": 5}
    schema["required"].append("n")
    found = list(base_candidates(schema))
    assert 0 < len(found) <= 200
    assert all(label_of(schema, candidate) == "valid" for candidate in found)
    assert len({str(candidate) for candidate in found}) == len(found)


def test_no_candidate_where_none_can_be():
    """An unsatisfiable schema has no candidate, and a malformed one raises nothing."""
    assert list(base_candidates({"type": "object", "required": ["x"], "properties": {"x": False}})) == []
    assert static_base(False) is None
    assert list(base_candidates({"properties": 3})) == []


def test_examples_that_expect_errors_are_no_base():
    """An example that promises an error is not tried as a base."""
    failing = SimpleNamespace(input={"x": "bad"}, expect=SimpleNamespace(error="unknown"))
    assert first(one("x"), "x", 1, examples=[failing]) != ["bad"]


SCHEMA = {
    "type": "object",
    "properties": {"zone": {"type": "string"}, "count": {"type": "integer", "maximum": 5}, "o": {"type": "object"}},
    "required": ["zone", "count"],
}
OLD, NEW = {"zone": "text", "count": 1}, {"zone": "Europe/London", "count": 2}


def case_of(value: Any, pointer: str, label: str = "invalid", category: str = "boundary") -> Case:
    return Case("id", value, label, category, pointer, "")


@pytest.mark.parametrize(
    ("case", "moved"),
    [
        (case_of({"zone": "text", "count": 6}, "/count"), {"zone": "Europe/London", "count": 6}),
        (case_of({"count": 1}, "/zone", category="required"), {"count": 2}),
        (case_of({"zone": "text", "count": 1, "x": 1}, "/x", "valid"), {**NEW, "x": 1}),
        (case_of({"zone": 7, "count": 1}, "/zone"), {"zone": 7, "count": 2}),
        (case_of({"zone": "text", "count": True}, "/count"), {"zone": "Europe/London", "count": True}),
        (case_of([], ""), []),
        (case_of(OLD, "", "valid", "example"), OLD),
    ],
)
def test_a_change_moves_to_another_base(case, moved):
    """The one change is made again on the new base; what is no object, and an example, stays."""
    again = rebase(case, OLD, NEW, SCHEMA)
    assert again.input == moved
    assert again.label == case.label == label_of(SCHEMA, moved)
    assert type(again.input) is type(moved)


def test_a_case_stays_where_its_label_would_change():
    """On a base with which the change means something else, the case is left as it was."""
    schema = {"type": "object", "if": {"required": ["a"]}, "then": {"required": ["b"]}}
    case = case_of({"a": 1}, "/a")
    assert rebase(case, {}, {"b": 1}, schema) is case


def test_rebased_cases_keep_their_labels():
    """All cases of a schema, moved to another base, keep their labels."""
    old = static_base(SCHEMA)
    for case in generate_cases(SCHEMA):
        again = rebase(case, old, NEW, SCHEMA)
        assert again.label == label_of(SCHEMA, again.input)
        assert (again.id, again.label) == (case.id, case.label)


@pytest.mark.parametrize(
    ("refusal", "value"),
    [
        ("time data 'x' does not match format '%Y/%m/%d'", "2024/01/31"),
        ("x: must start with 'usr_'.", "usr_example"),
        ("x: must be an s3:// URL", "s3://example/item"),
        ("x: must be exactly 4 digits", "1234"),
        ("x: must be a 3-letter uppercase code", "ABC"),
        ("two lowercase letters, please", "ab"),
    ],
)
def test_the_shape_that_a_refusal_asks_for_is_tried(refusal: str, value: str) -> None:
    """A form of dates, a start, so many digits or letters."""
    assert value in from_refusal(refusal)


def test_an_expression_in_a_refusal_is_kept() -> None:
    """What must match it is made to."""
    assert any(re.fullmatch("[A-Z]{3}-[0-9]{4}", word) for word in from_refusal("must match ^[A-Z]{3}-[0-9]{4}$"))


@pytest.mark.parametrize(
    ("encoding", "decode"), [("base64", base64.b64decode), ("base32", base64.b32decode), ("base16", base64.b16decode)]
)
def test_a_text_in_the_encoding_comes_first(encoding, decode):
    """A tool that decodes what it is given would refuse every word: at least one text can be decoded, of the length asked for."""
    assert decode(first(one("blob", contentEncoding=encoding), "blob", 1)[0])
    assert decode(first(one("blob", contentEncoding=encoding, minLength=5), "blob", 1)[0])
    assert first(one("blob", contentEncoding="of our own"), "blob", 1)
