"""Time limits of blocking input: `sock.settimeout(60)`, `selectors` outside event loops (`Popen.communicate(timeout=60)`).

A thread older than the test that polls with a limit under a second polls in real time: virtual time need not stop for
each of its looks.
"""

from __future__ import annotations

import asyncio
import select
import selectors
import socket
import sys
import threading
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from .attach import Loops
from .driver import Driver
from .onlookers import end_of_server
from .sockets import awaited_answer, is_within_reach, speaks_tcp
from .turns import note_receipt
from .waits import Waits

_POLL_S = 1.0
_select: Any = select
"""Windows lacks `poll`."""
_real_poll = vars(type(_select.poll()))["poll"] if hasattr(select, "poll") else None
"""The method itself, while `selecting` has another in its place."""
_RECEIVING = ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "accept")


def _is_kept(waits: Waits, timeout: float | None, descriptors: Collection[int]) -> bool:
    """Tell whether a wait is ours to keep. One without a limit is where it is seen who could end it."""
    if not waits.applies(timeout):
        return False
    if timeout is None:
        return all(map(is_within_reach, descriptors))
    return waits.is_owner or timeout >= _POLL_S or waits.is_beside(threading.get_ident())


class SocketTimeouts:
    """Lets the time limits of blocking sockets pass in virtual time, while it is on; connecting and sending do not."""

    def __init__(self, waits: Waits) -> None:
        self._waits = waits
        self._put_back: list[Callable[[], None]] = []

    def on(self) -> None:
        """From now on, receiving from a socket with a time limit waits in virtual time."""
        kind: Any = socket.socket
        for name in filter(partial(hasattr, kind), _RECEIVING):
            own = vars(kind).get(name)
            setattr(kind, name, self._limited(getattr(kind, name)))
            self._put_back.append(
                lambda name=name, own=own: delattr(kind, name) if own is None else setattr(kind, name, own)  # type: ignore[misc]
            )

    def off(self) -> None:
        """Limits are real again."""
        while self._put_back:
            self._put_back.pop()()

    def _limited(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def receive(sock: socket.socket, *arguments: Any) -> Any:
            timeout = sock.gettimeout()
            if _is_kept(self._waits, timeout, [sock.fileno()]) and not self._has_input(sock, timeout):
                raise TimeoutError("timed out")
            received = original(sock, *arguments)
            if speaks_tcp(sock):
                note_receipt(sock)
            return received

        return receive

    def _has_input(self, sock: socket.socket, timeout: float | None) -> bool:
        wanted = {sock.fileno(): _select.POLLIN}
        return bool(
            _poll(wanted)
            or self._waits.keep(
                timeout,
                lambda pause_s: _poll(wanted, pause_s),
                has_input=lambda: bool(_poll(wanted)),
                expects=lambda: awaited_answer(wanted),
            )
        )


class SelectorTimeouts:
    """Lets `select(timeout)` of the module `selectors` wait in virtual time, and finds loops that ran before the test."""

    def __init__(self, waits: Waits, loops: Loops, driver: Driver) -> None:
        self._waits = waits
        self._loops = loops
        self._driver = driver
        self._put_back: list[Callable[[], None]] = []

    def on(self) -> None:
        """From now on, selectors that are not an event loop's keep virtual time."""
        kinds = {kind for kind in vars(selectors).values() if isinstance(kind, type)}  # DefaultSelector is one of them
        for kind in kinds:
            if issubclass(kind, selectors.BaseSelector) and "select" in vars(kind):
                self._put_back.append(lambda kind=kind, own=kind.select: setattr(kind, "select", own))  # type: ignore[misc]
                kind.select = self._limited(kind.select)  # type: ignore[method-assign]

    def off(self) -> None:
        """Limits are real again."""
        while self._put_back:
            self._put_back.pop()()

    def _limited(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def limited_select(selector: Any, timeout: float | None = None) -> Any:
            if not self._waits.clock.is_active or self._loops.is_attached(selector):
                return original(selector, timeout)
            if (loop := asyncio._get_running_loop()) is not None and getattr(loop, "_selector", None) is selector:
                self._loops.attach_older(loop)
                return loop._selector.select(timeout)  # type: ignore[attr-defined]
            return self._select(selector, timeout, original, end_of_server(sys._getframe(1)))

        return limited_select

    def _select(
        self,
        selector: Any,
        timeout: float | None,
        original: Callable[..., Any],
        is_to_end: Callable[[], bool] | None,
    ) -> Any:
        wanted = _wanted(selector)
        if not _is_kept(self._waits, timeout, wanted) or self._driver.activity.is_older(threading.get_ident()):
            events = original(selector, timeout)
            if not events and timeout is not None and timeout <= 0:
                self._waits.clock.note_poll()
            return events
        if is_to_end is not None and not self._waits.is_owner:
            return self._serve(selector, wanted, original, is_to_end)
        return original(selector, 0) or self._waits.keep(
            timeout,
            lambda pause_s: original(selector, pause_s),
            has_input=lambda: bool(_poll(wanted)),
            expects=lambda: awaited_answer(wanted),
        )

    def _serve(
        self, selector: Any, wanted: dict[int, int], original: Callable[..., Any], is_to_end: Callable[[], bool]
    ) -> Any:
        """Wait as a server does that only looks now and then whether it is to end: for that, or for a client."""
        found = self._waits.keep(
            None,
            lambda pause_s: is_to_end() or original(selector, pause_s),
            has_input=lambda: is_to_end() or bool(_poll(wanted)),
            expects=lambda: awaited_answer(wanted),
        )
        return found if isinstance(found, list) else []


def _wanted(selector: Any) -> dict[int, int]:
    events = {selectors.EVENT_READ: _select.POLLIN, selectors.EVENT_WRITE: _select.POLLOUT}
    return {
        key.fd: sum(flag for event, flag in events.items() if key.events & event)
        for key in list(selector.get_map().values())
    }


def _poll(wanted: dict[int, int], pause_s: float = 0) -> list[tuple[int, int]]:
    """Return what is ready; by an object of its own, as another thread may ask at the same time."""
    poll = _select.poll()
    for descriptor, events in wanted.items():
        poll.register(descriptor, events)
    found: list[tuple[int, int]] = _real_poll(poll, pause_s * 1000) if _real_poll else []
    return found
