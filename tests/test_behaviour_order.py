"""A cache with half a key is found where keys are choices alone, and where nothing can be read in the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

CHOICES = """
from typing import Literal
cache = {}

def rate(currency: Literal["EUR", "USD"], kind: Literal["buy", "sell"]) -> float:
    if currency not in ("EUR", "USD") or kind not in ("buy", "sell"): raise ValueError("no such rate")
    key = (currency, kind)
    if key not in cache: cache[key] = {"EUR": 1.0, "USD": 1.1}[currency] * (1.02 if kind == "buy" else 0.98)
    return cache[key]
"""
SWITCHES = """
cache = {}

def bits(read: bool, write: bool) -> int:
    if not isinstance(read, bool) or not isinstance(write, bool): raise TypeError("booleans")
    key = (read, write)
    if key not in cache: cache[key] = 2 * read + write
    return cache[key]
"""
OPAQUE = """
import hashlib
cache = {}

def fingerprint(text: str, algorithm: str = "sha1") -> str:
    if type(text) is not str or algorithm not in ("md5", "sha1"): raise ValueError("a text, and md5 or sha1")
    key = (text, algorithm)
    if key not in cache: cache[key] = hashlib.new(algorithm, text.encode("utf-8", "replace")).hexdigest()
    return cache[key]
"""
PAIRS = {
    "choices": (CHOICES, "kind"),
    "the other half": (CHOICES, "currency"),
    "switches": (SWITCHES, "write"),
    "opaque": (OPAQUE.replace('algorithm: str = "sha1"', 'algorithm: Literal["md5", "sha1"] = "sha1"').replace(
        "import hashlib", "import hashlib\nfrom typing import Literal"), "text"),
}  # fmt: skip
OF_ITS_OWN = """
import uuid
from typing import Literal
number = uuid.uuid4().hex

def where(side: Literal["a", "b"], loud: bool = False) -> dict:
    if side not in ("a", "b") or type(loud) is not bool: raise ValueError("a or b")
    return {"instance": number, "leader": number[0] > "7"}
"""


def found(folder: Path, code: str, promise: str = "read_only") -> list[str]:
    return findings_of(folder, code, f"defaults: {{annotations: {{{promise}: true}}}}\n")


@pytest.mark.parametrize("name", PAIRS)
def test_half_a_key_is_found(name: str, tmp_path: Path) -> None:
    """What was asked first is what the other call is answered; a cache with its whole key accuses nobody."""
    code, half = PAIRS[name]
    key = next(line for line in code.splitlines() if "key = (" in line)
    faulty = found(tmp_path, code.replace(key, f"    key = {half}"))
    assert len(faulty) == 1, faulty
    assert "what is asked first decides" in faulty[0]
    assert found(tmp_path, code) == []


def test_what_each_start_has_of_its_own_accuses_nobody(tmp_path: Path) -> None:
    """An instance's number is the same for all calls, and another after each start."""
    assert found(tmp_path, OF_ITS_OWN) == []
