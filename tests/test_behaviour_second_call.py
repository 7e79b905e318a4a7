"""What the second call of two shows: a key asked for first, an effect that settles, a rare input, another day."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

HEAD = "import datetime, uuid\nseen, level = {}, {'n': 50}\n"
PAIRS = {
    "a counter that only its own tool shows": (
        "read_only",
        'def tool(key: str) -> dict:\n    n = seen.get(key, 0)\n    LINE\n    return {"key": key, "count": n}',
        "seen[key] = 1",
        "seen.get(key)",
        "the first call of a new key changes what the next one answers: called with",
    ),
    "a step towards what is set": (
        "idempotent",
        'def tool(volume: int) -> dict:\n    LINE\n    return {"ok": True}\ndef get_volume() -> int:\n    return level["n"]',
        "level['n'] = (level['n'] + min(max(volume, 0), 100)) // 2 + 1",
        "level['n'] = min(max(volume, 0), 100)",
        "a second equal call changes what get_volume answers, from",
    ),
    "chance where nothing was given": (
        "deterministic",
        'def tool(title: str) -> str:\n    return title.lower().replace(" ", "-") or LINE',
        "uuid.uuid4().hex",
        "'untitled'",
        'called again with {"title": ""} it answered differently',
    ),
    "a day that is past": (
        "deterministic",
        "def tool(year: int) -> str:\n    return str(year) + (LINE)",
        "' past' if year < datetime.date.today().year else ''",
        "' past' if year < 2000 else ''",
        "called 30 years earlier with",
    ),
    "a cache with half a key of words that a refusal names": (
        "deterministic",
        (
            "RATES = {'usd': 1.0, 'eur': 0.9, 'gbp': 0.8}\ndef tool(amount: int, currency: str) -> float:\n"
            "    if currency not in RATES: raise ValueError('currency must be one of: usd, eur, gbp')\n"
            "    return seen.setdefault(LINE, amount * RATES[currency])"
        ),
        "amount",
        "(amount, currency)",
        "with nothing called before with",
    ),
}
QUIET = {
    "a cache that says so": 'def tool(key: str) -> dict:\n    hit = key in seen\n    seen[key] = 1\n    return {"key": key, "hit": hit}',
    "chance by key": (
        "import random\ndef tool(key: str) -> dict:\n    return {'quote': seen.setdefault(key, random.random())}"
    ),
    "work that is begun": (
        "def tool(key: str) -> dict:\n    known = key in seen\n    seen[key] = 1\n    return {'status': 'ready' if known else 'pending'}"
    ),
}


def found(folder: Path, check: str, code: str) -> list[str]:
    windows = "\n  get_volume: {annotations: {read_only: true}}" if "get_volume" in code else ""
    return findings_of(folder, HEAD + code, f"tools:\n  tool: {{annotations: {{{check}: true}}}}{windows}\n")


@pytest.mark.parametrize("name", PAIRS)
def test_what_a_second_call_shows_is_found_and_its_twin_is_not_accused(name: str, tmp_path: Path) -> None:
    """Each pair: the faulty tool breaks the one promise that it makes."""
    check, code, faulty, correct, said = PAIRS[name]
    [finding] = found(tmp_path, check, code.replace("LINE", faulty))
    assert said in finding
    assert found(tmp_path, check, code.replace("LINE", correct)) == []


@pytest.mark.parametrize("name", QUIET)
def test_where_an_answer_comes_from_is_no_effect(name: str, tmp_path: Path) -> None:
    """Telemetry, what is drawn once, and what is not ready yet accuse no tool that only reads."""
    assert found(tmp_path, "read_only", QUIET[name]) == []


def test_what_others_have_put_in_is_not_taken_out(tmp_path: Path) -> None:
    """A look into a queue that is empty at the start: what it takes out is only there once another tool was called."""
    code = "waiting = []\ndef push(n: int = 1) -> int:\n    waiting.extend([n] * 99)\n    return 0\ndef size() -> int:\n    return len(waiting)\n"
    spec = (
        "tools:\n  push: {variations: {categories: [example], fuzz: 0}}\n  peek: {annotations: {read_only: true}, variations: "
        "{categories: [repeat], fuzz: 0}}\n  size: {annotations: {read_only: true}, variations: {categories: [example]}}\n"
    )
    for line, is_found in (("waiting.pop()", True), ("waiting[-1]", False)):
        peek = f"def peek() -> int:\n    return {line} if waiting else 0\n"
        found = findings_of(tmp_path, code + peek, spec, cases=True)
        assert any("peek is not read_only" in finding for finding in found) == is_found, found
