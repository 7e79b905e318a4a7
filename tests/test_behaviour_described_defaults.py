"""A default that only a description names is what the answers show, where they repeat the parameter."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

SPEC = """
tools:
  summarize:
    input:
      type: object
      properties:
        text: {type: string}
        most: {anyOf: [{type: integer, minimum: 1, maximum: 50}, {type: "null"}], default: null, description: "SAID"}
      required: [text]
    annotations: {read_only: READ}
    variations: {categories: [repeat]}
"""
SAID = "most words (default: 10)"


def found(tmp_path: Path, answer: str, *, said: str = SAID, read: str = "true") -> list[str]:
    source = f"def summarize(text, most=None): return {answer}\n"
    return [
        each
        for each in findings_of(tmp_path, source, SPEC.replace("SAID", said).replace("READ", read))
        if "defaults" in each
    ]


@pytest.mark.parametrize("read", ["true", "false"])
def test_a_default_that_only_the_description_names_is_the_code_s(tmp_path: Path, read: str) -> None:
    """`int | None` in the schema, 10 in the words, 12 in the code."""
    told = "summarize: most left out is answered 12, and its default is 10"
    assert found(tmp_path, "{'most': most or 12}", read=read) == [f"summarize: defaults: {told}"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("{'most': most or 10}", SAID),
        ("{'most': most}", SAID),
        ("{'words': most or 12}", SAID),
        ("{'most': min(most or 10, 5)}", SAID),
        ("{'most': most or 12}", "most words (default: 10 for short texts)"),
        ("{'most': most or 12}", "most words (default: 10 or 12)"),
        ("{'most': most or 12}", "most words, 10 as a rule"),
        ("{'most': most or 60}", "most seconds (default: 1 minute)"),
    ],
)
def test_what_agrees_or_says_less_is_not_accused(tmp_path: Path, answer: str, said: str) -> None:
    """The same, nothing in its place, another member, what is cut, a condition, two numbers, a unit."""
    assert found(tmp_path, answer, said=said) == []
