"""The formats `iri` and `iri-reference` by regular expressions: what `rfc3987_syntax` accepts, a thousand times as fast.

`jsonschema` imports `rfc3987_syntax`, which takes 0.95 s to compile its grammars, in each process, and then 0.4 s to parse
an IRI of 80 characters. The grammar has no recursion, so regular expressions accept the same texts. They keep its two
departures from RFC 3987, so that a label is what `jsonschema` says: no characters beyond U+FFFF, and in an IPv6 address
`::` stands for exactly one group.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

_CHECKER = "rfc3987_syntax"


def import_jsonschema() -> None:
    """Import `jsonschema` with our checker of IRIs in place of `rfc3987_syntax`, where it would import that one now."""
    if "jsonschema" in sys.modules or _CHECKER in sys.modules or find_spec(_CHECKER) is None:
        return
    stand_in = ModuleType(_CHECKER)
    stand_in.is_valid_syntax = is_valid_syntax  # type: ignore[attr-defined]
    sys.modules[_CHECKER] = stand_in
    try:
        import_module("jsonschema")
    finally:
        del sys.modules[_CHECKER]


def is_valid_syntax(term: str, value: str) -> bool:
    """Whether a text is an `iri` or an `iri_reference`. Raises KeyError for another term."""
    return _patterns()[term].fullmatch(value) is not None


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """Return the patterns, each part named as in RFC 3987, section 2.2."""
    unreserved = r"A-Za-z0-9._~\-"
    iunreserved = unreserved + "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef"
    sub_delims, pct_encoded = "!$&'()*+,;=", "%[0-9A-Fa-f]{2}"
    ipchar = f"[{iunreserved}{sub_delims}:@]|{pct_encoded}"
    ipath_abempty = f"(?:/(?:{ipchar})*)*"
    iuserinfo = f"(?:[{iunreserved}{sub_delims}:]|{pct_encoded})*"
    ireg_name = f"(?:[{iunreserved}{sub_delims}]|{pct_encoded})*"  # an IPv4 address is one, too
    ipvfuture = f"v[0-9A-Fa-f]+\\.[{unreserved}{sub_delims}:]+"
    iauthority = f"(?:{iuserinfo}@)?(?:\\[(?:{_ipv6address()}|{ipvfuture})\\]|{ireg_name})(?::[0-9]*)?"
    with_authority, absolute = f"//{iauthority}{ipath_abempty}", f"/(?:(?:{ipchar})+{ipath_abempty})?"
    rootless = f"(?:{ipchar})+{ipath_abempty}"
    noscheme = f"(?:[{iunreserved}{sub_delims}@]|{pct_encoded})+{ipath_abempty}"
    rest = f"(?:\\?(?:{ipchar}|[\ue000-\uf8ff/?])*)?(?:#(?:{ipchar}|[/?])*)?"
    iri = f"[A-Za-z][A-Za-z0-9+.-]*:(?:{with_authority}|{absolute}|{rootless}|){rest}"
    relative = f"(?:{with_authority}|{absolute}|{noscheme}|){rest}"
    return {"iri": re.compile(iri), "iri_reference": re.compile(f"{iri}|{relative}")}


def _ipv6address() -> str:
    h16 = "[0-9A-Fa-f]{1,4}"
    dec_octet = "(?:[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
    ls32 = f"(?:{h16}:{h16}|{dec_octet}(?:\\.{dec_octet}){{3}})"
    whole = f"(?:{h16}:){{6}}{ls32}"
    elided = [f"(?:{h16}:){{{n - 1}}}{h16}::(?:{h16}:){{{5 - n}}}{ls32}" for n in range(1, 6)]
    ends = [f"(?:{h16}:){{5}}{h16}::{ls32}", f"(?:{h16}:){{5}}{h16}::{h16}", f"(?:{h16}:){{6}}{h16}::"]
    return "|".join([whole, f"::(?:{h16}:){{5}}{ls32}", *elided, *ends])
