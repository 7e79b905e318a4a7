"""A session of a Python target whose modules have just been imported: what earlier calls left in them is not there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ..resilience.fresh import fresh_modules
from ..resilience.mcp_inside import inside, offered
from ..resilience.swap import ReferenceProblem
from ..scenario import ToolPlan
from ..spec.model import PythonTarget, Spec
from ..targets.base import Outcome, Request, Session
from ..targets.python import PythonSession, PythonTools


@contextmanager
def fresh_tools(spec: Spec) -> Iterator[PythonSession | None]:
    """Hand out a session of newly imported modules; None where they cannot be imported a second time."""
    assert isinstance(spec.target, PythonTarget)
    with ExitStack() as stack:
        try:
            fresh = stack.enter_context(fresh_modules(spec.target, spec_path=spec.path))
        except ReferenceProblem:
            yield None
            return
        session = PythonSession(PythonTools(spec, module=fresh.module))
        stack.callback(session.close)
        yield session


class FreshServer:
    """A session with a server of this process whose modules have just been imported."""

    def __init__(self, session: PythonSession) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def call(self, request: Request) -> Outcome:
        """Make one call through the client."""
        return self._session.call(dataclasses.replace(request, tool=offered(request.tool)))


@contextmanager
def fresh_server(plan: ToolPlan) -> Iterator[Session | None]:
    """As `fresh_tools` for an MCP server of this process."""
    with fresh_tools(inside(plan).spec) as session:
        made: Any = FreshServer(session) if session is not None else None
        yield made
