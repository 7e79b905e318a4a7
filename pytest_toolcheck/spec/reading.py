"""A YAML file to plain JSON-like data, with the place of every key and value.

Scalars follow the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema): `on`, `yes`, `no` and dates
are texts. Keys are always texts. Merge keys (`<<`) are allowed; duplicate keys are problems.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from ..errors import Position, Problem
from . import nodes
from .nodes import MAX_DEPTH, UnreadableError

MAX_BYTES: Final = 1024 * 1024
MAX_NODES: Final = 100_000

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {**dict.fromkeys(("true", "True", "TRUE"), True), **dict.fromkeys(("false", "False", "FALSE"), False)}
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NAN = frozenset({".nan", ".NaN", ".NAN"})
_TAGS = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Document:
    """Data read from a file; `keys` and `values` say where each stands, by JSON Pointer ("" is the whole)."""

    path: Path
    value: Any
    keys: Mapping[str, Position]
    values: Mapping[str, Position]
    problems: tuple[Problem, ...] = ()


def read_document(path: Path) -> Document:
    """Read a YAML file. Raises UnreadableError where nothing can be made of it; lesser problems are in the result."""
    root = nodes.compose(read_text(path), path)
    if root is None:
        raise UnreadableError(
            Problem(Position(path), "the file is empty: a spec starts with 'toolcheck: 1' and 'target:'")
        )
    return _Construction(path).document(root)


def read_text(path: Path) -> str:
    """Return the text of a file. Raises UnreadableError for one that is missing, too large, or not UTF-8 text."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableError(Problem(Position(path), f"cannot be read: {error.strerror or error}")) from None
    if len(data) > MAX_BYTES:
        raise UnreadableError(Problem(Position(path), "larger than 1 MiB: split it into several files"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte 0x{data[error.start]:02x} cannot be decoded; save the file as UTF-8"
        raise UnreadableError(
            Problem(_position_in(data[: error.start].decode("utf-8", "replace"), path), message)
        ) from None
    strange = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if strange:
        message = f"a control character, U+{ord(strange[0]):04X}: write it as an escape in double quotes"
        raise UnreadableError(Problem(_position_in(text[: strange.start()], path), message))
    return text


def escape(key: str) -> str:
    """Return one token of a JSON Pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def _position_in(before: str, path: Path) -> Position:
    return Position(path, before.count("\n") + 1, len(before) - before.rfind("\n"))


class _Construction:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: dict[str, Position] = {}
        self._values: dict[str, Position] = {}
        self._problems: dict[Problem, None] = {}
        self._visited = 0

    def document(self, root: nodes.Node) -> Document:
        value = self._build(root, "", 0)
        return Document(self._path, value, self._keys, self._values, tuple(self._problems))

    def _build(self, node: nodes.Node, pointer: str, depth: int) -> Any:
        self._count(node, depth)
        self._values[pointer] = node.position
        if isinstance(node, nodes.Scalar):
            return self._scalar(node)
        self._refuse_tag(node.tag, node.position, allowed=("map", "seq"))
        if isinstance(node, nodes.Sequence):
            return [self._item(item, f"{pointer}/{index}", depth) for index, item in enumerate(node.items)]
        return self._mapping(node, pointer, depth)

    def _item(self, item: nodes.Node, pointer: str, depth: int) -> Any:
        self._keys[pointer] = item.position
        return self._build(item, pointer, depth + 1)

    def _mapping(self, node: nodes.Mapping, pointer: str, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, position, value in self._entries(node, depth):
            if key in result:
                continue
            below = f"{pointer}/{escape(key)}"
            self._keys[below] = position
            result[key] = self._build(value, below, depth + 1)
        return result

    def _entries(self, node: nodes.Mapping, depth: int) -> Iterator[tuple[str, Position, nodes.Node]]:
        """Yield the mapping's own keys, then those that it merges: the first of a name wins."""
        first_lines: dict[str, int] = {}
        merged: list[nodes.Node] = []
        for key, value in node.pairs:
            if not isinstance(key, nodes.Scalar):
                self._add(key.position, "a key must be a text, not a list or a mapping")
            elif key.text in first_lines:
                self._add(
                    key.position, f"duplicate key '{key.text}': it stands on line {first_lines[key.text]} already"
                )
            else:
                first_lines[key.text] = key.position.line
                if key.is_plain and key.text == "<<":
                    merged.append(value)
                else:
                    yield key.text, key.position, value
        for value in merged:
            yield from self._merged(value, depth)

    def _merged(self, node: nodes.Node, depth: int) -> Iterator[tuple[str, Position, nodes.Node]]:
        sources = node.items if isinstance(node, nodes.Sequence) else [node]
        for source in sources:
            if isinstance(source, nodes.Mapping):
                self._visited += len(source.pairs)
                self._count(source, depth)
                yield from self._entries(source, depth + 1)
            else:
                self._add(source.position, "'<<' merges a mapping or a list of mappings, such as '<<: *common'")

    def _scalar(self, node: nodes.Scalar) -> Any:
        if node.tag is None or node.tag == "!":
            return self._plain(node) if node.is_plain and node.tag is None else node.text
        self._refuse_tag(node.tag, node.position, allowed=("str", "int", "float", "bool", "null"))
        return node.text if node.tag == f"{_TAGS}str" else self._plain(node)

    def _plain(self, node: nodes.Scalar) -> Any:
        text = node.text
        if text in _NULL:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        try:
            number = _number(text)
        except ValueError:
            self._add(node.position, "a number of so many digits cannot be used: quote it")
            return 0
        if isinstance(number, float) and not math.isfinite(number):
            self._add(node.position, f"{text} is no number that JSON has: quote it where a text is meant")
            return 0
        return number

    def _refuse_tag(self, tag: str | None, position: Position, *, allowed: tuple[str, ...]) -> None:
        if tag is not None and tag != "!" and tag.removeprefix(_TAGS) not in allowed:
            shown = tag.replace(_TAGS, "!!")
            self._add(position, f"the YAML tag '{shown}' is not allowed: a spec holds plain data only")

    def _count(self, node: nodes.Node, depth: int) -> None:
        self._visited += 1
        if self._visited > MAX_NODES:
            message = f"more than {MAX_NODES:,} values once its anchors are expanded"
            raise UnreadableError(Problem(node.position, message))
        if depth > MAX_DEPTH:
            raise UnreadableError(Problem(node.position, f"nested deeper than {MAX_DEPTH} levels"))

    def _add(self, position: Position, message: str) -> None:
        self._problems[Problem(position, message)] = None


def _number(text: str) -> int | float | str:
    """Return the number that a plain scalar spells, or the text. Raises ValueError for one with too many digits."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL_OR_HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITY.fullmatch(text):
        return float("-inf") if text.startswith("-") else float("inf")
    return float("nan") if text in _NAN else text
