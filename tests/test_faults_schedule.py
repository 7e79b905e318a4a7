"""The grammar of faults: what a schedule means, and what is said of a wrong one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_toolcheck.faults import FaultError
from pytest_toolcheck.faults.grammar import parse_schedule
from pytest_toolcheck.faults.kinds import KINDS, Action, make_action
from pytest_toolcheck.faults.schedule import Condition, Play, Rule, Schedule, Step


class Clock:
    """A clock that a test sets, in nanoseconds."""

    def __init__(self):
        self.ns = 0

    def __call__(self):
        return self.ns


def played(text, hits, *, clock=None, step_s=0):
    """The kinds that so many hits meet; "-" where nothing happens."""
    clock = clock or Clock()
    play = Play(parse_schedule(text), now_ns=clock)
    met = []
    for _ in range(hits):
        action = play.next()
        met.append(action.kind if action else "-")
        clock.ns += int(step_s * 1e9)
    return " ".join(met)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hang", "hang hang hang hang hang hang"),
        ("2*off -> 3*error(ConnectionError) -> delay(2s)", "- - error error error delay"),
        ("2*hang", "hang hang - - - -"),
        ("1*hang -> off", "hang - - - - -"),
        ("nth(3): hang", "- - hang - - -"),
        ("nth(1, 4): hang", "hang - - hang - -"),
        ("every(2): hang", "- hang - hang - hang"),
        ("first(2): hang", "hang hang - - - -"),
        ("every(2): 1*off -> hang", "- - - hang - hang"),
        ("nth(2): hang; error", "error hang error error error error"),
        ("every(2) & first(4): hang", "- hang - hang - -"),
    ],
)
def test_each_hit_meets_its_step(text, expected):
    """A chain gives a step to each hit; conditions choose the hits; the first rule that holds decides."""
    assert played(text, 6) == expected


def test_how_a_connection_ends_is_written_in_either_case():
    """`FIN` and `RST`, as the protocol has them, are those of the documentation."""
    assert parse_schedule("disconnect(RST)") == parse_schedule("disconnect(rst)")
    assert parse_schedule("disconnect(how=Fin)") == parse_schedule("disconnect")


def test_windows_are_measured_from_the_injection():
    """`window(1s..5s)` begins at 1 s and ends before 5 s; `until(2s)` ends before 2 s."""
    assert played("window(1s..5s): hang", 7, step_s=1) == "- hang hang hang hang - -"
    assert played("until(2s): hang", 4, step_s=1) == "hang hang - -"
    late = Clock()
    late.ns = 77_000_000_000
    assert played("until(2s): hang", 3, clock=late, step_s=1) == "hang hang -"


def test_chance_follows_its_seed():
    """`p(0.2, seed=7)` hits the same calls in every run, about a fifth of them; another seed hits others."""
    first, again, other = (played(f"p(0.2, seed={seed}): hang", 1000) for seed in (7, 7, 8))
    assert first == again != other
    assert 150 < first.count("hang") < 250
    assert played("p(1): hang", 3) == "hang hang hang"


@pytest.mark.parametrize(
    ("text", "hits", "expected"),
    [
        ("2*hang", 1, False),
        ("2*hang", 2, True),
        ("hang", 9, False),
        ("nth(3): hang", 2, False),
        ("nth(3): hang", 3, True),
        ("1*off -> 2*hang", 2, False),
        ("1*off -> 2*hang", 3, True),
        ("first(2): hang", 2, True),
        ("p(0.5): hang", 9, False),
    ],
)
def test_a_schedule_knows_when_it_is_over(text, hits, expected):
    """It is over when no further hit can meet a fault: that is what "stayed armed" means."""
    play = Play(parse_schedule(text), now_ns=Clock())
    for _ in range(hits):
        play.next()
    assert play.is_over() is expected


WRONG = [
    (
        "hang; nth(2): error",
        "column 7",
        "'hang' has no condition, so it decides for every hit and what follows is never reached",
    ),
    ("", "column 1", "expected a fault"),
    ("off", "column 4", "injects nothing"),
    ("2*of -> hang", "column 3", "Did you mean 'off'?"),
    ("eror(ConnectionError)", "column 1", "Did you mean 'error'?"),
    ("hang -> delay(2s)", "column 9", "'hang' has no count"),
    ("delay", "column 1", "delay needs 'time', as in delay(2s)"),
    ("delay(2)", "column 1", "no unit"),
    ("delay(2s, 3s)", "column 1", "delay takes (time), found 2"),
    ("delay(tme=2s)", "column 1", "no argument 'tme'"),
    ("delay(2s, time=2s)", "column 1", "given 'time' twice"),
    ("error(", "column 7", "expected an argument"),
    ("error(A B", "column 10", "expected ',' or ')'"),
    ("nth(0): hang", "column 1", "whole number from 1"),
    ("nth(): hang", "column 1", "as in nth(3)"),
    ("nth(3) hang", "column 8", "expected ':'"),
    ("0*hang", "column 1", "a count from 1"),
    ("99999999999999999999*hang", "column 1", "a count from 1"),
    ("window(5s..1s): hang", "column 1", "ends before it begins"),
    ("window(5s): hang", "column 1", "two instants"),
    ("p(2): hang", "column 1", "a probability"),
    ("p(nan): hang", "column 1", "a probability"),
    ("p(.1, sed=3): hang", "column 1", "did you mean 'seed'?"),
    ("2*nth(3)", "column 3", "stands before a chain"),
    ("hang hang", "column 6", "expected '->', ';' or the end"),
    ("disconnect(abruptly)", "column 1", "one of fin, rst, half"),
    ("truncate(200%)", "column 1", "more than all of it"),
    ("corrupt(many)", "column 1", "a whole number"),
    ("hang(3)", "column 1", "hang takes no arguments"),
]


@pytest.mark.parametrize(("text", "column", "reason"), WRONG, ids=[text or "empty" for text, *_ in WRONG])
def test_a_wrong_schedule_says_where_and_why(text, column, reason):
    """The message names the schedule, the column, what was found and what is expected, on one line."""
    with pytest.raises(FaultError) as caught:
        parse_schedule(text)
    message = str(caught.value)
    assert message.startswith(f"fault {text!r}, {column}: ")
    assert reason in message
    assert "\n" not in message


NAMES = st.from_regex(r"[A-Z][A-Za-z]{0,8}(\.[A-Z][a-z]{1,5})?", fullmatch=True)
TEXTS = {
    "duration": st.integers(1, 10**15).map(lambda ns: f"{ns}ns"),
    "signed duration": st.integers(-(10**15), 10**15).map(lambda ns: f"{'-' if ns < 0 else ''}{abs(ns) // 1000}us"),
    "size": st.integers(1, 10**12).map(lambda size: f"{size}B"),
    "amount": st.one_of(st.integers(0, 10**6).map(str), st.integers(0, 100).map(lambda share: f"{share}%")),
    "count": st.integers(0, 10**6).map(str),
    "error": NAMES,
    "text": st.text(max_size=12),
    "how": st.sampled_from(["fin", "rst", "half"]),
}


@st.composite
def actions(draw) -> Action:
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    given_ = [(parameter.name, draw(TEXTS[parameter.form]), False) for parameter in kind.parameters]
    return make_action(kind.name, given_)


@st.composite
def conditions(draw) -> Condition:
    name = draw(st.sampled_from(["nth", "every", "first", "until", "window", "p"]))
    whole = st.integers(1, 10**9)
    if name == "window":
        start = draw(st.integers(0, 10**12))
        return Condition(name, (float(start), float(start + draw(whole))))
    if name == "p":
        return Condition(name, (draw(st.floats(0, 1, exclude_min=True)), float(draw(whole))))
    return Condition(name, tuple(map(float, draw(st.lists(whole, min_size=1, max_size=3 if name == "nth" else 1)))))


@st.composite
def rules(draw) -> Rule:
    counted = draw(st.lists(st.builds(Step, st.none() | actions(), st.integers(1, 10**6)), max_size=3))
    last = Step(draw(actions()), draw(st.none() | st.integers(1, 10**6)))
    return Rule((*counted, last), tuple(draw(st.lists(conditions(), max_size=2))))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(rules(), min_size=1, max_size=3)
    .filter(lambda drawn: all(rule.conditions for rule in drawn[:-1]))  # what follows one without is never reached
    .map(lambda drawn: Schedule(tuple(drawn)))
)
def test_every_schedule_is_read_as_it_is_written(schedule):
    """`str` of a schedule parses to an equal schedule, whatever its kinds, arguments and conditions."""
    assert parse_schedule(str(schedule)) == schedule


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="off->*:;&()=,.\"' 12shangerrordelay", max_size=40))
def test_any_text_is_read_or_refused(text):
    """No text makes the parser do anything but return a schedule or raise a FaultError."""
    try:
        schedule = parse_schedule(text)
    except FaultError as error:
        assert "column" in str(error)  # noqa: PT017 - either way is right
    else:
        assert parse_schedule(str(schedule)) == schedule
