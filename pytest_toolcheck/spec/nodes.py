"""YAML events to a small tree of nodes with their places, refusing what could exhaust memory or stack.

The tree is made from the parser's events and not by PyYAML's composer, whose recursion overflows the C stack on
deeply nested input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from ..errors import Position, Problem

MAX_DEPTH: Final = 100

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableError(Exception):
    """The text cannot be read any further; carries the one problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class Scalar:
    """A scalar as written; `is_plain` is False for quoted and block text."""

    text: str
    is_plain: bool
    tag: str | None
    position: Position


@dataclass(slots=True)
class Sequence:
    """A list of nodes."""

    tag: str | None
    position: Position
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys and values in the order of the file, duplicates and merge keys included."""

    tag: str | None
    position: Position
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    waiting_key: Node | None = None


Node = Scalar | Sequence | Mapping


def compose(text: str, path: Path) -> Node | None:
    """Return the root node of a YAML text, or None where it holds no document. Raises UnreadableError."""
    try:
        return _Composer(path).compose(text)
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(_syntax_problem(error, text, path)) from None
    except yaml.YAMLError as error:
        raise UnreadableError(Problem(Position(path), f"not valid YAML: {error}".splitlines()[0])) from None


class _Composer:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._anchors: dict[str, Node] = {}
        self._open: list[Sequence | Mapping] = []
        self._root: Node | None = None

    def compose(self, text: str) -> Node | None:
        for event in _events(text):
            self._take(event)
        return self._root

    def _take(self, event: Any) -> None:
        position = Position(self._path, event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
            raise UnreadableError(Problem(position, "a second YAML document: a spec is one document, remove the '---'"))
        if isinstance(event, yaml.AliasEvent):
            self._add(self._aliased(event.anchor, position))
        elif isinstance(event, yaml.ScalarEvent):
            plain = event.style in (None, "")
            self._anchor(event.anchor, self._add(Scalar(event.value, plain, event.tag, position)))
        elif isinstance(event, yaml.SequenceStartEvent):
            self._enter(event.anchor, Sequence(event.tag, position))
        elif isinstance(event, yaml.MappingStartEvent):
            self._enter(event.anchor, Mapping(event.tag, position))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()

    def _aliased(self, anchor: str | None, position: Position) -> Node:
        node = self._anchors.get(anchor or "")
        if node is None:
            raise UnreadableError(Problem(position, f"unknown anchor '*{anchor}': no '&{anchor}' stands before it"))
        if any(node is outer for outer in self._open):
            raise UnreadableError(Problem(position, f"the anchor '&{anchor}' contains itself"))
        return node

    def _enter(self, anchor: str | None, node: Sequence | Mapping) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise UnreadableError(Problem(node.position, f"nested deeper than {MAX_DEPTH} levels"))
        self._anchor(anchor, self._add(node))
        self._open.append(node)

    def _anchor(self, anchor: str | None, node: Node) -> None:
        if anchor is not None:
            self._anchors[anchor] = node

    def _add(self, node: Node) -> Node:
        parent = self._open[-1] if self._open else None
        if parent is None:
            self._root = node
        elif isinstance(parent, Sequence):
            parent.items.append(node)
        elif parent.waiting_key is None:
            parent.waiting_key = node
        else:
            parent.pairs.append((parent.waiting_key, node))
            parent.waiting_key = None
        return node


def _events(text: str) -> Iterator[Any]:
    return iter(yaml.parse(text, Loader=_Loader))


_TOO_DEEP_FOR_THE_PARSER = "exceeded maximum nesting depth"
"""PyYAML's words from 6.0.4 on: its scanner stops at 1,000 levels, before it yields an event."""
_TAB_BEFORE_TEXT = re.compile(r"[ ]*(?:- *)?\t")


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, path: Path) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    shown = lines[line] if line < len(lines) else ""
    tab = _TAB_BEFORE_TEXT.match(shown)
    if tab:
        position = Position(path, line + 1, tab.end())
        return Problem(position, "a tab is used for indentation: YAML allows spaces only")
    detail = error.problem or "cannot be read"
    if detail == _TOO_DEEP_FOR_THE_PARSER:
        return Problem(Position(path, line + 1, column + 1), f"nested deeper than {MAX_DEPTH} levels")
    start = f" that starts on line {error.context_mark.line + 1}" if error.context_mark else ""
    context = f" {error.context}{start}" if error.context else ""
    advice = _syntax_advice(shown[column:])
    return Problem(Position(path, line + 1, column + 1), f"not valid YAML: {detail}{context}{advice}")


def _syntax_advice(rest: str) -> str:
    if rest[:1] in ("@", "`", "%"):
        return f": a text that begins with '{rest[0]}' must be quoted"
    if rest[:1] == ":":
        return ": a text that contains ': ' must be quoted"
    return ""
