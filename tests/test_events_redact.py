"""Secrets do not reach the file."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_toolcheck import generate_cases
from pytest_toolcheck.events import bind, open_run
from pytest_toolcheck.events.redact import MAX_PINNED, MAX_SEEN, REDACTED, Redactor, is_ordinary

SECRET_KEYS = [
    "authorization", "Authorization", "Proxy-Authorization", "api_key", "X-API-Key", "apiKey", "APIKEY",
    "openai_api_key", "token", "access_token", "accessToken", "token_value", "tokens", "password", "db-password",
    "password2", "PASSWORD",
    "cookie", "Set-Cookie", "cookies", "secret", "client_secret", "secret_key", "x.secret.y",
]  # fmt: skip
KEPT = [
    ("tokens_used", 5), ("max_tokens", 100), ("prompt_tokens", 7), ("token_type", "bearer"), ("tokenizer", "cl100k"),
    ("password_policy", "long"), ("secretary", "Ms Moneypenny"), ("has_password", True), ("token", None),
    ("token_count", 3), ("secret_name", "prod/db"), ("key", "abcdef"), ("authority", "example.org"), ("tok", "abcdef"),
]  # fmt: skip


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_value_of_a_secret_key_goes(key):
    """Case, separators and words around the name do not matter."""
    assert Redactor().redact({"a": [{key: "hunter2!"}]}) == {"a": [{key: REDACTED}]}


@pytest.mark.parametrize(("key", "value"), KEPT)
def test_what_is_about_a_secret_stays(key, value):
    """Counts, types, policies and flags are no secrets."""
    redactor = Redactor()
    assert redactor.redact({key: value, "note": str(value)}) == {key: value, "note": str(value)}


def test_number_under_a_secret_key_goes():
    """A numeric token is a token, and is found in texts."""
    assert Redactor().redact({"token": 12345678, "text": "got 12345678"}) == {
        "token": REDACTED,
        "text": "got [redacted]",
    }


def test_configured_names_count_too():
    """Names from the settings are treated like our own."""
    assert Redactor(["session-id"]).redact({"SessionId": "abcdef"}) == {"SessionId": REDACTED}


@pytest.mark.parametrize(
    "value",
    [
        ["authorization", "Bearer swordfish"],
        {"name": "Authorization", "value": "Bearer swordfish"},
        ["prog", "--token", "swordfish"],
        ["prog", "--api-key=swordfish"],
        '{"password": "swordfish"}',
        json.dumps(json.dumps({"password": "swordfish"})),
        "GET / HTTP/1.1\nAuthorization: Basic swordfish\nAccept: */*",
        "postgres://db?password=swordfish&x=1",
        {"cookies": {"sid": ["swordfish"]}},
        {"wrapped": [("secret", "swordfish")]},
    ],
)
def test_secrets_in_other_shapes_go(tmp_path, value):
    """Headers as pairs, name and value, command lines, JSON in a text, URLs."""
    with open_run(tmp_path, worker="main") as log:
        log.emit("call.start", attrs={"value": value})
    text = log.path.read_text()
    assert "swordfish" not in text
    assert REDACTED in text


def test_ordinary_words_stay(tmp_path):
    """A message that speaks of a token is not spoilt."""
    message = "Unexpected token: expected string"
    assert Redactor().redact({"message": message}) == {"message": message}


def test_seen_value_is_replaced_in_the_same_and_later_events(tmp_path):
    """A value that once stood under a secret key is found in error texts, whatever the order."""
    with open_run(tmp_path, worker="main") as log, bind(tool="login"):
        log.emit("call.end", error=ValueError('bad pa"ss\n1'), attrs={"input": {"password": 'pa"ss\n1'}})
        log.emit("warning", attrs={"message": 'it was pa"ss\n1!', "keys": {'pa"ss\n1': 1}})
        log.emit("call.start", attrs={"headers": {"authorization": "Bearer abc.def"}})
        log.emit("call.error", error={"type": "E", "message": "abc.def expired"})
    text = log.path.read_text()
    assert "ss\\n1" not in text
    assert "abc.def" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[2]["attrs"] == {"message": "it was [redacted]!", "keys": {"[redacted]": 1}}


def test_short_and_common_values_are_not_hunted():
    """A three-letter password and the word "string" are hidden under their key only."""
    redactor = Redactor()
    redactor.redact({"password": "abc", "token": {"type": "string"}, "api_key": "error"})
    told = {"text": "abc string", "error": "clean_error"}
    assert redactor.redact(told) == told


def test_generated_passwords_spoil_no_texts():
    """A password that cases are made of is hidden under its key; the words and letters it consists of stay in what follows."""
    said = {"text": "texts and more: text and words of it, aaaaaaaa, ________", "type": "text", "blank": " " * 30}
    schema = {
        "type": "object",
        "properties": {"password": {"type": "string", "minLength": 8, "maxLength": 20}, "token": {"type": "string"}},
        "required": ["password", "token"],
    }
    redactor = Redactor()
    for case in generate_cases(schema):
        hidden = redactor.redact({"input": case.input})["input"]
        assert (
            not isinstance(hidden, dict)
            or not isinstance(case.input.get("password"), str)
            or (hidden["password"] == REDACTED)
        )
    assert redactor.redact(said) == said
    redactor.redact({"password": "aaaaaaaa", "secret": "Text and more"})
    assert redactor.redact("aaaaaaaaaaaa, Text and more") == "aaaaaaaaaaaa, [redacted]"


def test_first_secrets_survive_a_flood():
    """Fuzzing a parameter named password does not make the log forget the real one, nor slow without bound."""
    redactor = Redactor()
    redactor.redact({"token": "the-real-one"})
    for i in range(MAX_SEEN * 2):
        redactor.redact({"password": f"fuzz-{i:06}"})
    assert redactor.redact("the-real-one") == REDACTED
    assert redactor.redact(f"fuzz-{MAX_SEEN * 2 - 1:06}") == REDACTED
    assert len(redactor._recent) == MAX_SEEN - MAX_PINNED


@given(st.text(min_size=4), st.text(), st.text())
def test_seen_secret_never_stands_in_a_text(secret, before, after):
    """Whatever the secret, a text that holds it is redacted, and the quick look never misses it."""
    redactor = Redactor()
    redactor.redact({"secret": secret})
    if not is_ordinary(secret) and secret not in REDACTED:
        assert secret not in redactor.redact(before + secret + after).replace(REDACTED, "\0")
        assert redactor.may_touch(msgspec.json.encode(before + secret + after))
