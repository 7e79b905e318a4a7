"""`jsonschema`, imported without its slowest part; every module of ours that needs it imports it from here.

For `format: iri` and `iri-reference` it imports `rfc3987-syntax`, which builds forty parsers at import (1.5 s of
processor time in every run) and then takes half a millisecond a character. The grammar of that package is regular: here
it becomes regular expressions that give the same answers, made when first asked for; where that fails, the package is
asked. Where `jsonschema` was imported before, our labels use the expression (`fast_check`), and for `uri` what
`uris.py` says. The packages for other formats are imported when a value is checked by them (`lazy_formats.py`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from .ecma import is_expression
from .lazy_formats import stand_ins
from .uris import is_uri, is_uri_reference

__all__ = [
    "Draft202012Validator",
    "FormatChecker",
    "SchemaError",
    "ValidationError",
    "Validator",
    "best_match",
    "fast_check",
    "formats_of_schemas",
    "iri_check",
    "jsonschema",
    "validator_for",
]

_PACKAGE = "rfc3987_syntax"
_RULES = {"iri": "iri", "iri-reference": "iri_reference"}
_ADDRESS = "ipv6address"
_FIRST_SIGN, _SIGNS = 0x80, re.compile("[\x80-\x9f]")
_CLASS = r"\[((?:[^\]\\]|\\.)*)\]"
_ONE_CLASS = re.compile(_CLASS)
_TWO_CLASSES = re.compile(rf"(?<=[|:(]){_CLASS}\|{_CLASS}(?=[|)])")
"""Two characters or ranges, either of which will do: one class of both is compiled in a fraction of the time."""
_TOKEN = re.compile(
    r"""\s+|(?P<range>"[^"]"\.\."[^"]")|"(?P<text>(?:[^"\\]|\\.)*)"|/(?P<expression>(?:[^/\\]|\\.)*)/"""
    r"""|->\s*\w+|(?P<name>\w+)|(?P<mark>[()|?*+])"""
)


@cache
def iri_check(rule: str) -> Callable[[str], bool]:
    """Return what says whether a text is of a rule of the grammar. Raises ValueError, KeyError or OSError where it has none."""
    rules = _rules(_grammar())
    classes = [(re.compile(body), sign) for sign, body in _signs(rules).values()]
    whole = _compiled(rule, rules)

    def holds(text: str) -> bool:
        if not text.isascii():
            if _SIGNS.search(text):
                return False
            for wide, sign in classes:
                text = wide.sub(sign, text)
        found = whole.fullmatch(text)
        return found is not None and all(address is None or is_address(address) for address in found.groups())

    @cache
    def address_expression() -> re.Pattern[str]:
        return re.compile(_expression(_ADDRESS, rules, ()))

    def is_address(text: str) -> bool:
        return address_expression().fullmatch(text) is not None

    return holds


def _compiled(rule: str, rules: Mapping[str, str]) -> re.Pattern[str]:
    """Return the expression for a rule in which what takes long to compile is left out, a tenth of a second in all.

    A class of thousands of characters is one sign, and an address in brackets is for another expression to judge.
    """
    quick = {name: f"/[{sign}]/" for name, (sign, _) in _signs(rules).items()}
    if _ADDRESS in rules:
        quick[_ADDRESS] = "/([0-9A-Fa-f:.]*)/"
    return re.compile(_expression(rule, {**rules, **quick}, ()))


def _signs(rules: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the rules that are one class of characters beyond ASCII: for each a sign, which no text may have, and the class."""
    wide = [name for name, body in rules.items() if "\\u" in body and _ONE_CLASS.fullmatch(body.strip().strip("/"))]
    return {name: (chr(_FIRST_SIGN + at), rules[name].strip().strip("/")) for at, name in enumerate(wide)}


@cache
def formats_of_schemas(draft: type[Validator]) -> FormatChecker:
    """Return a draft's formats for the schemas of that draft: their expressions are those of ECMA 262."""
    formats = FormatChecker(formats=())
    formats.checkers = {**draft.FORMAT_CHECKER.checkers, "regex": (is_expression, re.error)}
    return formats


def fast_check(checker: FormatChecker, name: str) -> Callable[[str], object] | None:
    """Return what says of a text what the checker would ask a slow package for; None for any other format."""
    asked_for = getattr(getattr(checker.checkers.get(name, ((),))[0], "__code__", None), "co_names", ())
    if name in _RULES and "_rfc3987_is_valid_syntax" in asked_for:
        try:
            return iri_check(_RULES[name])
        except (ValueError, KeyError, OSError, re.error):
            return None
    if name in ("uri", "uri-reference") and "validate_rfc3986" in asked_for:
        return is_uri if name == "uri" else is_uri_reference
    return None


def _grammar() -> str:
    found = find_spec(_PACKAGE)  # does not import it
    if found is None or found.origin is None:
        raise OSError(f"{_PACKAGE} is not installed as files")
    return (Path(found.origin).parent / "syntax_rfc3987.lark").read_text("utf-8")


def _rules(grammar: str) -> dict[str, str]:
    """Return the body of each rule; a rule starts at the left margin with its name and a colon."""
    rules: dict[str, str] = {}
    name = ""
    for line in grammar.splitlines():
        start = re.match(r"(\w+)\s*:(.*)", line)
        if start:
            name, rules[start[1]] = start[1], start[2]
        elif name:
            rules[name] += f" {line.strip()}"
    return rules


def _expression(name: str, rules: Mapping[str, str], above: tuple[str, ...]) -> str:
    if name in above:
        raise ValueError(f"{name} refers to itself: the grammar is not regular")
    return _in_classes("(?:" + "".join(_parts(rules[name], rules, (*above, name))) + ")")


def _in_classes(expression: str) -> str:
    """Return the same expression with single characters that stand beside each other as alternatives in one class."""
    while (merged := _TWO_CLASSES.sub(r"[\1\2]", expression)) != expression:
        expression = merged
    return re.sub(rf"\(\?:{_CLASS}\)", r"[\1]", expression)


def _parts(body: str, rules: Mapping[str, str], above: tuple[str, ...]) -> Iterator[str]:
    at = 0
    while at < len(body):
        token = _TOKEN.match(body, at)
        if token is None:
            raise ValueError(f"not understood in the grammar: {body[at:]}")
        at = token.end()
        yield _part(token, rules, above)


def _part(token: re.Match[str], rules: Mapping[str, str], above: tuple[str, ...]) -> str:
    kind = token.lastgroup
    found = token[kind] if kind else ""
    if kind == "range":
        return f"[{found[1]}-{found[6]}]"
    if kind == "text":
        return f"[{re.escape(found)}]" if len(found) == 1 else f"(?:{re.escape(found)})"
    if kind == "name":
        return _expression(found, rules, above)
    if kind == "expression":
        return found if _ONE_CLASS.fullmatch(found) else f"(?:{found})"
    return "(?:" if found == "(" else found


def _stand_in() -> ModuleType | None:
    """Return a module with the one function that `jsonschema` takes from the package; None where it is not needed."""
    if "jsonschema" in sys.modules or _PACKAGE in sys.modules:
        return None
    try:
        _grammar()
    except OSError:
        return None

    def is_valid_syntax(term: str, value: str) -> bool:
        try:
            return iri_check(term)(value)
        except (ValueError, KeyError, OSError, re.error):  # a grammar that we do not understand
            return bool(import_module(_PACKAGE).is_valid_syntax(term, value))

    module = ModuleType(_PACKAGE)
    module.is_valid_syntax = is_valid_syntax  # type: ignore[attr-defined]
    return module


_STAND_IN = _stand_in()
_STAND_INS = ({} if _STAND_IN is None else {_PACKAGE: _STAND_IN}) | ({} if "jsonschema" in sys.modules else stand_ins())
sys.modules |= _STAND_INS
try:
    import jsonschema
    from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError
    from jsonschema.exceptions import best_match
    from jsonschema.protocols import Validator
    from jsonschema.validators import validator_for
finally:
    for _name, _module in _STAND_INS.items():
        if sys.modules.get(_name) is _module:
            del sys.modules[_name]  # who imports the package gets the package
