"""Covering arrays: what they cover, what they leave out, how many rows they take."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_toolcheck.cases import generate_cases
from pytest_toolcheck.cases.combine import covering_array, verify
from pytest_toolcheck.cases.combine_algebra import field, is_field_order, starter_rows
from pytest_toolcheck.cases.combine_anneal import annealed
from pytest_toolcheck.cases.combine_greedy import GreedyBuilder
from pytest_toolcheck.cases.combine_seeded import without_spare_rows
from pytest_toolcheck.cases.rescue import Rescue

from .benchmarks.covering_arrays import INPUTS, sizes_of
from .function_calls import function_calls

DOCS = Path(__file__).parents[1] / "docs" / "reference" / "covering-arrays.md"


def brute_missing(rows, sizes, strength, forbidden=None):
    """Say what is not covered, by listing every full row: a second opinion that shares no code with `verify`."""
    full = [row for row in product(*map(range, sizes)) if forbidden is None or not forbidden(row)]
    width = min(strength, len(sizes))

    def tuples(some):
        return {
            (places, tuple(row[p] for p in places)) for row in some for places in combinations(range(len(sizes)), width)
        }

    assert set(map(tuple, rows)) <= set(full)
    return tuples(full) - tuples(rows)


def forbid_pairs(pairs):
    """Return a constraint from a list of ((place, value), (place, value)) that must not stand together."""

    def forbidden(row):
        return any(row[p] == v and row[q] == w for (p, v), (q, w) in pairs)

    return forbidden


sizes_lists = st.lists(st.integers(1, 4), min_size=1, max_size=5)


@given(sizes_lists, st.integers(1, 4), st.integers(0, 3))
@settings(deadline=None, max_examples=60)
def test_every_tuple_is_covered(sizes, strength, seed):
    """Any sizes, any strength, any seed: nothing is missing, by `verify` and by brute force, and it is repeatable."""
    rows = covering_array(sizes, strength, seed=seed)
    assert verify(rows, sizes, strength) == []
    assert brute_missing(rows, sizes, strength) == set()
    assert rows == covering_array(sizes, strength, seed=seed)


@st.composite
def constrained(draw):
    """Draw sizes and pairs of levels that exclude each other."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=5))
    level = st.integers(0, len(sizes) - 1).flatmap(lambda p: st.tuples(st.just(p), st.integers(0, sizes[p] - 1)))
    return sizes, draw(st.lists(st.tuples(level, level), max_size=6))


@given(constrained(), st.integers(1, 3))
@settings(deadline=None, max_examples=80)
def test_constraints_are_respected_and_the_rest_is_covered(case, strength):
    """No row is forbidden, and every tuple of some permitted row is covered, even where constraints imply others."""
    sizes, pairs = case
    forbidden = forbid_pairs(pairs)
    rows = covering_array(sizes, strength, forbidden=forbidden)
    assert verify(rows, sizes, strength, forbidden) == []
    assert brute_missing(rows, sizes, strength, forbidden) == set()


def test_an_implied_exclusion_is_left_out():
    """A pair that no full row can hold (x0 with z0, because y has nowhere to go) is not asked for."""
    forbidden = forbid_pairs([((0, 0), (1, 0)), ((1, 1), (2, 0))])
    rows = covering_array([2, 2, 2], 2, forbidden=forbidden)
    assert not any(row[0] == 0 and row[2] == 0 for row in rows)
    assert verify(rows, [2, 2, 2], 2, forbidden) == []


def test_everything_forbidden_gives_no_rows():
    """Contradictory constraints give an empty array, not a hang or an error."""
    assert covering_array([3, 3, 3], 2, forbidden=lambda row: True) == []


def test_verify_names_what_is_missing():
    """Each pair that a row alone covered is reported when the row is taken away."""
    rows = covering_array([2, 2], 2)
    assert verify(rows[1:], [2, 2], 2) == [rows[0]]


@pytest.mark.parametrize("row", [(0,), (0, 2), (0, -1), (0, 0, 0)])
def test_verify_refuses_rows_that_do_not_fit(row):
    """A row of the wrong length or with a level that does not exist is an error, not a coverage."""
    with pytest.raises(ValueError, match="does not fit sizes"):
        verify([row], [2, 2])


def test_verify_refuses_a_forbidden_row():
    """A row that breaks the constraint is an error."""
    with pytest.raises(ValueError, match="is forbidden"):
        verify([(0, 0)], [2, 2], 2, lambda row: row[0] == 0)


@pytest.mark.parametrize(("sizes", "strength", "message"), [([2, 0], 2, r"sizes\[1\] is 0"), ([2], 7, "strength 7")])
def test_misuse_is_refused(sizes, strength, message):
    """Impossible sizes and strengths are errors that name the value."""
    with pytest.raises(ValueError, match=message):
        covering_array(sizes, strength)


def test_nothing_to_combine():
    """No parameters give no rows; one parameter gives each of its levels."""
    assert covering_array([]) == []
    assert covering_array([3]) == [(0,), (1,), (2,)]


SLOW = {"10^60", "10^20", "5^8", "6^5", "6^6", "4^15 3^17 2^29", "2^20"}
"""Inputs that take over half a second each; `tests/benchmarks/covering_arrays.py` makes and checks these."""


def documented() -> dict[tuple[str, int], tuple[int, int, float]]:
    """Return rows, best published and ratio of each line of the table in the reference docs."""
    lines = [line.strip("| \n").split(" | ") for line in DOCS.read_text().splitlines() if "^" in line and "|" in line]
    return {(line[0], int(line[1])): (int(line[2]), int(line[3]), float(line[4])) for line in lines}


def test_the_table_of_sizes_is_whole_and_within_the_limit():
    """The docs list every standard input with what was published, and no ratio is above 1.3."""
    table = documented()
    assert {key: published for key, (_, published, _) in table.items()} == {
        (text, strength): published for text, strength, published, _ in INPUTS
    }
    for rows, published, ratio in table.values():
        assert rows <= 1.3 * published
        assert f"{rows / published:.2f}" == f"{ratio:.2f}"


@pytest.mark.parametrize(
    ("text", "strength", "published"),
    [(text, strength, best) for text, strength, best, _ in INPUTS if text not in SLOW],
)
def test_standard_inputs_stay_near_the_best_published(text, strength, published):
    """The standard inputs cover everything in the rows that the docs say: at most 1.3 times the best array published."""
    sizes = sizes_of(text)
    rows = covering_array(sizes, strength)
    assert verify(rows, sizes, strength) == []
    assert len(rows) <= 1.3 * published
    assert len(rows) == documented()[text, strength][0]


@given(st.data(), sizes_lists, st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_rows_that_cover_nothing_of_their_own_are_left_out(data, sizes, strength):
    """What all rows cover is covered still, and no further row could go."""
    cells = st.tuples(*(st.integers(0, size - 1) for size in sizes))
    rows, width = data.draw(st.lists(cells, max_size=20)), min(strength, len(sizes))
    kept = without_spare_rows(rows, width)

    def covered(some):
        return {(at, tuple(row[p] for p in at)) for row in some for at in combinations(range(len(sizes)), width)}

    assert covered(kept) == covered(rows)
    assert all(covered(kept[:at] + kept[at + 1 :]) != covered(rows) for at in range(len(kept)))


@pytest.mark.parametrize("sizes", [[5, 3, 3, 3, 3, 3, 2], [4, 4, 3, 2, 2], [3, 3, 3, 3, 3, 3, 2, 2]])
def test_annealing_takes_rows_away_and_loses_nothing(sizes):
    """Two greedy arrays together become smaller than either; everything stays covered, and it is repeatable."""
    one, two = (GreedyBuilder(sizes, 2, solver=None, random=Random(seed), tries=1).build() for seed in (1, 2))
    made = [annealed(one + two, sizes, 2, Random(0), good=1, effort=150_000) for _ in range(2)]
    assert verify(made[0], sizes, 2) == []
    assert len(made[0]) < min(len(one), len(two))
    assert made[0] == made[1]


@pytest.mark.parametrize(("order", "width", "rows"), [(3, 5, 33), (3, 6, 33), (3, 8, 45), (4, 8, 88), (3, 13, 75)])
def test_one_row_turned_covers_all_triples(order, width, rows):
    """Chateauneuf and Kreher's construction: q (q - 1) rows for each turn, and the constant ones."""
    made = starter_rows(order, width)
    assert made is not None
    assert verify(made, [order] * width, 3) == []
    assert len(made) == rows


@pytest.mark.parametrize("order", [2, 3, 4, 5, 7, 8, 9])
def test_fields_give_the_fewest_rows(order):
    """As many levels as a field has, one parameter more than that: exactly the square of it in rows."""
    sizes = [order] * (order + 1)
    rows = covering_array(sizes)
    assert len(rows) == order * order
    assert verify(rows, sizes) == []


@pytest.mark.parametrize(
    ("sizes", "slow_rows"),
    [((4,) * 10, 26), ((3,) * 60, 25), ((3, 2, 1) * 13, 16), ((5, 4, 3, 2, 2, 6), 31), ((2, 3, 5, 7) * 8, 72)],
)
def test_a_quick_array_covers_all_and_is_little_larger(sizes, slow_rows):
    """What cases are made from takes milliseconds, misses nothing, and has at most 1.4 times the rows of a slow array."""
    rows = covering_array(sizes, quick=True)
    assert verify(rows, sizes) == []
    assert rows == covering_array(sizes, quick=True)
    assert len(rows) <= 1.4 * slow_rows + 1


CONSTRAINED = [
    {"dependentRequired": {"a": ["b"], "b": ["c"]}, "not": {"required": ["c", "d"]}},
    {"not": {"properties": {"a": {"const": 1}, "b": {"const": 1}}, "required": ["a", "b"]}},
    {"if": {"properties": {"c": {"const": True}}, "required": ["c"]}, "then": {"required": ["a"]}, "else": {"required": ["b"]}},
]  # fmt: skip


@pytest.mark.parametrize("constraint", CONSTRAINED, ids=["dependent", "excluded", "conditional"])
def test_every_pair_that_the_schema_allows_is_met(constraint):
    """Of members that constrain each other: all pairs that a valid input can hold, found by trying all inputs."""
    values = {"a": [1, 2], "b": [1, 2, 3], "c": [True, False], "d": ["x", "y"]}
    properties = {name: {"enum": found} for name, found in values.items()}
    schema = {"type": "object", "properties": properties, "additionalProperties": False, **constraint}
    judge = Draft202012Validator(schema)
    rows = product(*([*found, None] for found in values.values()))
    inputs = [{n: v for n, v in zip(values, row, strict=True) if v is not None} for row in rows]
    met = [c.input for c in generate_cases(schema) if c.label == "valid" and isinstance(c.input, dict)]
    assert pairs_of(met, values) >= pairs_of(filter(judge.is_valid, inputs), values)


def pairs_of(inputs, names):
    return {pair for given in inputs for pair in combinations([(name, str(given.get(name))) for name in names], 2)}


@pytest.mark.parametrize("order", [order for order in range(2, 33) if is_field_order(order)])
def test_fields_are_fields_and_made_in_few_steps(order: int) -> None:
    """0 and 1 are themselves, every other element has an inverse, sums and products are spread as they must be."""
    field.cache_clear()
    assert function_calls(lambda: field(order)) < 2_000
    add, multiply = field(order)
    everyone = [*range(order)]
    assert (add[0], multiply[1], set(multiply[0])) == (everyone, everyone, {0})
    assert all(sorted(row) == everyone for row in (*add, *multiply[1:]))
    draw = Random(order)
    for a, b, c in ([draw.randrange(order) for _ in range(3)] for _ in range(200)):
        assert (add[a][b], multiply[a][b]) == (add[b][a], multiply[b][a])
        assert add[add[a][b]][c] == add[a][add[b][c]]
        assert multiply[multiply[a][b]][c] == multiply[a][multiply[b][c]]
        assert multiply[a][add[b][c]] == add[multiply[a][b]][multiply[a][c]]


def test_rows_that_are_all_accepted_are_not_looked_through() -> None:
    """What stands together is noted only where something stands in refused rows alone; then as before."""
    rows = [(a, b, c) for a in range(3) for b in range(3) for c in range(3)]
    asked: list[tuple[int, ...]] = []
    calls = function_calls(
        lambda: [*Rescue((3, 3, 3), 2, lambda row: not asked.append(row), 100).rows((0, 0, 0), rows)]
    )
    assert asked == [*rows, (0, 0, 0)]
    assert calls < 3 * len(rows)
    found = [
        *Rescue((3, 3, 3), 2, lambda row: row != (2, 2, 2), 100).rows((0, 0, 0), [(0, 0, 0), (1, 2, 2), (2, 2, 2)])
    ]
    assert [(places, row) for (places, _), row in found] == [((0, 1), (2, 2, 0)), ((0, 2), (2, 0, 2))]
