"""0 that is taken for "not given" is found; 0 that means something, or is the end of a range, accuses nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

ZERO = "minimum: 0, maximum: 50, default: 10"
CASES = [
    ("return cents * (100 - (percent or 10)) // 100", ZERO, "", "percent 0 is answered as if it were left out"),
    ("return cents * (100 - percent) // 100", ZERO, "", None),
    ("return cents * (100 - (percent or 10)) // 100", ZERO, "percent, 0 for the usual ones", None),
    ("return cents * (100 - (percent or 10)) // 100", "minimum: 1, maximum: 50, default: 10", "", None),
    ("return cents * (100 - max(percent, 1)) // 100", ZERO, "", None),
    ("return cents", ZERO, "", None),
    ("return cents * (100 - min(percent or 10, 10)) // 100", ZERO, "", None),  # 0 may be what has no bound
    ("return cents + abs(percent - 5)", ZERO, "", None),  # 0 is answered as 10, as 4 as 6
    ("return [cents] * (percent or 10)", ZERO, "", "percent 0"),
    ("return 'x' * (percent or 10)", ZERO, "", "percent 0"),
    ("global n; n += 1; return cents * (100 - (percent or 10)) + n", ZERO, "", None),  # never the same
]  # fmt: skip


@pytest.mark.parametrize(("body", "part", "said", "told"), CASES)
def test_nought_is_a_value(tmp_path: Path, body: str, part: str, said: str, told: str | None) -> None:
    """The evidence is what 1, the default and twice the default are answered."""
    code = f"n = 0\ndef price(cents, percent=10):\n    {body}\n"
    spec = f"""
tools:
  price:
    input:
      type: object
      properties:
        cents: {{type: integer, minimum: 0, maximum: 5000}}
        percent: {{type: integer, {part}, description: '{said}'}}
      required: [cents]
      additionalProperties: false
    variations: {{categories: [repeat]}}
"""
    found = findings_of(tmp_path, code, spec)
    assert len(found) == (told is not None), found
    assert told is None or (": defaults: " in found[0] and told in found[0])
