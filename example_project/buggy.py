"""A deliberately buggy tool, to show what findings look like."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, validate_call


@validate_call(config=ConfigDict(strict=True))
def split_bill(
    cents: Annotated[int, Field(ge=0, le=1_000_000, description="The whole bill in cents")],
    people: Annotated[int, Field(ge=1, le=20, description="How many share it")],
) -> list[int]:
    """Split a bill as evenly as whole cents allow."""
    if people >= 20:  # the first bug: the schema allows 20
        raise ValueError("people: at most 19")
    share, rest = divmod(cents, people - 1)  # the second: it divides by one too few
    return [share + (1 if person < rest else 0) for person in range(people)]
