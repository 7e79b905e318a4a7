"""Types that several tools share, and the decorator that enforces them."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, validate_call

Sku = Annotated[str, Field(pattern=r"^[A-Z]{3}-[0-9]{4}$", description="Article number, e.g. 'ABC-1234'")]
Count = Annotated[int, Field(strict=True, ge=1, le=250, description="How many pieces")]

strict = validate_call(config=ConfigDict(strict=True))
