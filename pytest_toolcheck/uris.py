"""Whether a text is a URI, as `rfc3986-validator` says, of which `jsonschema` asks it.

That package compiles, when imported, two expressions that spell out every form of an IPv6 address: 20 ms, as much as
the cases of three tools take. Here an address is taken apart, and the rest of the grammar is a short expression.
"""

from __future__ import annotations

import re
from functools import cache

_HEX = "%[0-9A-Fa-f]{2}"
_SIGNS = r"a-zA-Z0-9_.~\-!$&'()*+,;="
# what may follow a part is never one of its own signs, so nothing is given back: long texts cost no stack
_NAME, _USER, _PATH, _QUERY = (f"(?:[{_SIGNS}{more}]++|{_HEX})" for more in ("", ":", ":@", ":@/?"))
_OF_HOST = rf"//(?:{_USER}*+@)?(?:\[(?P<address>[^\[\]]*)\]|{_NAME}*+)(?::[0-9]*)?(?:/{_PATH}*+)*+"
_ROOTED = rf"/(?:{_PATH}++(?:/{_PATH}*+)*+)?"
_ENDS = rf"(?:\?{_QUERY}*+)?(?:#{_QUERY}*+)?"
_URI = re.compile(rf"[a-zA-Z][a-zA-Z0-9+.-]*:(?:{_OF_HOST}|{_ROOTED}|{_PATH}++(?:/{_PATH}*+)*+|){_ENDS}$")
_RELATIVE = rf"(?:{_OF_HOST}|{_ROOTED}|(?:[{_SIGNS}@]++|{_HEX})++(?:/{_PATH}*+)*+|){_ENDS}$"
_FUTURE = re.compile(rf"v[0-9A-Fa-f]+\.[{_SIGNS}:]+")
_GROUP = re.compile("[0-9A-Fa-f]{1,4}")
_OCTET = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)"
_IPV4 = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")


def is_uri(text: str) -> bool:
    """Whether the text is a URI; a line end behind it is not seen, as in that package."""
    return _is_found(_URI, text)


def is_uri_reference(text: str) -> bool:
    """Whether the text is a URI or a reference relative to one."""
    return _is_found(_URI, text) or _is_found(_relative(), text)


@cache
def _relative() -> re.Pattern[str]:
    return re.compile(_RELATIVE)


def _is_found(expression: re.Pattern[str], text: str) -> bool:
    found = expression.match(text)
    return found is not None and (found["address"] is None or _is_address(found["address"]))


def _is_address(text: str) -> bool:
    """Whether the text is what may stand in brackets: IPv6, or of a version to come."""
    if _FUTURE.fullmatch(text):
        return True
    before, gap, behind = text.partition("::")
    first, last = (part.split(":") if part else [] for part in (before, behind))
    groups, end = first + last, last if gap else first
    if end and _IPV4.fullmatch(end[-1]):
        groups[-1:] = ["0", "0"]
    is_right_long = len(groups) < 8 if gap else len(groups) == 8
    return is_right_long and all(map(_GROUP.fullmatch, groups))
