"""`no_crash`: no uncaught exception, internal error, dead server or lost connection, whatever the input."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

from ..spec.unmentioned import is_unasked
from ..targets._text_values import is_refused_by_codec, is_told_by_codec
from .base import ADVICE, Evidence, Finding, is_withheld, shorten, texts_in
from .divided import tells_of_a_divisor
from .integral import stumbles_over_integral_float
from .interpreters import failed_in_words
from .made_values import is_allowed_by_its_pattern

if TYPE_CHECKING:
    from ..spec.model import ToolSpec
    from ..targets.base import CallError

_WRAPPED_CRASH = re.compile(
    r"(?:^|[:\"'] ?)(?:(?:float|integer|complex) )?(?:floor )?(?:division|modulo|division or modulo) by zero"
    r"(?=\.?(?:[\"'}\]]|\s*$))"
    r"|\b((list|string|tuple|pop) index out of range|object has no attribute '"
    r"|unsupported operand type\(s\) for|object is not (subscriptable|iterable|callable)|unhashable type: '"
    r"|maximum recursion depth exceeded|'NoneType' object|cannot access local variable"
    r"|(Attribute|Index|Key|ZeroDivision|Assertion|Recursion|Name|UnboundLocal|Overflow|UnicodeEncode|UnicodeDecode)Error\b"
    r"|Cannot read propert(y|ies) of (undefined|null)|[\w$)\]]\.[\w$]+ is not a function\b|NullPointerException"
    r"|codec can't (en|de)code (character|byte)s?|nil pointer dereference)",
    re.MULTILINE,
)
"""What interpreters write when code fails on its own, seen through a server that turns every exception into a refusal."""

_LOGGED_ERROR = re.compile(
    r"^\W*(?P<line>(((Type|Attribute|Index|Key|ZeroDivision|Assertion|Recursion|Name|UnboundLocal|Overflow|UnicodeEncode"
    r"|UnicodeDecode|Syntax|Indentation|Memory|(re\.)?Pattern)Error|(decimal\.)?InvalidOperation|StopIteration)\b(:.*)?))[ \t]*$",
    re.MULTILINE,
)
"""The last line of a traceback, of an error that no tool raises to refuse an input."""

_LOGGED_VALUE = re.compile(r"^\W*(?P<line>ValueError: (?P<said>.*))$", re.MULTILINE)

_LOGGED_TROUBLE = re.compile(
    r"^\W*(?P<line>(OS|FileNotFound|FileExists|NotADirectory|IsADirectory|Permission)Error\b(:.*)?)[ \t]*$",
    re.MULTILINE,
)
"""The same, of files and devices: a tool's own trouble, unless they are what the input spoke of."""

_CHAINED = re.compile(
    r"The\s+above\s+exception\s+was\s+the\s+direct\s+cause\s+of\s+the\s+following\s+exception:"
    r"|During\s+handling\s+of\s+the\s+above\s+exception,\s+another\s+exception\s+occurred:"
)
"""What stands between two exceptions of which the second was raised for the first; a log may break the line anywhere."""

_SENT_ON = re.compile(r"^\W*[\w.]*ToolError: Error\s+executing\s+tool\b", re.MULTILINE)
"""The MCP SDK's own exception, which it raises for whatever a tool raised."""

_OF_CODE = re.compile(
    r"(?:Type|Attribute|Index|Key|ZeroDivision|Name|UnboundLocal|Assertion|Overflow|Recursion|Unicode(?:En|De)code|Import"
    r"|ModuleNotFound|Syntax|Memory|Value)Error|InvalidOperation|StopIteration"
)
"""What a valid input is not refused by: Python itself raises these of code that went wrong."""

_IN_THREAD = re.compile(r"^Exception in thread .*(?=:$)", re.MULTILINE)
_UNCAUGHT = re.compile(
    rf"{_IN_THREAD.pattern}|^(Task exception was never retrieved|Exception ignored in.*|Error in atexit\._run_exitfuncs:)$",
    re.MULTILINE,
)
"""What Python itself writes of an exception that nobody caught, while the program goes on."""

_STUMBLED = re.compile(
    r"^(math domain error|(max|min)\(\) (arg is an|iterable argument is) empty( sequence)?"
    r"|(not enough|too many) values to unpack \(expected .*\)|reduce\(\) of empty (sequence|iterable) with no initial value"
    r"|cannot convert float (NaN|infinity) to integer|negative shift count|range\(\) arg 3 must not be zero"
    r"|zero-size array to reduction operation.*|attempt to get arg(max|min) of an empty sequence"
    r"|expected a (nonnegative|positive) input(, got .*)?|slice step cannot be zero|empty separator"
    r"|chr\(\) arg not in range\(0x110000\)|bytes? must be in range\(0, 256\)|I/O operation on closed file\.?"
    r"|Sample larger than population or is negative|empty range for randrange.*|Single '[{}]' encountered in format string"
    r"|invalid width -?\d+ \(must be > 0\)|substring not found|subsection not found|list\.remove\(x\): x not in list"
    r"|(tuple|array)\.index\(x\): x not in (tuple|array)|factorial\(\) not defined for negative values"
    r"|isqrt\(\) argument must be nonnegative|[kn] must be a non-negative integer|negative dimensions are not allowed"
    r"|pow\(\) 3rd argument cannot be 0|base is not invertible for the given modulus"
    r"|Total of weights must be greater than zero|The number of weights does not match the population"
    r"|attempt to assign sequence of size \d+ to .* of size \d+|zip\(\) argument \d+ is (shorter|longer) than .*"
    r"|(mean|variance|stdev) requires at least (one|two) data points?|no (median|mode) for empty data)$"
)
"""Python's own ValueErrors of code that went wrong. On a valid input nobody meant such a thing as a refusal."""


_BARE_KEY = re.compile(r"^(?:Error (?:executing|calling|running) tool \S+: )?(?P<key>'[^'\n]{1,200}')\s*$")
"""Nothing but a name in Python's quotes: what is left of a KeyError when a server sends `str(error)`."""

_MISSING_KEY = re.compile(r"""(?P<before>(?:KeyError: )?)(?P<quote>['"])(?P<key>[^\n]*)(?P=quote)\s*$""")

_FRAME = re.compile(r'^  File "([^"\n]+)", line (\d+), in (\S+)$', re.MULTILINE)
_RAISED = re.compile(r"^(?P<type>[\w.]+)(?::.*)?$", re.MULTILINE)
"""Of a traceback: a place, and what was raised."""
_UNDEFINED = re.compile(r"\bname '(?P<name>\w+)' is not defined")
_RUNS_CODE = re.compile(r"eval|expr|formula|script|code|exec|python|comput|calc|math", re.IGNORECASE)
_EVALUATES = re.compile(r"eval|expr|formula|script|code|cell|exec|templat|render|comput|run|quer|rule", re.IGNORECASE)

_TELLING = 3
"""A text of so many characters in an error is taken for the one that was sent."""
_FEWEST_WORDS = 4
"""Of a sentence; keys may be of two words, or three."""

_SERVERS_WORDS = re.compile(r"^Error (executing|calling|running) tool \S+: ")


def shows_crash(message: str, logged: str = "") -> bool:
    """Whether a refusal is what an interpreter writes when code fails on its own; of one that says nothing, the server's log."""
    if is_withheld(message):
        return bool(_raised(_LOGGED_ERROR, logged))
    return _WRAPPED_CRASH.search(message) is not None or failed_in_words(message) is not None


def no_crash(evidence: Evidence) -> Finding | None:
    """Fail when the call ended in anything but an answer, a clean refusal or the time limit."""
    outcome, name = evidence.outcome, evidence.tool.name
    error = outcome.error
    if outcome.kind == "lost":
        text = error.message if error else "the connection was lost"
        first, _, rest = text.partition("\n")
        found = _finding(evidence, f"{name} died in this call: {shorten(first, 160)}", "lost")
        return replace(found, details=(("said", shorten(rest, 2000)),)) if rest else found
    if error is None:
        return _crash_beside_an_answer(evidence)
    if _is_float_for_integer(evidence, error):
        return None
    if outcome.kind == "crashed" or (outcome.kind == "refused" and _is_stumble(evidence, error)):
        said, place, cause = _in_short(error)
        where = f" at {place}" if place else ""
        found = _finding(evidence, f"{name} crashed: {error.type}: {shorten(said, 160)}{where}", cause)
        return replace(found, details=_advice(evidence, error))
    is_told = outcome.kind == "refused" and tells_of_a_divisor(evidence, error.message)
    if outcome.kind == "refused" and not is_told and (sign := _wrapped_sign(evidence, error)) is not None:
        logged = "" if sign in error.message else f" (its server logged {shorten(sign, 120)})"
        message = f"{name} crashed, and sent the crash as a refusal: {shorten(error.message, 160)}{logged}"
        return _finding(evidence, message, f"wrapped {_without_sent(sign, evidence)}")
    return None


def _in_short(error: CallError) -> tuple[str, str | None, str]:
    """Return what an error says, where it happened and its cause; of a traceback that a program wrote, its last line and place."""
    frames = list(_FRAME.finditer(error.message)) if error.location is None else []
    if not frames or (raised := _RAISED.search(error.message, frames[-1].end())) is None:
        return error.message, error.location, f"{error.type} {error.location or error.code or ''}"
    file, line, name = frames[-1].groups()
    place = f"{PureWindowsPath(file).name}:{line} in {name}"  # which knows both kinds of slashes
    return raised[0], place, f"{error.type} {raised['type']} {place}"


def _advice(evidence: Evidence, error: CallError) -> tuple[tuple[str, str], ...]:
    """Say how an exception of a Python function is made a refusal, where an input may have one."""
    is_valid = evidence.case.label != "invalid"
    if error.location is None or evidence.outcome.kind != "crashed" or (is_valid and _OF_CODE.fullmatch(error.type)):
        return ()
    names = list(dict.fromkeys((*(evidence.tool.rejects or ("ValueError", "TypeError")), error.type)))
    told = f"Is {error.type} how the tool refuses? Then say so:"
    if not is_valid:
        told = f"Check the value before it is used, and raise {names[0]}. {told}"
    return ((ADVICE, f"{told}\n`rejects: [{', '.join(map(str, names))}]`"),)


def _crash_beside_an_answer(evidence: Evidence) -> Finding | None:
    """A traceback on the stderr of a command that exited with 0, or of a thread of a server that answered."""
    raw, noise = evidence.outcome.raw, evidence.outcome.noise
    if "Traceback (most recent call last):" not in noise:
        return None
    if not isinstance(raw, dict) or "exit_code" not in raw:
        found = _IN_THREAD.search(noise)
        return found and _finding(evidence, f"{evidence.tool.name} answered, but crashed beside: {found[0]}", "thread")
    last = shorten(_last_error(evidence, noise) or noise.strip().splitlines()[-1], 160)
    if evidence.outcome.value is None:
        return _finding(evidence, f"{evidence.tool.name} crashed, and exited with 0: {last}", "exit 0")
    if _UNCAUGHT.search(noise) is None and _last_error(evidence, noise) is None:
        return None
    return _finding(evidence, f"{evidence.tool.name} answered with 0, but crashed beside: {last}", "beside exit 0")


def _last_error(evidence: Evidence, noise: str) -> str | None:
    """Return the last error in a log that no tool raises to refuse an input."""
    told = [match["line"].strip() for match in _raised(_LOGGED_ERROR, noise)]
    if evidence.case.label != "valid":
        told = [line for line in told if not line.startswith("TypeError")]
    else:
        told += [
            match["line"].strip()
            for match in _raised(_LOGGED_VALUE, noise)
            if _STUMBLED.match(said := match["said"].strip()) or is_allowed_by_its_pattern(evidence, said)
        ]
    return told[-1] if told else None


def ended_unasked(tool: ToolSpec, told: str) -> Finding:
    """Return the finding about a server that answered a call and was gone then: often it is seen before the next one."""
    return Finding("no_crash", f"{tool.name}: {told}", "no_crash ended after its answer", "a server that goes on")


def _is_float_for_integer(evidence: Evidence, error: CallError) -> bool:
    tool, case = evidence.tool, evidence.case
    if case.label != "valid" or tool.acceptance == "strict" or tool.input is None:
        return False
    return stumbles_over_integral_float(tool.input, case.input, f"{error.message}\n{evidence.outcome.noise}")


def _is_stumble(evidence: Evidence, error: CallError) -> bool:
    said = _without_prefix(error.message)
    is_stumble = _STUMBLED.match(said) is not None or is_allowed_by_its_pattern(evidence, said)
    return evidence.case.label == "valid" and is_stumble


def _without_prefix(message: str) -> str:
    """Return what a tool said itself: servers put in front that, and in which tool, there was an error."""
    return _SERVERS_WORDS.sub("", message.strip(), count=1)


def _wrapped_sign(evidence: Evidence, error: CallError) -> str | None:
    """Return what gives the crash away; a TypeError that is a refusal is seen for what it is, not through a server."""
    if is_withheld(error.message):
        return _told_to_the_log(evidence)
    own = (
        error.type == "TypeError"
        or is_refused_by_codec(error.message, evidence.case.input)
        or (bool(evidence.halves_sent) and is_told_by_codec(error.message))
        or _is_named_refusal(evidence, error)
    )
    sign = None if own else _WRAPPED_CRASH.search(error.message) or _undefined(evidence, error.message)
    if sign is None:
        bare = None if own else _BARE_KEY.match(error.message.strip())
        if bare and not _is_sentence(bare["key"][1:-1], evidence):
            return bare["key"]
        return None if own else _words_of_code(evidence, error.message)
    return None if sign.group(0) in shorten(evidence.case.input, 100_000) else sign.group(0)


def _is_sentence(text: str, evidence: Evidence) -> bool:
    """Whether a text in quotes speaks of what was sent, and is not that itself: `'No time zone found with key x'`, of zoneinfo."""
    sent = _as_shown(evidence)
    speaks = (re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text) for each in sent)
    return len(text.split()) >= _FEWEST_WORDS and text not in sent and any(speaks)


def _without_sent(sign: str, evidence: Evidence) -> str:
    """Return what gives a crash away, the same for whatever was sent: a key that is missing is as a rule that."""
    missing = _MISSING_KEY.match(sign)
    if missing is None or missing["key"] not in {"", *_as_shown(evidence)}:
        return sign
    return f"{missing['before']}'…'"


def _as_shown(evidence: Evidence) -> set[str]:
    """Return the texts that were sent, also as Python writes them between quotes."""
    sent = [each for each in texts_in(evidence.case.input) if each]
    return {*sent, *(repr(each)[1:-1] for each in sent)}


def _words_of_code(evidence: Evidence, message: str) -> str | None:
    """Return what an interpreter says of code that failed on a valid input; what it was sent to evaluate may fail so too."""
    words = failed_in_words(message) if evidence.case.label == "valid" else None
    if words is None or any(_RUNS_CODE.search(name) for name in _names(evidence)):
        return None
    if is_unasked(words, evidence.tool.input, evidence.case.input):
        return None  # Python says which, to the caller too
    is_sent = any(text in words for text in texts_in(evidence.case.input) if len(text) >= _TELLING)
    return None if is_sent else words


def _names(evidence: Evidence) -> tuple[str, ...]:
    schema = evidence.tool.input
    return (evidence.tool.name, *(schema.get("properties", ()) if isinstance(schema, dict) else ()))


def _undefined(evidence: Evidence, message: str) -> re.Match[str] | None:
    """Return what says that the code speaks of a name that it does not have; what it was sent to evaluate may do so too."""
    found = _UNDEFINED.search(message)
    if found is None or any(_EVALUATES.search(name) for name in _names(evidence)):
        return None
    is_sent = any(found["name"].casefold() in text.casefold() for text in texts_in(evidence.case.input))
    return None if is_sent else found


def _is_named_refusal(evidence: Evidence, error: CallError) -> bool:
    """Whether the spec itself calls an interpreter's own exception, such as AttributeError, a refusal."""
    names = (name.rpartition(".")[2] for name in evidence.tool.rejects or () if isinstance(name, str))
    return error.type != "ValueError" and error.location is not None and error.type in names


def _told_to_the_log(evidence: Evidence) -> str | None:
    """Return the error that the server wrote to its log: the MCP SDK, from version 2, sends no more than that there was one."""
    noise = evidence.outcome.noise
    told = _last_error(evidence, noise)
    if told is None:
        sent = [text for text in texts_in(evidence.case.input) if text]
        lines = [match["line"].strip() for match in _raised(_LOGGED_TROUBLE, noise)]
        told = next((line for line in reversed(lines) if not any(text in line for text in sent)), None)
    return told


def _raised(lines: re.Pattern[str], log: str) -> list[re.Match[str]]:
    """Return the matches but for errors that were handled: after them another exception was raised, and not by the SDK."""
    links = list(_CHAINED.finditer(log))
    found = []
    for match in lines.finditer(log):
        later = [link for link in links if link.start() >= match.end()]
        following = log[later[0].end() : later[1].start() if len(later) > 1 else None] if later else ""
        if not later or _SENT_ON.search(following):
            found.append(match)
    return found


def _finding(evidence: Evidence, message: str, cause: str) -> Finding:
    promised = "an answer or a clean refusal for every input" if evidence.case.label == "invalid" else "an answer"
    return Finding("no_crash", message, f"no_crash {cause}".strip(), promised)
