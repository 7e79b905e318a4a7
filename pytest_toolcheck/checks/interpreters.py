"""Whole messages that only interpreters and runtimes write, of code that went wrong: nobody words a refusal so.

Servers send `str(error)` as a refusal. Each pattern has to match all of what was raised (a line, or a text in a JSON body,
without what a server puts in front), so that a tool's own sentence that holds such words is not taken for one. Errors by
which texts are converted (`invalid literal for int()`) are not among them: free text may be refused in these words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from .base import texts_in

_PYTHON_TYPES: Final = r"""
object of type <T> has no len\(\)
<T> object is not (?:subscriptable|iterable|callable|reversible|an iterator|a mapping|a container|an? (?:async )?\w*iterator)(?:[;.] ?.*)?
<T> object does(?: not|n't) support (?:indexing|(?:item|slice) (?:assignment|deletion)|the (?:asynchronous )?context manager protocol.*)
<T> object (?:can't be (?:concatenated|repeated|awaited)|cannot be interpreted as an (?:integer|index)|is unsliceable)
<T> object (?:has no attributes? .*|attribute '\w+' is read-only|has only read-only attributes .*)
(?:type object|module) '[\w.]+' has no attribute '\w+'(?:\. Did you mean.*)?
cannot unpack non-iterable <T> object
can only (?:concatenate|join|assign) (?:\w+|an iterable)(?: \(not "<T>"\) to \w+)?
can't (?:multiply sequence by non-int of type|concat|extend) <T>(?: (?:to|by) <T>)?
must be (?:real number|str|str or None|an? integer|string|number), not <B>
(?:list|tuple|string|str|bytes|bytearray|range object|array|deque) indices must be integers(?: or slices)?(?:, not <T>)?(?:; .*)?
(?:array|sequence|memoryview) ind(?:ices|ex) must be (?:an )?integers?(?: or slices?)?(?:, not <T>)?
slice indices must be integers or None or have an __index__ method
(?:cannot use <T> as a (?:dict key|set element) \()?unhashable type: <T>\)?
unsupported operand type\(s\) for .{1,20}: .*
'[<>=!]+' not supported between instances of <T> and <T>
bad operand type for (?:unary [-+~]|abs\(\)): <T>
unsupported format string passed to [\w.]+\.__format__
argument of type <T> is not (?:iterable|a container or iterable)
argument should be a str or an os\.PathLike object where __fspath__ returns a str, not <T>
(?:argument (?:should|must) be|data must be|must be called with) .{3,60}, not <B>
'in <string>' requires string as left operand, not <T>
sequence item \d+: expected [\w -]+, <T> found
(?:int|float|complex|Decimal|bytes|bytearray|str)\(\) argument must be .{3,80}, not <T>
[\w.]+\(\) (?:argument (?:\d+|'\w+') |arg \d+ |first arg(?:ument)? |argument )?must be [\w ,.-]+, not <B>
(?:[a-z]+ (?:first )?arg|first argument|fromisoformat: argument) must be (?:str|None or str|string or compiled pattern|str or .*, not <B>)
(?:isinstance|issubclass|eval|exec)\(\) arg \d must be .*|map\(\) must have at least two arguments\.
[\w.<>]+\(\) (?:missing \d+ required (?:positional|keyword-only) arguments?: '.*'|takes .{1,40} arguments?(?: but \d+ .*|.*given\)?)?)
[\w.<>]+\(\) got (?:an unexpected keyword argument|multiple values for (?:keyword )?argument|some positional-only arguments) .*
(?:[\w.<>]+\(\) argument|Value) after \*\*? must be (?:an iterable|a mapping), not <T>
[\w.]+ expected (?:at least |at most |exactly )?\d+ arguments?, got \d+
expected (?:string or bytes-like object|str, bytes or os\.PathLike object|str instance)(?:, (?:got|not) <T>)?
ord\(\) expected .*, but .* found
(?:stat|open|lstat|listdir|scandir|mkdir): path should be .*, not <T>
the JSON object must be str, bytes or bytearray, not <T>
Object of type <T> is not JSON serializable
Type is not JSON serializable: <T>
Circular reference detected
keys must be str, int, float, bool or None, not <T>
Out of range float values are not JSON compliant(?:: .*)?
decoding to str: need a bytes-like object, <T> found
(?:\w+: )?a bytes-like object is required, not <T>
string argument without an encoding|encoding without a string argument|Strings must be encoded before hashing
str expected, not <B>
can't (?:compare|subtract) (?:offset-naive and offset-aware (?:datetimes|times)|[\w.]+ (?:to|and|from) [\w.]+)
not (?:all arguments converted during|enough arguments for format) string(?: formatting)?|format requires a mapping|%c requires int or char
%[a-zA-Z] format: an? [\w -]+ is required, not <T>|float argument required, not <T>
type <T> doesn't define __\w+__ method
unsupported type for timedelta \w+ component: <T>
object <T> can't be used in 'await' expression|'async (?:for|with)' requires an object with .*
cannot convert dictionary update sequence element #\d+ to a sequence
dictionary update sequence element #\d+ has length \d+; 2 is required
exceptions must derive from BaseException|catching classes that do not inherit from BaseException is not allowed
conversion from <T> to <T> is not supported|cannot convert <T> object to \w+
"""

_PYTHON: Final = r"""
(?:(?:list|tuple|string|bytes|bytearray|array|deque|pop|range object)(?: assignment)?) index out of range
Replacement index \d+ out of range for positional args tuple
pop from (?:an )?empty (?:list|deque|set|array|bytearray)|'pop from an empty set'|'popitem\(\): dictionary is empty'
Cannot choose from an empty (?:sequence|population)|no such group
index -?\d+ is out of bounds for axis \d+ with size \d+
operands could not be broadcast together with shapes .*|setting an array element with a sequence\..*
int(?:eger)? too (?:big|large) to convert(?: to float)?|integer division result too large for a float
Python int(?:eger)? (?:-?\d+ )?(?:too (?:large|big) (?:to convert to|for) (?:C [\w ]+|SQLite INTEGER)|out of bounds for \w+)
cannot convert float (?:infinity|NaN) to integer(?: ratio)?|math (?:range|domain) error|\(?34, 'Numerical result out of range'\)?
can't convert negative (?:int|value) to unsigned(?: int)?|cannot fit 'int' into an index-sized integer
(?:un)?signed \w+(?: integer)? is (?:greater than maximum|less than minimum)|(?:byte|short|int|long|'\w') format requires .*
chr\(\) arg not in range\(0x110000\)
timestamp out of range for platform time_t|date value out of range|normalized days too large to fit in a C int
days=-?\d+; must have magnitude <= 999999999|range\(\) result has too many items|repeated (?:string|bytes) is too long
(?:0\.0|zero|0) (?:cannot be raised )?to a negative (?:or complex )?power|Fraction\(-?\d+, 0\)
(?:float |integer |complex |decimal )?(?:floor )?(?:division|modulo|division or modulo) by zero|integer modulo by zero
\[<class 'decimal\.\w+'>(?:, <class 'decimal\.\w+'>)*\]
maximum recursion depth exceeded(?: .*)?|Stack overflow \(used \d+ kB\).*
(?:OrderedDict|dictionary|Set|deque) (?:changed size|mutated|keys changed) during iteration
(?:async )?(?:generator|coroutine) raised Stop(?:Async)?Iteration|(?:async )?generator already executing
Event loop is closed|This event loop is already running|no running event loop|There is no current event loop.*
cannot reuse already awaited coroutine|can't send non-None value to a just-started (?:generator|coroutine)
asyncio\.run\(\) cannot be called from a running event loop|cannot schedule new futures after .*|can't start new thread
cannot access (?:local|free) variable '\w+' where it is not associated with a value.*
local variable '\w+' referenced before assignment|super\(\): no arguments|[A-Z]\w*\(\) takes no arguments
unsupported format character '.' \(0x[0-9a-f]+\) at index \d+|incomplete format|Unknown format code '.' for object of type '\w+'
Invalid format specifier(?: '.*' for object of type '\w+')?|I/O operation on closed file\.?
'[\w-]+' codec can't (?:en|de)code (?:character|byte)s? .*|list\.remove\(x\): x not in list
SQLite objects created in a thread can only be used in that same thread\..*|Cannot operate on a closed (?:database|cursor)\.?
Error binding parameter :?\w+(?: -|:) (?:type '\w+' is not supported|probably unsupported type\.?)
Incorrect number of bindings supplied\..*
"""

_JAVASCRIPT: Final = r"""
Cannot (?:read|set) propert(?:y|ies) (?:'.*' )?of (?:undefined|null)(?: \(.*\))?
[\w.$\[\]()]+ is not (?:a function|a constructor|iterable)|(?:undefined|object null) is not (?:an object|a function|iterable) \(.*\)
Cannot (?:convert undefined or null to object|destructure property .* as it is (?:undefined|null)\.?)
Cannot access '\w+' before initialization|Assignment to constant variable\.
Invalid (?:array|string) length|Maximum call stack size exceeded
Reduce of empty array with no initial value|Invalid count value: .*
to\w+\(\) (?:digits|precision|radix) (?:argument )?must be between .*
Cannot mix BigInt and other types, use explicit conversions|Do not know how to serialize a BigInt
Converting circular structure to JSON.*
Class constructor \w+ cannot be invoked without 'new'|"undefined" is not valid JSON
The "\w+" argument must be (?:of type|an instance of|one of type) .*\. Received .*
The number .* cannot be converted to a BigInt because it is not an integer
"""

_COMPILED: Final = r"""
(?:runtime error: )?(?:index out of range \[-?\d+\](?: with length \d+)?|slice bounds out of range \[.*)
(?:runtime error: )?(?:invalid memory address or nil pointer dereference|integer divide by zero|makeslice: \w+ out of range)
assignment to entry in nil map|interface conversion: .* is .*, not .*|(?:send on|close of) (?:closed|nil) channel
Cannot (?:invoke|read|store|load|assign|enter|throw) .* because .* is null
Index -?\d+ out of bounds for length \d+|begin -?\d+, end -?\d+, length \d+|(?:String )?index out of range: -?\d+|/ by zero
(?:class )?[\w.$]+ cannot be cast to (?:class )?[\w.$]+(?: \(.*)?|Java heap space|No value present
(?:java|javax|kotlin)\.[\w.]+(?:Exception|Error)(?:: .*)?
index out of bounds: the len is \d+ but the index is \d+|range (?:start|end) index \d+ out of range for slice of length \d+
called `(?:Option|Result)::\w+\(\)` on an? `\w+` value.*|attempt to \w+ (?:with overflow|by zero)
(?:start |end )?byte index \d+ is (?:not a char boundary|out of bounds).*|already (?:mutably )?borrowed(?:: \w+)?
internal error: entered unreachable code.*
Object reference not set to an instance of an object\.?|Index was outside the bounds of the array\.?
Index was out of range\. Must be non-negative and less than (?:or equal to )?the size of the collection\..*
Sequence contains no (?:matching )?elements?|Specified cast is not valid\.?|Attempted to divide by zero\.?
Nullable object must have a value\.?|The given key '.*' was not present in the dictionary\.?
Unable to cast object of type '.*' to type '.*'\.?|Arithmetic operation resulted in an overflow\.?
Collection was modified; enumeration operation may not execute\.?
"""
"""Go, Java, Rust, C#."""

_SCRIPTS: Final = r"""
undefined (?:local variable or )?method [`'].*' for .*|nil can't be coerced into \w+|no implicit conversion of \w+ (?:in)?to \w+
divided by 0|wrong number of arguments \(given \d+, expected .*\)|comparison of \w+ with .* failed
can't modify frozen \w+: .*|stack level too deep
Undefined (?:array key|index|variable|offset|property)(?:: | )["$']?[\w$:\\]+["']?|Trying to access array offset on (?:value of type )?\w+
Call to (?:a member function \w+\(\) on \w+|undefined (?:function|method) .*)|Unsupported operand types: .*
Attempt to read property ".*" on \w+|foreach\(\) argument must be of type .*|Array to string conversion
"""
"""Ruby, PHP."""

_BUILTIN: Final = (
    r"'?(?:NoneType|str|int|float|complex|bool|list|dict|tuple|set|frozenset|bytes|bytearray|type|function|method"
    r"|builtin_function_or_method|generator|coroutine|[a-z_]+\.[\w.]+)'?"
)
_TYPE: Final = r"'?(?:<class ')?[\w.\[\]<>]+(?:'>)?'?"

_IN_FRONT: Final = re.compile(
    r"(?:[A-Za-z_][\w.]*(?:Error|Exception)|panic|[\w -]{1,60} failed"
    r"|(?:[A-Za-z]+ ){0,3}(?:[Ee]rror|[Ee]xception|[Ff]ailure|[Ff]ailed|[Uu]nable|[Cc]ould not)\b[^:\n]{0,80})\s*: ?"
)
"""What servers write before the text of an exception; several may follow each other."""
_MOST_IN_FRONT: Final = 4
_LONGEST: Final = 2_000


def failed_in_words(message: str) -> str | None:
    """Return the whole message of an interpreter that a refusal consists of, or that its JSON body or a line of it is."""
    found = (_whole(text) for text in _said(message[:_LONGEST]))
    return next((text for text in found if text is not None), None)


def _said(message: str) -> Iterator[str]:
    """Yield the message, what its JSON holds, and each of its lines."""
    yield message
    if message.lstrip().startswith(("{", "[", '"')):
        try:
            yield from texts_in(json.loads(message))
        except (ValueError, RecursionError):
            return
    elif "\n" in message:
        yield from message.splitlines()


def _whole(text: str) -> str | None:
    rest = text.strip()
    for _ in range(_MOST_IN_FRONT + 1):
        if _messages().fullmatch(rest):
            return rest
        if (front := _IN_FRONT.match(rest)) is None:
            return None
        rest = rest[front.end() :].strip()
    return None


@lru_cache(maxsize=1)
def _messages() -> re.Pattern[str]:
    """Compile what runs that see no refusal of a valid input do without."""
    lines = (
        "".join((_PYTHON_TYPES, _PYTHON, _JAVASCRIPT, _COMPILED, _SCRIPTS))
        .replace("<T>", _TYPE)
        .replace("<B>", _BUILTIN)
    )
    return re.compile("|".join(line for line in lines.splitlines() if line))
