"""What an error text gives away: a traceback, a path of the machine, a secret."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote

TRACEBACK = re.compile(
    r"Traceback \(most recent call last\)|\bFile \"[^\"]+\", line \d+|^\s+at .+\(.+:\d+:\d+\)"
    r"|^\s+at [\w.$]+\([\w]+\.java:\d+\)|goroutine \d+ \[|panicked at "
    r"|During handling of the above exception|The above exception was the direct cause|\.rb:\d+:in [`'\"]",
    re.MULTILINE,
)
PATH = re.compile(
    r"(?<![\w:/.])/[\w.@+~-]+(?:/[\w.@+~-]+)+"
    r"|(?<![\w\\])[A-Za-z]:\\{1,2}(?:[\w .-]+\\{1,2})+[\w.-]+"
    r"|(?<![\w\\])\\\\[\w.-]+\\[\w$.-]+(?:\\[\w .-]+)*|(?<![\w/])(?:/?[\w.-]+/)+[\w-]+\.py\b"
)
"""What may be a path; those that begin with a slash can be a route or a JSON pointer as well: see `_is_on_a_disk`."""
_ROOTS = frozenset(
    {"usr", "home", "root", "var", "tmp", "opt", "etc", "srv", "mnt", "proc", "private", "app", "lib", "nix"}
    | {"Users", "Library", "Applications"}
)
_INSTALLED = re.compile(r"/(?:site-packages|dist-packages|node_modules|python3\.\d+)/")
_EXAMPLE = re.compile(r"(?:\be\.?g\b|\bfor (?:example|instance)\b|\bexamples?\b|\bsuch as\b)[^\n]*\Z", re.IGNORECASE)
_FAR = 80
"""How far before a path a word may stand that calls it an example."""
_OBJECT = re.compile(r"<(?:[\w.]|<\w+>)+(?: (?:[\w.]|<\w+>)+)* at 0x[0-9a-f]{6,}>", re.IGNORECASE)
_CLASS = re.compile(
    r"(?<![\w.@/-])(?:[a-z_]\w*\.){2,}(?:[A-Z]\w*[.$])*_?[A-Z]\w*(?:Error|Exception)\b|\bSystem\.(?:\w+\.)*\w+Exception\b"
)
"""Errors by their full name within the program, such as `app.orders.validators.OrderError`."""
_SOURCE_LINE = re.compile(
    r"(?<![\w./@-])([\w-]+\.(?:py|m?js|tsx?|rb|go|rs|java|php|cs|kt|cpp))(?::\d+\b|\"?,? (?:on |at )?line \d+)"
)
"""A place in the source, such as `handlers.py:42`."""
_NAME = r"(?:secret|token|passw(?:or)?d|pwd|api[_ -]?key|credential|private[_ -]?key|access[_ -]?key)"
_ESCAPED = re.compile(r"\\(?:U00(0[0-9a-f]{5}|10[0-9a-f]{4})|u([0-9a-f]{4})|x([0-9a-f]{2}))")
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_ASSIGNED = re.compile(rf"{_NAME}s?['\"]?\s*(=|:)\s*['\"]?([^\s'\",;&)\]}}]{{6,}})", re.IGNORECASE)
_IN_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:([^\s/@'\"]{3,})@", re.IGNORECASE)
_WELL_KNOWN = re.compile(
    r"\b(?:sk-[\w-]{16,}|gh[opsu]_\w{20,}|github_pat_\w{20,}|xox[abprs]-[\w-]{10,}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{30,}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})|-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
)
_SHORTEST = 8
_QUOTES = ("'", '"')
_IS_URL = re.compile(r"[A-Za-z][\w+.-]*://")
SOURCE = re.compile(r"\.(py|pyc|js|mjs|cjs|ts|rb|go|rs|java|php)\b")
"""What the path of a program's source ends in: nobody hands such a path to a tool to work with."""


def given_away(
    message: str, sent: str, *, secrets: Iterable[str] = (), handed: Iterable[str] = ()
) -> Iterator[tuple[str, str]]:
    """Yield kind and text of what the message shows and the input itself did not hold.

    `secrets` are values that are known to be secret, such as those that the spec hands to a server; `handed` are the
    folders and files that it hands over to be worked with.
    """
    if found := TRACEBACK.search(message):
        yield "a traceback", found.group(0).strip()
    message = message.replace("file://", "file: ")
    for found in PATH.finditer(message):
        path = found.group(0)
        if not _is_on_a_disk(path) or _is_told_back(path, sent) or _is_below(path, handed):
            continue
        if not _is_example(path, message[max(0, found.start() - _FAR) : found.start()]):
            yield "a path of the machine", path
    yield from _internals(message, sent)
    yield from (("a secret", shown) for shown in _known(message, sent, secrets))
    yield from (("a secret", shown) for shown in _written(message, sent))


def _is_on_a_disk(path: str) -> bool:
    """Whether this is a path of some machine, or of this one: `/pets/7` is neither where there is no folder `/pets`."""
    if not path.startswith("/") or path.endswith(".py") or _INSTALLED.search(path):
        return True
    first, second = path.split("/")[1:3]
    return first in _ROOTS or _exists(f"/{first}/{second}")


@lru_cache(maxsize=1000)
def _exists(path: str) -> bool:
    return os.path.lexists(path)


def _is_example(path: str, before: str) -> bool:
    """Whether a path only shows how one is written: `must be absolute, e.g. 'C:\\Reports\\q1.xlsx'`; none that is here."""
    if SOURCE.search(path) or _INSTALLED.search(path) or not _EXAMPLE.search(before):
        return False
    return not path.startswith("/") or not _exists("/".join(path.split("/")[:3]))


def _is_told_back(path: str, sent: str) -> bool:
    """Whether the input held it, as it is, as Python or JSON spell it, or with its middle left out: `/tmp/scrat...epo`."""
    parts = path.split("...") if path.count("...") == 1 else [path]
    return any(all(part in spelled for part in parts) for spelled in _spelled(sent))


def _spelled(sent: str) -> Iterator[str]:
    """Yield the input as it was sent, then as errors quote it: with signs that cannot be shown, and backslashes, escaped."""
    yield sent
    try:
        value = json.loads(sent)
    except (ValueError, RecursionError):
        return
    for written in (repr(value), ascii(value), json.dumps(value)):
        yield from (written, json.dumps(written), json.dumps(written, ensure_ascii=False))


def _internals(message: str, sent: str) -> Iterator[tuple[str, str]]:
    """Yield objects with their addresses, and errors by their full name, that the caller knows nothing of."""
    for pattern, kind in ((_OBJECT, "an object of the program"), (_CLASS, "a class of the program")):
        found = pattern.search(message)
        if found and found[0] not in sent:
            yield kind, found[0]
    if (line := _SOURCE_LINE.search(message)) and line[1] not in sent:
        yield "a place in its source", line[0]


def _is_below(path: str, handed: Iterable[str]) -> bool:
    """Whether this is what the tool was given to work with, or part of it: a repository, a folder of documents."""
    return not SOURCE.search(path) and any(path == given or path.startswith(given + os.sep) for given in handed)


def _known(message: str, sent: str, secrets: Iterable[str]) -> Iterator[str]:
    for name in os.environ:
        if not _is_secret_name(name):
            continue
        value = os.environ.get(name, "")
        if os.path.isabs(value):  # PWD is a folder, and so is where keys are kept
            continue
        if len(value) >= _SHORTEST and value in message and value not in sent:
            yield f"the value of the environment variable {name}"
    for value in secrets:
        if len(value) >= _SHORTEST and value in message and value not in sent:
            yield "a value that the spec hands to the target as a secret"


@lru_cache(maxsize=1000)
def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _written(message: str, sent: str) -> Iterator[str]:
    """Yield the forms of a secret; the secret itself is not repeated."""
    for found in _ASSIGNED.finditer(message):
        is_member = message[found.start(2) - 1] in _QUOTES and message[found.end() : found.end() + 1] in _QUOTES
        after = "=" if is_member else found[1]
        if not _is_sent(found[2], sent) and not _IS_URL.match(found[2]) and _is_telling(found[2], after=after):
            yield f"{found[0][: found.start(2) - found.start()]}…"
    for found in _IN_URL.finditer(message):
        if not _is_sent(found[1], sent) and found[1].strip("*x"):
            yield "a password in a URL"
    for found in _WELL_KNOWN.finditer(message):
        if found[0] not in sent:
            yield f"{found[0][:6]}…"


def _is_sent(shown: str, sent: str) -> bool:
    """Whether the input held it: as it is, before it was written as part of a URL, or as Python shows what is no letter to it."""
    forms = (shown, unquote(shown), _ESCAPED.sub(_letter, shown))
    return any(form in sent for form in forms) or any(shown in spelled for spelled in _spelled(sent))


def _letter(escaped: re.Match[str]) -> str:
    return chr(int(next(filter(None, escaped.groups())), 16))


def _is_telling(value: str, *, after: str) -> bool:
    """Whether this is a value and not a word of the sentence: `token: expected text` is no secret."""
    has_digit, has_letter = any(map(str.isdigit, value)), any(map(str.isalpha, value))
    return has_digit and has_letter and (after == "=" or len(value) >= _SHORTEST)
