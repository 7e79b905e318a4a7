"""A WebSocket service for the tests: JSON-RPC, out of order where it is told to be."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from websockets.asyncio.server import serve

CODES = {"internal": -32603, "invalid": -32602, "own": 42}


async def answer(connection, message):
    name, given = message["method"], message["params"]
    if name == "wait":
        await asyncio.sleep(given["s"])
    if name == "die":
        os._exit(4)
    if name == "close":
        await connection.close()
        return
    if name in ("noisy", "mute"):
        for stray in ("log line", b"\xff\xfe", "[]", "null", '{"id": 77777}', '{"broken"'):
            await connection.send(stray)
    if name == "mute":
        return
    head = {"jsonrpc": "2.0", "id": message["id"]}
    if name in CODES:
        await connection.send(json.dumps({**head, "error": {"code": CODES[name], "message": f"{name} error"}}))
    else:
        await connection.send(json.dumps({**head, "result": given}))


async def handle(connection):
    await connection.send(json.dumps({"jsonrpc": "2.0", "method": "hello"}))
    tasks = []
    async for text in connection:
        message = json.loads(text)
        if "method" not in message:
            await connection.send(json.dumps({"reply": {"to": message["head"][0], "data": message["data"]}}))
        else:
            tasks.append(asyncio.create_task(answer(connection, message)))


async def main():
    async with serve(handle, "127.0.0.1", int(sys.argv[1])):
        await asyncio.Event().wait()


asyncio.run(main())
