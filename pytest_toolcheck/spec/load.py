"""Load a tool spec: read it with positions, check it, build it. All problems are reported at once.

The steps: `reading` (YAML to data), `placeholders` (`${env:…}`), `structure` (the shipped JSON Schema), `semantics` and
`schemas` (what a schema cannot say), `support` (what is not built yet), `build`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..errors import Problem, SpecError
from .build import build_tool
from .build_target import build_target
from .complaints import Complaint
from .model import Spec, ToolSpec
from .nodes import UnreadableError
from .path_holes import unfilled_in_command
from .placeholders import replace_env
from .reading import Document, read_document
from .schemas import with_schemas_resolved
from .scope import Scope, located, position_of, scopes
from .semantics import problems_in_tool
from .structure import spec_schema, structural_complaints
from .support import unsupported
from .target_rules import problems_in_target
from .wording import Path as KeyPath

__all__ = ["load_spec", "problems_of", "spec_schema"]


@dataclass(frozen=True, slots=True)
class _Checked:
    document: Document
    scopes: tuple[Scope, ...]
    problems: tuple[Problem, ...]


def load_spec(path: Path, *, environ: Mapping[str, str] = os.environ, allow_unsupported: bool = False) -> Spec:
    """Load a `*.tool.yaml` file.

    `environ` answers `${env:NAME}`. `allow_unsupported` admits keys whose feature is not built yet, for tools that
    look at the format only. Raises SpecError with all problems of the file, in its order.
    """
    checked = _check(Path(path), environ, allow_unsupported=allow_unsupported)
    if checked.problems:
        raise SpecError(checked.problems)
    return _build(checked)


def problems_of(
    path: Path, *, environ: Mapping[str, str] = os.environ, allow_unsupported: bool = False
) -> list[Problem]:
    """Return all problems of a `*.tool.yaml` file in its order; none where it can be used."""
    return list(_check(Path(path), environ, allow_unsupported=allow_unsupported).problems)


def _check(path: Path, environ: Mapping[str, str], *, allow_unsupported: bool) -> _Checked:
    try:
        document = read_document(path)
    except UnreadableError as error:
        return _Checked(Document(path, None, {}, {}), (), (error.problem,))
    document, complaints = _fill_environment(document, environ)
    unset = {complaint.path for complaint in complaints}
    structural = list(structural_complaints(document.value))
    complaints += [complaint for complaint in structural if complaint.path not in unset]
    if isinstance(document.value, dict) and not allow_unsupported:
        complaints += unsupported(document.value)
    problems = [*document.problems, *(located(document, complaint) for complaint in complaints)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `re` warns of a pattern such as "[[a]", which is sound
        found, more = _check_meaning(document, structural)
    places = {position_of(document, path) for path in unset}
    problems += [problem for problem in more if problem.position not in places]  # of a text that nobody meant
    unread = {problem.position for problem in document.problems}
    problems = [*document.problems, *(p for p in problems[len(document.problems) :] if p.position not in unread)]
    return _Checked(document, found, _in_order(problems))


def _check_meaning(document: Document, structural: list[Complaint]) -> tuple[tuple[Scope, ...], list[Problem]]:
    """Check the parts of sound structure; return the tools among them and the problems found."""
    problems: list[Problem] = []
    resolved: list[Scope] = []
    if not isinstance(document.value, dict):
        return (), problems
    if "target" in document.value and _is_sound(("target",), structural):
        problems += problems_in_target(document)
    for scope in _sound_scopes(document, structural):
        full, schema_problems = with_schemas_resolved(scope)
        resolved.append(full)
        problems += schema_problems
        problems += problems_in_tool(full, with_inputs=not schema_problems)
    problems += unfilled_in_command(document, resolved)
    return tuple(resolved), problems


def _sound_scopes(document: Document, structural: list[Complaint]) -> list[Scope]:
    if not _is_sound(("defaults",), structural) or any(complaint.path == ("tools",) for complaint in structural):
        return []
    broken = {complaint.path[1] for complaint in structural if complaint.path[:1] == ("tools",)}
    return scopes(document, without=broken)


def _is_sound(path: KeyPath, structural: list[Complaint]) -> bool:
    """Whether the schema has nothing against this part of the file."""
    return not any(complaint.path[: len(path)] == path for complaint in structural)


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Sort by place and drop repetitions: a problem in the defaults is seen once for each tool."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda problem: (problem.position.line, problem.position.column)))


def _fill_environment(document: Document, environ: Mapping[str, str]) -> tuple[Document, list[Complaint]]:
    """Replace `${env:…}` in the target, in the dependencies and in the inputs of tools."""
    complaints: list[Complaint] = []
    if not isinstance(document.value, dict):
        return document, complaints

    def fill(holder: Any, key: Any, path: KeyPath) -> None:
        holder[key] = replace_env(holder[key], environ, path=path, complaints=complaints)

    if "target" in document.value:
        fill(document.value, "target", ("target",))
    for path, tool in _written_tools(document.value):
        if "values" in tool:
            fill(tool, "values", (*path, "values"))
        if "depends_on" in tool:
            fill(tool, "depends_on", (*path, "depends_on"))
        examples = tool.get("examples")
        for index, example in enumerate(examples if isinstance(examples, list) else []):
            if isinstance(example, dict) and "input" in example:
                fill(example, "input", (*path, "examples", index, "input"))
    return document, complaints


def _written_tools(value: dict[str, Any]) -> list[tuple[KeyPath, dict[str, Any]]]:
    tools = value.get("tools")
    found: list[tuple[KeyPath, Any]] = [(("defaults",), value.get("defaults"))]
    found += [(("tools", name), tool) for name, tool in tools.items()] if isinstance(tools, dict) else []
    return [(path, tool) for path, tool in found if isinstance(tool, dict)]


def _build(checked: _Checked) -> Spec:
    document, value = checked.document, checked.document.value
    defaults, *tools = checked.scopes
    return Spec(
        path=document.path,
        target=build_target(value["target"], document.path.resolve().parent),
        target_position=position_of(document, ("target",), on_key=True),
        defaults=_tool(defaults),
        tools=MappingProxyType({scope.name: _tool(scope) for scope in tools}),
        discovers_tools=not tools,
        allow=frozenset(value.get("allow", [])),
    )


def _tool(scope: Scope) -> ToolSpec:
    own = position_of(scope.document, scope.prefixes[0], on_key=True)
    return build_tool(scope.name, scope.raw, scope.key_positions(), own)
