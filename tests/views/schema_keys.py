"""The keys of a JSON Schema as a table of the reference has them, and those that a document has."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parents[2] / "schemas"

Schema = dict[str, Any]


def schema_of(kind: str) -> Schema:
    schema: Schema = json.loads((SCHEMAS / f"{kind}.v1.schema.json").read_text(encoding="utf-8"))
    return schema


def keys(
    root: Schema, *, schema: Schema | None = None, path: str = "", told_elsewhere: Collection[str] = ()
) -> Iterator[tuple[str, str, str]]:
    """Path, type and description of each key, in the order of the schema; what is told elsewhere is not entered."""
    for name, below in (root if schema is None else schema).get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        told = below | _resolved(root, below)
        kind = _type(root, told)
        yield here, kind, below["description"]
        if below.get("$ref", "").removeprefix("#/$defs/") in told_elsewhere and "$ref" in below:
            continue
        if kind.startswith("list"):
            items = _resolved(root, told["items"])
            yield from keys(root, schema=items, path=f"{here}[]", told_elsewhere=told_elsewhere)
        else:
            yield from keys(root, schema=told, path=here, told_elsewhere=told_elsewhere)


def _resolved(root: Schema, schema: Schema) -> Schema:
    reference = schema.get("$ref", "")
    return root["$defs"][reference.rsplit("/", 1)[1]] if reference else schema


def _type(root: Schema, schema: Schema) -> str:
    if "anyOf" in schema:
        return f"{_type(root, _resolved(root, schema['anyOf'][0]))} or null"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{'null' if value is None else value}`" for value in schema["enum"])
    if schema.get("format") == "date-time":
        return "time"
    if schema.get("type") == "array":
        return f"list of {_type(root, _resolved(root, schema['items']))}"
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(names)


def table(root: Schema, *, told_elsewhere: Collection[str] = ()) -> str:
    rows = [
        f"| `{path}` | {kind} | {description} |"
        for path, kind, description in keys(root, told_elsewhere=told_elsewhere)
    ]
    return "\n".join(["", "| key | value | meaning |", "| --- | --- | --- |", *rows, "", ""])


def paths(value: object, path: str = "") -> Iterator[str]:
    """Of every key in a document."""
    if isinstance(value, dict):
        for key, below in value.items():
            here = f"{path}.{key}" if path else key
            yield here
            yield from paths(below, here)
    if isinstance(value, list):
        for below in value:
            yield from paths(below, f"{path}[]")


def untitled(schema: Schema) -> Iterator[str]:
    for name, below in schema.get("properties", {}).items():
        if not below.get("title") or not below.get("description"):
            yield name
        yield from untitled(below)
    for below in schema.get("$defs", {}).values():
        yield from untitled(below)
