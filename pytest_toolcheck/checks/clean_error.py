"""`clean_error`: a refusal speaks to its caller; it shows no traceback, no path of the machine, no secret."""

from __future__ import annotations

import json

from .base import Evidence, Finding, as_json, shorten, texts_in
from .databases import told_of_databases
from .disclosure import given_away
from .violation import violation_of

_TELLING = 60
"""As much of a name tells which one is meant, in an error that shortens long ones."""


def clean_error(evidence: Evidence) -> Finding | None:
    """Fail on an unclean refusal; with `names_parameter: true` also when it does not name the offending parameter."""
    error = evidence.outcome.error
    if evidence.outcome.kind != "refused" or error is None:
        return None
    sent = as_json(evidence.case.input)
    tool = evidence.tool
    message = _with_texts_inside(error.message)
    unclean = [*given_away(message, sent, secrets=evidence.secrets, handed=evidence.handed)]
    told = told_of_databases(message, tool, evidence.case.input)
    if told is not None and told not in sent:
        unclean.append(("what it asks its database", told))
    for kind, shown in unclean:
        return Finding(
            "clean_error",
            f"{evidence.tool.name} refused, but its error shows {kind}: {shorten(shown, 120)}",
            f"clean_error {kind}",
            "an error for the caller: without traceback, source path or secret",
            details=(("error", shorten(error.message, 2000)),),
        )
    return _unnamed_parameter(evidence, error.message)


def _with_texts_inside(message: str) -> str:
    r"""Return the message and, where it is JSON, the texts in it as they are: there, a new line is written `\n`."""
    if "\\" not in message:
        return message
    try:
        return "\n".join((message, *texts_in(json.loads(message))))
    except (ValueError, RecursionError):
        return message


def _unnamed_parameter(evidence: Evidence, message: str) -> Finding | None:
    if evidence.case.label != "invalid":
        return None
    schema = evidence.tool.input
    broken = violation_of(schema, evidence.case.input) if schema is not None else None
    name = _parameter(broken.pointer if broken and broken.pointer else evidence.case.pointer)
    if not name or _is_named(name[:_TELLING], message):
        return None
    return Finding(
        "clean_error",
        f"{evidence.tool.name} refused, but its error does not name the parameter {shorten(name, 60)!r}: {shorten(message, 120)}",
        f"clean_error unnamed {name}",
        "an error that names the offending parameter",
        severity="failure" if evidence.options.get("names_parameter") else "warning",
    )


def _is_named(name: str, message: str) -> bool:
    """Whether the message holds the name; a command line writes `dry_run` as `--dry-run`."""
    said = message.lower()
    return name.lower() in said or name.lower().replace("_", "-") in said


def _parameter(pointer: str) -> str:
    """Return the innermost name in a JSON Pointer; positions in arrays are no names."""
    names = [step for step in pointer.split("/")[1:] if not step.isdigit()]
    return names[-1].replace("~1", "/").replace("~0", "~") if names else ""
