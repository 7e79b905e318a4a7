"""E-mail addresses: no case hangs on `jsonschema` taking every text with an `@` for one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from pytest_toolcheck.cases import generate_cases, label_of
from pytest_toolcheck.cases.addresses import address_of_length, is_address
from pytest_toolcheck.cases.formats import BAD, GOOD, StringFormat, add_format
from pytest_toolcheck.cases.schema import Document
from pytest_toolcheck.cases.strategy import from_schema


def of(**more: Any) -> dict[str, Any]:
    address = {"type": "string", "format": "email", **more}
    return {"type": "object", "properties": {"to": address}, "required": ["to"]}


NARROWED = {
    "any": of(),
    "with a sign": of(pattern="@"),
    "two words": of(pattern=r"^\S+@\S+$"),
    "anything around it": of(pattern="^.*@.*$"),
    "of a domain": of(pattern=r"@example\.com$"),
    "but one": of(**{"not": {"enum": ["user@example.com"]}}),
    "long": of(minLength=40, maxLength=300),
    "the shortest": of(maxLength=3),
}


@pytest.mark.parametrize("name", NARROWED)
def test_valid_texts_are_addresses(name: str) -> None:
    """So are those that are drawn; texts that are none are sent as invalid only where `jsonschema` refuses them too."""
    schema = NARROWED[name]
    inputs = [(case.label, case.input) for case in generate_cases(schema) if isinstance(case.input, dict)]
    texts = [(label, given["to"]) for label, given in inputs if isinstance(given.get("to"), str)]
    assert {label for label, _ in texts} == {"valid", "invalid"}
    assert all(is_address(text) for label, text in texts if label == "valid")
    assert all(label == label_of(schema, {"to": text}) for label, text in texts)
    drawn: list[str] = []

    @settings(max_examples=15, database=None, deadline=None, suppress_health_check=[*HealthCheck])
    @given(from_schema(schema))
    def draw(value: dict[str, str]) -> None:
        drawn.append(value["to"])

    draw()
    assert drawn
    assert all(map(is_address, drawn))


def test_what_is_an_address_is_known() -> None:
    """All good ones of the table are, none of the bad; of each length there is one, up to what mail servers take."""
    assert all(map(is_address, (*GOOD["email"], *GOOD["idn-email"])))
    assert not any(
        map(is_address, (*BAD["email"], "@", "a@", "@b", "a b@c", "a@b c", ".a@b", "a..b@c", "a@-b", "a@b\n", "a@b@c"))
    )
    made = [address_of_length(length) for length in range(3, 255)]
    assert all(text is not None and len(text) == length and is_address(text) for length, text in enumerate(made, 3))
    assert [address_of_length(length) for length in (0, 2, 255, 1000)] == [None] * 4


def test_what_only_the_lenient_check_decides_is_disputed() -> None:
    """Wherever it stands; an example of the user's is sent all the same, and a format of the user's own is believed."""
    lenient, refused = Document(of()), Document(of(**{"not": {"format": "email"}}))
    assert lenient.is_disputed({"to": "@"}, is_valid=True)
    assert not lenient.is_disputed({"to": "a@b"}, is_valid=True)
    assert not lenient.is_disputed({"to": "a"}, is_valid=False)
    assert not refused.is_disputed({"to": "@"}, is_valid=False)
    assert Document({"not": {"format": "email"}}).is_disputed("@", is_valid=False)
    assert next(generate_cases(of(), examples=[{"to": "@ops"}])).input == {"to": "@ops"}
    take_back = add_format("email", StringFormat(lambda text: text.startswith("@"), ("@ops",)))
    try:
        assert not Document(of()).is_disputed({"to": "@ops"}, is_valid=True)
    finally:
        take_back()
