"""Validators: second opinions on a result, from an expert, a model or a rule.

A validator is called with the case and its outcome. It agrees (None, True, an empty list), or it disagrees: False, a
text, a `Finding`, a list of these, a failed assertion. Equal questions are asked once, also when they are asked at the
same time; an opinion that failed to come (a crash, a time-out) is not kept: the next equal question is asked again.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..cases.model import Case
from ..checks.base import Finding, as_json, shorten
from ..targets._timelimit import Expired, Worker
from ..targets.base import Outcome

DEFAULT_LIMIT_S: Final = 30.0

Judgement = Callable[[Case, Outcome], Any]
Emit = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a validator said; `crashed` and `timed_out` say nothing of the tool."""

    kind: Literal["agreed", "disagreed", "crashed", "timed_out"]
    messages: tuple[str, ...] = ()


class Validator:
    """One validator with what it has said so far; usable from any thread."""

    def __init__(
        self, name: str, judgement: Judgement, *, limit_s: float = DEFAULT_LIMIT_S, emit: Emit | None = None
    ) -> None:
        self.name = name
        self._judgement = judgement
        self._limit_s = limit_s
        self._emit = emit or (lambda _ev, /, **_fields: None)
        self._said: dict[str, Future[Opinion]] = {}
        self._lock = threading.Lock()

    def ask(self, case: Case, outcome: Outcome) -> Opinion:
        """Return the opinion on an outcome; an equal question that is under way is waited for."""
        future, is_mine = self._claimed(_question(case, outcome))
        if is_mine:
            self._answer(future, case, outcome)
        return future.result()

    async def ask_async(self, case: Case, outcome: Outcome) -> Opinion:
        """As `ask`, from a running loop, which goes on meanwhile."""
        return await asyncio.to_thread(self.ask, case, outcome)

    def _claimed(self, question: str) -> tuple[Future[Opinion], bool]:
        with self._lock:
            known = self._said.get(question)
            if known is not None:
                return known, False
            future: Future[Opinion] = Future()
            self._said[question] = future
            return future, True

    def _answer(self, future: Future[Opinion], case: Case, outcome: Outcome) -> None:
        opinion: Opinion | None = None
        self._emit("validation.start", attrs={"validator": self.name})
        try:
            opinion = self._opinion(case, outcome)
        finally:
            if opinion is None or opinion.kind in ("crashed", "timed_out"):
                with self._lock:
                    self._said = {text: kept for text, kept in self._said.items() if kept is not future}
            future.set_result(opinion or Opinion("crashed", ("it was interrupted",)))
            said = {"validator": self.name, "opinion": future.result().kind, "messages": list(future.result().messages)}
            self._emit("validation.end", attrs=said)

    def _opinion(self, case: Case, outcome: Outcome) -> Opinion:
        try:
            said = Worker(lambda: self._called(case, outcome)).result(self._limit_s)
            messages = tuple(_messages(said))
        except Expired:
            return Opinion("timed_out", (f"no opinion within {self._limit_s:g}s",))
        except AssertionError as error:
            return Opinion("disagreed", (str(error).partition("\n")[0] or "an assertion failed",))
        except Exception as error:
            return Opinion("crashed", (shorten(f"{type(error).__name__}: {error}", 200),))
        return Opinion("disagreed", messages) if messages else Opinion("agreed")

    def _called(self, case: Case, outcome: Outcome) -> Any:
        said = self._judgement(case, outcome)
        return asyncio.run(_awaited(said)) if inspect.isawaitable(said) else said


async def _awaited(said: Any) -> Any:
    return await said


def _question(case: Case, outcome: Outcome) -> str:
    """Two questions are equal where input, label and answer are; not how long it took, nor the case's name."""
    error = outcome.error
    return as_json([case.input, case.label, outcome.kind, outcome.value, error and [error.type, error.message]])


def _messages(said: Any) -> Iterator[str]:
    if said is None or said is True:
        return
    if said is False:
        yield "the result is not accepted"
    elif isinstance(said, str):
        yield from [said] if said else []
    elif isinstance(said, Finding):
        yield said.message
    elif isinstance(said, list | tuple):
        for each in said:
            yield from _messages(each)
    else:
        raise TypeError(
            f"it returned {type(said).__name__}: expected None, True, False, a text, a Finding, or a list of these"
        )
