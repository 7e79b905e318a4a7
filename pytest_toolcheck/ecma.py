"""Expressions as ECMA 262 writes them, and JSON Schema means: what Python's `re` lacks is said in what it has.

`\\p{L}` and `\\P{L}` by their general categories (`Letter`, `gc=Lu`), `\\cA`, `\\u{1F600}` and `\\/`. Scripts and other
properties are not known to Python's standard library: such an expression stays as it is, and no text has a label by it.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from itertools import compress, islice
from operator import ne
from unicodedata import category

_LONG = {
    "letter": "L", "cased_letter": "LC", "uppercase_letter": "Lu", "lowercase_letter": "Ll", "titlecase_letter": "Lt",
    "modifier_letter": "Lm", "other_letter": "Lo", "mark": "M", "combining_mark": "M", "nonspacing_mark": "Mn",
    "spacing_mark": "Mc", "enclosing_mark": "Me", "number": "N", "decimal_number": "Nd", "digit": "Nd",
    "letter_number": "Nl", "other_number": "No", "punctuation": "P", "punct": "P", "connector_punctuation": "Pc",
    "dash_punctuation": "Pd", "open_punctuation": "Ps", "close_punctuation": "Pe", "initial_punctuation": "Pi",
    "final_punctuation": "Pf", "other_punctuation": "Po", "symbol": "S", "math_symbol": "Sm", "currency_symbol": "Sc",
    "modifier_symbol": "Sk", "other_symbol": "So", "separator": "Z", "space_separator": "Zs", "line_separator": "Zl",
    "paragraph_separator": "Zp", "other": "C", "control": "Cc", "cntrl": "Cc", "format": "Cf", "surrogate": "Cs",
    "private_use": "Co", "unassigned": "Cn",
}  # fmt: skip
_SHORT = frozenset((*_LONG.values(), "LC"))
_FIRST_SEEN = 0x21
_CASED = ("Lu", "Ll", "Lt")
_LOOKED_AT = (
    (0, 0x3401), (0x4DA0, 0x4E01), (0x9F00, 0xAC01), (0xD7A0, 0xD801), (0xDFFF, 0xE001), (0xF8FF, 0x17001),
    (0x187E0, 0x20001), (0x2A6A0, 0x2A701), (0x2B730, 0x2B741), (0x2B810, 0x2B821), (0x2CEA0, 0x2CEB1),
    (0x2EBD0, 0x30001), (0x31340, 0x31351), (0x323A0, 0x323B1), (0x33470, 0x33481), (0x3FFFF, 0x40000),
    (0xE0000, 0xE1000), (0xF0000, 0xF0002), (0xFFFFE, 0x100002), (0x10FFFE, 0x110000),
)  # fmt: skip
"""Between these all characters are of the category of the one before: to ask for each of a million takes a third of a second."""
_PIECE = re.compile(
    r"(?P<class>\[\^?)|(?P<end>\])|\\(?P<negated>P|p)\{(?:(?:gc|General_Category)=)?(?P<name>\w+)\}"
    r"|\\c(?P<control>[A-Za-z])|\\u\{(?P<code>[0-9A-Fa-f]{1,6})\}|\\(?P<slash>/)|(?P<other>\\.|.)",
    re.DOTALL,
)
_RANGE = re.compile(r"\[\^(?:\\.|[^\]\\])*\]|\\[^U]|\\U(?P<low>[0-9a-f]{8})-\\U(?P<high>[0-9a-f]{8})", re.DOTALL)
_END = 32
"""How many characters an end of a long range has."""
_LAST_ASCII, _FIRST_HALF, _LAST_HALF = 0x7F, 0xD800, 0xDFFF


@lru_cache(maxsize=1024)
def in_python(pattern: str) -> str:
    """Return the expression as Python writes it: the same where Python can compile it, or nobody knows a better one."""
    if "\\" not in pattern:
        return pattern
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return _translated(pattern)
    return pattern


def is_expression(pattern: object) -> bool:
    """Whether a text is an expression. Raises re.error where it is none; anything else than a text is none of our business."""
    return not isinstance(pattern, str) or re.compile(in_python(pattern)) is not None


def with_ends_of_ranges(pattern: str) -> str:
    """Return an expression of `in_python` that has of the long ranges of categories their ends alone.

    What it finds the given one finds, unless something is looked ahead or back for. Letters have 140,000 characters:
    Hypothesis looks at each of them, and again for each strategy, which takes seconds.
    """
    return _RANGE.sub(_ends, pattern)


def _ends(found: re.Match[str]) -> str:
    if found["low"] is None:
        return found[0]
    low, high = int(found["low"], 16), int(found["high"], 16)
    if high - low < 2 * _END:
        return found[0]
    return f"\\U{low:08x}-\\U{low + _END - 1:08x}\\U{high - _END + 1:08x}-\\U{high:08x}"


def _translated(pattern: str) -> str:
    made: list[str] = []
    in_class = False
    for piece in _PIECE.finditer(pattern):
        if piece["name"] is not None:
            found = _of_category(piece["name"], is_other=piece["negated"] == "P")
            if found is None:
                return pattern
            made.append(found if in_class else f"[{found}]")
        elif piece["control"] is not None:
            made.append(f"\\x{ord(piece['control']) % 32:02x}")
        elif piece["code"] is not None:
            made.append(f"\\U{int(piece['code'], 16):08x}")
        elif piece["slash"] is not None:
            made.append("/")
        elif piece[0] == "$" and not in_class:
            made.append(r"\Z")  # Python's $ also stands before a line's end that comes last
        else:
            made.append(piece[0])
            in_class = piece["end"] is None and (in_class or piece["class"] is not None)
    return "".join(made)


@lru_cache(maxsize=64)
def _of_category(name: str, *, is_other: bool) -> str | None:
    """Return what stands in a class for the characters of a category, or for all others; None for what is no category."""
    wanted = _LONG.get(name.lower(), name)
    if wanted not in _SHORT:
        return None
    spans: list[list[int]] = []
    for kind, low, high in _runs():
        is_one = kind in _CASED if wanted == "LC" else kind.startswith(wanted)
        if is_one is not is_other:
            if spans and spans[-1][1] == low - 1:
                spans[-1][1] = high
            else:
                spans.append([low, high])
    if (
        spans and spans[0][0] < _FIRST_SEEN <= spans[0][1]
    ):  # texts are made of what stands first: not of control characters
        spans[:1] = [[_FIRST_SEEN, spans[0][1]], [spans[0][0], _FIRST_SEEN - 1]]
    return "".join([_range(low, high) for low, high in spans])


def _range(low: int, high: int) -> str:
    """Return a range as it stands in a class: its own characters, as Python takes several times as long to read escapes.

    Long ones keep their escapes, by which `with_ends_of_ranges` knows them.
    """
    is_plain = low > _LAST_ASCII and high - low < 2 * _END and (high < _FIRST_HALF or low > _LAST_HALF)
    return f"{chr(low)}-{chr(high)}" if is_plain else f"\\U{low:08x}-\\U{high:08x}"


@lru_cache(maxsize=1)
def _runs() -> tuple[tuple[str, int, int], ...]:
    """Return all characters in rows of one category: it, the first and the last."""
    made: list[tuple[str, int]] = []
    for start, end in _LOOKED_AT:
        kinds = list(map(category, map(chr, range(start, end))))
        changes = compress(range(1, len(kinds)), map(ne, kinds, islice(kinds, 1, None)))
        made += [(kinds[at], start + at) for at in (0, *changes)]
    firsts = [*(code for _, code in made), sys.maxunicode + 1]
    return tuple((kind, code, after - 1) for (kind, code), after in zip(made, firsts[1:], strict=True))
