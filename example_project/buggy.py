"""A deliberately buggy tool, to show what findings look like."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field


def split_bill(
    cents: Annotated[int, Field(ge=0, le=1_000_000, description="The whole bill in cents")],
    people: Annotated[int, Field(ge=1, le=20, description="How many share it")],
) -> list[int]:
    """Split a bill as evenly as whole cents allow."""
    if people >= 20:  # the first bug: the bound is one too low
        raise ValueError("people: at most 20")
    share, rest = divmod(cents, people - 1)  # the second: one person crashes it; and nothing checks the types
    return [share + (1 if person < rest else 0) for person in range(people)]
