"""The official JSON Schema Test Suite as input: cases of both labels wherever any exist, and every label right."""

from __future__ import annotations

import functools
import itertools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from jsonschema_specifications import REGISTRY
from referencing.jsonschema import DRAFT6, DRAFT7, DRAFT201909, DRAFT202012, specification_with

from pytest_toolcheck.cases.identity import identity
from pytest_toolcheck.cases.plan import cases_of
from pytest_toolcheck.cases.schema import Document
from pytest_toolcheck.ecma import _of_category, _runs, in_python
from pytest_toolcheck.lean_jsonschema import iri_check

from .function_calls import function_calls

SUITE = Path(__file__).parents[2] / "shared" / "data" / "json-schema-test-suite"
DRAFTS = {"draft2020-12": jsonschema.Draft202012Validator, "draft7": jsonschema.Draft7Validator}
FILES = sorted(path for draft in DRAFTS for path in (SUITE / "tests" / draft).rglob("*.json"))
CHECKED = 100
MOST_TRIES = 3_000
MOST_CALLS = {
    "draft2020-12/unevaluatedProperties: dynamic evalation inside nested refs": 220_000,
    "draft2020-12/defs: validate definition against metaschema": 160_000,
    "draft7/definitions: validate definition against metaschema": 125_000,
    "draft2020-12/items: items and subitems": 110_000,
    "draft2020-12/dynamicRef: strict-tree schema, guards against misspelled properties": 110_000,
    "draft7/ref: Recursive references between schemas": 100_000,
    "draft2020-12/unevaluatedItems: unevaluatedItems depends on multiple nested contains": 70_000,
    "draft2020-12/iri-reference: validation of IRI References": 50_000,
    "draft7/ecmascript-regex: patterns always use unicode semantics with patternProperties": 100_000,
}
"""Of Python functions, for the schemas that take longest: 100 ms where a loop of ten million squares takes a second."""
UNSERVED: dict[str, str] = {}
"""Schemas of the suite, as "draft/file: description", for which cases of a label exist that are not found, and why."""

pytestmark = pytest.mark.skipif(not FILES, reason="the JSON Schema Test Suite is not beside the project")


@functools.cache
def remotes() -> Any:
    registry = REGISTRY
    drafts = {"draft7": DRAFT7, "draft2019-09": DRAFT201909, "draft6": DRAFT6}
    for path in (SUITE / "remotes").rglob("*.json"):
        name = path.relative_to(SUITE / "remotes").as_posix()
        contents = json.loads(path.read_text())
        dialect = contents.get("$schema", "") if isinstance(contents, dict) else ""
        specification = specification_with(dialect, default=drafts.get(name.split("/")[0], DRAFT202012))
        registry = registry.with_resource(f"http://localhost:1234/{name}", specification.create_resource(contents))
    return registry.crawl()  # once, not at each look-up


def groups(path: Path) -> list[tuple[str, dict[str, Any]]]:
    draft = path.relative_to(SUITE / "tests").parts[0]
    return [(f"{draft}/{path.stem}: {group['description']}", group) for group in json.loads(path.read_text())]


def document_of(path: Path, schema: Any) -> Document:
    draft = path.relative_to(SUITE / "tests").parts[0]
    return Document(schema, registry=remotes(), default_draft=DRAFTS[draft])


def judge_of(document: Document) -> Any:
    draft = document.draft
    return draft(document.schema, registry=remotes(), format_checker=draft.FORMAT_CHECKER)


def existing(judge: Any, tests: list[dict[str, Any]]) -> set[str]:
    """Return the labels of the suite's own instances, as far as `jsonschema` can tell."""
    labels = set()
    for test in tests:
        try:
            labels.add("valid" if judge.is_valid(test["data"]) else "invalid")
        except Exception:  # an ECMA 262 expression that Python cannot compile
            continue
    return labels


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SUITE / "tests").as_posix())
def test_both_labels_where_they_exist_and_all_right(path):
    """Valid and invalid cases where any exist, labels as `jsonschema` says, nothing twice, few tries."""
    for name, group in groups(path):
        document = document_of(path, group["schema"])
        cases, judge = list(cases_of(document)), judge_of(document)
        step = max(1, len(cases) // CHECKED)
        for case in itertools.islice(cases, 0, None, step):
            said = verdict(judge.is_valid, case.input)
            assert said in (case.label == "valid", re.error), (
                name,
                case,
            )  # the latter: only ECMA 262 has the expression
        assert len({case.id for case in cases}) == len({identity(case.input) for case in cases}) == len(cases) <= 1000
        assert document.effort < MOST_TRIES, name
        missing = existing(judge, group["tests"]) - {case.label for case in cases}
        assert not missing or name in UNSERVED, (name, missing)


@pytest.mark.parametrize("name", MOST_CALLS)
def test_the_slowest_schemas_take_a_tenth_of_a_second(name):
    """Counted, as that is the same on every machine; what is compiled once for all schemas is counted too."""
    iri_check.cache_clear()
    in_python.cache_clear()
    _of_category.cache_clear()
    _runs.cache_clear()
    [(path, schema)] = [(path, group["schema"]) for path in FILES for found, group in groups(path) if found == name]
    remotes()
    assert function_calls(lambda: [*cases_of(document_of(path, schema))]) < MOST_CALLS[name]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SUITE / "tests").as_posix())
def test_the_suites_own_instances_are_labelled_as_jsonschema_does(path):
    """The compiled predicates and `jsonschema` say the same of every instance of the suite; where only ECMA 262 has the
    expression, they say what the suite does."""
    for name, group in groups(path):
        document = document_of(path, group["schema"])
        judge = judge_of(document)
        for test in group["tests"]:
            found, wanted = verdict(document.accepts, test["data"]), verdict(judge.is_valid, test["data"])
            assert found == (test["valid"] if wanted is re.error else wanted), (name, test)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SUITE / "tests").as_posix())
def test_a_part_of_another_draft_is_labelled_as_jsonschema_does(path):
    """The same where the schema stands in a document of the other draft, and names its own."""
    draft = path.relative_to(SUITE / "tests").parts[0]
    [around] = [validator for name, validator in DRAFTS.items() if name != draft]
    for name, group in groups(path):
        if isinstance(group["schema"], dict):
            inner = {"$schema": DRAFTS[draft].META_SCHEMA["$schema"], "$id": "urn:inner", **group["schema"]}
            document = Document({"items": inner}, registry=remotes(), default_draft=around)
            judge = judge_of(document)
            for test in group["tests"]:
                found, wanted = (verdict(accepts, [test["data"]]) for accepts in (document.accepts, judge.is_valid))
                if isinstance(wanted, type):  # a reference that leads nowhere from here, to `jsonschema`
                    assert isinstance(found, type) or found == test["valid"], (name, test)
                else:
                    assert found == wanted, (name, test)


def verdict(predicate: Any, value: Any) -> Any:
    try:
        return bool(predicate(value))
    except Exception as error:
        return type(error)
