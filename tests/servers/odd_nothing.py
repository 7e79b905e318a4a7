"""A service whose tools tell what it was asked, and which answers `OPTIONS *` as it is told to: in all right and wrong ways."""

from __future__ import annotations

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

asked = []
answers = [404]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self):
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked.append(f"POST {self.path}")
        if "nothing" in given:
            answers[0] = given["nothing"]
        self.answer(200, {"asked": len(asked), "others": [one for one in asked if not one.startswith("POST /ask")]})

    def do_OPTIONS(self):
        asked.append(f"OPTIONS {self.path}")
        if answers[0] == "exit":
            os._exit(3)
        if answers[0] == "hang":
            time.sleep(3600)
        self.answer(answers[0], {})

    def answer(self, status, found):
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
