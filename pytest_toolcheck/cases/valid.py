"""Values that a conjunction of schemas accepts, likeliest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from functools import cache, partial
from itertools import chain, islice
from string import ascii_lowercase
from typing import Any

from . import numbers, texts
from .hard_to_hit import hard_to_hit
from .identity import equality, identity
from .schema import MOST_NEEDED, Conjunction, Document, decisive
from .shapes import Shape, alternatives, refusing
from .turns import interleaved

_DEEPEST, _DEEPEST_OF_RECURSIVE = 40, 6
_ENOUGH, _ENOUGH_BELOW, _ENOUGH_OF_SHAPE = 8, 3, 4
MOST_MEMBERS = 50
_MOST_MEMBERS_OF_RECURSIVE = 12
_MOST_ITEMS = 1000
"""So many items or members are made at the most, and where a schema asks for more `MOST_NEEDED`."""
_MOST_TRIED, _WHEN_WEARY = 80, 12
ANYTHING: tuple[Any, ...] = (
    *("text", 1, 0, True, False, None, {}, [], "", 1.5, -1, 1.0, "foo", "bar", 2, 3, 4, 10, 12, 100, -2.5, 1e308),
    *([1], ["a"], [None], [[]], [{}], {"foo": 1}, {"foo": "bar"}, {"bar": 2, "foo": "x"}, {"a": None}, "a", "aaa"),
    *([1, 2], [1, 1], ["foo", "bar"], [1, "a", True], "longer text with words", 1e-8, 12345678901234567890, {"": 0}),
)
"""Values to try when the schema gives no way to build one."""
_TEXT = {"type": "string"}


def deepest(document: Document) -> int:
    """Return how deep values are built: less deep where a schema may hold itself."""
    return _DEEPEST_OF_RECURSIVE if document.is_recursive else _DEEPEST


def samples(document: Document, conjunction: Conjunction, *, depth: int = 0) -> list[Any]:
    """Return up to eight values that every schema of the conjunction accepts; empty where none was found."""
    depth = depth if document.is_recursive else 0  # only there does it matter how deep a value stands
    ids = (id(conjunction[0].schema),) if len(conjunction) == 1 else tuple([id(node.schema) for node in conjunction])
    known = document.memo.get(("samples", depth, *ids))
    return _sought(document, ("samples", depth, *ids), conjunction, alternatives) if known is None else [*known]


def samples_of(document: Document, shape: Shape, *, depth: int = 0) -> list[Any]:
    """As `samples`, of what one alternative stands for; up to four."""
    key = ("samples of", depth if document.is_recursive else 0, *[id(node.schema) for node in shape.parts])
    known = document.memo.get(key)
    return _sought(document, key, shape.parts, lambda _, __: [shape]) if known is None else [*known]


def _sought(
    document: Document,
    key: tuple[Any, ...],
    conjunction: Conjunction,
    shapes: Callable[[Document, Conjunction], list[Shape]],
) -> list[Any]:
    """Return values that were not looked for before, and remember them under the key: kind, depth and what is asked."""
    kind, depth, *ids = key
    elsewhere = (kind, "elsewhere", *ids)
    if document.is_weary and elsewhere in document.memo:
        document.memo[key] = document.memo[elsewhere]
    elif key == ("samples", 0) and not (document.is_weary or document.is_recursive or document.is_tangled):
        values, tried = _of_anything()
        # a copy, as whoever changes a case of this tool must not change another's
        document.memo[key] = document.memo[elsewhere] = deepcopy(values)
        document.effort += tried
    else:
        document.kept.append(conjunction)
        document.memo[key] = []  # what a schema that leads back to itself finds on its way
        found = _found(document, conjunction, shapes, depth)
        document.memo[key] = _distinct(found, _ENOUGH_OF_SHAPE if kind == "samples of" else _enough(document, depth))
        if document.memo[key]:
            document.memo[elsewhere] = document.memo[key]
    return list(document.memo[key])


@cache
def _of_anything() -> tuple[list[Any], int]:
    """Return the samples where nothing is asked, as of the members that most schemas leave open; and how many tries they took."""
    document = Document({})
    document.memo["samples", 0] = []  # as in `_sought`
    return _distinct(_found(document, (), alternatives, 0), _ENOUGH), document.effort


def _found(
    document: Document,
    conjunction: Conjunction,
    shapes: Callable[[Document, Conjunction], list[Shape]],
    depth: int,
) -> Iterator[Any]:
    if depth > deepest(document):
        return
    found, judges = False, decisive(conjunction)
    if not document.is_weary:
        streams = [built(document, shape, depth=depth) for shape in shapes(document, conjunction)]
        for value in islice(interleaved(streams), _MOST_TRIED):
            if document.holds(judges, value):
                found = True
                yield value
        values_of = partial(samples, document, depth=depth + 1)
        for value in () if found else hard_to_hit(document, conjunction, shapes(document, conjunction), values_of):
            if document.holds(judges, value):
                found = True
                yield value
    if not found:
        options = ANYTHING[:_WHEN_WEARY] if document.is_weary else ANYTHING
        yield from (value for value in options if document.holds(judges, value))


def _enough(document: Document, depth: int) -> int:
    """Return how many samples are sought: few where they only fill what a schema that holds itself stands in."""
    return _ENOUGH_BELOW if depth > 1 and document.is_recursive else _ENOUGH


def _distinct(values: Iterable[Any], enough: int) -> list[Any]:
    waiting = iter(values)
    first = [*islice(waiting, 2)]
    if len(first) < 2:  # a single value is not written down to tell it from others: it may be vast
        return first
    found: dict[str, Any] = {}
    for value in chain(first, waiting):
        found.setdefault(identity(value), value)
        if len(found) == enough:
            break
    return list(found.values())


def built(document: Document, shape: Shape, *, depth: int) -> Iterator[Any]:
    """Yield values made for a shape; not yet validated, a bounded number."""
    for keyword in ("const", "default"):
        yield from shape.all_of(keyword)
    for given in shape.all_of("examples"):
        if isinstance(given, list):
            yield from given[:4]
    members = shape.members()
    if members is not None:
        yield from members[:MOST_MEMBERS]
        return
    yield from interleaved([_of_type(document, shape, kind, depth) for kind in shape.types()])


def _of_type(document: Document, shape: Shape, kind: str, depth: int) -> Iterator[Any]:
    if kind == "object":
        yield from objects(document, shape, depth=depth)
    elif kind == "array":
        yield from arrays(document, shape, depth=depth)
    elif kind == "string":
        yield from texts.good(shape)
    elif kind in ("number", "integer"):
        yield from numbers.good(shape, whole=kind == "integer")
    else:
        yield from {"boolean": (True, False), "null": (None,)}[kind]


def objects(document: Document, shape: Shape, *, depth: int) -> Iterator[dict[str, Any]]:
    """Yield objects: the required properties only, then with all others, then with further values."""
    forbidden = shape.forbidden_names()
    names = [name for name in shape.property_names() if name not in forbidden]
    required = shape.required()
    if depth > 1 and document.is_recursive:  # each may hold as many again
        names = names[: max(len(required), _MOST_MEMBERS_OF_RECURSIVE)]
    values = {name: samples(document, shape.member(name), depth=depth + 1) for name in names}
    if any(not values.get(name) for name in required):
        return
    least, most = shape.largest("minProperties"), shape.smallest("maxProperties")
    for chosen in (required, [name for name in names if values[name]][:most]):
        yield filled(document, shape, {name: values[name][0] for name in chosen}, least, depth)
    if shape.stated.get("not"):
        yield filled(document, shape, {name: values[name][0] for name in required}, len(required) + 1, depth)
    for turn in (1, 2):
        yield {name: values[name][turn % len(values[name])] for name in required}


def filled(document: Document, shape: Shape, value: dict[str, Any], least: int, depth: int) -> dict[str, Any]:
    """Add properties until there are `least`."""
    naming, forbidden = shape.nodes("propertyNames"), shape.forbidden_names()
    names = chain(further_names(document, shape, least, depth), (f"key {letter}" for letter in ascii_lowercase))
    for name in names if least <= MOST_NEEDED else ():
        if len(value) >= least:
            break
        if name not in value and name not in forbidden and document.holds(naming, name):
            options = samples(document, shape.member(name), depth=depth + 1)
            if options:
                value[name] = options[0]
    return value


def further_names(document: Document, shape: Shape, count: int, depth: int) -> Iterator[str]:
    """Yield names for properties beside those that an object has: stated ones, then such as the schema lets in."""
    yield from shape.property_names()
    naming = shape.nodes("propertyNames")
    if naming:
        texts_only = (*naming, naming[0].child(_TEXT))
        yield from (name for name in samples(document, texts_only, depth=depth + 1) if isinstance(name, str))
    for pattern in (pattern for patterns in shape.all_of("patternProperties") for pattern in patterns):
        yield from texts.matching(pattern)
        if naming:
            like = document.derived("named", pattern, schema={"type": "string", "pattern": pattern})
            yield from (n for n in samples(document, (*naming, naming[0].child(like)), depth=depth + 1))
    for number in range(min(count, _MOST_ITEMS) if naming else 0):
        yield from (name for name in further(document, texts_only, number, depth=depth) if isinstance(name, str))
    for shape_of_names in alternatives(document, texts_only) if naming and count > 1 else ():
        yield from texts.of_all(shape_of_names)
    yield from (f"key{number}" for number in range(min(count, MOST_NEEDED) + 1))


def arrays(document: Document, shape: Shape, *, depth: int) -> Iterator[list[Any]]:
    """Yield arrays: one item (or as few as allowed), then the fewest, then a few."""
    least = max(shape.largest("minItems"), needed(shape))
    most = shape.smallest("maxItems")
    if least > MOST_NEEDED:
        made = array_of(document, shape, least, depth=depth) if least <= document.most_equal else None
        yield from () if made is None else (made,)
        return
    behind, apart = shape.prefix_length() + needed(shape), len(asked_of_items(document, shape, depth=depth))
    for count in dict.fromkeys((max(least, 1), least, least + 1, least + 2, behind, apart)):
        if (most is None or count <= most) and count <= max(_MOST_ITEMS, least):
            made = array_of(document, shape, count, depth=depth)
            if made is not None:
                yield made
                if len(made) == 2:
                    options = [samples(document, shape.item(at), depth=depth + 1) for at in (0, 1)]
                    yield [each[-turn % len(each)] for turn, each in enumerate(options, 1) if each]


def asks_for_many(schema: Any) -> bool:
    """Whether an array of more items than are usually made is asked for somewhere."""
    if isinstance(schema, dict):
        least = schema.get("minItems")
        return (isinstance(least, (int, float)) and least > MOST_NEEDED) or any(map(asks_for_many, schema.values()))
    return isinstance(schema, list) and any(map(asks_for_many, schema))


def of_many_items(document: Document) -> Iterator[Any]:
    """Yield one value in which arrays are as long as must be; it takes megabytes, and so would each further one."""
    patient = document.lavish()
    yield from islice(_found(patient, (patient.root,), alternatives, 0), 1)


def needed(shape: Shape) -> int:
    """Return how many items `contains` asks for."""
    if not shape.all_of("contains"):
        return 0
    return shape.largest("minContains") if shape.all_of("minContains") else 1


def asked_of_items(document: Document, shape: Shape, *, depth: int) -> list[Conjunction]:
    """Return what `contains` asks of items, one after another: of each all of it where one value can have it all."""
    wanted = shape.nodes("contains")
    if len(wanted) < 2 or samples(document, (*wanted, *shape.item(shape.prefix_length())), depth=depth + 1):
        return [wanted] * min(needed(shape), MOST_NEEDED + 1) if wanted else []
    stated = ((part.keywords().get("minContains", 1), part.child(schema)) for part, schema in shape.stated["contains"])
    apart: list[Conjunction] = [(node,) for least, node in stated for _ in range(min(int(least), MOST_NEEDED + 1))]
    most = shape.smallest("maxItems")
    return apart if most is None or len(apart) <= most else _asked_together(document, shape, apart, depth)


def _asked_together(document: Document, shape: Shape, apart: list[Conjunction], depth: int) -> list[Conjunction]:
    """Return the same of fewer items: what is asked of one is asked of another too, where a value can have both."""
    behind = shape.item(shape.prefix_length())
    found: list[Conjunction] = []
    for asked in apart[:_MOST_MEMBERS_OF_RECURSIVE]:
        for place, other in enumerate(found):
            if asked[0] not in other and samples(document, (*other, *asked, *behind), depth=depth + 1):
                found[place] = other + asked
                break
        else:
            found.append(asked)
    return found + apart[_MOST_MEMBERS_OF_RECURSIVE:]


def array_of(document: Document, shape: Shape, count: int, *, depth: int) -> list[Any] | None:
    """Return an array of `count` items, different ones where they must be; None where an item cannot be made."""
    made: list[Any] = []
    taken: set[Any] | None = set() if any(shape.all_of("uniqueItems")) else None
    wanted = list(shape.nodes("contains"))
    if count > MOST_NEEDED and (wanted or taken is not None):
        return None
    asked, most = asked_of_items(document, shape, depth=depth), shape.smallest("maxContains")
    least = len(asked)
    refused = tuple(refusing(document, part) for part in wanted) if most is not None else ()
    hits = 0
    for index in range(count):
        plain = shape.item(index)
        value = None
        if wanted and hits < least:
            value = _item_value(document, (*plain, *asked[hits]), taken, depth)
            if value is None and index >= shape.prefix_length() and shape.all_of("unevaluatedItems"):
                value = _item_value(document, asked[hits], taken, depth)  # what is counted is evaluated by that
            hits += value is not None
            if value is None and count - index - 1 < least - hits:
                return None
        elif most is not None and hits >= most:
            plain = (*plain, *refused)
        elif value := _item_value(document, plain, taken, depth):
            hits += most is not None and any(document.holds((node,), value[0]) for node in wanted)
        value = value or _item_value(document, plain, taken, depth)
        if value is None:
            return None
        made.append(value[0])
        if taken is not None:
            taken.add(equality(value[0]))
        elif not wanted and index >= shape.prefix_length():
            return made + [value[0]] * (count - index - 1)
    return made


def _item_value(document: Document, conjunction: Conjunction, taken: set[Any] | None, depth: int) -> tuple[Any] | None:
    options = samples(document, conjunction, depth=depth + 1)
    if not taken:
        if options:
            return (options[0],)
        taken = set()
    for option in options:
        if equality(option) not in taken:
            return (option,)
    for number in (len(taken), *range(len(taken) if len(taken) <= _MOST_TRIED else 0)):  # all of a few, in the end
        for option in further(document, conjunction, number, depth=depth):
            if equality(option) not in taken and document.holds(conjunction, option):
                return (option,)
    return None


def further(document: Document, conjunction: Conjunction, number: int, *, depth: int) -> Iterator[Any]:
    """Yield values for the `number`-th of many that all differ; not yet validated."""
    for shape in alternatives(document, conjunction)[:4]:
        members, kinds = shape.members(), shape.types()
        if members is not None:
            yield from members[number:]
            continue
        if {"integer", "number"} & {*kinds}:
            yield from numbers.nth(shape, number, whole="number" not in kinds)
        if "string" in kinds:
            yield from texts.nth(shape, number)
        if "object" in kinds and depth < deepest(document):
            yield from _other_objects(document, shape, number, depth)
    yield from (number + 1, f"text{number}", number + 1000, {"key": number}, [number])


def _other_objects(document: Document, shape: Shape, number: int, depth: int) -> Iterator[dict[str, Any]]:
    """Yield objects in which one member is the `number`-th of many."""
    for base in islice(objects(document, shape, depth=depth), 2):
        for name in base:
            for value in islice(further(document, shape.member(name), number, depth=depth + 1), 3):
                yield {**base, name: value}
