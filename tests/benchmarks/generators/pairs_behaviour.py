"""Behaviour over more than one call: the buggy tool breaks what its annotations, or its schema's defaults, say."""

from __future__ import annotations

from .pair import Pair, listed, real, takes, text, whole

REMOVE = Pair("remove", "behaviour: idempotent", takes(id=whole(minimum=1, maximum=9)), '''
GONE = set()

def remove(id):
    need(is_int(id) and 1 <= id <= 9, "id: expected 1 to 9")
    need(True, "")
    GONE.add(id)
    return {"removed": id}
''', 'need(True, "")', 'need(id not in GONE, "id: there is none")', {"annotations": {"idempotent": True}})  # fmt: skip

UPSERT = Pair("upsert", "behaviour: idempotent", takes(name=text(minLength=1, maxLength=9)), '''
ROWS = []

def upsert(name):
    need(isinstance(name, str) and 1 <= len(name) <= 9, "name: expected 1 to 9 characters")
    if name not in ROWS:
        ROWS.append(name)
    return {"position": ROWS.index(name), "copies": ROWS.count(name)}
''', "    if name not in ROWS:\n        ROWS.append(name)\n", "    ROWS.append(name)\n", {"annotations": {"idempotent": True}})  # fmt: skip

TOKEN = Pair("token", "behaviour: deterministic", takes(seed=whole(minimum=0, maximum=9)), '''
import itertools
COUNTER = itertools.count()

def token(seed):
    need(is_int(seed) and 0 <= seed <= 9, "seed: expected 0 to 9")
    return {"token": seed * 7919 % 1000}
''', "seed * 7919 % 1000", "seed * 7919 % 1000 + next(COUNTER) % 2", {"annotations": {"deterministic": True}})  # fmt: skip

ORDERED = Pair("ordered", "behaviour: pure", takes(values=listed(whole(minimum=0, maximum=9), maxItems=5)), '''
def ordered(values):
    need(isinstance(values, list) and len(values) <= 5, "values: expected at most 5")
    need(all(is_int(value) and 0 <= value <= 9 for value in values), "values: expected 0 to 9")
    sorted(values)
    return {"values": sorted(values)}
''', "    sorted(values)\n", "    values.sort()\n", {"annotations": {"pure": True}}, forms=("python",))  # fmt: skip

FETCH = Pair("fetch", "behaviour: non_blocking", takes(n=whole(minimum=0, maximum=9)), '''
import asyncio
import time

async def fetch(n):
    need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")
    await asyncio.sleep(0)
    return {"n": n}
''', "await asyncio.sleep(0)", "time.sleep(0.15)", {"annotations": {"non_blocking": True}}, forms=("python", "http"))  # fmt: skip

SEARCH = Pair("search", "behaviour: a hang", takes(text=text(maxLength=60)), '''
import time

def search(text):
    need(isinstance(text, str) and len(text) <= 60, "text: expected at most 60 characters")
    for _ in range(0):
        time.sleep(0.05)
    return {"found": text.count("a")}
''', "range(0)", 'range(30 if text == "" else 0)', {"timeout": "1s"})  # fmt: skip

DEFAULTS = Pair("defaults", "behaviour: another default than the schema's", takes("text", text=text(maxLength=9), repeat=whole(minimum=1, maximum=5, default=2)), '''
def defaults(text, repeat=2):
    need(isinstance(text, str) and len(text) <= 9, "text: expected at most 9 characters")
    need(is_int(repeat) and 1 <= repeat <= 5, "repeat: expected 1 to 5")
    return {"length": (len(text) + 1) * repeat}
''', "repeat=2", "repeat=1", {"annotations": {"deterministic": True}})  # fmt: skip

HANDLES = Pair("handles", "behaviour: file descriptors leak", takes(n=whole(minimum=0, maximum=9)), '''
import os
KEPT = []

def handles(n):
    need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")
    opened = os.open(os.devnull, os.O_RDONLY)
    os.close(opened)
    return {"n": n}
''', "os.close(opened)", "KEPT.append(opened)")  # fmt: skip

THREADS = Pair("threads", "behaviour: threads leak", takes(n=whole(minimum=0, maximum=9)), '''
import threading

def threads(n):
    need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")
    done = threading.Event()
    worker = threading.Thread(target=done.wait, daemon=True)
    worker.start()
    done.set()
    worker.join()
    return {"n": n}
''', "    done.set()\n    worker.join()\n", "")  # fmt: skip

SHARED = Pair("shared", "behaviour: sessions share state", takes(n=whole(minimum=0, maximum=9)), '''
import asyncio
CURRENT = {}

async def shared(n):
    need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")
    mine = {"n": n}
    CURRENT["n"] = n
    await asyncio.sleep(0)
    return {"n": mine["n"]}
''', 'mine["n"]}', 'CURRENT["n"]}', {"annotations": {"deterministic": True}, "sessions": {"concurrent": 4, "calls": 3}}, forms=("python",))  # fmt: skip

WORN = Pair("worn", "behaviour: fails after some calls", takes(n=whole(minimum=0, maximum=9)), '''
CALLS = []

def worn(n):
    need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")
    CALLS.append(n)
    slots = [None] * 1000
    slots[len(CALLS) % 1000] = n
    return {"n": n}
''', "[None] * 1000", "[None] * 8")  # fmt: skip

LEARNED = Pair("convert", "learning: values named by a refusal", takes(amount=whole(minimum=0, maximum=100), unit=text()), '''
UNITS = {"chain": 20, "furlong": 201, "league": 4828}

def convert(amount, unit):
    need(is_int(amount) and 0 <= amount <= 100, "amount: expected 0 to 100")
    need(isinstance(unit, str) and unit in UNITS, "unit: expected one of: chain, furlong, league")
    return {"metres": UNITS[unit] * amount, "per": 100 // (amount or 1)}
''', "(amount or 1)", "amount")  # fmt: skip

HINTED = Pair("clock", "learning: values named by a description", takes(zone=text(description="A city, e.g. 'Lisbon' or 'Oslo'."),
              hour=whole(minimum=0, maximum=23)), '''
CITIES = {"Lisbon": 0, "Oslo": 1}

def clock(zone, hour):
    need(is_int(hour) and 0 <= hour <= 23, "hour: expected 0 to 23")
    need(isinstance(zone, str) and zone in CITIES, "zone: that city is not known")
    return {"hour": ("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 0".split())[hour + CITIES[zone] * 0]}
''', "22 23 0", "22")  # fmt: skip

AFTER = Pair("after", "learning: values named by one refusal after another", takes(unit=text(), currency=text(), amount=whole(minimum=0, maximum=9)), '''
UNITS, CURRENCIES = ("bushel", "firkin"), ("CHF", "NOK")

def after(unit, currency, amount):
    need(is_int(amount) and 0 <= amount <= 9, "amount: expected 0 to 9")
    need(isinstance(unit, str) and unit in UNITS, "unit must be one of: bushel, firkin")
    need(isinstance(currency, str) and currency in CURRENCIES, "currency must be one of: CHF, NOK")
    return {"share": 90 // (10 - amount)}
''', "(10 - amount)", "(9 - amount)")  # fmt: skip

BETWEEN = Pair("between", "learning: numbers named by a refusal", takes(ratio=real(), count=whole(minimum=0, maximum=9)), '''
def between(ratio, count):
    need(is_int(count) and 0 <= count <= 9, "count: expected 0 to 9")
    need(is_number(ratio) and 2.5 < ratio < 2.75, "ratio must be greater than 2.5 and less than 2.75")
    return {"share": 90 // (10 - count)}
''', "(10 - count)", "(9 - count)")  # fmt: skip

LISTING = Pair("listing", "learning: values named by a refusal", takes(tags=listed(text(maxLength=9), maxItems=5), count=whole(minimum=0, maximum=9)), '''
def listing(tags, count):
    need(is_int(count) and 0 <= count <= 9, "count: expected 0 to 9")
    need(isinstance(tags, list) and 0 < len(tags) <= 5, "tags: expected 1 to 5")
    need(all(tag in ("hot", "cold") for tag in tags), "tags: each must be one of: hot, cold")
    return {"share": 90 // (10 - count)}
''', "(10 - count)", "(9 - count)")  # fmt: skip

PAIRS = (REMOVE, UPSERT, TOKEN, ORDERED, FETCH, SEARCH, DEFAULTS, HANDLES, THREADS, SHARED, WORN, LEARNED, HINTED, AFTER,
         BETWEEN, LISTING)  # fmt: skip
