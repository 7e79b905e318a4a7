"""Arguments of Python functions: JSON as it is where the hint is JSON's, made where it is not, judged by nobody else."""

from __future__ import annotations

import dataclasses
import sys
import types

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import Evidence
from pytest_toolcheck.checks.accepts_valid import accepts_valid
from pytest_toolcheck.checks.no_crash import no_crash
from pytest_toolcheck.checks.rejects_invalid import rejects_invalid
from pytest_toolcheck.failure import describe_failure
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets._arguments import ArgumentError, Binding
from pytest_toolcheck.targets._hints import Shape

from .function_calls import function_calls
from .targets_kit import call, python_tools

PRELUDE = """
import collections, dataclasses, datetime, decimal, enum, functools, pathlib, typing, uuid
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from typing_extensions import TypedDict, Unpack
from pydantic import BaseModel, Field, computed_field, model_validator
T = TypeVar("T")
class Color(enum.Enum):
    RED = "red"
    ONE = 1
@dataclasses.dataclass
class Point:
    x: Annotated[int, Field(ge=0, le=9)]
    when: datetime.date | None = None
@dataclasses.dataclass
class Node:
    name: str
    kids: list[Node] = dataclasses.field(default_factory=list)
@dataclasses.dataclass
class Box(Generic[T]):
    inside: T
@dataclasses.dataclass
class Strict:
    x: int
    def __post_init__(self):
        if self.x > 9: raise ValueError("x: at most 9")
        100 // self.x
@dataclasses.dataclass
class Inner:
    n: int
    twice: int = dataclasses.field(init=False, default=0)
class Range(BaseModel):
    low: Annotated[int, Field(ge=0, le=9)]
    high: Annotated[int, Field(ge=0, le=9)]
    @model_validator(mode="after")
    def _order(self):
        if self.low > self.high: raise ValueError("low: not above high")
        return self
    @computed_field
    @property
    def ratio(self) -> int:
        return 100 // self.high
class Pair(NamedTuple):
    n: int
    when: datetime.date
class Line(BaseModel):
    count: Annotated[int, Field(ge=1, le=10)]
    when: datetime.date | None = None
class Deep(TypedDict):
    n: int
    kids: list[Deep]
class Options(TypedDict, total=False):
    id: uuid.UUID
    depth: int
"""
UUID = "12345678-1234-1234-1234-1234567890ab"


@dataclasses.dataclass
class Leaf:
    count: int


@dataclasses.dataclass
class Tree:
    name: str
    under: list[Tree | Leaf]


@pytest.fixture(scope="module")
def bound():
    """Return what binds a value to a function with this hint."""
    module = types.ModuleType("tools_of_all_types")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module.__name__, module)  # dataclasses and hints look their module up there
        exec(PRELUDE, vars(module))

        def bind(hint: str, value):
            exec(f"def f(x: {hint}): ...\n", vars(module))
            return Binding(module.f).bind({"x": value})

        yield bind


@pytest.mark.parametrize(
    ("hint", "value", "made"),
    [
        ("datetime.date", "2024-02-29", "datetime.date(2024, 2, 29)"),
        ("datetime.timedelta", "PT1S", "datetime.timedelta(seconds=1)"),
        ("uuid.UUID | None", UUID.upper(), f"UUID('{UUID}')"),
        ("decimal.Decimal", 0.1, "Decimal('0.1')"),
        ("Annotated[decimal.Decimal, Field(le=1)]", 2, "Decimal('2')"),
        ("Annotated[set[str], Field(max_length=0)]", ["a"], "{'a'}"),
        ("frozenset[int]", ["a"], "frozenset({'a'})"),
        ("tuple[int, datetime.date]", [1], "(1,)"),
        ("tuple[datetime.date, ...]", ["2024-01-01"], "(datetime.date(2024, 1, 1),)"),
        ("bytes", "é", repr("é".encode())),
        ("collections.deque[Annotated[int, Field(ge=1)]]", [0], "deque([0])"),
        ("Point", {"x": 10, "other": 1}, "Point(x=10, when=None)"),
        ("Point", {"x": "a"}, "Point(x='a', when=None)"),
        ("list[Point]", [{"x": 1, "when": "2024-01-01"}], "[Point(x=1, when=datetime.date(2024, 1, 1))]"),
        ("Node", {"name": "a", "kids": [{"name": "b"}]}, "Node(name='a', kids=[Node(name='b', kids=[])])"),
        ("Box[datetime.date]", {"inside": "2024-01-01"}, "Box(inside=datetime.date(2024, 1, 1))"),
        ("Pair", [1, "2024-01-01"], "Pair(n=1, when=datetime.date(2024, 1, 1))"),
        ("Line", {"count": 1.0}, "Line(count=1, when=None)"),
        ("Color", 1, "<Color.ONE: 1>"),
        ("Literal[Color.RED, 'blue']", "red", "<Color.RED: 'red'>"),
        ("Literal[Color.RED, 'blue']", "green", "'green'"),
        ("Options", {"id": UUID, "depth": "a", "z": 1}, f"{{'id': UUID('{UUID}'), 'depth': 'a', 'z': 1}}"),
        ("dict[int, Color]", {"1": "red"}, "{1: <Color.RED: 'red'>}"),
        ("uuid.UUID | int", True, "True"),
        ("Point | Line", {"count": 1}, "Line(count=1, when=None)"),
        ("str | pathlib.Path", "a", "'a'"),
        ("Deep", {"n": "a", "kids": [5]}, "{'n': 'a', 'kids': [5]}"),
        ("Deep", 5, "5"),
        ("datetime.date | list[str]", [5], "[5]"),
    ],
)
def test_a_value_is_made_and_not_judged(bound, hint, value, made):
    """Bounds, lengths and JSON's own types are left to the tool; only the kind of the value is changed."""
    assert repr(bound(hint, value).kwargs["x"]) == made


@pytest.mark.parametrize(
    ("hint", "value", "said"),
    [
        ("datetime.date", "2024-02-30", "x: "),
        ("datetime.datetime", 5, "x: 5 cannot be read as datetime"),
        ("decimal.Decimal", True, "x: true cannot be read as Decimal"),
        ("uuid.UUID | None", "abc", 'x: "abc" cannot be read as UUID'),
        ("set[str]", ["a", "a"], "items are equal"),
        ("set[str]", "ab", "is no list"),
        ("tuple[int, ...]", 5, "is no list"),
        ("Color", True, "x: true is none of Color"),
        ("Point", {}, "x: Point needs a member 'x'"),
        ("list[Point]", [5], "x/0: 5 is no object"),
        ("Pair", [1, "2024-01-01", 3], "Pair has 2 members, found 3"),
        ("dict[int, str]", {"a": "b"}, "cannot be read as int"),
        ("list[datetime.date]", "2024", 'x: "2024" is no list'),
        ("dict[str, Color]", 5, "x: 5 is no object"),
        ("datetime.date | Literal['today']", [], "x: [] cannot be read as date"),
        ("Inner", {"n": 1, "twice": 3}, "Inner takes no member 'twice'"),
        ("Line", {"count": 0}, "x/count: Input should be greater than or equal to 1"),
    ],
)
def test_what_cannot_be_made_names_the_place(bound, hint, value, said):
    """The message says where, what was found, and what was to be made of it."""
    with pytest.raises(ArgumentError) as caught:
        bound(hint, value)
    assert said in str(caught.value)


def test_deep_values_are_no_error_of_ours(bound):
    """A value that is nested too deeply for Python's stack cannot be made, and says so."""
    value: dict = {"name": "a"}
    for _ in range(3000):
        value = {"name": "a", "kids": [value]}
    with pytest.raises(ArgumentError, match="too deep"):
        bound("Node", value)


@pytest.fixture
def session_of(tmp_path):
    """Return a maker of sessions, closed at the end of the test."""
    opened = []

    def make(source: str, *tools: ToolSpec):
        opened.append(python_tools(tmp_path, PRELUDE + source, *tools, name=f"tools{len(opened)}.py").open())
        return opened[-1]

    yield make
    for session in opened:
        session.close()


@pytest.mark.parametrize(
    ("hint", "schema", "value", "valid", "kind"),
    [
        ("uuid.UUID", None, "abc", False, ("refused", "NotMade")),
        ("decimal.Decimal", None, "abc", True, ("refused", "NotMade")),
        ("Color", {"enum": ["red", "green"]}, "green", True, ("refused", "ArgumentError")),
        ("Color", {"enum": ["red", "green"]}, "blue", False, ("refused", "NotMade")),
        ("Line", None, {"count": 11}, False, ("refused", "ValidationError")),
        ("Range", None, {"low": 2, "high": 1}, True, ("refused", "ModelValidatorError")),
        ("Strict", None, {"x": 10}, True, ("refused", "ValueError")),
        ("Strict", None, {"x": 0}, True, ("crashed", "ZeroDivisionError")),
    ],
)
def test_whose_word_a_failed_argument_is(session_of, hint, schema, value, valid, kind):
    """Nobody's where only our reading fails; the tool's where its classes said so, or the spec promises the value."""
    written = None if schema is None else {"type": "object", "properties": {"x": schema}}
    session = session_of(f"def f(x: {hint}): return 1\n")
    found = ToolSpec("f", input=written or python_schema(session))
    outcome = call(session, found, x=value, valid=valid)
    assert (outcome.kind, outcome.error.type) == kind


def python_schema(session):
    """Return the schema that the hints of `f` give."""
    return next(tool.input_schema for tool in session._tools.describe() if tool.name == "f")


@pytest.mark.parametrize(
    ("hint", "value", "is_found"),
    [
        ("datetime.datetime", "2024-01-01T00:00:00", False),
        ("uuid.UUID | None", UUID.replace("-", ""), False),
        ("datetime.time", "12:30:00", False),
        ("Line", {"count": 1, "when": "1706745600"}, False),
        ("Annotated[set[str], Field(max_length=1)]", ["a", "b"], True),
        ("Annotated[decimal.Decimal, Field(le=1)]", 2, True),
        ("Point", {"x": 10}, True),
    ],
)
def test_a_tool_is_judged_by_what_it_was_handed(session_of, hint, value, is_found):
    """A date-time without offset is a sound `datetime`: no finding. A set that is too long is too long: one."""
    session = session_of(f"def f(x: {hint}): return 1\n")
    tool = ToolSpec("f", input=python_schema(session))
    outcome = call(session, tool, x=value, valid=False)
    assert outcome.kind == "accepted"
    case = Case("case", {"x": value}, "invalid", "type", "/x", "")
    assert (rejects_invalid(Evidence(tool, case, outcome)) is not None) is is_found


def test_a_model_s_rule_about_several_members_is_no_broken_promise(session_of):
    """Bounded numbers say all there is to say, unless their model says more; `strict` promises them all the same."""
    session = session_of("def f(x: Range): return 1\n")
    tool = ToolSpec("f", input=python_schema(session))
    given = {"x": {"low": 2, "high": 1}}
    outcome = call(session, tool, **given)
    good = ({"x": {"low": 0, "high": 1}},)
    for acceptance, is_found in (("auto", False), ("strict", True)):
        evidence = Evidence(
            dataclasses.replace(tool, acceptance=acceptance),
            Case("case", given, "valid", "nested", "/x/low", ""),
            outcome,
            known_good=good,
        )
        assert (accepts_valid(evidence) is not None) is is_found


def test_an_answer_that_cannot_be_written_is_the_tool_s_crash(session_of):
    """A computed field that fails, and a Decimal that is no number, are seen when the answer is turned into JSON."""
    session = session_of("def f(x: Range): return x\ndef g(): return decimal.Decimal('NaN')\n")
    outcome = call(session, "f", x={"low": 0, "high": 0})
    assert (outcome.kind, outcome.error.type) == ("crashed", "ZeroDivisionError")
    assert call(session, "g").value != call(session, "g").value


def test_further_keywords_have_hints_too(session_of):
    """`**rest: date` is the schema of other properties; `Unpack` of a TypedDict names parameters."""
    session = session_of(
        "def f(a: int, /, **rest: datetime.date): return [a, {n: d.year for n, d in rest.items()}]\n"
        "def g(**options: Unpack[Options]): return options['id'].version\n"
    )
    described = {tool.name: tool.input_schema for tool in session._tools.describe()}
    assert described["f"]["additionalProperties"] == {"type": "string", "format": "date"}
    assert call(session, "f", a=1, b="2024-01-01").value == [1, {"b": 2024}]
    assert set(described["g"]["properties"]) == {"id", "depth"}
    assert described["g"]["properties"]["id"] == {"type": "string", "format": "uuid"}
    assert call(session, "g", id="12345678-1234-4234-9234-1234567890ab").value == 4


@pytest.mark.parametrize("maker", ["typing", "typing_extensions"])
def test_marks_that_are_written_as_text_are_read(tmp_path, maker):
    """Where all hints are texts, a TypedDict itself does not know what its members' marks say."""
    source = (
        f"from __future__ import annotations\nfrom {maker} import NotRequired, Required, TypedDict, Unpack\n"
        "class Some(TypedDict, total=False):\n    depth: Required[int]\n    wide: bool\n"
        "class All(TypedDict):\n    depth: int\n    wide: NotRequired[bool]\n"
        "def some(**options: Unpack[Some]): return 1\ndef all_(**options: Unpack[All]): return 1\n"
    )
    tools = python_tools(tmp_path, source, ToolSpec("some"), ToolSpec("all_")).describe()
    assert [tool.input_schema["required"] for tool in tools] == [["depth"], ["depth"]]


def test_hints_are_found_behind_what_wraps_a_function(tmp_path):
    """Partials, callable objects, bound and class methods have the schema and the words of the function behind."""
    source = PRELUDE + (
        'def _f(day: datetime.date, n: int = 1) -> int: "Count."\n'
        "class Shop:\n"
        '    def buy(self, day: datetime.date) -> int: "Count."\n'
        '    def __call__(self, day: datetime.date) -> int: "Count."\n'
        '    @classmethod\n    def ask(cls, day: datetime.date) -> int: "Count."\n'
        '    @staticmethod\n    def tell(day: datetime.date) -> int: "Count."\n'
        "partial, instance, bound = functools.partial(_f, n=2), Shop(), Shop().buy\n"
    )
    names = ("partial", "instance", "bound", "Shop.ask", "Shop.tell")
    tools = [ToolSpec(name.replace(".", "_"), call=name) for name in names]
    for tool in python_tools(tmp_path, source, *tools).describe():
        assert tool.description == "Count.", tool.name
        assert tool.input_schema["properties"]["day"] == {"type": "string", "format": "date"}, tool.name
        assert tool.output_schema == {"type": "integer"}, tool.name


@pytest.mark.parametrize(("rejects", "is_found"), [(None, True), (("ValueError", "AttributeError"), False)])
def test_an_exception_of_python_s_own_is_a_refusal_where_the_spec_says_so(session_of, rejects, is_found):
    """Otherwise it is a crash, and the finding says what to write."""
    session = session_of("def f(x: str): return x.title()\n")
    tool = ToolSpec("f", input=python_schema(session), rejects=rejects)
    case = Case("case", {"x": 5}, "invalid", "type", "/x", "")
    found = no_crash(Evidence(tool, case, call(session, tool, x=5, valid=False), by_hints=True))
    assert (found is not None) is is_found
    if found is not None:
        assert "`rejects: [ValueError, TypeError, AttributeError]`" in found.details[0][1]


def test_what_hints_forbid_and_a_function_accepts_says_how_to_promise_less(session_of):
    """Python enforces no hint: the finding of a schema that nobody wrote down says what to do about it, once a cause."""
    session = session_of("def f(x: str): return 1\n")
    tool = ToolSpec("f", input=python_schema(session))
    case, outcome = Case("case", {"x": 5}, "invalid", "type", "/x", ""), call(session, tool, x=5, valid=False)
    found = rejects_invalid(Evidence(tool, case, outcome, by_hints=True))
    assert "`checks: {rejects_invalid: false}`" in describe_failure((found,), None)
    assert "`checks: {rejects_invalid: false}`" not in describe_failure((found,), None, known_causes=1)
    assert rejects_invalid(Evidence(tool, case, outcome)).details == ()


def test_unions_in_unions_ask_in_few_steps():
    """Each level asks which of its schemas accepts all that is inside: of compiled ones, a tenth of the steps."""
    value = {"name": "a", "under": [{"count": 1}, {"name": "b", "under": [{"count": n} for n in range(5)]}]}
    accepts = Shape(Tree | Leaf).accepts
    assert accepts(value)
    assert not accepts(value | {"name": 1})
    assert function_calls(lambda: accepts(value)) < 200
