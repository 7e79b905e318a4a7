"""The proxy between an MCP client and its server: `python -m pytest_toolcheck.faults.stdio_proxy PORT TOKEN COMMAND…`.

It starts COMMAND, carries lines both ways, and asks on PORT what is to happen to each tool call and each answer.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO, Any, Final

from .effects import corrupted, kept
from .grammar import parse_schedule
from .kinds import Action

_SLICES_A_SECOND: Final = 20
_REORDER_S: Final = 0.2
"""So long a message waits to be overtaken."""


class Judge:
    """Asks the test's process; where nobody answers any more, everything passes."""

    def __init__(self, port: int, token: str) -> None:
        self._lock = threading.Lock()
        self._stream: Any = None
        with contextlib.suppress(OSError):
            self._stream = socket.create_connection(("127.0.0.1", port), timeout=10).makefile("rwb")
            self._stream.write(token.encode() + b"\n")

    def action(self, direction: str, tool: str | None) -> Action | None:
        """Return what is to happen to this message."""
        with self._lock, contextlib.suppress(OSError, ValueError, AttributeError):
            self._stream.write(json.dumps({"direction": direction, "tool": tool}).encode() + b"\n")
            self._stream.flush()
            text = self._stream.readline().decode().strip()
            return parse_schedule(text).rules[0].steps[0].action if text else None
        return None


class Way:
    """One direction: lines in, lines out."""

    def __init__(self, sink: IO[bytes], *, end: Callable[[str], None]) -> None:
        self._sink = sink
        self._end = end
        self._lock = threading.Lock()
        self._held: bytes = b""

    def send(self, line: bytes) -> None:
        """Write a whole line, then what waited to be overtaken."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            held, self._held = self._held, b""
            self._sink.write(line + held)
            self._sink.flush()

    def close(self) -> None:
        """Tell the other side that nothing more comes."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._sink.close()

    def carry(self, line: bytes, action: Action) -> None:
        """Do to a line what the fault says."""
        match action.kind:
            case "delay":
                time.sleep(action["time"])
            case "hang":
                threading.Event().wait()
            case "drop":
                return
            case "disconnect":
                self._end(action["how"])
                return
            case "reorder":
                self._held = line
                threading.Timer(_REORDER_S, self.send, (b"",)).start()
                return
            case "slow_stream":
                self._slowly(line, action["rate"])
                return
        self.send(changed(line, action))

    def _slowly(self, line: bytes, rate: int) -> None:
        size = max(1, rate // _SLICES_A_SECOND)
        for at in range(0, len(line), size):
            time.sleep(size / rate)
            self.send(line[at : at + size])


def changed(line: bytes, action: Action) -> bytes:
    """Return the line as the fault changes it."""
    body = line.rstrip(b"\n")
    match action.kind:
        case "truncate":
            return body[: kept(len(body), action["keep"])] + b"\n"
        case "corrupt":
            return corrupted(body, action) + b"\n"
        case "duplicate":
            return body + b"\n" + body + b"\n"
        case "noise":
            return str(action["text"]).encode(errors="replace") + b"\n" + line
        case "oversize":
            return body[:1] + b" " * int(action["size"]) + body[1:] + b"\n"
    return line


def refusal(message: Any, action: Action) -> bytes:
    """Return the error that answers a call instead of the server: JSON-RPC's, with `error(-32000)` as its code."""
    name: str = action["error"]
    code = int(name) if name.lstrip("-").isdigit() else -32603
    text = action["message"] or f"injected fault: {name}"
    return (
        json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": {"code": code, "message": text}}).encode() + b"\n"
    )


class Proxy:
    """The server's process, and both ways."""

    def __init__(self, command: Sequence[str], judge: Judge) -> None:
        self._judge = judge
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._server.stdin is not None
        self._to_server = Way(self._server.stdin, end=self._disconnect)
        self._to_client = Way(os.fdopen(os.dup(1), "wb"), end=self._disconnect)
        os.close(1)
        self._tools: dict[Any, str | None] = {}

    def run(self) -> int:
        """Carry lines until the server ends; return its exit code."""
        threading.Thread(target=self._requests, daemon=True).start()
        assert self._server.stdout is not None
        for line in self._server.stdout:
            self._response(line)
        self._to_client.close()
        code = self._server.wait()
        return code if code >= 0 else 128 - code

    def _requests(self) -> None:
        for line in sys.stdin.buffer:
            message = parsed(line)
            if message.get("method") != "tools/call" or "id" not in message:
                self._to_server.send(line)
                continue
            tool = (message.get("params") or {}).get("name")
            self._tools[message["id"]] = tool
            action = self._judge.action("request", tool)
            if action is not None and action.kind == "error":
                self._to_client.send(refusal(message, action))
            elif action is not None:
                self._to_server.carry(line, action)
            else:
                self._to_server.send(line)
        self._to_server.close()

    def _response(self, line: bytes) -> None:
        message = parsed(line)
        if "method" in message or message.get("id") not in self._tools:
            self._to_client.send(line)
            return
        action = self._judge.action("response", self._tools.pop(message["id"]))
        if action is not None and action.kind == "error":
            self._to_client.send(refusal(message, action))
        elif action is not None:
            self._to_client.carry(line, action)
        else:
            self._to_client.send(line)

    def _disconnect(self, how: str) -> None:
        self._to_client.close()
        if how == "fin":
            self._server.kill()
            self._server.wait()
            os._exit(1)


def parsed(line: bytes) -> dict[str, Any]:
    """Return the message of a line, {} where it is none."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def main(arguments: Sequence[str]) -> int:
    """Run the proxy; return the server's exit code."""
    port, token, *command = arguments
    return Proxy(command, Judge(int(port), token)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
