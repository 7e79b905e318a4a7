"""A tool that cannot be called without a session: ordinary calls have one each, and nobody writes an id into the spec."""

from __future__ import annotations

import pytest

from .specs import PLUGINS

NEEDS_ONE = """
import time

SESSIONS, SEEN = {}, []

@ASYNC@def open_session():
    if len(SESSIONS) >= 8:
        raise RuntimeError("there are 8 sessions, and no room for more")
    SESSIONS[f"s{len(SEEN)}"] = time.monotonic()
    SEEN.append(1)
    return f"s{len(SEEN) - 1}"

@ASYNC@def close_session(session_id):
    SESSIONS.pop(session_id, None)

def provider(sku):
    return 3

@ASYNC@def order(session_id: str, sku: str, count: int = 1) -> dict:
    '''Order.

    Args:
        session_id: whose
        sku: what
        count: how many
    '''
    if type(sku) is not str or type(count) is not int:
        raise TypeError("sku is a text and count a whole number")
    if session_id not in SESSIONS:
        raise ValueError("session_id: no such session")
    try:
        return {"price": count * provider(sku)}
    finally:
        assert len(SESSIONS) < 9
"""
SPEC = """
toolcheck: 1
target: {python: managed_own.py}
tools:
  order:
    variations: {limit: 20, fuzz: 0}
    examples:
      - {input: {sku: A}, expect: {equals: {price: 3}}}
    depends_on: {provider: {python: "managed_own:provider"}}
    sessions: {concurrent: 5, calls: 2, limit: 8}
    resilience:
      - on: provider
        retry: {attempts: 1}
"""


@pytest.mark.parametrize("how", ["", "async "], ids=["plain", "async"])
def test_a_tool_that_needs_a_session_has_one(pytester, how):
    """Examples, generated cases, promises on sessions and on failures: all pass, and leave no session open."""
    pytester.makepyfile(managed_own=NEEDS_ONE.replace("@ASYNC@", how))
    pytester.makefile(".tool.yaml", managed=SPEC)
    result = pytester.runpytest_inprocess(*PLUGINS, "-q", "--toolcheck-log=off")
    outcomes = result.parseoutcomes()
    assert set(outcomes) <= {"passed", "skipped", "warnings"}, result.stdout.str()
    assert outcomes["passed"] > 25


def test_a_tool_whose_spec_names_a_session_is_left_as_it_is(pytester):
    """An id in an example is the author's own: the tool is called with it."""
    pytester.makepyfile(managed_own=NEEDS_ONE.replace("@ASYNC@", ""))
    spec = SPEC.replace("{sku: A}", "{sku: A, session_id: mine}").replace(
        "{equals: {price: 3}}", "{error: no such session}"
    )
    pytester.makefile(".tool.yaml", managed=spec)
    result = pytester.runpytest_inprocess(*PLUGINS, "-q", "--toolcheck-log=off", "-k", "example")
    assert result.parseoutcomes()["passed"] == 1, result.stdout.str()
