"""A tool `spend` that uses memory and CPU as it is told to, here or in a child: over stdio (MCP), HTTP, WebSocket, as a command."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

kept = []
block = bytearray(b"x") * (6 * 2**20)


def spike():
    block = bytearray(b"x") * (10 * 2**20)
    time.sleep(0.001)
    del block


def burn():
    end = time.process_time() + 0.005
    while time.process_time() < end:
        pass


@cache
def child():
    command = [sys.executable, "-S", __file__, "child"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def asked(what):
    child().stdin.write(what + "\n")
    child().stdin.flush()
    child().stdout.readline()


def spend(what):
    where, _, how = what.rpartition(" ")
    if where:
        asked(how)
    elif what == "settings":
        return sorted(name for name in os.environ if name.startswith("MALLOC_"))
    elif what == "leak":
        kept.append(bytes(1300))
    elif what == "walk":
        block.count(b"y")
    elif what:
        {"spike": spike, "burn": burn}[what]()
    return "done"


def over_stdio():
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": mcp_answer(message)}), flush=True)


def mcp_answer(message):
    if message["method"] == "initialize":
        info = {"name": "spending", "version": "1"}
        return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
    if message["method"] == "tools/list":
        return {"tools": [{"name": "spend", "inputSchema": {"type": "object"}}]}
    text = json.dumps(spend(message["params"]["arguments"]["what"]))
    return {"content": [{"type": "text", "text": text}]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self):
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps(spend(given["what"])).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


async def over_websocket(port):
    from websockets.asyncio.server import serve

    async def answer(connection):
        async for text in connection:
            message = json.loads(text)
            reply = {"jsonrpc": "2.0", "id": message["id"], "result": spend(message["params"]["what"])}
            await connection.send(json.dumps(reply))

    async with serve(answer, "127.0.0.1", port):
        await asyncio.Event().wait()


def as_child():
    for line in sys.stdin:
        spend(line.strip())
        print(flush=True)


def main(how, port=0):
    if how == "http":
        ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
    elif how == "websocket":
        asyncio.run(over_websocket(port))
    elif how == "command":
        print(json.dumps(spend(json.load(sys.stdin)["what"])))
    else:
        {"stdio": over_stdio, "child": as_child}[how]()


main(sys.argv[1], *map(int, sys.argv[2:]))
