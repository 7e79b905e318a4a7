"""`$ref: file.json#/pointer` in a schema of a spec: files are bundled under `$defs`, so that the result stands alone.

A schema that is nothing but such a reference is replaced by what it refers to; cycles across files become cycles
within the bundle. Remote references are refused: a test run fetches nothing that its author did not see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any, Final
from urllib.parse import unquote

from .nodes import UnreadableError
from .reading import read_document, read_text
from .wording import Path, did_you_mean, quoted

_MAPS_OF_SCHEMAS: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_PLAIN_DATA: Final = frozenset({"enum", "const", "default", "examples"})
_META_SCHEMAS: Final = ("https://json-schema.org/", "http://json-schema.org/")
_MISSING: Final = object()


class _ReferenceError(Exception):
    """What is wrong with one reference, in words."""


class Bundler:
    """Bundles one schema. `problems` holds the place below the schema, and what is wrong there."""

    def __init__(self, folder: FilePath) -> None:
        self.problems: list[tuple[Path, str]] = []
        self._folder = folder
        self._files: dict[FilePath, Any] = {}
        self._names: dict[tuple[FilePath, str], str] = {}
        self._definitions: dict[str, Any] = {}

    def bundle(self, schema: Any) -> Any:
        """Return the schema with all that it refers to in other files."""
        try:
            result = self._root(schema)
        except RecursionError:
            self.problems.append(((), "a schema is nested too deeply"))
            return schema
        if self._definitions and isinstance(result, dict):
            result = {**result, "$defs": {**result.get("$defs", {}), **self._definitions}}
        texts: set[str] = set()
        for path, text in dangling_references(result):
            if text not in texts:  # a loop is met from each of its members
                self.problems.append((path, text))
            texts.add(text)
        return result

    def _root(self, schema: Any) -> Any:
        if not isinstance(schema, dict) or list(schema) != ["$ref"] or not _names_a_file(schema["$ref"]):
            return self._walk(schema, (), None)
        try:
            file, pointer = self._target(schema["$ref"], None)
            self._names[file, pointer] = "#"
            return self._walk(self._content(file, pointer), ("$ref",), file)
        except _ReferenceError as error:
            self.problems.append((("$ref",), str(error)))
            return {}

    def _walk(self, node: Any, path: Path, file: FilePath | None) -> Any:
        """Copy a schema; `file` is where it stands (None: in the spec), `path` where the spec is to blame."""
        if isinstance(node, list):
            return [self._walk(item, self._below(path, index, file), file) for index, item in enumerate(node)]
        if not isinstance(node, dict):
            return node
        return {
            key: self._keyword(key, value, self._below(path, key, file), file)
            for key, value in node.items()
            if file is None or key != "$id"
        }

    def _keyword(self, key: str, value: Any, path: Path, file: FilePath | None) -> Any:
        if key == "$ref" and isinstance(value, str):
            return self._reference(value, path, file)
        if key in _PLAIN_DATA:
            return value
        if key in _MAPS_OF_SCHEMAS and isinstance(value, dict):
            return {name: self._walk(item, self._below(path, name, file), file) for name, item in value.items()}
        return self._walk(value, path, file)

    @staticmethod
    def _below(path: Path, part: str | int, file: FilePath | None) -> Path:
        return (*path, part) if file is None else path

    def _reference(self, text: str, path: Path, file: FilePath | None) -> str:
        if text.startswith(_META_SCHEMAS) or (file is None and text.startswith("#")):
            return text
        try:
            return self._definition(*self._target(text, file), path)
        except _ReferenceError as error:
            self.problems.append((path, str(error)))
            return "#"

    def _target(self, text: str, file: FilePath | None) -> tuple[FilePath, str]:
        """Return the file and the JSON Pointer that a reference names."""
        name, _, fragment = text.partition("#")
        if "://" in name:
            raise _ReferenceError(
                f"remote reference {quoted(text)}: save the schema beside the spec and refer to the file"
            )
        pointer = unquote(fragment)
        if pointer and not pointer.startswith("/"):
            raise _ReferenceError(
                f"{quoted(text)}: only JSON Pointers are followed into files, such as file.json#/$defs/Order"
            )
        if not name and file is not None:
            return file, pointer
        return ((file.parent if file else self._folder) / unquote(name)).resolve(), pointer

    def _definition(self, file: FilePath, pointer: str, path: Path) -> str:
        """Return the reference, within the bundle, to a part of a file; the part is added at first sight."""
        known = self._names.get((file, pointer))
        if known is not None:
            return known
        content = self._content(file, pointer)
        name = self._free_name(file, pointer)
        self._names[file, pointer] = f"#/$defs/{name}"
        self._definitions[name] = {}
        self._definitions[name] = self._walk(content, path, file)
        return f"#/$defs/{name}"

    def _free_name(self, file: FilePath, pointer: str) -> str:
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{file.name}{pointer}")
        names = [plain, *(f"{plain}-{count}" for count in range(2, len(self._definitions) + 3))]
        return next(name for name in names if name not in self._definitions)

    def _content(self, file: FilePath, pointer: str) -> Any:
        if file not in self._files:
            self._files[file] = _read(file)
        found = resolve_pointer(self._files[file], pointer)
        if found is _MISSING:
            raise _ReferenceError(f"{file.name} has nothing at '#{pointer}'{_closest(self._files[file], pointer)}")
        if not isinstance(found, dict | bool):
            raise _ReferenceError(f"{file.name}#{pointer} is not a JSON Schema: expected a mapping, true or false")
        return found


def _names_a_file(reference: Any) -> bool:
    return isinstance(reference, str) and not reference.startswith(("#", *_META_SCHEMAS))


def _read(file: FilePath) -> Any:
    if not file.is_file():
        raise _ReferenceError(f"no such file: {file.name} (looked in {file.parent})")
    try:
        if file.suffix in (".yaml", ".yml"):
            return read_document(file).value
        return json.loads(read_text(file))
    except UnreadableError as error:
        raise _ReferenceError(f"{file.name}: {error}") from None
    except ValueError as error:
        raise _ReferenceError(f"{file.name} is not JSON: {error}") from None
    except RecursionError:
        raise _ReferenceError(f"{file.name}: a schema is nested too deeply") from None


def resolve_pointer(value: Any, pointer: str) -> Any:
    """Return what a JSON Pointer (RFC 6901) names in a value, or a sentinel that is no JSON value."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return _MISSING
    return value


def _closest(value: Any, pointer: str) -> str:
    parent, _, last = pointer.rpartition("/")
    around = resolve_pointer(value, parent)
    hint = did_you_mean(last, list(around)) if isinstance(around, dict) else ""
    return f".{hint}" if hint else ""


def dangling_references(schema: Any) -> Iterator[tuple[Path, str]]:
    """Yield the place of each local reference that leads nowhere or only to itself, and what is wrong with it."""
    references = list(_local_references(schema, ()))
    if any(key == "$id" for path, key, _ in references if path):
        return
    anchors = {value for _, key, value in references if key in ("$anchor", "$dynamicAnchor")}
    for path, key, value in references:
        if key == "$ref" and value.startswith("#"):
            problem = _dangling(schema, unquote(value[1:]), anchors)
            if problem:
                yield (*path, key), problem


def _dangling(schema: Any, fragment: str, anchors: set[str]) -> str | None:
    if fragment and not fragment.startswith("/"):
        return None if fragment in anchors else f"the schema has no anchor '#{fragment}'"
    seen = {fragment}
    while True:
        found = resolve_pointer(schema, fragment)
        if found is _MISSING:
            return f"the schema has nothing at '#{fragment}'{_closest(schema, fragment)}"
        onward = found.get("$ref") if isinstance(found, dict) else None
        if not isinstance(onward, str) or not onward.startswith(("#/", "#")) or onward[1:2] not in ("", "/"):
            return None
        fragment = unquote(onward[1:])
        if fragment in seen:
            return f"the reference '#{fragment}' leads only to itself"
        seen.add(fragment)


def _local_references(node: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield place, keyword and text of each `$ref`, `$id` and anchor of a schema."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _local_references(item, (*path, index))
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("$ref", "$id", "$anchor", "$dynamicAnchor") and isinstance(value, str):
                yield path, key, value
            elif key in _MAPS_OF_SCHEMAS and isinstance(value, dict):
                for name, item in value.items():
                    yield from _local_references(item, (*path, key, name))
            elif key not in _PLAIN_DATA:
                yield from _local_references(value, (*path, key))
