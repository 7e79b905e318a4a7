"""A session of a Python target whose modules have just been imported: what earlier calls left in them is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ..resilience.fresh import fresh_modules
from ..resilience.swap import ReferenceProblem
from ..spec.model import PythonTarget, Spec
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
