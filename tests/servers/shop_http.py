"""A JSON service with an OpenAPI document, for the tests: answers well, refuses, crashes, hangs and dies."""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

ITEM = {"type": "object", "properties": {"sku": {"type": "string"}, "count": {"type": "integer", "minimum": 1}}}
DOCUMENT = {
    "openapi": "3.0.3",
    "components": {"schemas": {"Item": {**ITEM, "required": ["sku"]}, "Note": {"type": "string", "nullable": True}}},
    "paths": {
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {
                "operationId": "read_order",
                "summary": "Read an order.",
                "parameters": [
                    {"name": "full", "in": "query", "schema": {"type": "boolean"}, "description": "all of it"}
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}}
                },
            },
            "post": {
                "operationId": "place_order",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
                },
                "responses": {"200": {"description": "done"}},
            },
            "delete": {"responses": {"204": {"description": "gone"}}},
        },
        "/notes": {
            "post": {
                "operationId": "add_notes",
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Note"}}
                        }
                    }
                },
            }
        },
    },
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        name = parts.path.strip("/")
        if name == "openapi.json":
            self.send(200, DOCUMENT)
        elif name == "hang":
            threading.Event().wait(60)
        elif name == "die":
            os._exit(9)
        elif name == "text":
            self.send(200, "plain words")
        elif name.startswith("status/"):
            print(f"asked for {name}", file=sys.stderr, flush=True)
            self.send(int(name[7:]), {"problem": "as you wished"})
        else:
            self.send(200, self.seen(parts, body))

    def seen(self, parts, body):
        query = parse_qsl(parts.query, keep_blank_values=True)
        mine = self.headers.get("x-mine")
        path = unquote(parts.path)
        return {"method": self.command, "path": path, "query": query, "body": json.loads(body or "null"), "mine": mine}

    def send(self, status, value):
        data = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    if sys.argv[2:] == ["broken"]:
        sys.exit("no database")
    kind = HTTPServer if sys.argv[2:] == ["alone"] else ThreadingHTTPServer
    kind(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
