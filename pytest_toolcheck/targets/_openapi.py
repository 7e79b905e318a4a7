"""Read an OpenAPI document (3.0, 3.1) as tools: one an operation, its parameters and body as one object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from .base import ToolDescription

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_COMPONENT = "#/components/schemas/"
_MERGED = {"type", "properties", "required", "title", "description"}
"""A body whose schema says no more than this is merged with the parameters: each of its properties is one of the tool's."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: where each property of a tool's input goes. What `places` does not name goes into the body."""

    method: str
    path: str
    places: Mapping[str, Literal["path", "query", "header", "cookie"]] = field(default_factory=dict)
    body: Literal["merged", "whole", "none"] = "merged"
    """`merged`: the other properties are the body; `whole`: the property `body` is."""
    base: str = ""
    """What the document's `servers` put before its paths."""


def read_operations(
    document: Mapping[str, Any], *, ignore_base: bool = False
) -> Iterator[tuple[ToolDescription, Operation]]:
    """Yield each operation of `document` with its description; operations are named by `operationId`."""
    base = "" if ignore_base else _base_path(document)
    for path, item in (document.get("paths") or {}).items():
        shared = item.get("parameters") or []
        for method in METHODS:
            if method in item:
                description, operation = _read(document, method.upper(), path, shared, item[method])
                yield description, replace(operation, base=base)


def _base_path(document: Mapping[str, Any]) -> str:
    """Return the path of the first server; its host is the spec's business."""
    servers = document.get("servers") or [{}]
    url = servers[0].get("url") if isinstance(servers[0], Mapping) else None
    path = urlsplit(url).path if isinstance(url, str) and "{" not in url else ""
    return path.rstrip("/")


def _read(
    document: Mapping[str, Any], method: str, path: str, shared: list[Any], raw: Mapping[str, Any]
) -> tuple[ToolDescription, Operation]:
    parameters = [_resolved(document, item) for item in [*shared, *(raw.get("parameters") or [])]]
    properties = {item["name"]: _parameter_schema(item) for item in parameters}
    required = [item["name"] for item in parameters if item.get("required")]
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    body: Literal["merged", "whole", "none"]
    if not parameters and (alone := _object_body(document, raw)) is not None:
        schema, body = alone, "merged"
    else:
        body = _add_body(document, raw, properties, required)
    if required:
        schema["required"] = sorted(set(required), key=required.index)
    name = raw.get("operationId") or f"{method.lower()}_{re.sub(r'[^A-Za-z0-9]+', '_', path).strip('_')}"
    description = ToolDescription(
        name=name,
        description=raw.get("description") or raw.get("summary"),
        input_schema=_self_contained(document, schema),
        output_schema=_output(document, raw),
        annotations={"destructive": True} if method == "DELETE" else None,
        source=f"{method} {path}",
    )
    return description, Operation(method, path, {item["name"]: item["in"] for item in parameters}, body)


def _parameter_schema(item: Mapping[str, Any]) -> dict[str, Any]:
    schema = dict(item.get("schema") or {})
    if item.get("description"):
        schema.setdefault("description", item["description"])
    return schema


def _object_body(document: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the schema of a required body that is an object: where there are no parameters, it is the tool's input."""
    body = _resolved(document, raw.get("requestBody") or {})
    schema = _json_schema(body.get("content"))
    plain = _resolved(document, schema or {})
    return dict(plain) if body.get("required") and plain.get("type") == "object" else None


def _add_body(
    document: Mapping[str, Any], raw: Mapping[str, Any], properties: dict[str, Any], required: list[str]
) -> Literal["merged", "whole", "none"]:
    body = _resolved(document, raw.get("requestBody") or {})
    schema = _json_schema(body.get("content"))
    if schema is None:
        return "none"
    plain = _resolved(document, schema)
    if set(plain) <= _MERGED and "properties" in plain and not set(properties) & set(plain["properties"]):
        properties.update(plain["properties"])
        if body.get("required"):
            required += plain.get("required", [])
        return "merged"
    properties["body"] = dict(plain)
    required += ["body"] if body.get("required") else []
    return "whole"


def _output(document: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any] | None:
    for status in ("200", "201", "202", "default"):
        answer = (raw.get("responses") or {}).get(status)
        schema = _json_schema(_resolved(document, answer).get("content")) if answer else None
        if schema:
            return _self_contained(document, schema)
    return None


def _json_schema(content: Mapping[str, Any] | None) -> dict[str, Any] | None:
    for kind, item in (content or {}).items():
        if "json" in kind:
            schema: dict[str, Any] = item.get("schema") or {}
            return schema
    return None


def _resolved(document: Mapping[str, Any], item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a `$ref` of the document's own."""
    seen: set[str] = set()
    while isinstance(item.get("$ref"), str) and item["$ref"].startswith("#/") and item["$ref"] not in seen:
        seen.add(item["$ref"])
        found: Any = document
        for part in item["$ref"][2:].split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~"), {})
        item = found
    return item


def _self_contained(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema as JSON Schema 2020-12 with the components that it uses under `$defs`."""
    components = (document.get("components") or {}).get("schemas") or {}
    used: dict[str, Any] = {}
    waiting = _named(schema)
    while waiting:
        name = waiting.pop()
        if name in components and name not in used:
            used[name] = _modern(components[name])
            waiting |= _named(components[name])
    modern: dict[str, Any] = _modern(schema)
    return modern | ({"$defs": used} if used else {})


def _named(schema: Any) -> set[str]:
    return set(re.findall(re.escape(_COMPONENT) + r'([^"/]+)"', json.dumps(schema)))


def _modern(schema: Any) -> Any:
    """Rewrite references, and what OpenAPI 3.0 spells otherwise: `nullable`, boolean `exclusiveMinimum`."""
    if isinstance(schema, list):
        return [_modern(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    made = {key: _modern(value) for key, value in schema.items()}
    if isinstance(made.get("$ref"), str):
        made["$ref"] = made["$ref"].replace(_COMPONENT, "#/$defs/")
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if made.get(exclusive) is True and bound in made:
            made[exclusive] = made.pop(bound)
        elif isinstance(made.get(exclusive), bool):
            del made[exclusive]
    return _nullable(made) if made.pop("nullable", False) is True else made


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
