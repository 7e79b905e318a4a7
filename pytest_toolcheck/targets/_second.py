"""A started service once more, beside the first: the same command with another port, where the command names the port."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from ..spec.model import HttpTarget, Spec, WebSocketTarget

_FIRST: Final = "gw0"


def second_of(spec: Spec) -> Spec | None:
    """Return the spec of a second server; None where nothing is started, or its command does not name the port."""
    target = spec.target
    if not isinstance(target, HttpTarget | WebSocketTarget) or not target.start:
        return None
    parts = urlsplit(target.url)
    if parts.port is None:
        return None
    named, port = re.compile(rf"(?<!\d){parts.port}(?!\d)"), _free_port(parts.hostname or "127.0.0.1")
    start = tuple(named.sub(str(port), word) for word in target.start)
    if start == target.start:
        return None
    netloc = parts.netloc.removesuffix(str(parts.port)) + str(port)
    return replace(spec, target=replace(target, url=urlunsplit(parts._replace(netloc=netloc)), start=start))


def place_of(spec: Spec) -> str | None:
    """Return where a spec's own server listens, as host:port; None where none is started."""
    target = spec.target
    if isinstance(target, HttpTarget | WebSocketTarget) and target.start:
        return urlsplit(target.url).netloc
    return None


def of_worker(spec: Spec) -> Spec:
    """Return the spec as a worker of pytest-xdist uses it: each but the first starts its server on a port of its own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", _FIRST)
    return spec if worker == _FIRST else second_of(spec) or spec


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
