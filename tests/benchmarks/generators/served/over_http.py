"""A JSON service with its OpenAPI document: `over_http.py FOLDER PORT`."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tools import Refusal, Tools

TOOLS = Tools(Path(sys.argv[1]))


def operation(name: str, said: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI operation of a tool."""
    answered = {"description": "done", "content": {"application/json": {"schema": said["output"] or {}}}}
    told = {"description": "refused", "content": {"application/json": {"schema": {"type": "object"}}}}
    body = {"required": True, "content": {"application/json": {"schema": said["schema"]}}}
    responses = {"200": answered, "400": told, "default": told}
    return {"post": {"operationId": name, "summary": name, "requestBody": body, "responses": responses}}


def document(_request: Request) -> Response:
    paths = {f"/tools/{name}": operation(name, said) for name, said in TOOLS.described.items()}
    return JSONResponse({"openapi": "3.1.0", "info": {"title": "planted", "version": "1"}, "paths": paths})


async def called(request: Request) -> Response:
    if request.path_params["name"] not in TOOLS.described:
        return JSONResponse({"error": "no such tool"}, status_code=404)
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return JSONResponse({"error": "expected application/json"}, status_code=415)
    try:
        given = json.loads(await request.body())
    except (ValueError, RecursionError):
        return JSONResponse({"error": "the body is no JSON"}, status_code=400)
    try:
        result = await run_in_threadpool(TOOLS.call, request.path_params["name"], given)
        if inspect.isawaitable(result):
            result = await TOOLS.awaited(result)
        return Response(json.dumps(result), media_type="application/json")
    except Refusal as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    except Exception as error:
        return JSONResponse({"error": type(error).__name__}, status_code=500)


ROUTES = [Route("/openapi.json", document), Route("/tools/{name}", called, methods=["POST"])]
uvicorn.run(Starlette(routes=ROUTES), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
