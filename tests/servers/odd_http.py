"""A Starlette service that answers in every way that HTTP allows, and in some that it does not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "odd", "version": "1"},
    "servers": [{"url": "/api/v1"}],
    "paths": {
        "/orders/{id}": {
            "put": {
                "operationId": "put_order",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": {
                    "type": "object", "properties": {"id": {"type": "integer"}, "sku": {"type": "string"}},
                    "required": ["id", "sku"]}}}},
                "responses": {"200": {"description": "done"}},
            }
        },
        "/closed": {
            "post": {
                "operationId": "closed",
                "requestBody": {"required": True, "content": {"application/json": {"schema": {
                    "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
                    "additionalProperties": False}}}},
                "responses": {"200": {"description": "done"}},
            }
        },
    },
}  # fmt: skip


async def echo(request: Request) -> Response:
    return JSONResponse({"path": request.url.path, "body": await request.json()})


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.01)


def odd(request: Request) -> Response:
    answers = {
        "loop": lambda: RedirectResponse("/odd/loop"),
        "moved": lambda: RedirectResponse("/api/v1/closed", status_code=308),
        "garbage": lambda: Response("{not", media_type="application/json"),
        "gzip": lambda: Response(b"no gzip", headers={"content-encoding": "gzip"}),
        "nan": lambda: Response('{"mean": NaN}', media_type="application/json"),
        "nothing": lambda: Response(status_code=204),
        "page": lambda: Response("<html>", media_type="text/html"),
        "problem": lambda: Response("{not", status_code=422, media_type="application/problem+json"),
        "endless": lambda: StreamingResponse(endless(), media_type="application/json"),
    }
    return answers[request.path_params["way"]]()


ROUTES = [
    Route("/openapi.json", lambda _: JSONResponse(DOCUMENT)),
    Route("/odd/{way}", odd, methods=["GET", "POST"]),
    Mount("/api/v1", routes=[Route("/orders/{id}", echo, methods=["PUT"]), Route("/closed", echo, methods=["POST"])]),
]
uvicorn.run(Starlette(routes=ROUTES), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
