"""`jsonschema` without the time that its IRI parser takes: the same answers, nothing left behind."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_toolcheck import lazy_formats, lean_jsonschema, uris
from pytest_toolcheck.cases import formats
from pytest_toolcheck.lean_jsonschema import fast_check, iri_check
from pytest_toolcheck.uris import is_uri, is_uri_reference

from .function_calls import function_calls

SUITE = Path(__file__).parents[2] / "shared" / "data" / "json-schema-test-suite" / "tests" / "draft2020-12"
ODD = (
    *("http://[::1]/", "http://[1:2:3:4:5:6:7:8]", "http://[::2:3:4:5:6:1.2.3.4]", "http://[v1.a:b]/", "a:", "a:\n"),
    *("a://u:p@h:8/x?\ue000#f", "http://1.2.3.4:99", "x:/a/b//c?d?e#f/?", "//h:1a", "a#b#c", "a?\ue000", "a#\ue000"),
    *("%41%4z", "\ud7ff:a", "\u00e9:a", "a:\U0001f600", "://", "A+.-1:b", "1a:b", "a:b[", "?", "/", "//", "///x"),
)


def texts() -> list[str]:
    """Return texts for the four formats and texts one character away from these."""
    names = ("iri", "iri-reference", "uri", "uri-reference")
    known = [text for name in names for text in (*formats.GOOD[name], *formats.BAD[name], *ODD)]
    for path in SUITE.rglob("*i-ref*.json"):
        known += [t["data"] for group in json.loads(path.read_text()) for t in group["tests"]]
    draw = random.Random(1)
    short = [text for text in known if isinstance(text, str) and len(text) < 40]
    for text in draw.choices(short, k=40):
        at = draw.randrange(len(text) + 1)
        short.append(text[:at] + draw.choice("[]:/?#@%\u00e9\ue000 aV1.") + text[at + draw.randrange(2) :])
    return list(dict.fromkeys(short))


def test_the_expression_answers_as_the_package_does() -> None:
    """The expressions made from the grammar of rfc3987-syntax and its parser agree on every text."""
    parser = pytest.importorskip("rfc3987_syntax")
    assert parser.parse.__module__ == "rfc3987_syntax.syntax_helpers", "our import leaves the package as it always was"
    draw = random.Random(3)
    hosts = [
        "".join(draw.choices(("::", ":", "1", "1:2:3:4:5:6", "1.2.3.4", "v1.a"), k=draw.randrange(4))) for _ in range(6)
    ]
    beyond = [f"{part}{char}" for part in "/?" for char in "\x80\x81\xa0\ud7ff\ue000\uf8ff\uf900\ufdd0\uffff"]
    for rule in ("iri", "iri_reference"):
        holds_for, wrong, seen = iri_check(rule), [], set()
        for text in (*texts(), *beyond, *(f"a://[{host}]/" for host in hosts)):
            holds = holds_for(text)
            seen.add(holds)
            wrong += [text] if holds != parser.is_valid_syntax(rule, text) else []
        assert not wrong, (rule, wrong)
        assert seen == {True, False}


def test_the_expressions_are_made_in_few_steps() -> None:
    """Of the forms of an address and of classes of thousands of characters nothing is compiled before a text has them."""
    iri_check.cache_clear()
    assert function_calls(lambda: [iri_check("iri_reference")("/a"), iri_check("iri")("a:b")]) < 50_000


def test_uris_are_what_the_package_takes_for_some() -> None:
    """Our reading and the two expressions of rfc3986-validator agree on every text, addresses in brackets most of all."""
    package = pytest.importorskip("rfc3986_validator")
    draw = random.Random(2)
    pieces = ("::", ":", "1", "ab", "12345", "1.2.3.4", "256.1.1.1", "01.2.3.004", "v1.x", "v.", "1:2:3:4:5", "f:f:f:")
    inside = ["".join(draw.choices(pieces, k=draw.randrange(7))) for _ in range(1500)]
    marks = (*pieces, "[", "]", "//", "/", "?", "#", "@", "%4", "%4f", "\n", "http:", "&", " ", "\u00e9")
    loose = ["".join(draw.choices(marks, k=draw.randrange(6))) for _ in range(1500)]
    tried = [*texts(), *loose, *(f"http://[{text}]{draw.choice(['', '/', ':8', 'x'])}" for text in inside)]
    for ours, rule in ((is_uri, "URI"), (is_uri_reference, "URI_reference")):
        said = {text: package.validate_rfc3986(text, rule=rule) is not None for text in tried}
        assert [text for text in tried if ours(text) != said[text]] == []
        assert sum(said.values()) > 100
    assert not [name for name, value in vars(uris).items() if isinstance(value, re.Pattern)]  # compiling costs more


def test_our_import_builds_no_parser_and_leaves_packages_alone() -> None:
    """After our import `lark` is not loaded, IRIs are checked, and `isoduration` is what it always was."""
    code = (
        "import sys; from pytest_toolcheck.cases import generate_cases, label_of; schema = {'format': 'iri'}; "
        "list(generate_cases(schema)); list(generate_cases({'format': 'uri'})); list(generate_cases({'format': 'uri-reference'})); "
        "assert label_of(schema, 'a b') == 'invalid' and label_of(schema, 'http://\u00f6.de') == 'valid'; "
        "late = {'lark', 'rfc3987_syntax', 'rfc3986_validator', 'isoduration', 'arrow', 'idna', 'uri_template', 'webcolors'} & set(sys.modules); "
        "assert not late, late; assert label_of({'format': 'duration'}, 'PT') == 'invalid'; "
        "import isoduration; assert isoduration.__file__"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("idn-hostname", "stra\u00dfe.de", "a..b"),
        ("duration", "P1DT5M", "PT"),
        ("date-time", "2026-11-26T08:00:00Z", "2026-11-26"),
        ("uri", "http://a.de/", "a b"),
        ("uri-reference", "/a?b", "\\"),
        ("uri-template", "/a/{b}", "{"),
    ],
)
def test_a_format_is_checked_by_its_package_when_a_value_has_it(name, good, bad) -> None:
    """The stand-ins give the answers of the packages, their errors included."""
    checker = lean_jsonschema.Draft202012Validator.FORMAT_CHECKER
    assert checker.conforms(good, name)
    assert not checker.conforms(bad, name)
    stand_in = lazy_formats._stand_in("isoduration")
    with pytest.raises(stand_in.DurationParsingException):
        stand_in.parse_duration("PT")
    assert str(stand_in.parse_duration("P1D")) == "P1D"


def test_labels_are_quick_where_jsonschema_was_imported_before_us() -> None:
    """The parser is there then, and our labels do without it; a checker that does not ask it is left alone."""

    def slow(_instance: object) -> bool:
        return bool(_rfc3987_is_valid_syntax)  # type: ignore[name-defined]  # noqa: F821

    checker = lean_jsonschema.FormatChecker(formats=())
    checker.checkers = {"iri": (slow, ()), "iri-reference": (lambda _: True, ()), "uri": (slow, ())}
    assert fast_check(checker, "iri") == iri_check("iri")
    assert fast_check(checker, "iri-reference") is None
    assert fast_check(checker, "uri") is None
    plain = lean_jsonschema.Draft202012Validator.FORMAT_CHECKER
    assert fast_check(plain, "uri") is is_uri
    assert fast_check(plain, "uri-reference") is is_uri_reference
    assert fast_check(plain, "no such format") is None


@pytest.mark.parametrize(
    "grammar", ["iri: iri iri_reference", "iri: ~x", "other: iri", "iri: ///"], ids=["loop", "mark", "none", "bad"]
)
def test_a_grammar_that_is_not_understood_leaves_the_answer_to_the_package(grammar, monkeypatch) -> None:
    """The stand-in asks the package itself then, which is imported for it; and without a file there is no stand-in."""
    package = type("Package", (), {"is_valid_syntax": staticmethod(lambda term, value: (term, value))})
    monkeypatch.setattr(lean_jsonschema, "_grammar", lambda: grammar)
    monkeypatch.setattr(lean_jsonschema, "sys", type("Fresh", (), {"modules": {}}))
    monkeypatch.setattr(lean_jsonschema, "import_module", {"rfc3987_syntax": package}.__getitem__)
    iri_check.cache_clear()
    try:
        assert lean_jsonschema._stand_in().is_valid_syntax("iri", "") is True
        package.is_valid_syntax = staticmethod(lambda _term, _value: False)
        assert lean_jsonschema._stand_in().is_valid_syntax("iri", "x:y") is False
    finally:
        iri_check.cache_clear()


def test_without_the_grammar_jsonschema_is_left_as_it_is(monkeypatch) -> None:
    """A package that is not installed as files is imported by jsonschema as ever."""
    monkeypatch.setattr(lean_jsonschema, "find_spec", lambda _name: None)
    monkeypatch.setattr(lean_jsonschema, "sys", type("Fresh", (), {"modules": {}}))
    assert lean_jsonschema._stand_in() is None
