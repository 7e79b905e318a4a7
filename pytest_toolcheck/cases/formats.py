"""Texts for each format of the standard: good ones first likeliest, and bad ones close to good. Labels are computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

LABEL_63 = "a" * 63
LABEL_64 = "a" * 64

GOOD: dict[str, tuple[str, ...]] = {
    "date": (
        *(
            "2024-01-31",
            "2024-02-29",
            "2000-02-29",
            "1999-12-31",
            "0001-01-01",
            "9999-12-31",
            "2021-01-01",
            "2023-02-28",
        ),
        *("2024-03-01", "1969-12-31", "2022-04-30", "2100-03-01"),
    ),
    "time": (
        *("12:30:00Z", "00:00:00Z", "23:59:59Z", "12:30:00+05:30", "12:30:00-23:59", "23:59:60Z", "12:30:00.123456Z"),
        *("12:30:00z", "15:59:60-08:00"),
    ),
    "date-time": (
        *("2024-01-31T12:30:00Z", "2024-02-29T23:59:59Z", "2024-01-31T12:30:00+05:30", "2024-01-31T12:30:00.123456Z"),
        *("1998-12-31T23:59:60Z", "2024-01-31t12:30:00z", "1970-01-01T00:00:00Z", "2024-01-31T12:30:00-00:00"),
        *("2024-12-31T23:30:00-05:00", "1969-12-31T23:59:59Z", "2024-03-31T02:30:00+01:00", "2024-01-31T12:30:00.5Z"),
        *(
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2024-01-31T12:30:00.123456789Z",
            "2024-03-01T00:30:00+14:00",
        ),
    ),
    "duration": ("P1D", "PT1H30M", "P1Y2M3DT4H5M6S", "P4W", "PT0S", "P0D", "PT36H"),
    "email": (
        *("user@example.com", "first.last+tag@sub.example.org", "a@b.co", '"joe bloggs"@example.com'),
        *(
            "user@[127.0.0.1]",
            "te~st@example.com",
            "First.Last@Example.COM",
            "user@localhost",
            f"{'a' * 64}@example.com",
        ),
    ),
    "idn-email": ("user@example.com", "실례@실례.테스트"),
    "hostname": (
        "example.com",
        "localhost",
        "a",
        "xn--4gbwdl.xn--wgbh1c",
        "a-b.example",
        f"{LABEL_63}.com",
        "1host",
        "WWW.Example.COM",
        f"{LABEL_63}.{LABEL_63}.example",
    ),
    "idn-hostname": ("example.com", "실례.테스트", "straße.de", "xn--ihqwcrb4cv8a8dqg056pqjye"),
    "ipv4": ("192.168.0.1", "0.0.0.0", "255.255.255.255", "127.0.0.1", "10.0.0.1", "8.8.8.8", "169.254.0.1"),
    "ipv6": ("::1", "2001:db8::8a2e:370:7334", "::", "::ffff:192.168.0.1", "1:2:3:4:5:6:7:8", "1::", "fe80::A"),
    "uri": (
        *("https://example.com/path?q=1#top", "http://example.com", "mailto:user@example.com", "urn:isbn:0451450523"),
        *("http://[2001:db8::7]/c", "http://example.com:8080/%20", "file:///etc/hosts", "data:text/plain;base64,SGk="),
        *("https://user:secret@example.com/", "HTTPS://EXAMPLE.COM/Path/", "http://example.com/a/../b//c/?a=1&a=2&b#"),
    ),
    "uri-reference": ("/abc", "https://example.com/", "../x?y#z", "#fragment", "", "//example.com/path"),
    "iri": ("https://example.com/ö", "http://ƒøø.ßår/?∂éœ=πîx#πîüx", "http://example.com"),
    "iri-reference": ("/ö", "https://example.com/ö", "#ƒrägmênt", ""),
    "uri-template": ("http://example.com/{id}", "http://example.com/dictionary/{term:1}/{term}", "{+path}", ""),
    "json-pointer": ("/foo/0", "", "/", "/a~1b", "/m~0n", "/ ", "/~01", "/0/-"),
    "relative-json-pointer": ("1", "0/foo/bar", "2/0/baz", "0#", "120/foo"),
    "regex": ("^[a-z]+$", "([abc])+\\s+$", "", "a|b"),
    "uuid": (
        *("2eb8aa08-aa98-11ea-b4aa-73b441d16380", "00000000-0000-0000-0000-000000000000"),
        *("EB82AA08-AA98-11EA-B4AA-73B441D1638A", "ffffffff-ffff-4fff-bfff-ffffffffffff"),
    ),
}

BAD: dict[str, tuple[str, ...]] = {
    "date": (
        *(
            "2023-02-29",
            "2024-02-30",
            "2024-13-01",
            "2024-00-10",
            "2024-01-32",
            "2024-01-00",
            "2100-02-29",
            "2024-1-31",
        ),
        *("24-01-31", "2024/01/31", "20240131", "2024-01-31T00:00:00Z", "2024-01-31\n", "2024-W01-1", "२०२४-01-31"),
        *("2024-04-31", "1900-02-29", " 2024-01-31", "12024-01-31", "2024-001"),
    ),
    "time": (
        *("24:00:00Z", "12:60:00Z", "12:30:61Z", "12:30:00", "12:30Z", "12:30:00+24:00", "22:59:60Z", "12:30:00+0530"),
        *("noon", "1:30:00Z", "12:30:00 Z", "12:30:00Z+00:00"),
    ),
    "date-time": (
        *("2023-02-29T12:30:00Z", "2024-01-31T24:00:00Z", "2024-01-31T12:60:00Z", "2024-01-31T12:30:00"),
        *("2024-01-31 12:30:00Z", "2024-01-31", "2024-01-31T12:30:61Z", "2024-01-31T12:30:00+24:00"),
        *("1998-12-31T23:58:60Z", "2024-01-31T12:30:00Z\n", "2024-1-31T12:30:00Z", "1704067200"),
        *("2024-01-31T12:30Z", "2024-01-31T12:30:00+0530", "20240131T123000Z", "2024-04-31T12:30:00Z"),
    ),
    "duration": (
        "1D",
        "P",
        "PT",
        "P1H",
        "PT1D",
        "P1D2H",
        "P2D1Y",
        "P1YT",
        "P1Y2W",
        "4DT12H30M5S",
        "P-1D",
        "-P1D",
        "1 hour",
    ),
    "email": ("user", "user.example.com", "", "user at example.com", "user name", "example.com", "a" * 35 + "!"),
    "idn-email": ("2962", "user"),
    "hostname": (
        *("-a.com", "a-.com", "a_b.com", f"{LABEL_64}.com", "a..com", "a b", "", ".com", "example.com:80", "a" * 256),
        *("ex\u00e4mple.com", "http://example.com"),
    ),
    "idn-hostname": ("〮실례", "-> $1.00 <--", "a\u30fb", "", "\u00b7a", "x" * 64),
    "ipv4": (
        *("256.0.0.1", "192.168.0", "192.168.0.1.1", "192.168.0.01", "1.2.3.-4", "0x7f.0.0.1", "192.168.0.1\n", "::1"),
        *("192.168.0.1/24", "2130706433", "192.168.0."),
    ),
    "ipv6": (
        *("12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":1", "1:", "::g", "::1%eth0", "fe80::a/64"),
        *("192.168.0.1", "::ffff:256.0.0.1", "[::1]", ":::"),
    ),
    "uri": (
        *(
            "not a uri",
            "//example.com",
            "/path",
            "example.com",
            "http:// shouldfail.com",
            ":// should fail",
            "\\\\server",
        ),
        *("http://example.com/%zz", "http://example.com/<a>", "http://[::1", "http://a:b c@d/", ""),
    ),
    "uri-reference": ("\\\\WINDOWS\\fileshare", "#frag\\ment", "a b", "%zz", "<x>"),
    "iri": ("/abc", "\\\\WINDOWS", "http://2001:0db8::7334", "a b", ""),
    "iri-reference": ("\\\\WINDOWS", "#ƒräg\\mênt", "a b"),
    "uri-template": ("http://example.com/{id", "{}}", "{a b}", "}x{"),
    "json-pointer": ("foo", "/foo~", "/~2", "#/foo", "#", "/~0~"),
    "relative-json-pointer": ("/foo", "-1/foo", "+1", "01/a", "", "0##", "1a"),
    "regex": ("[", "(", "*a", "a{2,1}", "^(abc]", "\\"),
    "uuid": (
        *(
            "2eb8aa08-aa98-11ea-b4aa-73b441d1638",
            "2eb8aa08aa9811eab4aa73b441d16380",
            "2eb8aa08-aa98-11ea-b4ga-73b441d16380",
        ),
        *("{2eb8aa08-aa98-11ea-b4aa-73b441d16380}", "2eb8-aa08-aa98-11ea-b4aa73b44-1d16380", "", "uuid"),
        "2eb8aa08-aa98-11ea-b4aa-73b441d16380\n",
    ),
}

_MORE_GOOD: Mapping[str, tuple[str, ...]] = {
    "date": ("0000-01-01",),
    "time": ("12:30:00-05:30", "12:30:00.5Z"),
    "date-time": ("2024-01-31T12:30:00-05:30", "2024-01-31T12:30:00z", "2024-01-31T12:30:00.123Z"),
    "duration": ("P1M", "PT1M", "PT1S", "P1Y2M", "P1M2D", "PT1H1M1S", "P10000D"),
    "email": ("1@example.com", "o'brien@example.com", "first_last@my-host.example", "user@example.photography"),
    "idn-email": ("\u00e9@example.com", "\u7528\u6237@example.com"),
    "hostname": ("a--b.example", "example.123a", f"{LABEL_63}.{LABEL_63}.{LABEL_63}.{'a' * 61}", "a.b.c.d.e.f"),
    "idn-hostname": ("\u4f8b\u3048\u3002\u30c6\u30b9\u30c8", "\u00e4" * 40, "a" * 63),
    "ipv6": (
        *("2001:0db8:0000:0000:0000:8a2e:0370:7334", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:1.2.3.4"),
        *("0:0:0:0:0:0:0:0", "FFFF::"),
    ),
    "uri": (
        *("http://localhost/", "http://127.0.0.1/", "svn+ssh://example.com/", "http://example.com/~user;a=1"),
        *("tel:+1-816-555-1212", "http://example.com?q=1", "http://example.com/%C3%A4", "a:b"),
    ),
    "uri-reference": ("?q=1", "abc", "./a/b:c", "a:b"),
    "iri": ("http://\u4f8b\u3048.\u30c6\u30b9\u30c8/", "mailto:\u00e9@example.com"),
    "iri-reference": ("?\u00e9", "\u00e9/\u00fc", "//\u00e9.example"),
    "uri-template": ("http://a/{?x,y}", "{/path*}", "{;a}", "{#f}", "{&a}", "{.a}", "{a,b}", "{a*}", "\u00e9{a.b}"),
    "json-pointer": ("/a/", "/\u00e9", "/a//b", "/%25", '/"', "/\\", "//"),
    "relative-json-pointer": ("0/a~1b", "10#", "0/"),
    "regex": ("(?=a)b", "[^a]", "a+?", "(a)\\1", "\\d{2}", "(?:a)", "\u00e9"),
    "uuid": (
        *("017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        *("2eb8aa08-aa98-01ea-04aa-73b441d16380",),
    ),
}  # fmt: skip
"""Ends, signs and kinds that a check written by hand forgets."""
_MORE_BAD: Mapping[str, tuple[str, ...]] = {
    "date": ("31-01-2024", "2024-01-1", "2024-06-31"),
    "time": ("12:30", "12:30:00 PM", "12:30:00+05:60", "12:30:00+05", "12:30:00,5Z", "12:30:00.Z"),
    "date-time": (
        *("2024-01-31T12:30:00+05", "2024-01-31T12:30:00,5Z", "2024-01-31T12:30:00+05:60", "2024-01-31T12:30:00.Z"),
        *("2024-01-31T12:30:00 Z", "2024-06-31T12:30:00Z", "2024-01-31T1:30:00Z"),
    ),
    "duration": ("P1DT", "P 1D", "PT1H1D", "P1D1W"),
    "hostname": (f"{LABEL_63}.{LABEL_63}.{LABEL_63}.{'a' * 62}", "-", ".", "a.-b"),
    "idn-hostname": ("-\u00e4", "\u00e4-", "\u00e4_b", "\u00e4..b"),
    "ipv4": ("1.2.3.256", "1.256.3.4", "192.168.0.1:80", "\u0661.2.3.4", " 1.2.3.4", "1.2.3.4 ", "127.1", "1..2.3"),
    "ipv6": ("::12345", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "1:2:3:4:5:6:7:8::", "1::2:", " ::1", "::1\n", "abcd"),
    "uri": (
        *("http://example.com/\u00e4", "http://example.com/a|b", "1http://example.com", 'http://example.com/"q"'),
        *("http://example.com/^", "http://[zz]/"),
    ),
    "uri-reference": ("http://example.com/\u00e4", "a#b#c", "1:2", "a|b", ":a"),
    "iri": ("\u00e9", "http://example.com/<a>", "1http://example.com"),
    "iri-reference": ("%zz", "<\u00e9>"),
    "uri-template": ("{{a}}", "{a}}", "{", "{a:b}", "{\u00e9}", "{a:10000}"),
    "json-pointer": ("/~a", "/a~", "a/b", "/a/~"),
    "relative-json-pointer": ("1#/a", "0/~", "00", "#"),
    "regex": ("[z-a]", "a**", "^*", ")", "a|*", "(a"),
    "uuid": ("urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2eb8aa0-8aa98-11ea-b4aa-73b441d16380"),
}  # fmt: skip
for _more, _table in ((_MORE_GOOD, GOOD), (_MORE_BAD, BAD)):
    _table.update({_name: (*_table.get(_name, ()), *_texts) for _name, _texts in _more.items()})

_DAY = "[1-9][0-9]{3}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
_SECOND = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
_ZONE = r"(Z|[+-](0[0-9]|1[0-2]):[0-5][0-9])"
_LABEL = "[a-z0-9A-Z]+(-[a-z0-9A-Z]+)*"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
EXPRESSIONS: Mapping[str, str] = {
    "date": f"^{_DAY}$",
    "time": f"^{_SECOND}{_ZONE}$",
    "date-time": f"^{_DAY}T{_SECOND}{_ZONE}$",
    "uuid": "^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
    "email": r"^[a-z0-9]+([._+-][a-z0-9]+)?@[a-z0-9]+(\.[a-z0-9]+)?\.[a-z]{2,9}$",
    "hostname": rf"^{_LABEL}(\.{_LABEL})*$",
    "ipv4": rf"^({_OCTET}\.){{3}}{_OCTET}$",
    "ipv6": "^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$",
    "uri": rf"^https?://({_LABEL}\.)+[a-z]{{2,9}}(/[A-Za-z0-9._~-]+)*/?(\?[a-z]+=[A-Za-z0-9]+)?(#[a-z]+)?$",
}
"""Much of what each format allows, for texts that an expression of the schema's has to be found in too."""

WORDS: Mapping[str, str] = {"byte": "SGVsbG8=", "base64": "SGVsbG8=", "password": "correct horse", "binary": "data"}
"""Texts for formats and encodings that no validator checks."""


@lru_cache(maxsize=4096)
def is_disputed(name: str, text: str, *, is_good: bool) -> bool:
    """Whether validation calls a text bad that is good by the format's standard, or good that is bad.

    A leap second is one, and an address without a host: a tool that does as the standard says is not to be accused.
    """
    from ..lean_jsonschema import fast_check, jsonschema

    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    fast = fast_check(checker, name)
    accepts = checker.conforms(text, name) if fast is None else fast(text)
    return bool(accepts) is not is_good


@dataclass(frozen=True, slots=True)
class StringFormat:
    """A format that JSON Schema does not define: what it accepts, and texts around it. Labels are still computed.

    .. versionadded:: 0.1
    """

    accepts: Callable[[str], bool]
    good: tuple[str, ...]
    """Texts that it accepts, the likeliest first; at least one."""
    bad: tuple[str, ...] = ()
    """Texts that it only nearly accepts."""


def add_format(name: str, added: StringFormat) -> Callable[[], None]:
    """Make the format known to generation and to every draft's validation; return what takes it back."""
    from ..lean_jsonschema import jsonschema

    drafts = {
        getattr(jsonschema, key) for key in dir(jsonschema) if key.startswith("Draft") and key.endswith("Validator")
    }
    tables = [draft.FORMAT_CHECKER.checkers for draft in drafts]
    before = [(table, table.get(name)) for table in (GOOD, BAD, *tables)]

    def check(value: object) -> bool:
        return not isinstance(value, str) or bool(added.accepts(value))

    GOOD[name], BAD[name] = tuple(added.good), tuple(added.bad)
    is_disputed.cache_clear()
    for table in tables:
        table[name] = (check, ())

    def take_back() -> None:
        for table, old in before:
            if old is None:
                table.pop(name, None)
            else:
                table[name] = old
        is_disputed.cache_clear()

    return take_back
