"""The shop's tools. The type hints are the contract: pydantic enforces them, and the tools' schemas are made from them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from .types import Count, Sku, strict

Country = Annotated[Literal["DE", "FR", "GB", "US"], Field(description="Where to, as an ISO 3166 code")]

PRICES = {"ABC-1234": Decimal("19.90"), "LMN-0042": Decimal("4.05"), "XYZ-9999": Decimal("250.00")}
NAMES = {"ABC-1234": "Desk lamp", "LMN-0042": "Light bulb", "XYZ-9999": "Reading chair"}
POSTAGE = {"DE": Decimal("4.90"), "FR": Decimal("9.90"), "GB": Decimal("14.90"), "US": Decimal("24.90")}
VAT = {"DE": Decimal("0.19"), "FR": Decimal("0.20"), "GB": Decimal("0.20"), "US": Decimal(0)}


class Line(TypedDict):
    """One line of an order."""

    sku: Sku
    count: Count


class Quote(TypedDict):
    """What an order would cost, in euros."""

    goods: float
    postage: float
    vat: float
    total: float


class Product(TypedDict):
    """One article of the catalogue."""

    sku: str
    name: str
    price: float


@strict
def search_products(
    text: Annotated[str, Field(max_length=80, description="Words of the name, e.g. 'lamp'; empty finds all")] = "",
    max_price: Annotated[float, Field(strict=True, ge=0, le=10_000, description="In euros")] = 10_000,
    sort: Annotated[Literal["name", "price"], Field(description="Order of the answer")] = "name",
) -> list[Product]:
    """Find articles of the catalogue by name and price."""
    found: list[Product] = [
        {"sku": sku, "name": name, "price": float(PRICES[sku])}
        for sku, name in NAMES.items()
        if text.lower() in name.lower() and float(PRICES[sku]) <= max_price
    ]
    return sorted(found, key=lambda product: str(product["name"]) if sort == "name" else product["price"])


@strict
def quote_order(
    lines: Annotated[list[Line], Field(min_length=1, max_length=20, description="What is ordered")],
    country: Country,
    express: Annotated[bool, Field(strict=True, description="Deliver tomorrow, for twice the postage")] = False,
) -> Quote:
    """Say what an order would cost; nothing is ordered."""
    goods = sum((_price(line["sku"]) * line["count"] for line in lines), Decimal(0))
    postage = POSTAGE[country] * (2 if express else 1)
    vat = (goods + postage) * VAT[country]
    return {name: _cents(amount) for name, amount in _sums(goods, postage, vat).items()}  # type: ignore[return-value]


@strict
def delivery_days(
    country: Country, express: Annotated[bool, Field(strict=True, description="Deliver tomorrow")] = False
) -> int:
    """Say how many working days a delivery takes."""
    return 1 if express else {"DE": 2, "FR": 3, "GB": 5, "US": 8}[country]


def _sums(goods: Decimal, postage: Decimal, vat: Decimal) -> dict[str, Decimal]:
    return {"goods": goods, "postage": postage, "vat": vat, "total": goods + postage + vat}


def _price(sku: str) -> Decimal:
    if sku not in PRICES:
        raise ValueError(f"sku: unknown article {sku!r}; one of: {', '.join(PRICES)}")
    return PRICES[sku]


def _cents(amount: Decimal) -> float:
    return float(amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


__all__ = ["delivery_days", "quote_order", "search_products"]
