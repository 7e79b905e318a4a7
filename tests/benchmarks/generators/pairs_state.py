"""State between calls: what a tool keeps, shares, leaves behind, against what it promises."""

from __future__ import annotations

from .pair import Pair, listed, takes, text, whole

DIGIT = takes(n=whole(minimum=0, maximum=9))
CHECKED = '    need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")\n'
WORD = takes(word=text(minLength=1, maxLength=9))
SPELT = '    need(isinstance(word, str) and 1 <= len(word) <= 9, "word: expected 1 to 9 characters")\n'

TOGGLE = Pair("toggle", "behaviour: idempotent", DIGIT, f'''
ON = {{}}

def toggle(n):
{CHECKED}    ON[n] = True
    return {{"on": ON[n]}}
''', "ON[n] = True", "ON[n] = not ON.get(n, False)", {"annotations": {"idempotent": True}})  # fmt: skip

DEPOSIT = Pair("deposit", "behaviour: idempotent", DIGIT, f'''
HELD = {{}}

def deposit(n):
{CHECKED}    HELD[n] = n + 1
    return {{"holds": HELD[n]}}
''', "HELD[n] = n + 1", "HELD[n] = HELD.get(n, 0) + n + 1", {"annotations": {"idempotent": True}})  # fmt: skip

JOURNAL = Pair("journal", "behaviour: read_only", WORD, f'''
from pathlib import Path
BOOK = Path(__file__).parent / "kept" / "journal.txt"

def journal(word):
{SPELT}    BOOK.parent.mkdir(exist_ok=True)
    with BOOK.open("a") as book:
        book.write("")
    return {{"letters": len(word)}}
''', 'book.write("")', 'book.write("x")', {"annotations": {"read_only": True}, "checks": {"read_only": {"paths": ["kept"]}}})  # fmt: skip

VISITS = Pair("visits", "behaviour: read_only", WORD, f'''
SEEN = []

def visits(word):
{SPELT}    SEEN.append(word)
    return {{"rank": len(word)}}
''', "len(word)}", "len(SEEN)}", {"annotations": {"read_only": True}})  # fmt: skip

PICK = Pair("pick", "behaviour: deterministic", DIGIT, f'''
import random

def pick(n):
{CHECKED}    return {{"card": random.Random(n).randint(1, 52)}}
''', "random.Random(n).randint", "random.randint", {"annotations": {"deterministic": True}})  # fmt: skip

TIRED = Pair("tired", "behaviour: deterministic", DIGIT, f'''
TIMES = {{}}

def tired(n):
{CHECKED}    TIMES[n] = TIMES.get(n, 0) + 1
    return {{"next": n + 1}}
''', '"next": n + 1', '"next": n + 1 + (TIMES[n] == 3)', {"annotations": {"deterministic": True}})  # fmt: skip

BEFORE = Pair("before", "behaviour: deterministic", WORD, f'''
LAST = [""]

def before(word):
{SPELT}    last, LAST[0] = LAST[0], word
    return {{"letters": len(word)}}
''', "len(word)}", "len(word), 'after': last}", {"annotations": {"deterministic": True}})  # fmt: skip

CURRENT = Pair("current", "behaviour: sessions share state", WORD, f'''
import asyncio
USER = {{}}

async def current(word):
{SPELT}    USER["name"] = mine = word
    await asyncio.sleep(0.001)
    return {{"hello": mine}}
''', '{"hello": mine}', '{"hello": USER["name"]}', {"annotations": {"read_only": True}}, forms=("python", "mcp"))  # fmt: skip

SEAT = Pair("seat", "behaviour: sessions share state", DIGIT, f'''
import asyncio
TAKEN = set()

async def seat(n):
{CHECKED}    free = n not in TAKEN
    TAKEN.add(n)
    await asyncio.sleep(0)
    return {{"booked": free}}
''', "    TAKEN.add(n)\n    await asyncio.sleep(0)\n", "    await asyncio.sleep(0)\n    TAKEN.add(n)\n", forms=("python",))  # fmt: skip

SOCKETS = Pair("sockets", "behaviour: file descriptors leak", DIGIT, f'''
import socket
KEPT = []

def sockets(n):
{CHECKED}    opened = socket.socket()
    opened.close()
    return {{"n": n}}
''', "opened.close()", "KEPT.append(opened)")  # fmt: skip

LOGFILE = Pair("logfile", "behaviour: file descriptors leak", DIGIT, f'''
KEPT = []

def logfile(n):
{CHECKED}    log = open(__file__)
    log.close()
    return {{"n": n}}
''', "log.close()", "KEPT.append(log)")  # fmt: skip

WORKERS = Pair("workers", "behaviour: threads leak", DIGIT, f'''
import threading
STOP = threading.Event()

def workers(n):
{CHECKED}    worker = threading.Thread(target=STOP.wait, args=(0,), daemon=True)
    worker.start()
    return {{"n": n}}
''', "args=(0,)", "args=()")  # fmt: skip

TASKS = Pair("tasks", "behaviour: tasks leak", DIGIT, f'''
import asyncio
KEPT = set()

async def tasks(n):
{CHECKED}    task = asyncio.create_task(asyncio.sleep(0))
    KEPT.add(task)
    await asyncio.sleep(0)
    KEPT.discard(task)
    return {{"n": n}}
''', "asyncio.sleep(0))\n", "asyncio.sleep(3600))\n", forms=("python",))  # fmt: skip

CHILDREN = Pair("children", "behaviour: child processes leak", DIGIT, f'''
import subprocess
KEPT = []

def children(n):
{CHECKED}    child = subprocess.Popen(["sleep", "0"], stdin=-3, stdout=-3, stderr=-3)
    child.wait()
    return {{"n": n}}
''', '"0"], stdin=-3, stdout=-3, stderr=-3)\n    child.wait()', '"9"], stdin=-3, stdout=-3, stderr=-3)\n    KEPT.append(child)', forms=("mcp", "http"))  # fmt: skip

HASHED = Pair("hashed", "behaviour: non_blocking", DIGIT, f'''
import asyncio
import time

async def hashed(n):
{CHECKED}    await asyncio.to_thread(time.sleep, 0.001)
    return {{"n": n}}
''', "await asyncio.to_thread(time.sleep, 0.001)", "time.sleep(0.12)", forms=("python",))  # fmt: skip

WAITS = Pair("waits", "behaviour: a hang", takes(n=whole(minimum=0, maximum=900)), '''
import asyncio

async def waits(n):
    need(is_int(n) and 0 <= n <= 900, "n: expected 0 to 900")
    if n > 900:
        await asyncio.Event().wait()
    return {"n": n}
''', "n > 900", "n == 900", {"timeout": "1s"}, forms=("python", "mcp"))  # fmt: skip


def by_name(name: str, answer: str) -> Pair:
    """Return a tool that knows two names; the faulty twin answers for all others as if that were a success."""
    refusal = 'need(who in KNOWN, "who: that name is not known")'
    body = f"""
KNOWN = {{"Ada": 1, "Bob": 2}}

def {name}(who):
    need(isinstance(who, str), "who: expected a name")
    {refusal}
    return {{"id": KNOWN[who]}}
"""
    takes_name = takes(who=text(description="A name, e.g. 'Ada' or 'Bob'."))
    wrong = f"if who not in KNOWN: return {answer}"
    return Pair(name, "behaviour: an error as a success", takes_name, body, refusal, wrong, forms=("mcp",))


LOOKED_UP = by_name("looked_up", '{"error": "that name is not known"}')
FAILED = by_name("failed", '{"status": "error", "message": "that name is not known"}')

STAMPED = Pair("stamped", "behaviour: read_only", takes(form={"enum": ["json", "csv", "xml", "text", "yaml", "toml", "ini"]}, long={"type": "boolean"}), '''
from pathlib import Path
LAST = Path(__file__).parent / "last" / "form.txt"

def stamped(form, long):
    need(form in ("json", "csv", "xml", "text", "yaml", "toml", "ini"), "form: not known")
    need(isinstance(long, bool), "long: expected a boolean")
    LAST.parent.mkdir(exist_ok=True)
    if form == "toml" and not long:
        LAST.exists()
    return {"form": form}
''', "LAST.exists()", 'LAST.write_text("toml")', {"annotations": {"read_only": True}, "checks": {"read_only": {"paths": ["last"]}}})  # fmt: skip

TODAY = Pair("today", "behaviour: deterministic", DIGIT, f'''
def today(n):
{CHECKED}    return {{"day": str(datetime.date(2026, 1, 1) + datetime.timedelta(days=n))}}
''', "datetime.date(2026, 1, 1)", "datetime.date.today()", {"annotations": {"deterministic": True}}, forms=("python",))  # fmt: skip

HALF = Pair("half", "behaviour: deterministic", takes(a=whole(minimum=0, maximum=9), b=whole(minimum=0, maximum=9)), '''
KNOWN = {}

def half(a, b):
    need(is_int(a) and 0 <= a <= 9, "a: expected 0 to 9")
    need(is_int(b) and 0 <= b <= 9, "b: expected 0 to 9")
    return {"sum": KNOWN.setdefault((a, b), a * 10 + b)}
''', "(a, b), a", "a, a", {"annotations": {"deterministic": True}})  # fmt: skip

ENROLLED = Pair("enrolled", "behaviour: sessions share state", WORD, f'''
import asyncio
NAMES = {{}}

async def enrolled(word):
{SPELT}    NAMES[word] = True
    for name in list(NAMES):
        await asyncio.sleep(0)
    return {{"enrolled": word}}
''', "list(NAMES)", "NAMES", forms=("python",))  # fmt: skip

LATER = Pair("later", "behaviour: tasks leak", DIGIT, f'''
import asyncio
KEPT = set()

async def send():
    await asyncio.sleep(0.1)

async def later(n):
{CHECKED}    task = asyncio.create_task(send())
    KEPT.add(task)
    await task
    KEPT.discard(task)
    return {{"n": n}}
''', "    await task\n    KEPT.discard(task)\n", "    task.add_done_callback(KEPT.discard)\n", forms=("python",))  # fmt: skip

UPON_REFUSAL = Pair("upon_refusal", "behaviour: file descriptors leak", DIGIT, '''
import os

def upon_refusal(n):
    opened = os.open(os.devnull, os.O_RDONLY)
    try:
        need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")
    except ValueError:
        os.close(opened)
        raise
    os.close(opened)
    return {"n": n}
''', "        os.close(opened)\n        raise\n", "        raise\n")  # fmt: skip

COLOURS = Pair("colours", "behaviour: deterministic", takes(tags=listed({"enum": ["red", "green", "blue", "cyan", "black"]}, maxItems=5)), '''
KNOWN = ("red", "green", "blue", "cyan", "black")

def colours(tags):
    need(isinstance(tags, list) and len(tags) <= 5, "tags: expected at most 5")
    need(all(tag in KNOWN for tag in tags), "tags: not known")
    return {"tags": sorted(set(tags))}
''', "sorted(set(tags))", "list(set(tags))", {"annotations": {"deterministic": True}})  # fmt: skip

GROWS = Pair("grows", "behaviour: deterministic", takes(n=whole(minimum=1, maximum=5)), '''
KNOWN = {}

def grows(n):
    need(is_int(n) and 1 <= n <= 5, "n: expected 1 to 5")
    rows = list(KNOWN.setdefault(n, list(range(n))))
    rows.append(n * 10)
    return {"rows": rows}
''', "list(KNOWN.setdefault(n, list(range(n))))", "KNOWN.setdefault(n, list(range(n)))", {"annotations": {"deterministic": True}})  # fmt: skip

ONE_MODE = Pair("one_mode", "behaviour: idempotent", takes("key", key=text(minLength=1, maxLength=8), mode={"enum": ["replace", "keep", "merge", "append"]}), '''
STORE = {}

def one_mode(key, mode="replace"):
    need(isinstance(key, str) and 1 <= len(key) <= 8, "key: expected 1 to 8 characters")
    need(mode in ("replace", "keep", "merge", "append"), "mode: not known")
    STORE[key] = "" + "x"
    return {"value": STORE[key]}
''', '"" + "x"', '(STORE.get(key, "") if mode == "append" else "") + "x"', {"annotations": {"idempotent": True}})  # fmt: skip

LOCKED = Pair("locked", "behaviour: a hang", DIGIT, '''
import threading
LOCK = threading.Lock()

def locked(n):
    LOCK.acquire()
    try:
        need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")
    except ValueError:
        LOCK.release()
        raise
    LOCK.release()
    return {"n": n}
''', "        LOCK.release()\n        raise\n", "        raise\n", {"timeout": "1s"})  # fmt: skip

WORDY = Pair("wordy", "behaviour: a hang", takes(code=text(maxLength=60)), r'''
def wordy(code):
    need(isinstance(code, str) and len(code) <= 60, "code: expected at most 60 characters")
    return {"plain": re.fullmatch(r"\w*", code) is not None}
''', r'r"\w*"', r'r"(\w+_?)*"', {"timeout": "1s"})  # fmt: skip

THREADED = Pair("threaded", "behaviour: sessions share state", WORD, f'''
import time
CURRENT = {{}}

def threaded(word):
{SPELT}    mine = {{"word": word}}
    CURRENT["word"] = word
    time.sleep(0.005)
    return {{"letters": len(mine["word"])}}
''', 'len(mine["word"])', 'len(CURRENT["word"])', {"annotations": {"read_only": True}}, forms=("mcp", "http"))  # fmt: skip

UNDONE = Pair("undone", "behaviour: an error as a success", takes(who=text(description="A name, e.g. 'Ada' or 'Bob'.")), '''
NAMES = {"Ada": 1, "Bob": 2}

def undone(who):
    need(isinstance(who, str), "who: expected a name")
    need(who in NAMES, "who: that name is not known")
    return {"success": True, "id": NAMES[who]}
''', 'need(who in NAMES, "who: that name is not known")', 'if who not in NAMES: return {"success": False, "reason": "that name is not known"}', forms=("mcp",))  # fmt: skip

PAIRS = (TOGGLE, DEPOSIT, JOURNAL, VISITS, PICK, TIRED, BEFORE, CURRENT, SEAT, SOCKETS, LOGFILE, WORKERS, TASKS, CHILDREN,
         HASHED, WAITS, LOOKED_UP, STAMPED, TODAY, HALF, ENROLLED, FAILED, LATER, UPON_REFUSAL,
         COLOURS, GROWS, ONE_MODE, LOCKED, WORDY, THREADED, UNDONE)  # fmt: skip
