"""docs/reference/plan.md explains each key of the plan's JSON, in the words of its schema."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.views import plans
from tests.views.test_plan_json import NAMES, SCHEMA, saved

REFERENCE = Path(__file__).parents[2] / "docs/reference/plan.md"
START, END = "<!-- keys -->\n", "<!-- end of keys -->\n"

Schema = dict[str, Any]


def keys(schema: Schema, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Path, type and description of each key, in the order of the schema."""
    for name, below in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        told = below | _resolved(below)
        yield here, _type(told), below["description"]
        if _type(told).startswith("list"):
            yield from keys(_resolved(told["items"]), f"{here}[]")
        else:
            yield from keys(told, here)


def _resolved(schema: Schema) -> Schema:
    reference = schema.get("$ref", "")
    return SCHEMA["$defs"][reference.rsplit("/", 1)[1]] if reference else schema


def _type(schema: Schema) -> str:
    if "anyOf" in schema:
        return f"{_type(_resolved(schema['anyOf'][0]))} or null"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{'null' if value is None else value}`" for value in schema["enum"])
    if schema.get("format") == "date-time":
        return "time"
    if schema.get("type") == "array":
        return f"list of {_type(_resolved(schema['items']))}"
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(names)


def table() -> str:
    rows = [f"| `{path}` | {kind} | {description} |" for path, kind, description in keys(SCHEMA)]
    return "\n".join(["", "| key | value | meaning |", "| --- | --- | --- |", *rows, "", ""])


def test_the_reference_explains_each_key_as_the_schema_does(request: pytest.FixtureRequest) -> None:
    """`pytest --update-golden` writes the table anew."""
    text = REFERENCE.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    expected = f"{before}{START}{table()}{END}{after}"
    if request.config.getoption("--update-golden"):
        REFERENCE.write_text(expected, encoding="utf-8", newline="\n")
    assert REFERENCE.read_text(encoding="utf-8") == expected


def test_every_key_that_is_written_has_a_title_and_a_description_in_the_schema() -> None:
    explained = {path for path, _, _ in keys(SCHEMA)}
    written = {path for name in NAMES for path in _paths(saved(getattr(plans, name)()))}
    assert written == explained
    assert not list(_untitled(SCHEMA))


def _paths(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            here = f"{path}.{key}" if path else key
            yield here
            yield from _paths(below, here)
    if isinstance(value, list):
        for below in value:
            yield from _paths(below, f"{path}[]")


def _untitled(schema: Schema) -> Iterator[str]:
    for name, below in schema.get("properties", {}).items():
        if not below.get("title") or not below.get("description"):
            yield name
        yield from _untitled(below)
    for below in schema.get("$defs", {}).values():
        yield from _untitled(below)
