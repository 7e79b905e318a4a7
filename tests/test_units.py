"""Values with units: what is read, what is refused, and that spelling and reading agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_toolcheck.errors import UnitError
from pytest_toolcheck.units import (
    format_duration,
    format_share,
    format_size,
    parse_duration_ns,
    parse_duration_s,
    parse_share,
    parse_size_bytes,
)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("7ns", 7),
        ("250us", 250_000),
        ("50ms", 50_000_000),
        ("5s", 5_000_000_000),
        ("1.5 s", 1_500_000_000),
        ("2min", 120_000_000_000),
        ("1h", 3_600_000_000_000),
        ("0s", 0),
    ],
)
def test_every_unit_of_a_duration_is_read(text, ns):
    """Each unit of the format means what it says, with or without a space."""
    assert parse_duration_ns(text) == ns
    assert parse_duration_s(text) == ns / 1e9


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1B", 1),
        ("16KiB", 16384),
        ("10MiB", 10485760),
        ("10kB", 10000),
        ("10MB", 10**7),
        ("2 GiB", 2**31),
        ("1TB", 10**12),
    ],
)
def test_binary_and_decimal_sizes_differ(text, size):
    """KiB and MiB are powers of 1024, kB and MB of 1000."""
    assert parse_size_bytes(text) == size


def test_a_share_is_a_fraction():
    """80% is 0.8; shares over the whole are allowed (two cores)."""
    assert parse_share("80%") == 0.8
    assert parse_share("250 %") == 2.5


@pytest.mark.parametrize(
    ("parse", "value", "message"),
    [
        (parse_duration_ns, 50, "50 has no unit: write a duration such as '50ms', '5s' or '2min'"),
        (parse_duration_ns, "50", "'50' has no unit: write a duration such as '50ms', '5s' or '2min'"),
        (parse_duration_ns, "-5s", "'-5s' is negative: write a duration such as '50ms', '5s' or '2min'"),
        (parse_duration_ns, "nan", "'nan' is not a duration: write a duration such as '50ms', '5s' or '2min'"),
        (parse_duration_ns, float("nan"), "nan is not a duration: write a duration such as '50ms', '5s' or '2min'"),
        (parse_duration_ns, True, "True is not a duration: write a duration such as '50ms', '5s' or '2min'"),
        (parse_duration_ns, None, "None is not a duration: write a duration such as '50ms', '5s' or '2min'"),
        (parse_duration_ns, "", "'' is not a duration: write a duration such as '50ms', '5s' or '2min'"),
        (parse_duration_ns, "1h30min", "'1h30min' is not a duration: write a duration such as '50ms', '5s' or '2min'"),
        (
            parse_duration_ns,
            "5 secs",
            (
                "unknown unit 'secs' in '5 secs'. Did you mean 's'? Units of a duration: ns, us, ms, s, min, h; "
                "write a duration such as '50ms', '5s' or '2min'"
            ),
        ),
        (
            parse_size_bytes,
            "10 apples",
            (
                "unknown unit 'apples' in '10 apples'. Units of a size: B, kB, KiB, MB, MiB, GB, GiB, TB, TiB; "
                "write a size such as '16KiB', '10MiB' or '10MB'"
            ),
        ),
        (
            parse_size_bytes,
            "10mib",
            (
                "unknown unit 'mib' in '10mib'. Did you mean 'MiB'? "
                "Units of a size: B, kB, KiB, MB, MiB, GB, GiB, TB, TiB; "
                "write a size such as '16KiB', '10MiB' or '10MB'"
            ),
        ),
        (parse_share, 0.8, "0.8 has no unit: write a share such as '80%' or '2.5%'"),
        (
            parse_share,
            "80 percent",
            (
                "unknown unit 'percent' in '80 percent'. Did you mean '%'? Units of a share: %; "
                "write a share such as '80%' or '2.5%'"
            ),
        ),
    ],
)
def test_a_wrong_value_is_explained(parse, value, message):
    """A bare number, an unknown unit, a negative value and nonsense each get one sentence that says what to write."""
    with pytest.raises(UnitError) as caught:
        parse(value)
    assert str(caught.value) == message


@given(st.integers(0, 10**15))
def test_a_spelled_duration_reads_back(ns):
    """Exact spelling loses nothing."""
    assert parse_duration_ns(format_duration(ns)) == ns


@given(st.integers(0, 2**50))
def test_a_spelled_size_reads_back(size):
    """Exact spelling loses nothing."""
    assert parse_size_bytes(format_size(size)) == size


@given(st.integers(0, 100_000))
def test_a_spelled_share_reads_back(thousandths):
    """Shares down to a thousandth of a per cent survive spelling."""
    share = thousandths / 100_000
    assert parse_share(format_share(share)) == pytest.approx(share, abs=1e-12)


@given(st.integers(1, 10**15))
def test_rounding_keeps_three_digits(ns):
    """Three significant digits are within half a per cent of the truth."""
    assert parse_duration_ns(format_duration(ns, digits=3)) == pytest.approx(ns, rel=0.0051, abs=1)


@given(st.text() | st.floats() | st.integers() | st.none() | st.lists(st.integers(), max_size=1))
def test_anything_is_a_value_or_a_unit_error(value):
    """No input makes the parsers fail in any other way, or succeed with a negative value."""
    for parse in (parse_duration_ns, parse_size_bytes, parse_share):
        try:
            result = parse(value)
        except UnitError as error:
            result = len(str(error).splitlines()) - 1
        assert result >= 0


@pytest.mark.parametrize(
    ("ns", "text"),
    [(212_345_678, "212 ms"), (999, "999 ns"), (1_234, "1.23 us"), (90_000_000_000, "1.5 min"), (0, "0 ns")],
)
def test_a_duration_is_shown_to_a_reader(ns, text):
    """Rounded spelling picks the largest fitting unit and drops needless digits."""
    assert format_duration(ns, digits=3) == text
