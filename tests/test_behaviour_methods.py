"""What HTTP itself promises: a GET changes nothing, a second equal PUT neither, where nobody says otherwise."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolcheck.behaviour.switches import is_promised_by_method, keeps_record
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import ToolDescription

from .behaviour_lab import findings_of
from .test_targets_http import free_port

SERVER = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

rows, stock, cache = [], {}, {}

def entries(given, key):
    return [{"remaining_quota": 1000 - cache["used"]}] if "used" in cache else rows

def lamp(given, key):
    rows.append({"lamp": key})
    return {"lamp": key}

def desk(given, key):
    return {"desk": key, "views": len(cache)}

def metered(given, key):
    cache["used"] = cache.get("used", 0) + 1
    return {"metered": key}

def half(given, key):
    return cache.setdefault(key, {"degrees": {"C": 20, "F": 68}[given["unit"]] + len(key)})

def whole(given, key):
    return cache.setdefault((key, given["unit"]), {"degrees": {"C": 20, "F": 68}[given["unit"]] + len(key)})

def next_number(given, key):
    rows.append({"next": key})
    return {"number": len(rows)}

def added(given, key):
    stock[key] = stock.get(key, 0) + given["pieces"]
    return {"pieces": stock[key]}

def piled(given, key):
    stock[key] = stock.get(key, 0) + given["body"]["pieces"]
    return {"pieces": stock[key]}

def kept(given, key):
    stock[key] = given["pieces"]
    return {"pieces": stock[key]}

def versioned(given, key):
    stock[key] = stock.get(key, 0) + 1
    return {"pieces": given["pieces"], "version": stock[key]}

def logged(given, key):
    rows.append(given)
    return {"done": True}

class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def do_GET(self):
        parts = urlsplit(self.path)
        name, _, key = parts.path[1:].partition("/")
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        given = {**dict(parse_qsl(parts.query)), **(json.loads(body) if body else {})}
        status = 200 if isinstance(given.get("pieces", 1), int) and given.get("unit", "C") in "CF" else 422
        answer = json.dumps(globals()[name](given, key) if status == 200 else "no").encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_PUT = do_POST = do_GET

    def log_message(self, *said):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service).serve_forever()
"""
LISTS = "  list_entries: {call: GET /entries, input: {type: object, additionalProperties: false}, variations: {categories: [example]}}\n"
GETS = "{call: 'GET /PATH/{key}', input: {type: object, properties: {key: {enum: [ab, cd]}UNIT}, required: [keyNEED], additionalProperties: false}}\n"
PUTS = (
    "{call: 'PUT /PATH/{key}', input: {type: object, properties: {key: {enum: [ab, cd]}, pieces: {type: integer, minimum: 0, maximum: 9}}, "
    "required: [key, pieces], additionalProperties: false}}\n"
)
UNIT = GETS.replace("UNIT", ", unit: {enum: [C, F]}").replace("NEED", ", unit")
PLAIN = GETS.replace("UNIT", "").replace("NEED", "")
TOOLS = [
    ("show_lamp", PLAIN.replace("PATH", "lamp"), "show_lamp is not read_only: called with"),
    ("show_desk", PLAIN.replace("PATH", "desk"), None),
    ("show_metered", PLAIN.replace("PATH", "metered"), None),
    ("temperature", UNIT.replace("PATH", "half"), "temperature is not read_only: what is asked first decides"),
    ("temperature", UNIT.replace("PATH", "whole"), None),
    (
        "convert_it",
        UNIT.replace("PATH", "half").replace("GET", "POST"),
        "convert_it answers what another call was to be told",
    ),
    ("convert_it", UNIT.replace("PATH", "whole").replace("GET", "POST"), None),
    ("open_it", UNIT.replace("PATH", "half").replace("GET", "POST"), None),
    ("next_number", PLAIN.replace("PATH", "next_number"), None),
    ("set_stock", PUTS.replace("PATH", "added"), "set_stock is not idempotent: an equal call has a further effect"),
    ("set_stock", PUTS.replace("PATH", "kept"), None),
    ("put_stock", PUTS.replace("PATH", "logged"), "put_stock is not idempotent: each further equal call changes"),
    ("put_stock", PUTS.replace("PATH", "versioned"), None),
    ("append_stock", PUTS.replace("PATH", "added"), None),
    ("set_stock", PUTS.replace("PATH", "added").replace("{call", "{annotations: {idempotent: false}, call"), None),
    ("show_lamp", PLAIN.replace("PATH", "lamp").replace("{call", "{checks: {read_only: false}, call"), None),
]


@pytest.mark.parametrize(("name", "tool", "told"), TOOLS)
def test_get_is_safe_and_put_is_idempotent(tmp_path: Path, name: str, tool: str, told: str | None) -> None:
    """The annotation, the check, or a name that says what else is done, come before the method."""
    (tmp_path / "service.py").write_text(SERVER, encoding="utf-8")
    port = free_port()
    start = f"[{sys.executable}, {tmp_path / 'service.py'}, '{port}']"
    target = f"target: {{http: {{url: 'http://127.0.0.1:{port}', start: {start}, ready: /entries}}}}\n"
    found = findings_of(tmp_path, "", f"{target}tools:\n{LISTS}  {name}: {tool}")
    assert len(found) == (told is not None), found
    assert told is None or told in found[0]


@pytest.mark.parametrize(
    ("name", "is_record"),
    [
        ("views", True),
        ("remaining_quota", True),
        ("requestsServed", True),
        ("get_history", True),
        ("remaining", False),
        ("stock", False),
    ],
)
def test_what_keeps_a_record_of_calls_is_told_by_its_name(name: str, is_record: bool) -> None:
    assert keeps_record(name) is is_record


@pytest.mark.parametrize(
    ("said", "is_promised"),
    [
        ("A record.", True),
        ("Popular tracks, by creation date.", True),
        ("Market prices of countries.", True),
        ("Counts a visit.", False),
        ("Pops a job.", False),
        ("Marks a mail as read.", False),
        ("Records each view.", False),
        ("Creates a cart where there is none.", False),
    ],
)
def test_a_description_may_say_what_else_is_done(said: str, is_promised: bool) -> None:
    """Words that only begin alike say nothing of it."""
    tool = ToolSpec(name="show_thing")
    plan: Any = SimpleNamespace(
        tool=tool,
        spec=SimpleNamespace(target=SimpleNamespace(kind="http")),
        description=ToolDescription("show_thing", said, source="GET /things/{id}"),
    )
    assert is_promised_by_method(plan, "read_only") == is_promised
    assert not is_promised_by_method(plan, "idempotent")
