"""Where a budget marker stands in a test's source."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest


def marks_of(node: Any) -> list[pytest.Mark]:
    """Return a node's own marks, closest first: those of a parameter set, then the function's; a class's before its bases'."""
    if isinstance(node, pytest.Class):
        return node.own_markers[::-1]
    given = getattr(getattr(node, "callspec", None), "marks", ())
    return [*given, *(mark for mark in node.own_markers if not any(mark is one for one in given))]


def line_of(item: pytest.Item, mark: pytest.Mark) -> int:
    """Return the line of a mark of a test; where it cannot be told (it was made elsewhere) that of what bears it."""
    bearer = next(node for node in reversed(item.listchain()) if any(mark is own for own in node.own_markers))
    line = (item.location[1] or 0) + 1
    try:
        if isinstance(bearer, pytest.Class):
            line = inspect.getsourcelines(bearer.obj)[1]
        found = [call for node in _parts(bearer, line) for call in _calls_in(node, mark.name)]
    except (OSError, TypeError, SyntaxError, ValueError):
        return line
    return next((call.lineno for call in found if _arguments(call) == mark.kwargs), found[0].lineno if found else line)


def _parts(bearer: Any, line: int) -> Iterator[ast.AST]:
    """Yield the parts of the source in which the marks of a module, a class or a function may stand."""
    tree = _tree(bearer.path)
    if isinstance(bearer, pytest.Module):
        yield from _assignments(tree.body)
        return
    classes = [made.__name__ for made in bearer.obj.__mro__] if isinstance(bearer, pytest.Class) else []
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)]
    for name in classes:
        for node in nodes:
            if isinstance(node, ast.ClassDef) and node.name == name:
                yield from [*node.decorator_list, *_assignments(node.body)]
    for node in nodes:
        if not classes and line == min([node.lineno, *(part.lineno for part in node.decorator_list)]):
            yield from node.decorator_list


@lru_cache(maxsize=4)
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _assignments(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        targets = [*getattr(statement, "targets", ()), getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in targets):
            yield statement


def _calls_in(node: ast.AST, name: str) -> list[ast.Call | ast.Attribute]:
    """Return where `mark.NAME(...)` stands below a node, or a bare `mark.NAME`."""
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call) and getattr(one.func, "attr", "") == name]
    bare = [one for one in ast.walk(node) if isinstance(one, ast.Attribute) and one.attr == name]
    return [*calls, *bare]


def _arguments(call: ast.Call | ast.Attribute) -> dict[str | None, Any] | None:
    """Return the keyword arguments of a call, None where they are more than literals."""
    try:
        return {keyword.arg: ast.literal_eval(keyword.value) for keyword in getattr(call, "keywords", ())}
    except ValueError:
        return None
