"""Words that the format leaves free, written as nobody means them: `minLenght`, `format: emial`, `rejects: [ValueEror]`.

JSON Schema passes over keywords and formats that it does not know, so a promise is lost and nobody is told. Only what is
a letter away from a known word is taken for a slip: words of one's own stay free.
"""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from .scope import Scope, is_written
from .wording import Path, quoted

_MAPS: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SINGLE: Final = frozenset(
    {"items", "additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties", "not", "if"}
    | {"then", "else", "contains", "propertyNames", "contentSchema"}
)
_CHECKED: Final = """
type enum const minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern format minItems
maxItems uniqueItems minContains maxContains minProperties maxProperties required dependentRequired dependencies
contentEncoding contentMediaType $ref $dynamicRef $recursiveRef
"""
_TOLD: Final = """
title description default examples example deprecated readOnly writeOnly nullable $anchor $dynamicAnchor $recursiveAnchor
$id $schema $comment $vocabulary id discriminator externalDocs xml
"""
_KEYWORDS: Final = _MAPS | _LISTS | _SINGLE | frozenset(f"{_CHECKED} {_TOLD}".split())
_OF_TEXTS: Final = """
date-time date time duration email idn-email hostname idn-hostname ipv4 ipv6 uri uri-reference iri iri-reference
uri-template json-pointer relative-json-pointer regex uuid
"""
_FORMATS: Final = frozenset(_OF_TEXTS.split())
_PLACED: Final = frozenset(
    {"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "patternProperties"}
)

Found = Iterator[tuple[Path, str]]


def slips(scope: Scope) -> Found:
    """Yield what was surely meant otherwise: in schemas, and among the names of exceptions."""
    written = [(key,) for key in ("input", "output")]
    written += [("examples", i, "expect", "matches") for i, _ in enumerate(scope.raw.get("examples", []))]  # type: ignore[misc]
    for path in written:
        for below, text in _in_schema(_at(scope.raw, path)):
            full: Path = (*path, *below)
            if any(is_written(scope.document, (*prefix, *full)) for prefix in scope.prefixes):
                yield full, text
    yield from _exceptions(scope)
    yield from _no_category(scope)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _in_schema(schema: Any) -> Found:
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        if key not in _KEYWORDS:
            yield from _misspelled((key,), key, _KEYWORDS, "{place}: no keyword of JSON Schema")
        elif key == "format" and isinstance(value, str) and value not in _FORMATS:
            yield from _misspelled(("format",), value, _FORMATS, f"{{place}}: no known format, {quoted(value)}")
        elif key == "required" and isinstance(value, list) and not _PLACED & schema.keys():
            yield from _required(value, schema.get("properties"))
        else:
            yield from _below(key, value)


def _below(key: str, value: Any) -> Found:
    if key in _MAPS and isinstance(value, dict):
        parts: Any = value.items()
    elif (key in _LISTS or key == "items") and isinstance(value, list):
        parts = enumerate(value)
    else:
        yield from (((key, *path), text) for path, text in (_in_schema(value) if key in _SINGLE else ()))
        return
    for step, part in parts:
        yield from (((key, step, *path), text) for path, text in _in_schema(part))


def _required(names: list[Any], properties: Any) -> Found:
    if not isinstance(properties, dict):
        return
    for index, name in enumerate(names):
        if isinstance(name, str) and name not in properties:
            yield from _misspelled(("required", index), name, properties, f"{{place}}: no property {quoted(name)}")


def _misspelled(path: Path, word: Any, known: Any, text: str) -> Found:
    meant = next((name for name in known if isinstance(word, str) and is_slip(word, name)), None)
    if meant is not None:
        yield path, f"{text}. Did you mean {quoted(meant)}?"


def is_slip(word: str, meant: str) -> bool:
    """Whether only the case, a hyphen or one letter (left out, added, exchanged or turned round) is wrong."""
    first, second = (name.lower().replace("-", "").replace("_", "").replace("$", "") for name in (word, meant))
    if len(word) < 3 or word == meant or any(map(str.isdigit, set(word) ^ set(meant))):
        return False
    if first == second:
        return True
    if len(second) < 5 or abs(len(first) - len(second)) > 1:
        return False
    same = _common_prefix(first, second)
    rest, other = first[same:], second[same:]
    turned = Counter(rest[:2]) == Counter(other[:2]) and rest[2:] == other[2:]
    return turned or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:]


def _common_prefix(first: str, second: str) -> int:
    pairs = zip(first, second, strict=False)
    return next((index for index, (one, two) in enumerate(pairs) if one != two), min(len(first), len(second)))


@cache
def _exception_names() -> tuple[str, ...]:
    return tuple(
        name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)
    )


def _exceptions(scope: Scope) -> Found:
    rejects, target = scope.raw.get("rejects"), scope.document.value.get("target")
    if not isinstance(rejects, list) or not isinstance(target, dict) or "python" not in target:
        return
    for index, name in enumerate(rejects):
        if name not in _exception_names():
            text = f"{{place}}: no exception of Python, {quoted(str(name))}"
            yield from _misspelled(("rejects", index), name, _exception_names(), text)


def _no_category(scope: Scope) -> Found:
    variations = scope.raw.get("variations", {})
    wanted = variations.get("categories")
    if wanted and set(wanted) <= set(variations.get("exclude", [])):
        yield ("variations", "exclude"), "{place} leaves no category: no case would be made"
