"""What the shop leans on: other people's services, which are slow, fail, or do not answer. Tests put faults in their place."""

from __future__ import annotations

CATALOGUE = {"ABC-1234": 19.9, "LMN-0042": 4.05, "XYZ-9999": 250.0}
STOCK = {"ABC-1234": 12, "LMN-0042": 400, "XYZ-9999": 0}


async def ask_price(sku: str) -> float:
    """Ask the supplier for today's price."""
    return CATALOGUE[sku]


async def remembered_price(sku: str) -> float:
    """Return the price of the last order."""
    return CATALOGUE[sku]


def ask_stock(sku: str) -> int:
    """Ask the warehouse how many pieces there are."""
    return STOCK[sku]


async def count_shelf(shelf: int) -> int:
    """Count what lies on a shelf; a robot drives there."""
    return 10 * shelf
