"""Strings within and around the lengths, patterns and formats of a shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from . import formats
from .addresses import address_of_length
from .found_together import found_together
from .patterns import fullest, matching, matching_about, matching_of_length, near_misses, nth_matching
from .shapes import Shape, is_found

__all__ = ["bad_formats", "good", "matching", "near_misses", "near_patterns", "nth_matching", "of_length", "unusual"]

INNER_LENGTHS, LENGTHS = (16, 40), (1000, 10_000, 100, 257, 1025)
"""Lengths of texts that have no such bound; the inner ones where there is an upper bound."""
_LONGEST, LONGEST_NEEDED = 100_000, 2_000_000
_MOST_PIECES, _LONGEST_ODD = 4, 10_000
_FEWEST_ENDLESS, _ENDLESS = 30, 48
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TEXT = "text and more words of it "

_LONE_SURROGATE: Final = "lone surrogate"
"""Half of a UTF-16 pair: JSON can spell it, UTF-8 cannot hold it."""
UNUSUAL: tuple[tuple[str, str], ...] = (
    *(
        ("empty", ""),
        ("space", " "),
        ("newline", "two\nlines"),
        ("NUL", "a\x00b"),
        ("combining", "e\u0301a\u0323\u0302"),
    ),
    *(("astral", "\U0001f600\U00020000"), ("right-to-left", "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627")),
    *(
        ("family", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("bidi override", "a\u202eb"),
        ("dotless i", "I\u0130\u0131i"),
    ),
    *(
        ("sharp s", "Stra\u00dfe"),
        ("byte order mark", "\ufefftext"),
        ("tab", "a\tb"),
        ("quotes", "'\"`\\"),
        ("digits", "\u0661\u0662"),
    ),
    *(
        ("line separator", "a\u2028b"),
        ("carriage return", "a\r\nb"),
        ("percent", "100% {x} %s {0}"),
        ("markup", "<b>&amp;</b>"),
    ),
    *(("non-character", "\uffff"), ("letters of one", "\ufb01"), ("blank", "   "), ("C1", "\x85")),
    (_LONE_SURROGATE, "a\ud800b"),
)


AWKWARD: tuple[tuple[str, str], ...] = (
    *(
        ("signs", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
        ("spaces around", " two  words "),
        ("newline at the end", "text\n"),
    ),
    *(
        ("null", "null"),
        ("a number", "-1.5"),
        ("NaN", "NaN"),
        ("true", "true"),
        ("a path up", "../../x/"),
        ("capitals", "A B"),
    ),
    *(("percent-encoded", "%2e%00"), ("zero width", "a\u200bb"), ("no-break space", "a\u00a0b\u3000c")),
    *(
        ("raised digit", "\u00b2"),
        ("control", "a\x1b[0m\x07\x08"),
        ("three lines", "one\ntwo\n\n"),
        ("line break", "\n"),
    ),
    *(("flag", "\U0001f1f3\U0001f1f1"), ("backslash at the end", "text\\"), ("dash first", "-x")),
    ("escapes", "\\1 \\q \\u $HOME ${a}"),
    *(("quoted twice", "it's \"so\", 'so'"), ("an object", '{"a": [1, null]}'), ("a list", "[1, 2]")),
)
"""More of these, for texts of which the schema says no more than the length."""


def awkward(low: int, high: int | None) -> Iterator[tuple[str, str]]:
    """Yield (name, text) for texts of signs, spaces and spelled values; in pieces where no more can be had."""
    for name, text in AWKWARD:
        pieces = [text] if high is None or high < 1 else [text[at : at + high] for at in range(0, len(text), high)]
        yield from ((name, _filled(piece, low)) for piece in pieces[: _MOST_PIECES if name == "signs" else 1])


def _filled(text: str, low: int) -> str:
    """Return the text over and over, where it must be longer."""
    return (text * low)[:low] if 0 < len(text) < low <= _LONGEST_ODD else text


def good(shape: Shape) -> Iterator[str]:
    """Yield strings that should be accepted."""
    low, high = shape.largest("minLength"), shape.smallest("maxLength")
    patterns, names = shape.all_of("pattern"), shape.all_of("format")
    for name in names:
        yield from formats.GOOD.get(name, ()) if isinstance(name, str) else ()
        yield from (formats.WORDS[name],) if name in formats.WORDS else ()
    spelled = [formats.EXPRESSIONS[name] for name in names if name in formats.EXPRESSIONS]
    if patterns and spelled:  # before what only validation takes for an address
        yield from sorted(of_both(*patterns, *spelled), key=len)
        made = (of_length(shape, length) for length in (low, high) if length)
        yield from (text for text in made if text is not None)
    for pattern in patterns:
        yield from matching(pattern)
    yield from (text for name in shape.all_of("contentEncoding") for text in _ENCODED.get(str(name).lower(), ()))
    if len(patterns) > 1:
        yield from of_both(*patterns)
    for pattern in patterns:
        yield from (text for _, text in near_misses(pattern))  # some are found after all, where it has no anchors
    lengths = dict.fromkeys((max(low, min(4, high if high is not None else 4)), low, low + 1, max(low, 1)))
    if names and high is not None:
        lengths |= dict.fromkeys((high, high - 1, high - 2))
    for length in lengths:
        if high is None or length <= high:
            yield from (text for text in [of_length(shape, length)] if text is not None)
    least = max(low, 1)
    yield from (
        (sign * least)[:least] for sign in ("0123456789", "-", "_", "#", "\u4e2d\u6587", "\u00e9") if least <= 100
    )


_ENCODED: Final = {
    "base64": ("dGV4dA==", "e30=", "dGV4dCBhbmQgbW9yZSB3b3JkcyBvZiBpdA=="),
    "base64url": ("dGV4dA==", "e30="),
    "base32": ("ORSXQ5A=", "PN6Q===="),
    "base16": ("74657874", "7B7D"),
    "quoted-printable": ("caf=C3=A9",),
}
"""Texts in the encodings of RFC 4648 and RFC 2045: `text`, an object in JSON, a longer text."""


def of_both(*patterns: str) -> tuple[str, ...]:
    """Return texts in which all patterns are found."""
    return matching("^" + "".join(f"(?={p[1:] if p.startswith('^') else '.*' + p})" for p in patterns))


def of_all(shape: Shape) -> Iterator[str]:
    """Yield texts that all expressions of the shape take together, those of its formats and of what it refuses too; slow."""
    spelled = [formats.EXPRESSIONS[name] for name in shape.all_of("format") if name in formats.EXPRESSIONS]
    refused = [part["pattern"] for part in shape.all_of("not") if isinstance(part, dict) and part.keys() == {"pattern"}]
    wanted = [*shape.all_of("pattern"), *spelled]
    if wanted or refused:
        yield from found_together(wanted, refused, shape.largest("minLength"), shape.smallest("maxLength"))


def nth(shape: Shape, number: int) -> Iterator[str]:
    """Yield texts for the `number`-th of many that all differ."""
    for name in shape.all_of("format"):
        if name in _NUMBERED:
            yield _NUMBERED[name].format(number)
    for pattern in shape.all_of("pattern"):
        yield from nth_matching(pattern, number)
    low, high = shape.largest("minLength"), shape.smallest("maxLength")
    short = _LETTERS[number % len(_LETTERS)] + (str(number // len(_LETTERS)) if number >= len(_LETTERS) else "")
    if low <= 1000 and (high is None or len(short) <= high):
        yield short.ljust(low, "_")


_NUMBERED = {
    "uuid": "{:08x}-0000-4000-8000-000000000000",
    "email": "user{}@example.com",
    "uri": "https://example.com/{}",
    "hostname": "host{}.example.com",
    "ipv6": "2001:db8::{:x}",
    "json-pointer": "/{}",
}


def of_length(shape: Shape, length: int) -> str | None:
    """Return a string of exactly `length` code points, matching the shape's patterns; None where that fails."""
    if not 0 <= length <= (LONGEST_NEEDED if length <= shape.largest("minLength") + 1 else _LONGEST):
        return None
    patterns, names = shape.all_of("pattern"), [n for n in shape.all_of("format") if n in formats.GOOD]
    if not patterns and not names:
        return (_TEXT * (length // len(_TEXT) + 1))[:length].replace(" ", "_" if length < 2 else " ") if length else ""
    text = _format_of_length(names[0], length) if names else None
    if names and (not patterns or (text is not None and all(is_found(p, text) for p in patterns))):
        return text
    text = matching_of_length(patterns[0], length)
    if text is None or not all(is_found(p, text) for p in patterns):
        text = _of_all(patterns, length) if len(patterns) > 1 else None
    return text


def _of_all(patterns: list[str], length: int) -> str | None:
    """Return a text of the length in which all patterns are found: one in which they are, made longer or cut."""
    for text in of_both(*patterns):
        more = max(length - len(text), 0)
        for made in (text + text[-1:] * more, text[:1] * more + text, text[:length], text[-length:]):
            if len(made) == length and all(is_found(p, made) for p in patterns):
                return made
    return None


def about_length(shape: Shape, length: int) -> str | None:
    """As `of_length`, where the length matters little and an expression decides what can be had."""
    patterns = shape.all_of("pattern")
    if len(patterns) != 1 or shape.all_of("format") or shape.all_of("maxLength"):
        return of_length(shape, length)
    return matching_about(patterns[0], length)


def _format_of_length(name: str, length: int) -> str | None:
    for text in formats.GOOD[name]:
        if len(text) == length:
            return text
    stretched = {
        "uri": "https://example.com/", "iri": "https://example.com/", "uri-reference": "/", "iri-reference": "/",
        "json-pointer": "/", "uri-template": "/", "regex": "",
    }  # fmt: skip
    if name in stretched:
        return (stretched[name] + "a" * length)[:length]
    return address_of_length(length) if name in ("email", "idn-email") else None


def bad_formats(shape: Shape) -> Iterator[tuple[str, str]]:
    """Yield (format, text) for texts around each format of the shape, good ones and bad ones in turn."""
    for name in shape.all_of("format"):
        if isinstance(name, str):
            goods, bads = (
                [
                    text
                    for text in table.get(name, ())
                    if not formats.is_disputed(name, text, is_good=table is formats.GOOD)
                ]
                for table in (formats.GOOD, formats.BAD)
            )
            for index in range(max(len(goods), len(bads))):
                yield from ((name, text) for text in (*goods[index : index + 1], *bads[index : index + 1]))


def near_patterns(shape: Shape) -> Iterator[tuple[str, str]]:
    """Yield (what was done, text) for texts that match and nearly match each pattern of the shape."""
    for pattern in shape.all_of("pattern"):
        matches, misses = matching(pattern), near_misses(pattern)
        yield from ((f"most repeats {len(text)}", text) for text in fullest(pattern) if text not in matches)
        yield from _long_and_a_sign(pattern, shape.smallest("maxLength"))
        for index in range(max(len(matches), len(misses))):
            yield from (("match", text) for text in matches[index : index + 1])
            yield from misses[index : index + 1]


def _long_and_a_sign(pattern: str, high: int | None) -> Iterator[tuple[str, str]]:
    """Yield a long match that ends in a sign: code may look for it in time that doubles with each of its characters."""
    length = _ENDLESS if high is None else min(high, _ENDLESS)
    text = matching_of_length(pattern, length) if length >= _FEWEST_ENDLESS else None
    if text is not None:
        yield "long and a sign", text[:-1] + "!"


def unusual(low: int, high: int | None) -> Iterator[tuple[str, str]]:
    """Yield (name, text) for texts that trip programs, fitted to the lengths."""
    for name, text in UNUSUAL:
        yield name, _filled(text if high is None else text[:high], low)
