"""`${env:NAME}`, `${env:NAME:-default}` and `${fixture:name}` inside the texts of a spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from .complaints import Complaint
from .wording import Path, found, place_name

_PLACEHOLDER: Final = re.compile(r"\$\{(?P<kind>env|fixture):(?P<body>[^}]*)(?P<end>\}?)")
_ENV: Final = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?", re.DOTALL)
_NO_TEXTS: Final = frozenset((int, float, bool, type(None)))


def fixture_names(value: Any) -> tuple[str, ...]:
    """Return the names of the fixtures that the texts of a value ask for, each once, in their order.

    The value is JSON-like data or one of the frozen values of `model.py`, such as a target.
    """
    return tuple(dict.fromkeys(name for text in _texts(value) for name in _fixtures_in(text)))


def fill_fixtures(value: Any, mapping: Mapping[str, Any]) -> Any:
    """Return a copy with each `${fixture:name}` replaced by `mapping[name]`.

    A text that is exactly one placeholder becomes the fixture's value itself; inside a longer text its `str()` is put.
    Raises KeyError for a name that the mapping lacks.
    """
    return _map_texts(value, lambda text: _fill_text(text, mapping))


def replace_env(value: Any, environ: Mapping[str, str], *, path: Path, complaints: list[Complaint]) -> Any:
    """Return a copy with each `${env:NAME}` replaced; what cannot be replaced is added to `complaints`."""
    if isinstance(value, dict):
        below = {
            key: replace_env(item, environ, path=(*path, key), complaints=complaints) for key, item in value.items()
        }
        return below
    if isinstance(value, list):
        return [
            replace_env(item, environ, path=(*path, index), complaints=complaints) for index, item in enumerate(value)
        ]
    if isinstance(value, str) and "${" in value:
        return _replace_env_in_text(value, environ, path, complaints)
    return value


def _replace_env_in_text(text: str, environ: Mapping[str, str], path: Path, complaints: list[Complaint]) -> str:
    def substitute(match: re.Match[str]) -> str:
        problem, replacement = _resolve(match, environ)
        if problem:
            complaints.append(Complaint(path, f"{place_name(path)}: {problem}"))
        return replacement

    return _PLACEHOLDER.sub(substitute, text)


def _resolve(match: re.Match[str], environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Return what is wrong with a placeholder, or None, and what to put in its place."""
    if not match["end"]:
        return f"{found(match[0])} has no closing brace", match[0]
    if match["kind"] == "fixture":
        wrong = not match["body"].isidentifier()
        return (f"'{match[0]}' needs the name of a fixture, such as ${{fixture:tmp_path}}" if wrong else None), match[0]
    variable = _ENV.fullmatch(match["body"])
    if variable is None:
        return f"'{match[0]}' needs the name of an environment variable, such as ${{env:HOME}}", match[0]
    replacement: str | None = environ.get(variable["name"], variable["default"])
    if replacement is None:
        name = variable["name"]
        return f"the environment variable {name} is not set: set it, or write ${{env:{name}:-default}}", match[0]
    return None, replacement


def _fill_text(text: str, mapping: Mapping[str, Any]) -> Any:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole and whole["kind"] == "fixture" and whole["end"]:
        return mapping[whole["body"]]
    return _PLACEHOLDER.sub(lambda match: str(mapping[match["body"]]) if _is_fixture(match) else match[0], text)


def _is_fixture(match: re.Match[str]) -> bool:
    return match["kind"] == "fixture" and bool(match["end"]) and match["body"].isidentifier()


def _fixtures_in(text: str) -> Iterator[str]:
    return (match["body"] for match in _PLACEHOLDER.finditer(text) if _is_fixture(match))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))
    elif isinstance(value, list | tuple) and not _NO_TEXTS.issuperset(map(type, value)):  # a million numbers hold none
        for item in value:
            yield from _texts(item)


def _map_texts(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _map_texts(item, change) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _map_texts(getattr(value, field.name), change) for field in fields(value)})
    if isinstance(value, list | tuple) and not _NO_TEXTS.issuperset(map(type, value)):
        items = [_map_texts(item, change) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    return value
