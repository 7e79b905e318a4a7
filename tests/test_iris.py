"""Formats `iri` and `iri-reference`: our patterns against the parser that `jsonschema` brings."""

from __future__ import annotations

import pytest
from rfc3987_syntax import is_valid_syntax as parsed

from pytest_toolcheck.iris import is_valid_syntax

HOSTS = [
    "[1:2:3:4:5:6:7:8]", "[::2:3:4:5:6:7:8]", "[1::3:4:5:6:7:8]", "[1:2:3:4:5::7:8]", "[1:2:3:4:5:6::8]", "[1:2:3:4:5:6:7::]",
    "[::1]", "[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:1.2.3.256]", "[v1.a:]", "[v.a]", "ö", "u:p@h:80", "h:8a", "a b", "",
]  # fmt: skip
TEXTS = [
    *(f"h://{host}/" for host in HOSTS),
    *("", "a", "a:b", "1a:b", "/a//b", "//", "?a?/", "#a#", "%41", "%4", "x:?\ue000", "x:#\ue000", "\U00010000", "\\", "x:\n", "a+-.:"),
]  # fmt: skip


@pytest.mark.parametrize("term", ["iri", "iri_reference"])
def test_the_patterns_accept_what_the_parser_accepts(term: str) -> None:
    """Each kind of part, whole and damaged: both say the same."""
    assert [is_valid_syntax(term, text) for text in TEXTS] == [parsed(term, text) for text in TEXTS]


def test_both_answers_occur() -> None:
    """The comparison compares something."""
    assert 10 < sum(is_valid_syntax("iri_reference", text) for text in TEXTS) < len(TEXTS) - 10
