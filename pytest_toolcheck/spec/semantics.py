"""What the format demands of a tool and a JSON Schema cannot say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final

from ..errors import Problem
from ..units import parse_duration_ns, parse_share, parse_size_bytes
from .complaints import regex_problem
from .model import OWN_FAULT_PLACES
from .path_holes import unfilled_places
from .schemas import parameters, problems_with_inputs
from .scope import Scope, is_written
from .slips import slips
from .wording import Path, did_you_mean, found, listed, quoted

_PERCENTILES: Final = ("p50", "p95", "p99", "max")
_DEFAULT_TIMEOUT: Final = "10s"
_OUTERMOST: Final = "server"
_REFUSALS: Final = {
    "python": "the name of an exception, such as ValueError (the target is Python)",
    "http": "a status, such as 409 or 4xx (the target is an HTTP service)",
    "command": "an exit code, such as 2 (the target is a command)",
}
_IN_VIRTUAL_TIME: Final = frozenset({"resilience", "heartbeat", "timeouts"})
_ELSEWHERE: Final = ("http", "websocket", "command")

Found = Iterator[tuple[Path, str]]
"""Places below the tool, and what is wrong there; `{place}` in the text stands for the place's name."""


def problems_in_tool(scope: Scope, *, with_inputs: bool) -> Iterator[Problem]:
    """Yield what is wrong with a tool of sound structure; `with_inputs` where its schemas are sound too."""
    for rule in _RULES:
        for path, text in rule(scope):
            yield scope.problem(path, text)
    if with_inputs:
        yield from problems_with_inputs(scope)


def _positive_times(scope: Scope) -> Found:
    for path, value in _durations(scope.raw):
        if parse_duration_ns(value) == 0:
            yield path, "{place} is 0: nothing takes no time at all"


def _durations(raw: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    if "timeout" in raw:
        yield ("timeout",), raw["timeout"]
    budgets = raw.get("budgets", {})
    for name, value in budgets.get("latency", {}).items():
        yield ("budgets", "latency", name), value
    if "time" in budgets.get("cpu", {}):
        yield ("budgets", "cpu", "time"), budgets["cpu"]["time"]
    if "interval" in raw.get("heartbeat", {}):
        yield ("heartbeat", "interval"), raw["heartbeat"]["interval"]
    if "idle_timeout" in raw.get("sessions", {}):
        yield ("sessions", "idle_timeout"), raw["sessions"]["idle_timeout"]
    for index, layer in enumerate(raw.get("timeouts", [])):
        yield from ((("timeouts", index, name), value) for name, value in layer.items())


def _latency_in_order(scope: Scope) -> Found:
    latency = scope.raw.get("budgets", {}).get("latency", {})
    written = [name for name in _PERCENTILES if name in latency]
    for lower, upper in pairwise(written):
        if parse_duration_ns(latency[lower]) > parse_duration_ns(latency[upper]):
            text = f"{{place}} is {latency[upper]}, less than {lower} with {latency[lower]}: p50 <= p95 <= p99 <= max"
            yield ("budgets", "latency", upper), text


def _latency_within_timeout(scope: Scope) -> Found:
    timeout = scope.raw.get("timeout", _DEFAULT_TIMEOUT)
    for name, limit in scope.raw.get("budgets", {}).get("latency", {}).items():
        if parse_duration_ns(limit) > parse_duration_ns(timeout):
            text = f"{{place}} is {limit}, but a call is stopped after the timeout of {timeout}: raise 'timeout'"
            yield ("budgets", "latency", name), text


def _sizes_and_shares(scope: Scope) -> Found:
    budgets = scope.raw.get("budgets", {})
    if "peak" in budgets.get("memory", {}) and parse_size_bytes(budgets["memory"]["peak"]) == 0:
        yield ("budgets", "memory", "peak"), "{place} is 0: no call takes no memory at all"
    if "utilization" in budgets.get("cpu", {}) and parse_share(budgets["cpu"]["utilization"]) == 0:
        yield ("budgets", "cpu", "utilization"), "{place} is 0%: no call takes no CPU at all"
    within = scope.raw.get("heartbeat", {}).get("within")
    if within is not None and parse_share(within) > 1:
        yield ("heartbeat", "within"), f"{{place}} is {within}: at most the whole interval, 100%, can be tolerated"


def _known_parameters(scope: Scope) -> Found:
    known = parameters(scope)
    if known is None:
        return
    named: list[tuple[Path, str]] = [
        (("values", name), name) for name in scope.raw.get("values", {}) if not name.startswith("/")
    ]
    over = scope.raw.get("budgets", {}).get("growth", {}).get("over")
    place = ("budgets", "growth", "over")
    is_own = is_written(scope.document, (*scope.prefixes[0], *place))  # a default concerns the tools that have it
    if over is not None and not over.startswith("/") and is_own:
        named.append((place, over))
    for path, name in named:
        if name not in known:
            hint = did_you_mean(name, known)
            yield path, f"{{place}}: the tool has no parameter {quoted(name)}.{hint} Parameters: {listed(known)}"


def _known_both_ways(scope: Scope) -> Found:
    for name, known in scope.raw.get("values", {}).items():
        good = [json.dumps(value) for value in known.get("valid", [])]
        for index, value in enumerate(known.get("invalid", [])):
            if json.dumps(value) in good:
                yield ("values", name, "invalid", index), f"{{place}}: {found(value)} stands under 'valid' too"


def _clock(scope: Scope) -> Found:
    target = scope.document.value.get("target")
    if scope.raw.get("clock") != "virtual" or not isinstance(target, dict) or len(target) != 1:
        return
    [kind] = target
    if kind in _ELSEWHERE or (kind == "mcp" and isinstance(target[kind], dict) and "server" not in target[kind]):
        yield ("clock",), "{place}: time can be virtual for tools of this process only: python, or mcp with 'server'"
    elif kind == "mcp" and not _mentions(scope, _IN_VIRTUAL_TIME):
        text = (
            "not supported yet: virtual time in ordinary cases of an MCP server; 'resilience' and 'heartbeat' have it"
        )
        yield ("clock",), f"{{place}}: {text}"


def _mentions(scope: Scope, keys: frozenset[str]) -> bool:
    """Whether some tool of the file, or its defaults, has one of the keys."""
    file = scope.document.value
    places = [file.get("defaults"), *(file.get("tools") or {}).values()]
    return any(keys & place.keys() for place in places if isinstance(place, dict))


def _expectations(scope: Scope) -> Found:
    for path, expect in _all_expectations(scope.raw):
        error = expect.get("error")
        if error is None:
            continue
        contradicting = [key for key in ("output", "equals", "matches") if key in expect]
        if contradicting:
            yield path, f"{{place}} promises an error and '{contradicting[0]}': a call ends in one of them"
        problem = regex_problem(error[1:-1]) if len(error) > 1 and error[0] == error[-1] == "/" else None
        if problem:
            yield (*path, "error"), f"{{place}}: {problem}"


def _all_expectations(raw: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for key in ("examples", "faults"):
        for index, item in enumerate(raw.get(key, [])):
            if "expect" in item:
                yield (key, index, "expect"), item["expect"]
    for index, item in enumerate(raw.get("resilience", [])):
        if "fallback" in item:
            yield ("resilience", index, "fallback", "expect"), item["fallback"]["expect"]


def _example_names(scope: Scope) -> Found:
    seen: set[str] = set()
    for index, example in enumerate(scope.raw.get("examples", [])):
        name = example.get("name")
        if name in seen:
            yield ("examples", index, "name"), f"{{place}}: another example is named {quoted(name)} already"
        seen.update({name} - {None})


def _dependencies(scope: Scope) -> Found:
    known = list(scope.raw.get("depends_on", {}))
    for key in ("resilience", "faults"):
        for index, item in enumerate(scope.raw.get(key, [])):
            own = OWN_FAULT_PLACES if key == "faults" else ()
            if item["on"] not in known and item["on"] not in own:
                yield (key, index, "on"), _unknown_dependency(item["on"], known)
    for name, dependency in scope.raw.get("depends_on", {}).items():
        yield from _one_dependency(("depends_on", name), dependency)


def _unknown_dependency(name: str, known: list[str]) -> str:
    declared = f"Declared: {listed(known)}" if known else "Declare it under 'depends_on'"
    return f"{{place}}: {quoted(name)} is not a dependency of the tool.{did_you_mean(name, known)} {declared}"


def _one_dependency(path: Path, dependency: dict[str, Any]) -> Found:
    kinds = [key for key in ("python", "tcp", "files") if key in dependency]
    if len(kinds) != 1:
        given = listed(kinds) or "neither python nor tcp nor files"
        yield path, f"{{place}} has {given}: exactly one of python, tcp, files is needed"
    if "via" in dependency and "tcp" not in dependency:
        yield (*path, "via"), "{place}: only a dependency with 'tcp' is handed over in a variable"


def _layers(scope: Scope) -> Found:
    known = list(scope.raw.get("depends_on", {}))
    layers = [(i, name, time) for i, layer in enumerate(scope.raw.get("timeouts", [])) for name, time in layer.items()]
    if scope.prefixes[0] != ("defaults",):
        for index, name, _ in layers:
            if name not in (*known, scope.name, _OUTERMOST):
                hint = did_you_mean(name, [*known, scope.name, _OUTERMOST])
                layer_names = listed([*known, f"{scope.name} (the tool)", _OUTERMOST])
                yield ("timeouts", index, name), f"{{place}}: {quoted(name)} is no layer.{hint} Layers: {layer_names}"
    for (_, inner, inner_time), (index, outer, outer_time) in pairwise(layers):
        if parse_duration_ns(inner_time) >= parse_duration_ns(outer_time):
            text = f"{{place}} is {outer_time}, not more than {inner_time} of {quoted(inner)} inside it"
            yield ("timeouts", index, outer), f"{text}: the innermost could not end a hang"


def _promises(scope: Scope) -> Found:
    for index, promise in enumerate(scope.raw.get("resilience", [])):
        path: Path = ("resilience", index)
        if set(promise) == {"on"}:
            yield path, "{place} promises nothing: add timeout, retry, breaker or fallback"
        yield from _retry((*path, "retry"), promise.get("retry", {}))


def _retry(path: Path, retry: dict[str, Any]) -> Found:
    delays, waits = len(retry.get("delays", [])), int(retry.get("attempts", 1)) - 1
    if delays and delays != waits:
        yield (*path, "delays"), f"{{place}} has {delays}, but {waits + 1} attempts have {waits} waits between them"
    for name in sorted(set(retry.get("retries", [])) & set(retry.get("gives_up_on", []))):
        yield (*path, "gives_up_on"), f"{{place}}: {quoted(name)} stands under 'retries' too"


def _sessions(scope: Scope) -> Found:
    sessions = scope.raw.get("sessions", {})
    if "limit" in sessions and sessions.get("concurrent", 0) > sessions["limit"]:
        text = f"{{place}} is {sessions['concurrent']}, more than the limit of {sessions['limit']} sessions"
        yield ("sessions", "concurrent"), text


def _refusals(scope: Scope) -> Found:
    """Yield refusals none of which the target can make: statuses for a Python function, exceptions for a command."""
    rejects, target = scope.raw.get("rejects"), scope.document.value.get("target")
    kind = next(iter(target), None) if isinstance(target, dict) else None
    if kind not in _REFUSALS or rejects is None:
        return
    items = rejects if isinstance(rejects, list) else [rejects]
    are_names = [isinstance(item, str) and (item[:1].isalpha() or item[:1] == "_") for item in items]
    if (kind == "python") not in are_names:
        path: Path = ("rejects", 0) if isinstance(rejects, list) else ("rejects",)
        yield path, f"{{place}}: expected {_REFUSALS[kind]}, found {found(items[0])}"


_RULES: Final[tuple[Callable[[Scope], Found], ...]] = (
    _positive_times,
    _latency_in_order,
    _latency_within_timeout,
    _sizes_and_shares,
    _known_parameters,
    _known_both_ways,
    _clock,
    _expectations,
    _example_names,
    _dependencies,
    _layers,
    _promises,
    _sessions,
    _refusals,
    unfilled_places,
    slips,
)
