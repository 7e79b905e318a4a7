"""Half a key: what was asked first decides what is answered later. Shown of a service that cannot be had anew."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.behaviour.telling import scores, separated

from .behaviour_lab import findings_of

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


def found(folder: Path, promise: str, *tools: str) -> list[str]:
    """Return what is found of the tools of a service that is only reached, each of which keeps the promise or not."""
    described = ""
    for name in tools:
        schema = KINDS[name.partition("_")[2]][0]
        described += (
            f"  {name}:\n    call: POST /{name}\n    annotations: {{{promise}: true}}\n    input: {{type: object, "
            f"properties: {{{schema}}}, required: [a, b], additionalProperties: false}}\n"
        )
    with service() as url:
        return findings_of(folder, "", f"target: {{http: {{url: '{url}'}}}}\ntools:\n{described}")


WAYS = "half", "whole", "deaf", "odd", "echo"


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_key_is_found_without_a_second_server(kind: str, tmp_path: Path) -> None:
    """Each kind of parameter that the key leaves out; a whole key, and a parameter that means nothing, accuse nobody."""
    ways = WAYS if kind == "unit" else WAYS[:3]
    [finding] = found(tmp_path, "deterministic", *(f"{way}_{kind}" for way in ways))
    assert finding.startswith(f"half_{kind}: deterministic: ")
    assert finding.endswith("what is asked first decides what is answered, for every b")


def test_half_a_key_shows_that_a_tool_does_not_only_read(tmp_path: Path) -> None:
    """The hint of an MCP server says nothing of equal answers; yet a call that decides what others answer writes."""
    [finding] = found(tmp_path, "read_only", "half_language", "whole_language")
    assert finding.startswith("half_language: read_only: half_language is not read_only: what is asked first decides")


def test_chance_separates_no_keys() -> None:
    """Scores that overlap tell nothing: one key on the other side is enough."""
    low, high = [scores({"": n}, {"a": 1}) for n in (1, 2, 3)], [scores({"": n}, {"a": 1}) for n in (4, 5, 6)]
    assert separated(low, high)
    assert not separated(low, [*high, scores({"": 2.5}, {"a": 1})])
    assert not separated([scores({"": "x"}, {})], [scores({"": "x"}, {})])
