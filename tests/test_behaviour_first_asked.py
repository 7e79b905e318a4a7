"""Half a key: what was asked first decides what is answered later. Shown of a service that cannot be had anew."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.behaviour import repeat
from pytest_toolcheck.behaviour.first_asked import what_is_decided_first
from pytest_toolcheck.behaviour.promise import BehaviourScenario, Trial
from pytest_toolcheck.behaviour.telling import scores, separated
from pytest_toolcheck.scenario import ToolPlan

from .behaviour_lab import Room, findings_of

RATES = {"celsius": (1, 0), "fahrenheit": (1.8, 32), "kelvin": (1, 273.15)}
KINDS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "upper": ("a: {type: string, maxLength: 5}, b: {type: boolean}", lambda a, b: a.upper() if b else a),
    "unit": (
        "a: {type: number}, b: {enum: [celsius, fahrenheit, kelvin]}",
        lambda a, b: a * RATES[b][0] + RATES[b][1],
    ),
    "places": (
        "a: {type: number, minimum: 0.5}, b: {type: integer, minimum: 0, maximum: 6}",
        lambda a, b: round(a / 3, b),
    ),
    "factor": (
        "a: {type: integer, minimum: 1}, b: {type: integer, minimum: 1, maximum: 50}",
        lambda a, b: {"total": a * b},
    ),
    "reverse": ("a: {type: string}, b: {type: boolean}", lambda a, b: {"text": a[::-1] if b else a}),
    "language": ("a: {type: string}, b: {enum: [en, de]}", lambda a, b: f"{'Hallo' if b == 'de' else 'Hello'} {a}"),
    "full": (
        "a: {type: string, pattern: '^[A-Z]{3}-[0-9]{4}$'}, b: {type: boolean}",
        lambda a, b: {"sku": a, **({"price": 3} if b else {})},
    ),
    "tag": ("a: {type: string, format: date}, b: {type: string}", lambda a, b: [int(a[:4]), b]),
}
"""Schema of two parameters, and what is computed of them: `b` is what half a key leaves out."""


def _answered(way: str, kind: str, a: Any, b: Any, cache: dict[Any, Any]) -> Any:
    compute = KINDS[kind][1]
    if way == "half":
        return cache.setdefault((kind, a), compute(a, b))
    if way == "whole":
        return cache.setdefault((kind, a, b), compute(a, b))
    if way == "deaf":  # b says nothing, and half of the answers look as if it did
        return compute(a, True if isinstance(b, bool) else {"language": "de", "unit": "kelvin"}.get(kind, 1))
    return {"share": int(hashlib.sha256(str(a).encode()).hexdigest(), 16) % 97, "b": b if way == "echo" else None}


@contextmanager
def service() -> Iterator[str]:
    """Serve the tools `/WAY_KIND` from this process."""
    cache: dict[Any, Any] = {}

    class Service(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["content-length"])))
            way, _, kind = self.path[1:].partition("_")
            answer = json.dumps({"answer": _answered(way, kind, **given, cache=cache)}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *said: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _schema_of(kind: str) -> str:
    return f"{{type: object, properties: {{{KINDS[kind][0]}}}, required: [a, b], additionalProperties: false}}"


def found(folder: Path, promise: str, *tools: str) -> list[str]:
    """Return what is found of the tools of a service that is only reached, each of which keeps the promise or not."""
    described = ""
    for name in tools:
        described += f"  {name}:\n    call: POST /{name}\n    annotations: {{{promise}: true}}\n"
        described += f"    input: {_schema_of(name.partition('_')[2])}\n"
    with service() as url:
        return findings_of(folder, "", f"target: {{http: {{url: '{url}'}}}}\ntools:\n{described}")


WAYS = "half", "whole", "deaf", "odd", "echo"


def _asked_first(trial: Trial) -> None:
    repeat._nothing_decides(trial, list(trial.inputs()))


def only_what_is_asked_first(plan: ToolPlan) -> list[BehaviourScenario]:
    """The experiment alone, of functions in this process: `deterministic` would import them anew for each input."""
    return [BehaviourScenario("asked first", "deterministic", "repeat", _asked_first, None)]


def found_here(folder: Path, kind: str, *ways: str, room: Room = only_what_is_asked_first) -> list[str]:
    """Return what the experiment finds of a tool of each way, `WAY_KIND`."""
    code, described = f"from {__name__} import _answered\ncache = {{}}\n", ""
    for way in ways:
        code += f"def {way}_{kind}(a, b): return _answered({way!r}, {kind!r}, a, b, cache)\n"
        described += f"  {way}_{kind}:\n    annotations: {{deterministic: true}}\n    input: {_schema_of(kind)}\n"
    return findings_of(folder, code, f"tools:\n{described}", room=room)


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_key_is_found(kind: str, tmp_path: Path) -> None:
    """Each kind of parameter that the key leaves out; a whole key, and a parameter that means nothing, accuse nobody."""
    [finding] = found_here(tmp_path, kind, *(WAYS if kind == "unit" else WAYS[:3]))
    assert finding.startswith(f"half_{kind}: deterministic: ")
    assert finding.endswith("what is asked first decides what is answered, for every b")


def test_half_a_key_is_found_without_a_second_server(tmp_path: Path) -> None:
    """In a service that is only reached, after all else that the promise is held to."""
    [finding] = found(tmp_path, "deterministic", "half_full", "whole_full", "deaf_full")
    assert finding.startswith("half_full: deterministic: ")
    assert finding.endswith("what is asked first decides what is answered, for every b")


def test_half_a_key_shows_that_a_tool_does_not_only_read(tmp_path: Path) -> None:
    """The hint of an MCP server says nothing of equal answers; yet a call that decides what others answer writes."""
    [finding] = found(tmp_path, "read_only", "half_language", "whole_language")
    assert finding.startswith("half_language: read_only: half_language is not read_only: what is asked first decides")


@pytest.mark.parametrize(("quickest_s", "is_found"), [(0.0, True), (20.0, False)])
def test_a_busy_machine_hides_no_half_key(quickest_s: float, is_found: bool, tmp_path: Path) -> None:
    """Calls that wait for the machine are quick again and again; a tool that is slow in each is not called so often."""
    seconds = cycle([quickest_s, 60.0, 30.0])

    def busily(trial: Trial) -> None:
        known = [(value, replace(outcome, duration_ns=0)) for value, outcome in trial.inputs()]
        call = trial.ctx.call
        trial.ctx.call = lambda *a, **k: replace(call(*a, **k), duration_ns=round(next(seconds) * 1e9))
        assert (what_is_decided_first(trial, known) is not None) == is_found

    found_here(tmp_path, "factor", "half", room=lambda plan: [replace(*only_what_is_asked_first(plan), act=busily)])


def test_chance_separates_no_keys() -> None:
    """Scores that overlap tell nothing: one key on the other side is enough."""
    low, high = [scores({"": n}, {"a": 1}) for n in (1, 2, 3)], [scores({"": n}, {"a": 1}) for n in (4, 5, 6)]
    assert separated(low, high)
    assert not separated(low, [*high, scores({"": 2.5}, {"a": 1})])
    assert not separated([scores({"": "x"}, {})], [scores({"": "x"}, {})])
