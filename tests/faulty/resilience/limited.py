"""Correct tools with timeouts: a coroutine in layers, and a plain function that waits for a thread."""

# ruff: noqa: RET503, B904 - as such loops are written

import asyncio
import concurrent.futures

QUOTE_S = 60
ORDER_S = 120
POOL = concurrent.futures.ThreadPoolExecutor(4)


async def quote(sku):
    return {"price": 10}


def quote_plainly(sku):
    return {"price": 10}


async def quoted_in_time(sku):
    for attempt in range(3):
        try:
            return await asyncio.wait_for(quote(sku), QUOTE_S)
        except (ConnectionError, TimeoutError):
            if attempt == 2:
                raise


async def place_order(sku):
    try:
        async with asyncio.timeout(ORDER_S):
            return await quoted_in_time(sku)
    except TimeoutError:
        raise TimeoutError("no quote in time")


def order_plainly(sku):
    future = POOL.submit(quote_plainly, sku)
    return future.result(timeout=QUOTE_S)
