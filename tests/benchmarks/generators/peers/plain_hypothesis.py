"""What a developer writes in an hour: a strategy from types and bounds, half of the inputs spoilt in one place.

`plain_hypothesis.py FOLDER BUDGET REPORT`. A valid input must be answered, with what the output schema asks for; an
invalid one must be refused with ValueError or TypeError. It stops at a tool's first finding. Runs without the project.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import json
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

HANG_S = 2
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
FORMATS = {
    "date": st.dates().map(str),
    "date-time": st.datetimes().map(lambda at: at.isoformat() + "Z"),
    "ipv4": st.ip_addresses(v=4).map(str),
    "uuid": st.uuids().map(str),
    "email": st.emails(),
}


class FindingError(Exception):
    """A promise was not kept."""


def strategy(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    """Return values of the schema's types within its bounds; what else it says is left to the filter."""
    if not isinstance(schema, dict):
        return JSON
    if isinstance(schema.get("$ref"), str):
        return st.deferred(lambda: strategy(_looked_up(schema["$ref"], root), root))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if (branches := schema.get("anyOf") or schema.get("oneOf")) and "type" not in schema:
        return st.one_of([strategy(branch, root) for branch in branches])
    kinds = schema.get("type", ["object"] if "properties" in schema else ["string", "integer"])
    return st.one_of([_typed(kind, schema, root) for kind in ([kinds] if isinstance(kinds, str) else kinds)])


def _looked_up(reference: str, root: Any) -> Any:
    found = root
    for step in reference.lstrip("#/").split("/"):
        found = found.get(step, {}) if isinstance(found, dict) else {}
    return found


def _typed(kind: str, schema: dict[str, Any], root: Any) -> st.SearchStrategy[Any]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if kind == "integer":
        step = schema.get("multipleOf", 1)
        return st.integers(low, high) if step == 1 else st.integers(low, high).map(lambda n: n // step * step)
    if kind == "number":
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    if kind == "string":
        if "pattern" in schema:
            return st.from_regex(schema["pattern"])
        return FORMATS.get(
            schema.get("format", ""), st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))
        )
    if kind == "array":
        bounds = {"min_size": schema.get("minItems", 0), "max_size": schema.get("maxItems")}
        return st.lists(strategy(schema.get("items", {}), root), **bounds)
    if kind == "object":
        return _object(schema, root)
    return st.booleans() if kind == "boolean" else st.none()


def _object(schema: dict[str, Any], root: Any) -> st.SearchStrategy[Any]:
    parts = {name: strategy(part, root) for name, part in schema.get("properties", {}).items() if part is not False}
    required = {name: part for name, part in parts.items() if name in schema.get("required", ())}
    optional = {name: part for name, part in parts.items() if name not in required}
    made = st.fixed_dictionaries(required, optional=optional)
    further = schema.get("additionalProperties")
    if not parts and isinstance(further, dict):
        return st.dictionaries(st.text(max_size=5), strategy(further, root), max_size=5)
    return made


@st.composite
def inputs(draw: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Draw a likely valid input, every other time with one property replaced, dropped or added."""
    value = draw(strategy(schema, schema))
    if draw(st.booleans()):
        names = [*value, *schema.get("properties", {}), "unexpected"]
        name = draw(st.sampled_from(names))
        if draw(st.integers(0, 3)) == 0:
            value.pop(name, None)
        else:
            value[name] = draw(JSON)
    return value


def checked(function: Callable[..., Any], said: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Return the test of one input."""
    kind = jsonschema.validators.validator_for(said["schema"], default=jsonschema.Draft202012Validator)
    accepts = kind(said["schema"], format_checker=kind.FORMAT_CHECKER).is_valid
    answers = jsonschema.Draft202012Validator(said["output"] if said["output"] is not None else {})

    def check(value: dict[str, Any]) -> None:
        valid = accepts(value)
        try:
            result = function(**value)
            result = asyncio.run(result) if inspect.isawaitable(result) else result
        except (ValueError, TypeError) as error:
            if valid or isinstance(error, UnicodeError):
                raise FindingError(f"a valid input raised {type(error).__name__}") from error
            return
        if not valid:
            raise FindingError("an invalid input was accepted")
        json.dumps(result, allow_nan=False)
        answers.validate(result)

    return check


def first_finding(function: Callable[..., Any], said: dict[str, Any], budget: int) -> tuple[str | None, int]:
    """Return the first finding and the number of calls made for it."""
    calls = 0
    check = checked(function, said)

    @settings(
        max_examples=budget, database=None, derandomize=True, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(inputs(said["schema"]))
    def run(value: dict[str, Any]) -> None:
        nonlocal calls
        calls += 1
        signal.alarm(HANG_S)
        try:
            check(value)
        finally:
            signal.alarm(0)

    try:
        run()
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200], calls
    return None, calls


def _hung(*_: Any) -> None:
    raise FindingError("no answer in time")


def main(folder: Path, budget: int, report: Path) -> None:
    """Test all tools of the folder; one line a tool in the report."""
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _hung)
    with report.open("w") as file:
        for name, said in json.loads((folder / "tools.json").read_text()).items():
            found = importlib.util.spec_from_file_location(f"planted_{name}", folder / f"{name}.py")
            module = importlib.util.module_from_spec(found)
            found.loader.exec_module(module)
            finding, calls = first_finding(getattr(module, name), said, budget)
            file.write(json.dumps({"tool": name, "finding": finding, "calls": calls}) + "\n")
            file.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
