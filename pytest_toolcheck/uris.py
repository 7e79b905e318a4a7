"""Whether a text is a URI, as `rfc3986-validator` says, of which `jsonschema` asks it.

That package compiles, when imported, two expressions that spell out every form of an IPv6 address: 20 ms, as much as
the cases of three tools take. Here a text is taken apart at the signs that end its parts, without any expression: to
compile the shortest one takes as long as the cases of a small tool.
"""

from __future__ import annotations

import string

_DIGITS, _HEX = string.digits.encode(), string.hexdigits.encode()
_SCHEME = (string.ascii_letters + string.digits + "+.-").encode()
_NAME = (string.ascii_letters + string.digits + "_.~-!$&'()*+,;=").encode()
_USER, _FIRST, _PATH, _QUERY = (_NAME + more for more in (b":", b"@", b":@/", b":@/?"))
_MOST_GROUPS, _LONGEST_GROUP, _OCTETS = 8, 4, 4


def is_uri(text: str) -> bool:
    """Whether the text is a URI; a line end behind it is not seen, as in that package."""
    before, has_ends = _without_ends(text)
    scheme, colon, rest = before.partition(":")
    return has_ends and bool(colon) and _is_scheme(scheme) and (_is_rooted(rest) or _is_rootless(rest))


def is_uri_reference(text: str) -> bool:
    """Whether the text is a URI or a reference relative to one."""
    if is_uri(text):
        return True
    before, has_ends = _without_ends(text)
    first = before.partition("/")[0]
    return has_ends and (_is_rooted(before) or not before or (_is_of(_FIRST, first) and _is_rootless(before)))


def _without_ends(text: str) -> tuple[str, bool]:
    """Return what stands before query and fragment, and whether these are right."""
    text, _, fragment = text.removesuffix("\n").partition("#")
    text, _, query = text.partition("?")
    return text, (not query or _is_of(_QUERY, query)) and (not fragment or _is_of(_QUERY, fragment))


def _is_of(signs: bytes, text: str) -> bool:
    """Whether the text holds nothing but the signs, and such as are written by their two digits."""
    if not text.isascii():
        return False
    if not (others := text.encode().translate(None, signs)):
        return True
    coded = text.split("%")[1:] if others.count(b"%") == len(others) else [""]
    return all(len(part) > 1 and _is_only(_HEX, part[:2]) for part in coded)


def _is_only(signs: bytes, text: str) -> bool:
    return text.isascii() and not text.encode().translate(None, signs)


def _is_scheme(text: str) -> bool:
    return text[:1].isalpha() and _is_only(_SCHEME, text)


def _is_rooted(text: str) -> bool:
    """Whether the text begins with a host, or with a slash and no second one, and goes on as a path."""
    if not text.startswith("//"):
        return text.startswith("/") and _is_of(_PATH, text)
    host, _, path = text[2:].partition("/")
    return _is_host(host) and (not path or _is_of(_PATH, path))


def _is_rootless(text: str) -> bool:
    return not text.startswith("/") and _is_of(_PATH, text)


def _is_host(text: str) -> bool:
    """Whether the text is a host, behind a user where one is told, before a port where one is told."""
    user, _, host = text.rpartition("@")
    if user and not _is_of(_USER, user):
        return False
    if host.startswith("["):
        address, bracket, port = host[1:].partition("]")
        return bool(bracket) and _is_address(address) and (not port or (port[0] == ":" and _is_only(_DIGITS, port[1:])))
    name, _, port = host.partition(":")
    return _is_of(_NAME, name) and (not port or _is_only(_DIGITS, port))


def _is_address(text: str) -> bool:
    """Whether the text is what may stand in brackets: IPv6, or of a version to come."""
    if text.startswith("v"):
        version, point, rest = text[1:].partition(".")
        return bool(version and point and rest) and _is_only(_HEX, version) and _is_only(_USER, rest)
    before, gap, behind = text.partition("::")
    first, last = (part.split(":") if part else [] for part in (before, behind))
    groups, end = first + last, last if gap else first
    if end and _is_ipv4(end[-1]):
        groups[-1:] = ["0", "0"]
    is_right_long = len(groups) < _MOST_GROUPS if gap else len(groups) == _MOST_GROUPS
    return is_right_long and all(0 < len(group) <= _LONGEST_GROUP and _is_only(_HEX, group) for group in groups)


def _is_ipv4(text: str) -> bool:
    octets = text.split(".")
    return len(octets) == _OCTETS and all(
        0 < len(octet) <= 3 and _is_only(_DIGITS, octet) and int(octet) <= 255 for octet in octets
    )
