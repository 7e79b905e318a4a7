"""Brings a full disk into a Python process that is started with `Fault.environment`.

It asks the test's process at each opening for writing. It stands in front of a `sitecustomize` that there may be, and
loads that as well. Only the standard library can be relied on here.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent


def _load(name: str, file: str | Path) -> Any:
    found = importlib.util.spec_from_file_location(name, file)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def _load_the_other() -> None:
    for folder in sys.path:
        file = Path(folder, "sitecustomize.py")
        if file.is_file() and file.resolve().parent != _HERE:
            _load("sitecustomize", file)
            return


class _Asker:
    def __init__(self, port: int, token: str) -> None:
        self._lock = threading.Lock()
        self._address, self._token = ("127.0.0.1", port), token
        self._stream: Any = None
        self._pid = 0

    def is_hit(self) -> bool:
        """Ask; where nobody answers any more, nothing is hit."""
        with self._lock:
            try:
                return self._asked()
            except (OSError, ValueError):
                return False

    def _asked(self) -> bool:
        if self._stream is None or self._pid != os.getpid():
            self._stream = socket.create_connection(self._address, timeout=10).makefile("rwb")
            self._pid = os.getpid()
            self._stream.write(self._token.encode() + b"\n")
        self._stream.write(json.dumps({"pid": self._pid}).encode() + b"\n")
        self._stream.flush()
        return bool(self._stream.readline().strip())


def _fill_the_disk(told: str) -> None:
    port, token, path = told.split(":", 2)
    full_disk = _load("toolcheck_full_disk", _HERE.parent / "full_disk.py")
    full_disk.FullDisk(path, _Asker(int(port), token).is_hit).on()


_load_the_other()
if "TOOLCHECK_FULL_DISK" in os.environ:
    _fill_the_disk(os.environ["TOOLCHECK_FULL_DISK"])
