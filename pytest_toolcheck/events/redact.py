"""Keep secrets out of the log: by the name of their key, and wherever a value seen under such a key turns up again.

The rule for a key. Case and separators are ignored (`X-API-Key`, `apiKey` and `api_key` are one), and a name counts
anywhere in it (`db_password`, `accessToken`). It is no secret when what follows the name says that it is about a
secret rather than one: `token_type`, `tokens_used`, `password_policy`, `tokenizer`, `secretary` (`ABOUT` has the list).
A number is kept unless the key ends with the name in the singular (`max_tokens: 100` stays, `token: 12345678` goes);
true, false and null always stay. A list or object under a secret key goes as a whole. A value that ordinary texts
hold as well (`is_ordinary`) goes under its key, and stays elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import msgspec

NAMES = ("authorization", "api_key", "token", "password", "cookie", "secret", "passwd", "private_key", "access_key")
REDACTED = "[redacted]"
_ABOUT = (
    "type types count counts used usage limit limits name names length len size budget total policy policies required "
    "url uri endpoint expires expiresin expiresat expiry expiration ttl left remaining persecond perminute "
    "izer izers ize ized izing ization ary ariat field format"
)
ABOUT = frozenset(_ABOUT.split())
MIN_LENGTH = 4
"""Shorter values are redacted under their key, but not looked for elsewhere: they turn up by chance."""
MAX_PINNED, MAX_SEEN = 128, 512
"""The first values seen stay for the run; of the later ones (a fuzzed `password`) the newest are kept."""

MAX_HARMLESS, MAX_HARMLESS_LENGTH = 4_096, 128
"""How many strings are known to be harmless, and how long one of them may be."""

_COMMON_WORDS = (
    "string number integer boolean object array null none true false undefined basic bearer "
    "text name value word example sample test hello world user data "
    "error errors message messages code status type kind label result results input output valid invalid accepted refused "
    "crashed missing required field request response server tool call check case category"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_FILLER = "text and more words of it "
"""What generated texts are made of: one that is handed over as a password is no secret, and its words stand everywhere."""
_FEWEST_CHARACTERS = 3
"""So many different ones a secret has: `aaaaaaaa` and a row of blanks are found in any text."""
_LOWER = bytes(range(256)).lower()
_DROPPED = bytes(byte for byte in range(256) if not bytes([byte]).isalnum() or byte > 127)
_ESCAPED = re.compile(rb"\\(?:u[0-9a-f]{4}|.)")
_SCHEME = re.compile(r"^(?:bearer|basic|token)\s+", re.IGNORECASE)


def squeeze(name: str) -> str:
    """Return a key without its case and separators."""
    return "".join(filter(str.isalnum, name.casefold()))


class Redactor:
    """Knows the secret names and the values seen under them; one for a run and process."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = tuple(dict.fromkeys(name for raw in (*NAMES, *names) if (name := squeeze(raw))))
        self._names_in_line = tuple(name.encode("ascii", "ignore").decode() for name in self._names)
        self._pinned: dict[str, bytes] = {}
        self._recent: dict[str, bytes] = {}
        self._verdicts: dict[str, bool | None] = {}
        self._in_text = _text_pattern((*NAMES, *names))
        self.harmless: set[str] = set()
        """Short keys and strings that stood in lines without a secret; emptied by each new secret."""

    def is_harmless(self, line: bytes, texts: Iterable[str]) -> bool:
        """Whether an encoded line holds no secret for sure; if so, its `texts` are taken for harmless from now on."""
        harmless = self.harmless
        if self.may_touch(line):
            return False
        if len(harmless) > MAX_HARMLESS:
            harmless.clear()
        harmless.update(text for text in texts if len(text) <= MAX_HARMLESS_LENGTH)
        return True

    def may_touch(self, line: bytes) -> bool:
        """Whether an encoded line may hold a secret: True for some that do not, never False for one that does."""
        written = _ESCAPED.sub(b"", line) if b"\\" in line else line
        if not written.isascii():
            written = written.decode().casefold().encode()
        squeezed = written.translate(_LOWER, _DROPPED).decode()  # `in` is four times faster with str than with bytes
        for name in self._names_in_line:
            if name in squeezed:
                return True
        if not self._pinned:
            return False
        return any(line.find(value) >= 0 for values in (self._pinned, self._recent) for value in list(values.values()))

    def redact(self, value: Any) -> Any:
        """Return a copy of a JSON-safe value without secrets; values under secret keys are remembered."""
        return self._replace(self._hide(value))

    def is_secret(self, key: str, value: Any) -> bool:
        """Whether the value under this key must not be logged."""
        if value is None or isinstance(value, bool):
            return False
        if key not in self._verdicts:
            if len(self._verdicts) > 10_000:
                self._verdicts.clear()
            self._verdicts[key] = self._ends_with_name(squeeze(key))
        ends = self._verdicts[key]
        return ends is not None and (ends or not isinstance(value, int | float))

    def _ends_with_name(self, key: str) -> bool | None:
        """None: no secret. True: the key ends with a secret name in the singular. False: it only holds one."""
        verdict: bool | None = None
        for name in self._names:
            _, found, after = key.rpartition(name)
            if not found or after in ABOUT or (after.startswith("s") and after[1:] in ABOUT):
                continue
            verdict = bool(verdict) or not after or after.isdigit()
        return verdict

    def _hide(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._hide_in_object(value)
        if isinstance(value, list):
            return self._hide_in_list(value)
        return value

    def _hide_in_object(self, value: dict[str, Any]) -> dict[str, Any]:
        hidden = {key: self._hide_one(key, item) for key, item in value.items()}
        label = next((value[k] for k in ("name", "key", "header") if isinstance(value.get(k), str)), None)
        if label is not None and "value" in value:  # {"name": "Authorization", "value": "Bearer ..."}
            hidden["value"] = self._hide_one(label, value["value"])
        return hidden

    def _hide_in_list(self, value: list[Any]) -> list[Any]:
        hidden = [self._hide(item) for item in value]
        for i, (name, item) in enumerate(pairwise(value), start=1):
            if not isinstance(name, str):
                continue
            is_pair = len(value) == 2  # ["authorization", "Bearer ..."], as headers are often written
            is_option = name.startswith("-") and "=" not in name  # ["--token", "..."], as in argv
            if is_pair or is_option:
                hidden[i] = self._hide_one(name, item) if isinstance(item, str) else hidden[i]
        return hidden

    def _hide_one(self, key: str, value: Any) -> Any:
        if not self.is_secret(key, value):
            return self._hide(value)
        for leaf in _leaves(value):
            self.remember(leaf)
        return REDACTED

    def remember(self, secret: str) -> None:
        """Look for this value from now on. "Bearer x" is remembered as a whole and as "x"."""
        for text in {secret, _SCHEME.sub("", secret)}:
            if len(text) < MIN_LENGTH or is_ordinary(text) or text == REDACTED or text in self._pinned:
                continue
            values = self._pinned if len(self._pinned) < MAX_PINNED else self._recent
            if values.pop(text, None) is None:
                self.harmless = set()
            values[text] = msgspec.json.encode(text)[1:-1]
        while len(self._recent) > MAX_SEEN - MAX_PINNED:
            self._recent.pop(next(iter(self._recent)))

    def _replace(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.replace_in(value)
        if isinstance(value, list):
            return [self._replace(item) for item in value]
        if isinstance(value, dict):
            return {self._known(key): self._replace(item) for key, item in value.items()}
        return value

    def replace_in(self, text: str) -> str:
        """Return a text without the values seen, and without `password=...` and the like."""
        return self._in_text.sub(self._replace_match, self._known(text))

    def _replace_match(self, match: re.Match[str]) -> str:
        before = match["before"] or match["assigned"] or match["header"]
        return match[0] if REDACTED[:-1] in match[0] else before + REDACTED

    def _known(self, text: str) -> str:
        found = [secret for values in (self._pinned, self._recent) for secret in list(values) if secret in text]
        if not found or text == REDACTED:
            return text
        longest_first = sorted(found, key=len, reverse=True)  # a secret may hold a shorter one
        return re.sub("|".join(map(re.escape, longest_first)), REDACTED, text)


def is_ordinary(text: str) -> bool:
    """Whether a value under a secret key is what ordinary texts hold too: hidden there, and not looked for elsewhere."""
    if len(set(text)) < _FEWEST_CHARACTERS or text.strip().casefold() in _COMMON:
        return True
    return text in _FILLER * (len(text) // len(_FILLER) + 2)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _text_pattern(names: Iterable[str]) -> re.Pattern[str]:
    r"""Match a secret written in a text: `"token": "..."` (also with \"), `token=...`, `Authorization: ...`."""
    name = "|".join("[-_ ]?".join(map(re.escape, re.split(r"[-_ ]", raw))) for raw in names if squeeze(raw))
    quoted = rf"""(?P<before>(?:{name})\d*\\*["']\s*:\s*\\*["'])[^"'\\]+"""
    assigned = rf"""(?P<assigned>(?:{name})\d*=["']?)[^\s"'\\,;&}}\]]+"""
    header = r"""(?P<header>(?:authorization|cookie|x-api-key)\s*:\s*)(?=\S)[^\r\n"']+"""
    return re.compile(f"{quoted}|{assigned}|{header}", re.IGNORECASE)
