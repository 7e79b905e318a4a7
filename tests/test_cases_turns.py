"""Streams that take turns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_toolcheck.cases.turns import in_rounds, interleaved, weighted

QUEUES = st.lists(st.lists(st.integers(), max_size=5), max_size=5)


@given(QUEUES)
def test_lists_take_turns_as_streams_do(queues):
    """Of lists that are there already the order is the same."""
    filled = [queue for queue in queues if queue]
    assert in_rounds([*filled]) == [*interleaved([iter(queue) for queue in filled])]


@given(st.lists(st.tuples(st.lists(st.integers(), max_size=7), st.integers(1, 3)), max_size=5))
def test_weighted_streams_lose_nothing(pairs):
    """Each gives as many as it weighs a turn, until it is spent; all that any holds comes once."""
    found = [*weighted([(iter([(number, item) for item in queue]), w) for number, (queue, w) in enumerate(pairs)])]
    for number, (queue, _) in enumerate(pairs):
        assert [item for at, item in found if at == number] == queue
    firsts = [(number, item) for number, (queue, w) in enumerate(pairs) for item in queue[:w]]
    assert found[: len(firsts)] == firsts
