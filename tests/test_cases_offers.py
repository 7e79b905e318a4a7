"""Refusals in many words: what they offer, and the form that they ask for, is tried until the tool accepts it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_toolcheck.cases.offers import lists_in, unpacked
from pytest_toolcheck.cases.words import allowed_in, from_refusal
from pytest_toolcheck.proof import prove
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome

REFUSALS = [
    ("No such unit. Did you mean furlong?", 'furlong'),
    ("expected furlong|chain|rod", 'furlong|chain'),
    ('{"error": {"code": "bad_unit", "allowed": ["furlong", "chain"]}}', 'furlong'),
    ('{"detail":[{"loc":["body","unit"],"msg":"value is not a valid enumeration member; permitted: \'furlong\', \'chain\'","type":"type_error.enum"}]}', 'furlong'),
    ('{"detail":[{"type":"literal_error","loc":["unit"],"msg":"Input should be \'furlong\' or \'chain\'","ctx":{"expected":"\'furlong\' or \'chain\'"}}]}', 'furlong'),
    ("invalid choice: x (choose from furlong, chain)", 'furlong'),
    ("Unsupported unit. Supported: furlong / chain / rod", 'furlong'),
    ("Unit should be furlong/chain/rod", 'furlong'),
    ("unit should be in [furlong, chain]", 'furlong'),
    ("Only furlong and chain are supported.", 'furlong'),
    ("This service only supports furlong, chain or rod", 'chain'),
    ("Unknown unit. Pick one:\n 1. furlong\n 2. chain\n", 'chain'),
    ("Unknown unit. Available units:\nfurlong\nchain\nrod", 'chain'),
    ("Invalid value 'x' for 'unit'. Possible values: furlong | chain", 'chain'),
    ("No such table: foo. Existing tables: users, orders", 'orders'),
    ("not found: 'x'. Try: alpha9, beta9", 'beta9'),
    ("unit is neither furlong nor chain", 'chain'),
    ("I know these units: furlong, chain and rod.", 'chain'),
    ("unit should equal chain", 'chain'),
    ('[{"received":"x","code":"invalid_enum_value","options":["furlong","chain"],"path":["unit"],"message":"Invalid enum value. Expected \'furlong\' | \'chain\', received \'x\'"}]', 'chain'),
    ("unit: must be one of [furlong chain rod]", 'chain'),
    ("Key: 'unit' Error:Field validation for 'unit' failed on the 'oneof' tag: furlong chain rod", 'chain'),
    ("unit is not included in the list (furlong, chain)", 'chain'),
    ("unit -> {furlong, chain}", 'chain'),
    ("unit=x is invalid; choices=furlong,chain", 'chain'),
    (r"must match /[A-Z]{2}\d{3}/", r"[A-Z]{2}\d{3}"),
    (r"String should match pattern '[A-Z]{2}\d{3}'", r"[A-Z]{2}\d{3}"),
    ("must be of the form owner/repo", r"[^/]+/[^/]+"),
    ("must end with .csv", r".+\.csv"),
    ("only .csv files are accepted", r".+\.csv"),
    ("must be at least 30 characters", ".{30,}"),
    ("must be a 24-character hex string", r"[0-9a-f]{24}"),
    ("must be uppercase letters only", r"[A-Z]+"),
    ("must be an ISO date", r"\d{4}-\d\d-\d\d"),
    ("path must be absolute", r"/.*"),
    ("expected a comma-separated list", r".+,.+"),
    ("expected key=value", r"\w+=\w+"),
    ("expected 'lat,lon'", r"-?\d+(\.\d+)?, ?-?\d+(\.\d+)?"),
    ("please give first and last name", r"\S+ \S+"),
    ("duration must be MM:SS", r"\d\d:\d\d"),
    ("phone must be in E.164 format", r"\+\d{8,15}"),
    ("invalid IBAN", r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}"),
    ("ungültige Einheit, erlaubt sind: meile, kette", 'kette'),
    ("unité invalide, valeurs possibles : mille, chaine", 'chaine'),
    ("unit not supported (2 available: furlong, chain)", 'chain'),
    ("Unknown unit.\nAvailable:\n  furlong   220 yards\n  chain     22 yards\n", 'chain'),
    ('{"message":"unit should be equal to one of the allowed values","params":{"allowedValues":["furlong","chain"]}}', 'chain'),
]  # fmt: skip
"""What a tool says, and the expression of what it takes."""
NUMBERS = [
    ("n must be a power of two greater than 4", lambda n: n > 4 and n & (n - 1) == 0),
    ("n must be a year", lambda n: 1900 <= n <= 2100),
    ("the minimum is 10,000", lambda n: n >= 10000),
    ("n must be prime", lambda n: n in (2, 3, 5, 7, 11, 13)),
]


def base_of(kind: str, takes: Any, said: str) -> Any:
    """Return what is found that a tool of one parameter takes, which refuses all else with the same words."""

    def call(given: Mapping[str, Any]) -> Outcome:
        if takes(given["it"]):
            return Outcome("accepted", 1, value={"ok": True})
        return Outcome("refused", 1, error=CallError("ValueError", said))

    schema = {"type": "object", "properties": {"it": {"type": kind}}, "required": ["it"]}
    return prove(ToolSpec(name="tool", input=schema), call).base


@pytest.mark.parametrize(("said", "taken"), REFUSALS)
def test_what_a_refusal_offers_is_tried(said: str, taken: str) -> None:
    """Lists in brackets, behind a colon, one a line, in JSON, in other languages; forms by name and by expression."""
    assert base_of("string", lambda it: re.fullmatch(taken, it), said) is not None


@pytest.mark.parametrize(("said", "takes"), NUMBERS)
def test_the_kind_of_number_that_a_refusal_names_is_tried(said: str, takes: Any) -> None:
    """A year, a prime, a power of two, and thousands that are written with commas."""
    assert base_of("integer", takes, said) is not None


@pytest.mark.parametrize(
    "said", ["unit: unknown", "at most 9 characters (got 12)", "file not found [Errno 2]", "{broken", "[]"]
)
def test_a_plain_refusal_lists_nothing(said: str) -> None:
    """Brackets around one thing are no list of what is allowed."""
    assert lists_in(said) == []
    assert allowed_in(said) == []


def test_json_is_read_as_data() -> None:
    """The names of members and the place of an error are no offers; an array that is called allowed is one."""
    text, listed = unpacked('422: {"detail": [{"loc": ["body", "unit"], "msg": "bad", "allowed": ["km", 5]}]}')
    assert (text.split(), listed) == (["422:", "body", "unit", "bad"], ["km", "5"])


def test_what_pydantic_writes_beside_its_words_is_no_offer() -> None:
    """The kind of text that it names comes first, before the notes in brackets are tried word by word."""
    said = (
        "1 validation error for Request\nbase\n  Input is not a valid IPv4 address [type=ip_v4_address, "
        "input_value='text', input_type=str]\n    For further information visit https://errors.pydantic.dev/2.14/v/x"
    )
    assert allowed_in(said) == []
    assert from_refusal(said)[0] == "127.0.0.1"
