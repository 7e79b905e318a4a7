"""Reads the text of a schedule (`schedule.py` says what it means)."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, NoReturn

from ..errors import UnitError
from ..units import parse_duration_ns
from .errors import FaultError
from .kinds import Given, make_action
from .schedule import Condition, Rule, Schedule, Step

CONDITIONS: Final = ("nth", "every", "first", "until", "window", "p")
_WORD = re.compile(r"[A-Za-z_]\w*")
_COUNT = re.compile(r"(\d+)\s*\*", re.ASCII)
_NAME = re.compile(r"([A-Za-z_]\w*)\s*=")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'', re.DOTALL)
_BARE = re.compile(r"[^,()\"']+")
_EXAMPLE: Final = "write a schedule such as '2*off -> 3*error(ConnectionError) -> delay(2s)'"
_MOST: Final = 1_000_000


@lru_cache(maxsize=256)
def parse_schedule(text: str) -> Schedule:
    """Return the schedule that a text says. Raises FaultError naming the column, what was found and expected."""
    return _Reader(text).schedule()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def schedule(self) -> Schedule:
        rules = [self.rule()]
        while self.takes(";"):
            if not rules[-1].conditions:
                self.fail(
                    f"'{rules[-1]}' has no condition, so it decides for every hit and what follows is never reached"
                )
            rules.append(self.rule())
        if self.at < len(self.text):
            self.fail(f"found {self.rest()!r}, expected '->', ';' or the end")
        if not any(step.action for rule in rules for step in rule.steps):
            self.fail(f"it injects nothing: every step is off; {_EXAMPLE}")
        return Schedule(tuple(rules))

    def rule(self) -> Rule:
        conditions: list[Condition] = []
        while self.peek_word() in CONDITIONS:
            conditions.append(self.condition())
            if self.takes(":"):
                break
            if not self.takes("&"):
                self.fail(f"found {self.rest()!r}, expected ':' and what happens, or '&' and a further condition")
        return Rule(self.chain(), tuple(conditions))

    def chain(self) -> tuple[Step, ...]:
        steps = [self.step()]
        while self.takes("->"):
            if steps[-1].count is None:
                step = steps[-1]
                self.fail(f"'{step}' has no count, so it stays for ever and what follows is never reached: 1*{step}")
            steps.append(self.step())
        return tuple(steps)

    def step(self) -> Step:
        count = self.count()
        start = self.at
        word = self.peek_word()
        if word is None:
            self.fail(f"found {self.rest()!r}, expected a fault; {_EXAMPLE}")
        self.at += len(word)
        given = self.arguments()
        if word == "off" and not given:
            return Step(None, count)
        if word in CONDITIONS:
            self.fail(f"the condition {word!r} stands before a chain, as in '{word}(…): hang'", start)
        try:
            return Step(make_action(word, given), count)
        except FaultError as error:
            self.fail(str(error), start)

    def count(self) -> int | None:
        self.space()
        match = _COUNT.match(self.text, self.at)
        if match is None:
            return None
        if not 1 <= len(match[1]) <= len(str(_MOST)) or not 1 <= int(match[1]) <= _MOST:
            self.fail(f"found {match[1]}*, expected a count from 1 to {_MOST}")
        self.at = match.end()
        self.space()
        return int(match[1])

    def condition(self) -> Condition:
        start = self.at
        name: Any = self.peek_word()
        self.at += len(name)
        given = self.arguments()
        try:
            return Condition(name, _numbers(name, given))
        except (ValueError, UnitError) as error:
            self.fail(f"{name}: {error}", start)

    def arguments(self) -> list[Given]:
        """Read `(a, b=c, "d")`, where it stands; an empty pair of brackets is none."""
        given: list[Given] = []
        if not self.takes("("):
            return given
        if self.takes(")"):
            return given
        while True:
            given.append(self.argument())
            if self.takes(")"):
                return given
            if not self.takes(","):
                self.fail(f"found {self.rest()!r}, expected ',' or ')'")

    def argument(self) -> Given:
        self.space()
        named = _NAME.match(self.text, self.at)
        if named is not None:
            self.at = named.end()
            self.space()
        name = named[1] if named else None
        if (quoted := _QUOTED.match(self.text, self.at)) is not None:
            self.at = quoted.end()
            inner = quoted[1] if quoted[1] is not None else quoted[2]
            return name, re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL), True
        bare = _BARE.match(self.text, self.at)
        if bare is None or not bare[0].strip():
            self.fail(f"found {self.rest()!r}, expected an argument")
        self.at = bare.end()
        return name, bare[0].strip(), False

    # the text
    def space(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def takes(self, literal: str) -> bool:
        self.space()
        found = self.text.startswith(literal, self.at)
        self.at += len(literal) if found else 0
        self.space()
        return found

    def peek_word(self) -> str | None:
        self.space()
        match = _WORD.match(self.text, self.at)
        return match[0] if match else None

    def rest(self) -> str:
        left = self.text[self.at :]
        return (left if len(left) <= 24 else left[:24] + "…") or "the end"

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        shown = self.text if len(self.text) <= 80 else self.text[:79] + "…"
        raise FaultError(f"fault {shown!r}, column {(self.at if at is None else at) + 1}: {message}") from None


def _numbers(name: str, given: list[Given]) -> tuple[float, ...]:
    texts = [text for key, text, _ in given if key is None]
    named = {key: text for key, text, _ in given if key is not None}
    if unknown := set(named) - ({"seed"} if name == "p" else set()):
        close = get_close_matches(found := min(unknown), ["seed"], n=1)
        raise ValueError(f"it has no argument {found!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
    if name != "nth" and len(texts) != 1:
        raise ValueError(f"it takes one value, found {len(texts)}, as in {_SHAPES[name]}")
    if name == "p":
        return (_probability(texts[0]), _whole(named.get("seed", "0"), least=0))
    if name == "window":
        return _window(texts[0])
    if name == "until":
        return (float(parse_duration_ns(texts[0])),)
    if not texts:
        raise ValueError(f"it takes numbers, as in {_SHAPES[name]}")
    return tuple(_whole(text, least=1) for text in texts)


_SHAPES: Final = {"nth": "nth(3)", "every": "every(5)", "first": "first(2)", "until": "until(10s)",
                  "window": "window(1s..5s)", "p": "p(0.2, seed=7)"}  # fmt: skip


def _whole(text: str, *, least: int) -> float:
    if not (text.isascii() and text.isdigit()) or len(text) > 15 or int(text) < least:
        raise ValueError(f"found {text!r}, expected a whole number from {least}")
    return float(int(text))


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise ValueError(f"found {text!r}, expected a probability over 0, up to 1, as in p(0.2, seed=7)")
    return value


def _window(text: str) -> tuple[float, ...]:
    start, dots, end = text.partition("..")
    if not dots:
        raise ValueError(f"found {text!r}, expected two instants, as in window(1s..5s)")
    window = (float(parse_duration_ns(start.strip())), float(parse_duration_ns(end.strip())))
    if window[0] >= window[1]:
        raise ValueError(f"found {text!r}, which ends before it begins")
    return window
