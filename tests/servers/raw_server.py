"""An MCP server without an SDK: speaks the protocol line by line, and breaks it where it is told to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

TOOLS = [f"tool{number}" for number in range(4)] + [
    "structured",
    "text",
    "damaged",
    "code",
    "surrogate",
    "spawn",
    "hang",
    "environment",
    "executable",
    "quit",
]


def tool(name):
    declared = {"outputSchema": {"type": "object"}} if name == "structured" else {}
    return {"name": name, "inputSchema": {"type": "object"}, **declared}


def listed(params):
    start = int((params or {}).get("cursor", 0))
    page = {"tools": [tool(name) for name in TOOLS[start : start + 2]]}
    return page | ({"nextCursor": str(start + 2)} if start + 2 < len(TOOLS) else {})


def text(words):
    return {"content": [{"type": "text", "text": words}]}


def called(name, arguments):
    if name == "structured":
        return text('{"a": 1}')
    if name == "damaged":
        return {"content": "no list"}
    if name == "surrogate":
        return text("\ud800")
    if name == "spawn":
        child = subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return text(str(child.pid))
    if name == "hang":
        time.sleep(60)
    if name == "environment":
        return text(os.environ.get(arguments["name"], ""))
    if name == "executable":
        return text(sys.executable)
    if name == "quit":
        sys.exit(5)
    return text(arguments.get("say", "")) if name == "text" else text(json.dumps(arguments))


def answer(message):
    method, params = message["method"], message.get("params")
    if method == "initialize":
        info = {"name": "raw", "version": "1"}
        return {"result": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}}
    if method == "tools/list":
        return {"result": listed(params)}
    if params["name"] == "code":
        return {"error": {"code": params["arguments"]["code"], "message": "said no"}}
    return {"result": called(params["name"], params["arguments"])}


print("starting up", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        print(f"working on {request['method']}")
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer(request)}), flush=True)
