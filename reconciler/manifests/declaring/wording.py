"""Words for messages about fields: what a field is called, what a value is, what would be right."""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from reconciler.manifests.parsing.mistakes import cut
from reconciler.manifests.schemas import schema_of
from reconciler.manifests.spelling import Spelling

TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}

_NAME = ("a name", 'use letters, digits, ".", "_" and "-", first and last a letter or digit, at most 63')
_MACHINE = ("a machine", "write DOMAIN/MACHINE, such as PLANT/PC01")

FORMS = {
    "name": _NAME,
    "names": _NAME,
    "machine": _MACHINE,
    "machines": _MACHINE,
    "digest": ("a digest", 'write "sha256:" and 64 hexadecimal digits in lower case'),
    "labelKey": ("the key of a label", "write a name, after a DNS name and a slash if you like"),
    "labelValue": ("the value of a label", "write a name, or nothing between quotes"),
    "line": ("a line of text", "write 1 to 500 characters without line breaks"),
    "path": ("a path", "write 1 to 4096 characters without line breaks"),
    "platform": ("a platform", "write it in lower case, such as windows-x64"),
    "size": ("a size", "write it as 500MB or 2GiB"),
    "rate": ("a rate", "write it as 512kbit/s or 20Mbit/s"),
    "duration": ("a duration", "write it as 30s, 12h or 7d"),
    "period": ("a duration above zero", "write it as 30s, 12h or 7d"),
    "share": ("a share", "write it as 30%"),
}
"""Definition of the schemas → what its texts are, and how to write one."""

_FREE = ("labels", "annotations", "matchLabels", "domains")
"""Mappings whose keys are the user's own words."""

_TRUTHS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def label(path: Sequence[str | int]) -> str:
    """How a field is called: `rate`, `targets[0]`, `labels.region`."""
    indices = ""
    for index in range(len(path) - 1, -1, -1):
        step = path[index]
        if isinstance(step, str):
            owner = f"{path[index - 1]}." if index and path[index - 1] in _FREE else ""
            return f"{owner}{cut(step)}{indices}"
        indices = f"[{step}]{indices}"
    return "the document"


def quoted(text: str) -> str:
    """Text between double quotes, cut if it is long."""
    return json.dumps(cut(text), ensure_ascii=False)


def what(value: object, typed: str | None = None) -> str:
    """What a value is: `the number 4.10`, `"x"`, `a list`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {typed or json.dumps(value)}"
    if isinstance(value, str):
        return quoted(value)
    return "a list" if isinstance(value, list) else "a mapping"


def listed(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def near(typed: object, known: Collection[str]) -> str | None:
    """The known word that was meant, if it is only a slip away."""
    return Spelling(known).nearest(typed) if isinstance(typed, str) and len(typed) < 80 else None


def retype(value: Any, wanted: Sequence[str], typed: str | None) -> str:
    """How to write the value so that it has the type that is wanted; empty if that cannot be told."""
    if "string" in wanted and isinstance(value, bool | int | float):
        read = json.dumps(value)
        return f'write "{typed or read}", otherwise YAML reads {read}'
    if isinstance(value, str):
        if "boolean" in wanted:
            meant = _TRUTHS.get(value.lower(), value.lower())
            return f"write {meant}" if meant in ("true", "false") else ""
        if "array" in wanted:
            return f"write [{cut(value)}]"
        if value.isascii() and value.isdigit():
            return f"write {int(value[:9])} without quotes"
    if "array" in wanted and isinstance(value, Mapping):
        return "begin each entry by a dash"
    return ""


def example(schema: Mapping[str, Any]) -> str:
    """The first example of a schema as one would type it; empty if it has none."""
    return json.dumps(schema["examples"][0], ensure_ascii=False) if schema.get("examples") else ""


def fields(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The fields an object may have, whatever its type."""
    known: dict[str, Any] = {}
    for keyword in ("else", "then"):
        known |= fields(schema[keyword]) if keyword in schema else {}
    known |= schema.get("properties", {})
    return known


def form_of(kind: str, schema: Mapping[str, Any]) -> str:
    """The definition, one of `FORMS`, that the schema of a text is made of; empty if it is of none."""
    return _forms(kind).get(_rules(schema), "")


@cache
def _forms(kind: str) -> Mapping[tuple[object, object], str]:
    definitions = schema_of(kind).get("$defs", {})
    return {_rules(definitions[form]): form for form in reversed(FORMS) if form in definitions}


def _rules(schema: Mapping[str, Any]) -> tuple[object, object]:
    """What tells one form from another: a path and a line of text differ in their length alone."""
    return schema.get("pattern"), schema.get("maxLength")
